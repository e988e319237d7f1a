import { rmSync } from 'node:fs';
import type { EventLog, LogBatch } from '@unsilo/event-log';
import { openEnvironment, openLmdbEventLog, type LmdbEnvironment } from '@unsilo/event-log/lmdb';
import { until } from '@unsilo/event-log/suite';
import { newFolder } from './lmdb-place.js';

let folder: string;
let environment: LmdbEnvironment;
let log: EventLog;
beforeEach(async () => {
  folder = newFolder();
  environment = await openEnvironment({ folder });
  log = openLmdbEventLog(environment);
  await log.declare([{ name: 't', partitions: 2, cleanup: 'delete' }]);
});
afterEach(async () => {
  await log.close();
  await environment.close();
  rmSync(folder, { recursive: true, force: true });
});

const MESSAGES = Array.from({ length: 40 }, (_, n) => ({ topic: 't', key: `k${n}`, value: String(n) }));
const nothing = async (): Promise<void> => undefined;

test('a subscription whose positions can not be had is refused, and leaves the group as it was', async () => {
  const seen: string[] = [];
  const first = await log.subscribe({
    group: 'g',
    topics: ['t'],
    start: 'earliest',
    onBatch: async ({ messages }) => void seen.push(...messages.map(({ value }) => value!.toString())),
  });
  const refused = log.subscribe({
    group: 'g',
    topics: ['t'],
    start: 'earliest',
    offsets: async () => {
      throw new Error('the state is away');
    },
    onBatch: nothing,
  });
  await expect(refused).rejects.toThrow('the state is away');
  await log.append(MESSAGES);
  await first.caughtUp();
  expect(seen).toHaveLength(MESSAGES.length);
});

test('a member that can not take what another left is told, and gets it a little later', async () => {
  let troubles = 1;
  const errors: unknown[] = [];
  const seen: string[] = [];
  const first = await log.subscribe({
    group: 'g',
    topics: ['t'],
    start: 'earliest',
    offsets: async (assigned) => {
      if (assigned.length === 1 && troubles-- > 0) throw new Error('not now');
      return [];
    },
    onBatch: async ({ messages }) => void seen.push(...messages.map(({ value }) => value!.toString())),
    onError: (error) => errors.push(error),
  });
  const second = await log.subscribe({ group: 'g', topics: ['t'], start: 'earliest', onBatch: nothing });
  await second.close();
  expect(errors.map(String)).toEqual(['Error: not now']);
  await log.append(MESSAGES);
  await first.caughtUp();
  await until(() => seen.length === MESSAGES.length, 'all messages');
});

test('a position beyond the end is refused instead of passing messages over', async () => {
  await log.append(MESSAGES);
  const refused = log.subscribe({
    group: 'g',
    topics: ['t'],
    start: 'earliest',
    offsets: async (assigned) => assigned.map((place) => ({ ...place, offset: 1_000_000 })),
    onBatch: nothing,
  });
  await expect(refused).rejects.toMatchObject({ code: 'UNSILO_LOG_OFFSET_OUT_OF_RANGE' });
});

test('a group that began at the end finds that place again, even when nothing came meanwhile', async () => {
  const seen: string[] = [];
  const options = {
    group: 'g',
    topics: ['t'],
    start: 'latest' as const,
    onBatch: async ({ messages }: LogBatch) => void seen.push(...messages.map(({ value }) => value!.toString())),
  };
  await log.append(MESSAGES.slice(0, 10));
  await (await log.subscribe(options)).close();
  await log.append(MESSAGES.slice(10));
  await (await log.subscribe(options)).caughtUp();
  expect(seen.map(Number).sort((a, b) => a - b)).toEqual(Array.from({ length: 30 }, (_, n) => 10 + n));
});

test('a handler that waits for nothing lets everybody else have their turn', async () => {
  for (let batch = 0; batch < 20; batch++) await log.append(MESSAGES);
  let turns = 0;
  let batches = 0;
  const ticking = setInterval(() => turns++, 0);
  const subscription = await log.subscribe({
    group: 'g',
    topics: ['t'],
    start: 'earliest',
    maxMessages: 1,
    maxWaitMs: 0,
    onBatch: async () => void batches++,
  });
  await subscription.caughtUp();
  clearInterval(ticking);
  expect(batches).toBe(20 * MESSAGES.length);
  expect(turns).toBeGreaterThan(1);
});
