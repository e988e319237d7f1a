/**
 * Throughput of the log on LMDB: appends alone, and appends with a group that reads along.
 * `npx tsx --conditions=@unsilo/source infra/event-log/bench/lmdb.ts [--messages N] [--bytes N] [--folder DIR]`
 */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { EventLog } from '@unsilo/event-log';
import { openEnvironment, openLmdbEventLog } from '@unsilo/event-log/lmdb';

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

const { values } = parseArgs({
  options: {
    messages: { type: 'string', default: '300000' },
    bytes: { type: 'string', default: '600' },
    folder: { type: 'string', default: tmpdir() },
  },
});
const MESSAGES = Number(values.messages);
const value = JSON.stringify({ filling: 'x'.repeat(Number(values.bytes) - 14) });
const folder = mkdtempSync(join(values.folder, 'unsilo-bench-'));
const environment = await openEnvironment({ folder });
const log = openLmdbEventLog(environment);

async function measure(name: string, count: number, run: (topic: string) => Promise<void>): Promise<void> {
  const topic = name.replace(/\W+/g, '-');
  await log.declare([{ name: topic, partitions: 4, cleanup: 'delete' }]);
  const cpu = process.cpuUsage();
  const start = performance.now();
  await run(topic);
  const ms = performance.now() - start;
  const { user, system } = process.cpuUsage(cpu);
  const rate = Math.round((count / ms) * 1000).toLocaleString('en');
  say(`${name.padEnd(52)} ${rate.padStart(9)} /s   ${((user + system) / 1000 / ms).toFixed(2)} cores`);
}

function batch(topic: string, size: number, from: number): Parameters<EventLog['append']>[0] {
  return Array.from({ length: size }, (_, n) => ({
    topic,
    key: `tenant/sugarcrm/contact/${(from + n) % 10_007}`,
    value,
  }));
}

async function append(topic: string, count: number, size: number): Promise<void> {
  for (let from = 0; from < count; from += size) await log.append(batch(topic, size, from));
}

await measure('append, batches of 1,000, one after the other', MESSAGES, (topic) => append(topic, MESSAGES, 1000));
await measure('append, batches of 1,000, with a reading group', MESSAGES, async (topic) => {
  const subscription = await log.subscribe({
    group: topic,
    topics: [topic],
    start: 'earliest',
    onBatch: async () => undefined,
  });
  await append(topic, MESSAGES, 1000);
  await subscription.caughtUp();
  await subscription.close();
});
await measure('read what is there, batches of 1,000', MESSAGES, async () => {
  const topic = 'append-batches-of-1-000-one-after-the-other';
  const subscription = await log.subscribe({
    group: 'again',
    topics: [topic],
    start: 'earliest',
    onBatch: async () => undefined,
  });
  await subscription.caughtUp();
  await subscription.close();
});
await measure('append one by one, one at a time', 500, (topic) => append(topic, 500, 1));
await measure('append one by one, 1,000 at a time', 50_000, async (topic) => {
  let sent = 0;
  await Promise.all(
    Array.from({ length: 1000 }, async () => {
      while (sent < 50_000) await log.append(batch(topic, 1, sent++));
    }),
  );
});
const times: number[] = [];
await measure('append one by one to handled, one at a time', 300, async (topic) => {
  let handled: () => void = () => undefined;
  const subscription = await log.subscribe({
    group: topic,
    topics: [topic],
    start: 'earliest',
    maxWaitMs: 0,
    onBatch: async () => handled(),
  });
  for (let n = 0; n < 300; n++) {
    const start = performance.now();
    const done = new Promise<void>((resolve) => (handled = resolve));
    await log.append(batch(topic, 1, n));
    await done;
    times.push(performance.now() - start);
  }
  await subscription.close();
});
times.sort((a, b) => a - b);
say(`  append to handled: p50 ${times[150]?.toFixed(1)} ms, p99 ${times[297]?.toFixed(1)} ms`);
const bytes = statSync(join(folder, 'data.mdb')).size;
say(`data file ${(bytes / 2 ** 20).toFixed(0)} MiB, resident ${(process.memoryUsage.rss() / 2 ** 20).toFixed(0)} MiB`);
await log.close();
await environment.close();
rmSync(folder, { recursive: true, force: true });
