import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openEnvironment, openLmdbEventLog, type LmdbEnvironment } from '@unsilo/event-log/lmdb';
import { openRedisStateStore, type RedisStateStoreOptions } from '@unsilo/state-store/redis';
import { unique, type OpenState, type StateStoreFactory } from '@unsilo/state-store/suite';
import { keysWith, withRedis } from './server.js';

/** What another process needs to know. */
interface Argument {
  folder: string;
  options: Omit<RedisStateStoreOptions, 'log'>;
}
type Opened = OpenState & { environment: LmdbEnvironment };

async function open({ folder, options }: Argument): Promise<Opened> {
  const environment = await openEnvironment({ folder, maxMessageBytes: 1024 * 1024 });
  const log = openLmdbEventLog(environment);
  return { environment, log, store: await openRedisStateStore({ ...options, log }) };
}

/** For child processes: opens what the argument describes. */
export async function openState(argument: string): Promise<OpenState> {
  return open(JSON.parse(argument) as Argument);
}

/**
 * Places on one server, told apart by their prefix; the log beside them is an embedded one.
 * @param options asked at each place, when the server runs
 */
export function redisFactory(
  options: () => Omit<RedisStateStoreOptions, 'log'>,
  histories: number,
  clean: (prefix: string) => Promise<void>,
): StateStoreFactory {
  return {
    transactionalOutbox: false,
    durable: true,
    groupsSpanTenants: false,
    maxValueBytes: 16 * 1024 * 1024,
    histories,
    create: async () => {
      const folder = mkdtempSync(join(tmpdir(), 'unsilo-redis-log-'));
      const prefix = unique('test');
      const argument: Argument = { folder, options: { ...options(), prefix, leaseMs: 1000 } };
      let opened: Opened | undefined;
      const close = async (): Promise<void> => {
        await opened?.store.close();
        await opened?.log.close();
        await opened?.environment.close();
        opened = undefined;
      };
      return {
        open: async () => (opened = await open(argument)),
        close,
        remove: async () => {
          await close();
          await clean(prefix);
          rmSync(folder, { recursive: true, force: true });
        },
        child: { module: fileURLToPath(import.meta.url), argument: JSON.stringify(argument) },
      };
    },
  };
}

/** Removes what a place has left on a server. */
export async function cleanServer(url: string, prefix: string): Promise<void> {
  await withRedis(url, async (redis) => {
    for (const key of await keysWith(redis, prefix)) await redis.unlink(key);
  });
}
