import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EventLog } from '@unsilo/event-log';
import { openEnvironment, openLmdbEventLog } from '@unsilo/event-log/lmdb';
import type { StateStore } from '@unsilo/state-store';
import { openRedisStateStore, type RedisStateEvent, type RedisStateStoreOptions } from '@unsilo/state-store/redis';
import { unique } from '@unsilo/state-store/suite';
import type { Redis } from 'ioredis';
import { cleanServer } from './redis-place.js';
import { withRedis } from './server.js';

/** Stores under one prefix of one server, with one log beside them. */
export interface Stand {
  readonly prefix: string;
  readonly tenant: string;
  readonly topic: string;
  readonly log: EventLog;
  /** What the stores reported, codes only. */
  readonly events: RedisStateEvent[];
  open(options?: Partial<RedisStateStoreOptions>): Promise<StateStore>;
}

export async function withStand(url: string, work: (stand: Stand) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'unsilo-redis-log-'));
  const environment = await openEnvironment({ folder, maxMessageBytes: 1024 * 1024 });
  const log = openLmdbEventLog(environment);
  const topic = unique('topic');
  await log.declare([{ name: topic, partitions: 2, cleanup: 'delete' }]);
  const stores: StateStore[] = [];
  const events: RedisStateEvent[] = [];
  const prefix = unique('test');
  const open = async (options: Partial<RedisStateStoreOptions> = {}): Promise<StateStore> => {
    const onEvent = (event: RedisStateEvent): void => void events.push(event);
    const store = await openRedisStateStore({ servers: url, log, prefix, leaseMs: 1000, onEvent, ...options });
    stores.push(store);
    return store;
  };
  try {
    await work({ prefix, tenant: unique('tenant'), topic, log, events, open });
  } finally {
    for (const store of stores) await store.close();
    await log.close();
    await environment.close();
    await cleanServer(url, prefix);
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Everything under a prefix at one moment, to be brought back later: what a restart from an old snapshot does. */
export type Snapshot = ReadonlyMap<string, Buffer>;

const DUMP = `
local found = {}
for _, key in ipairs(redis.call('KEYS', ARGV[1] .. ':*')) do
  found[#found + 1] = key
  found[#found + 1] = redis.call('DUMP', key)
end
return found
`;

export async function takeSnapshot(url: string, prefix: string): Promise<Snapshot> {
  return withRedis(url, async (redis) => snapshotOf(redis, prefix));
}

async function snapshotOf(redis: Redis, prefix: string): Promise<Snapshot> {
  const flat = (await redis.callBuffer('EVAL', DUMP, 0, prefix)) as Buffer[];
  const snapshot = new Map<string, Buffer>();
  for (let at = 0; at < flat.length; at += 2) snapshot.set(flat[at]!.toString('utf8'), flat[at + 1]!);
  return snapshot;
}

/** Puts what stood in the snapshot in the place of all that stands now, at once; an empty one is what FLUSHALL leaves. */
export async function bringBack(url: string, prefix: string, snapshot: Snapshot): Promise<void> {
  await withRedis(url, async (redis) => {
    const now = await snapshotOf(redis, prefix);
    const change = redis.multi();
    for (const key of now.keys()) change.unlink(key);
    for (const [key, dump] of snapshot) change.restore(key, 0, dump);
    await change.exec();
  });
}

/** A promise to be settled from outside. */
export function gate(): { passed: Promise<void>; open(): void } {
  let open!: () => void;
  const passed = new Promise<void>((done) => (open = done));
  return { passed, open };
}
