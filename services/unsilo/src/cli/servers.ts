import { resolve } from 'node:path';
import type { Configuration, StorageConfiguration } from '../configuration/configuration.js';
import { loadConfiguration } from '../configuration/load.js';
import { CommandError, UsageError, type Invocation, type Surroundings } from './command.js';

/**
 * The configuration that --config or the environment names, which must name servers.
 * @param without What it means that it names none.
 * @throws UNSILO_STORAGE_NEEDED
 */
export async function configurationOfServers(
  invocation: Invocation,
  { env, cwd }: Surroundings,
  without: string,
): Promise<{ configuration: Configuration; storage: StorageConfiguration }> {
  const file = invocation.text('config') ?? env['UNSILO_CONFIG'];
  if (file === undefined) throw new UsageError('--config is missing.');
  const configuration = await loadConfiguration(resolve(cwd, file), { env });
  const { storage } = configuration;
  if (storage === undefined) throw new CommandError('UNSILO_STORAGE_NEEDED', without, 'Name servers under `storage`.');
  return { configuration, storage };
}
