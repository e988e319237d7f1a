import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { csv } from '@unsilo/connector-csv';
import { feed } from '@unsilo/connector-feed';
import { mastodon } from '@unsilo/connector-mastodon';
import type { Connector } from '@unsilo/connector-sdk';
import { suitecrm } from '@unsilo/connector-suitecrm';

/** The connectors that come with Unsilo, one for each folder of `connectors/` but the SDK. */
export const builtInConnectors: readonly Connector[] = [csv, feed, mastodon, suitecrm];

/** Makes a connector known by its name in the configuration. */
export interface ConnectorSource {
  /** Names that are known without loading anything. */
  names(): readonly string[];
  /**
   * A built-in one, or what the package (or file, when the name begins with `./`) of that name exports.
   * @throws UnknownConnector
   */
  find(name: string): Promise<Connector>;
}

export class UnknownConnector extends Error {
  readonly reason: 'not-found' | 'broken' | 'no-connector';
  constructor(reason: UnknownConnector['reason'], message: string) {
    super(message);
    this.name = 'UnknownConnector';
    this.reason = reason;
  }
}

/** @param folder Where packages that the configuration names are looked for: that of the configuration. */
export function connectorSource(folder: string, builtIn: readonly Connector[] = builtInConnectors): ConnectorSource {
  const byId = new Map(builtIn.map((connector) => [connector.id, connector]));
  return {
    names: () => [...byId.keys()],
    find: async (name) => byId.get(name) ?? (await load(name, folder)),
  };
}

async function load(name: string, folder: string): Promise<Connector> {
  let path: string;
  try {
    path = createRequire(join(folder, 'unsilo.yaml')).resolve(name);
  } catch {
    throw new UnknownConnector('not-found', `There is no built-in connector and no installed package "${name}".`);
  }
  let exported: Record<string, unknown>;
  try {
    exported = (await import(pathToFileURL(path).href)) as Record<string, unknown>;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new UnknownConnector('broken', `The package "${name}" can not be loaded: ${why}`);
  }
  const found = [exported['default'], exported['connector'], ...Object.values(exported)].find(isConnector);
  if (found === undefined) throw new UnknownConnector('no-connector', `The package "${name}" exports no connector.`);
  return found;
}

function isConnector(value: unknown): value is Connector {
  if (typeof value !== 'object' || value === null) return false;
  const { id, title, options, profile, check } = value as Partial<Connector>;
  return (
    typeof id === 'string' &&
    typeof title === 'string' &&
    typeof options === 'object' &&
    typeof profile === 'function' &&
    typeof check === 'function'
  );
}
