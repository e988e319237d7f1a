import { StorageError } from '@unsilo/event-log';
import type { Redis } from 'ioredis';
import type { Connection } from './connection.js';
import type { KeyNames } from './names.js';

/**
 * Refuses a server that would lose or forget state by its nature.
 * @throws UNSILO_STATE_SERVER_UNFIT
 */
export async function checkServers(connection: Connection, cluster: boolean): Promise<void> {
  const reports = await connection.ask(async () => Promise.all(connection.masters().map(async (node) => node.info())));
  for (const report of reports) checkServer(fieldsOf(report), cluster);
}

function checkServer(fields: ReadonlyMap<string, string>, cluster: boolean): void {
  const version = fields.get('redis_version') ?? '';
  if (Number(version.split('.', 1)[0]) < 7)
    throw unfit(
      `it is Redis ${version}`,
      'Redis 7.0 or newer is needed; scripts of older ones are not written to disk as one.',
    );
  if (fields.get('cluster_enabled') === '1' && !cluster)
    throw unfit('it is a node of a cluster', 'Set cluster: true, or give the addresses of several nodes.');
  if (fields.get('cluster_enabled') === '0' && cluster)
    throw unfit('it is no cluster', 'Give one address, without cluster: true.');
  if (fields.get('role') === 'slave')
    throw unfit('it is a replica', 'Give the address of the primary, or one that always leads there.');
  const policy = fields.get('maxmemory_policy') ?? 'noeviction';
  if (fields.get('maxmemory') !== '0' && policy.startsWith('allkeys'))
    throw unfit(
      `it removes keys when memory is short (maxmemory-policy ${policy})`,
      'Set maxmemory-policy to noeviction.',
    );
}

function fieldsOf(report: string): ReadonlyMap<string, string> {
  return new Map(
    report.split('\r\n').flatMap((line): [string, string][] => {
      const colon = line.indexOf(':');
      return colon < 0 ? [] : [[line.slice(0, colon), line.slice(colon + 1)]];
    }),
  );
}

function unfit(what: string, hint: string): StorageError {
  return new StorageError('UNSILO_STATE_SERVER_UNFIT', `This Redis can not hold the state: ${what}.`, { hint });
}

/**
 * All keys of ours of one kind: their tenants and the rest of their names. A tenant has few keys, whatever its number of rows; but Redis looks at
 * every key of the database.
 */
export async function findKeys(
  connection: Connection,
  names: KeyNames,
  name: string,
  open: boolean,
): Promise<{ tenant: string; name: string; key: string }[]> {
  const pattern = names.pattern(name, open);
  const pages = await connection.ask(async () =>
    Promise.all(connection.masters().map(async (node) => keysOf(node, pattern))),
  );
  return [...new Set(pages.flat())].flatMap((key) => {
    const parsed = names.parse(key);
    const fits = parsed !== undefined && (open ? parsed.name.startsWith(name) : parsed.name === name);
    return fits ? [{ ...parsed, key }] : [];
  });
}

async function keysOf(node: Redis, pattern: string): Promise<string[]> {
  const keys: string[] = [];
  let cursor = '0';
  do {
    const [next, page] = await node.scan(cursor, 'MATCH', pattern, 'COUNT', 1000);
    keys.push(...page);
    cursor = next;
  } while (cursor !== '0');
  return keys;
}
