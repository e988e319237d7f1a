/**
 * Throughput of the state store on LMDB at a given number of keys: reads and commits of random keys.
 * `npx tsx --conditions=@unsilo/source infra/state-store/bench/lmdb.ts [--keys N] [--bytes N] [--folder DIR]`
 */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { openEnvironment, openLmdbEventLog } from '@unsilo/event-log/lmdb';
import { openLmdbStateStore } from '@unsilo/state-store/lmdb';

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

const { values } = parseArgs({
  options: {
    keys: { type: 'string', default: '10000' },
    bytes: { type: 'string', default: '1024' },
    folder: { type: 'string', default: tmpdir() },
  },
});
const KEYS = Number(values.keys);
const BATCH = 1000;
const value = JSON.stringify({ filling: 'x'.repeat(Number(values.bytes) - 14) });
const folder = mkdtempSync(join(values.folder, 'unsilo-bench-'));
const environment = await openEnvironment({ folder });
const log = openLmdbEventLog(environment);
const store = openLmdbStateStore(environment);
await log.declare([{ name: 'out', partitions: 4, cleanup: 'delete' }]);

/** Same numbers in every run. */
let seed = 7;
function random(below: number): number {
  seed = (Math.imul(seed, 1_103_515_245) + 12_345) & 0x7fffffff;
  return seed % below;
}
const keyOf = (n: number): string => `sugarcrm-emea/contact/${((n * 7919) % KEYS).toString(36)}-${n}`;
function randomKeys(count: number): string[] {
  return [...new Set(Array.from({ length: count }, () => keyOf(random(KEYS))))];
}

async function measure(name: string, batches: number, run: () => Promise<number>): Promise<void> {
  const cpu = process.cpuUsage();
  const start = performance.now();
  let count = 0;
  for (let n = 0; n < batches; n++) count += await run();
  const ms = performance.now() - start;
  const { user, system } = process.cpuUsage(cpu);
  const rate = Math.round((count / ms) * 1000).toLocaleString('en');
  say(`${name.padEnd(64)} ${rate.padStart(9)} /s   ${((user + system) / 1000 / ms).toFixed(2)} cores`);
}

say(`${KEYS.toLocaleString('en')} keys of ${value.length} bytes`);
let filled = 0;
await measure('commit new keys in random order, 1,000 a commit', Math.ceil(KEYS / BATCH), async () => {
  const put = Array.from({ length: Math.min(BATCH, KEYS - filled) }, () => ({
    table: 'records',
    key: keyOf(filled++),
    value,
  }));
  await store.commit('tenant', { put });
  return put.length;
});
await measure(
  'getMany of 1,000 random keys',
  200,
  async () => (await store.getMany('tenant', 'records', randomKeys(BATCH))).length,
);
await measure('commit of 1,000 random keys', 60, async () => {
  const put = randomKeys(BATCH).map((key) => ({ table: 'records', key, value }));
  await store.commit('tenant', { put });
  return put.length;
});
await measure('the same with expectations, an offset and 1,000 messages out', 60, async () => {
  const keys = randomKeys(BATCH);
  const read = await store.getMany('tenant', 'records', keys);
  const [stored] = await store.offsets('bench');
  const result = await store.commit('tenant', {
    expect: keys.map((key, n) => ({ table: 'records', key, revision: read[n]!.revision })),
    put: keys.map((key) => ({ table: 'records', key, value })),
    offsets: {
      group: 'bench',
      moves: [{ topic: 'in', partition: 0, from: stored?.offset, to: (stored?.offset ?? 0) + 1000 }],
    },
    outbox: keys.map((key) => ({ topic: 'out', key, value })),
  });
  if (!result.ok) throw new Error('a conflict without anybody else');
  return keys.length;
});
await measure('range of 100 entries', 2000, async () => {
  const from = keyOf(random(KEYS));
  return (await store.range('tenant', 'records', { from, limit: 100 })).length;
});
const bytes = statSync(join(folder, 'data.mdb')).size;
say(`data file ${(bytes / 2 ** 20).toFixed(0)} MiB, resident ${(process.memoryUsage.rss() / 2 ** 20).toFixed(0)} MiB`);
await store.close();
await log.close();
await environment.close();
rmSync(folder, { recursive: true, force: true });
