import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { EventLog } from '@unsilo/event-log';
import type { Actor, HubService } from '@unsilo/hub';
import type { StateStore } from '@unsilo/state-store';
import { emptyConfiguration, type Configuration } from '../configuration/configuration.js';
import { loadConfiguration } from '../configuration/load.js';
import { DEFAULT_FOLDER as DEMONSTRATION_FOLDER } from '../demonstration/folder.js';
import { DataFolder } from '../running/data-folder.js';
import { makeHubService } from '../running/parts.js';
import { RemoteSystems } from '../running/remote-systems.js';
import { openStorage } from '../running/storage.js';
import { stoppedSystems } from '../running/systems.js';
import { CommandError, type Invocation, type Options, type Surroundings } from './command.js';
import { httpService } from './http-service.js';

/** What commands ask of the hub, whoever answers. */
export type Asked = Pick<
  HubService,
  | 'searchCustomers'
  | 'customer'
  | 'customers'
  | 'records'
  | 'customersHash'
  | 'timeline'
  | 'employment'
  | 'record'
  | 'explainValue'
  | 'explainPair'
  | 'explainCustomer'
  | 'explainCommand'
  | 'explainEvent'
  | 'review'
  | 'planModel'
  | 'matchingReport'
  | 'trainingData'
  | 'decide'
  | 'decisions'
  | 'deadLetters'
  | 'deadLetter'
  | 'replayDeadLetter'
  | 'discardDeadLetter'
  | 'systems'
  | 'lag'
  | 'pauseSystem'
  | 'resumeSystem'
  | 'audit'
  | 'live'
  | 'events'
>;

export interface Asking {
  service: Asked;
  /** A process that answers over HTTP knows itself who asks. */
  actor: Actor;
  /** `process`: the running one, over HTTP. `folder`: nothing runs, the data folder was opened for this command. */
  where: 'process' | 'folder';
  close(): Promise<void>;
}

export const ASKING: Options = {
  config: { type: 'string', value: 'FILE', description: 'The configuration, for its data folder ($UNSILO_CONFIG)' },
  data: { type: 'string', value: 'DIR', description: 'The data folder ($UNSILO_DATA); default .unsilo' },
  url: { type: 'string', value: 'URL', description: 'Ask the process at this address ($UNSILO_URL)' },
  key: { type: 'string', value: 'KEY', description: 'API key for --url; better given as $UNSILO_KEY' },
};

/**
 * The running process where there is one: at --url, or as the data folder names it. Otherwise the data folder itself, for reading;
 * `writing` commands need the process.
 */
export async function ask(
  invocation: Invocation,
  surroundings: Surroundings,
  need: 'reading' | 'writing' = 'reading',
): Promise<Asking> {
  const { env } = surroundings;
  const url = invocation.text('url') ?? env['UNSILO_URL'];
  if (url !== undefined && url !== '') {
    const key = invocation.text('key') ?? env['UNSILO_KEY'];
    if (key === undefined || key === '')
      throw new CommandError('UNSILO_KEY_MISSING', 'An API key is needed for this address.', 'Set UNSILO_KEY.');
    return overHttp(url, key);
  }
  const { folder, configuration: given } = await locate(invocation, surroundings);
  const running = folder.running();
  if (running !== undefined) return overHttp(running.url, running.key);
  const onServers = given === undefined && !existsSync(folder.database) && folder.lastRun() !== undefined;
  const configuration = onServers ? await rememberedConfiguration(folder, surroundings) : given;
  // On servers the state is there whether a process of this folder runs or not, and any process may write.
  if (configuration?.storage !== undefined) return fromStorage(folder, configuration);
  if (!existsSync(folder.database))
    throw new CommandError(
      'UNSILO_NO_DATA',
      `There is no data in ${folder.path}.`,
      'Start Unsilo first, or name another folder with --data or --config.',
    );
  if (need === 'writing')
    throw new CommandError(
      'UNSILO_NOT_RUNNING',
      `No process runs on ${folder.path}.`,
      'This needs one: start Unsilo first.',
    );
  return fromStorage(folder, configuration ?? (await rememberedConfiguration(folder, surroundings)));
}

/** The data folder that the command line, the environment or the configuration names. */
export async function locate(
  invocation: Invocation,
  { env, cwd }: Surroundings,
): Promise<{ folder: DataFolder; configuration: Configuration | undefined }> {
  const file = invocation.text('config') ?? env['UNSILO_CONFIG'];
  const data = invocation.text('data') ?? env['UNSILO_DATA'];
  const configuration =
    file === undefined ? undefined : await loadConfiguration(resolve(cwd, file), { env, secrets: 'not-needed' });
  const path = data === undefined ? configuration?.dataFolder : resolve(cwd, data);
  return { folder: path === undefined ? usualFolder(cwd) : new DataFolder(path), configuration };
}

/** Where nothing was named: what `unsilo start` uses, with or without a configuration; the one that is in use, if one is. */
function usualFolder(cwd: string): DataFolder {
  const own = new DataFolder(emptyConfiguration(cwd).dataFolder);
  const demonstration = new DataFolder(resolve(cwd, DEMONSTRATION_FOLDER));
  if (own.running() === undefined && (demonstration.running() !== undefined || !existsSync(own.database)))
    return existsSync(demonstration.database) ? demonstration : own;
  return own;
}

/** The configuration that the folder was last used with, if it can still be read. */
export async function rememberedConfiguration(
  folder: DataFolder,
  { env, cwd, output }: Surroundings,
): Promise<Configuration> {
  const last = folder.lastRun();
  const empty = { ...emptyConfiguration(cwd), tenant: last?.tenant ?? emptyConfiguration(cwd).tenant };
  if (last === undefined || last.configuration === null) return empty;
  try {
    return await loadConfiguration(last.configuration, { env, secrets: 'not-needed' });
  } catch {
    output.message(`The configuration ${last.configuration} can not be read: systems and policy are unknown.`);
    return empty;
  }
}

function overHttp(url: string, key: string): Asking {
  return {
    service: httpService(url, key),
    actor: { tenant: '', name: '', roles: [] },
    where: 'process',
    close: () => Promise.resolve(),
  };
}

/** Log and state, opened for this command alone: those of the data folder, or on the servers of the configuration. */
export async function fromStorage(
  folder: DataFolder,
  configuration: Configuration,
): Promise<Asking & { log: EventLog; store: StateStore }> {
  const { tenant, systems } = configuration;
  const quiet = (): void => undefined;
  const { log, store, close } = await openStorage(configuration, folder, { debug: quiet, info: quiet, warn: quiet });
  try {
    const remote = configuration.storage === undefined ? undefined : new RemoteSystems(store, tenant, systems);
    await remote?.ask();
    const port = remote ?? stoppedSystems(systems);
    const silent = { info: quiet, warn: quiet, error: quiet };
    const service = await makeHubService(configuration, { log, store }, port, silent, () => true);
    const actor: Actor = { tenant, name: 'command line', roles: ['admin'] };
    return { service, actor, where: 'folder', log, store, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Asks, and releases whatever that took. */
export async function asking<Result>(
  invocation: Invocation,
  surroundings: Surroundings,
  work: (asking: Asking) => Promise<Result>,
  need: 'reading' | 'writing' = 'reading',
): Promise<Result> {
  const opened = await ask(invocation, surroundings, need);
  try {
    return await work(opened);
  } finally {
    await opened.close();
  }
}
