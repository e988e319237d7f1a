/**
 * What the state store on Redis costs: time of a batch's round trips, of the client and of the server, and memory a row.
 * `npx tsx --conditions=@unsilo/source infra/state-store/bench/redis.ts --url redis://127.0.0.1:6379 [--rows N] [--bytes N] [--batch N]`
 * With `--embedded FOLDER` also: the state of an embedded hub (stopped) is copied, and its memory by table and party is told.
 * Everything is written under a prefix of its own and removed at the end.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { openEnvironment, openLmdbEventLog } from '@unsilo/event-log/lmdb';
import { openLmdbStateStore } from '@unsilo/state-store/lmdb';
import { openRedisStateStore } from '@unsilo/state-store/redis';
import { Redis } from 'ioredis';

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

const { values } = parseArgs({
  options: {
    url: { type: 'string', default: 'redis://127.0.0.1:6379' },
    rows: { type: 'string', default: '100000' },
    bytes: { type: 'string', default: '1024' },
    batch: { type: 'string', default: '1000' },
    embedded: { type: 'string' },
  },
});
const ROWS = Number(values.rows);
const BATCH = Number(values.batch);
const TURNS = Math.max(3, Math.min(50, Math.round(50_000 / BATCH)));
const PREFIX = `bench-${process.pid}`;
const value = JSON.stringify({ filling: 'x'.repeat(Number(values.bytes) - 14) });
const folder = mkdtempSync(join(tmpdir(), 'unsilo-bench-'));
const environment = await openEnvironment({ folder });
const log = openLmdbEventLog(environment);
await log.declare([{ name: 'out', partitions: 4, cleanup: 'delete' }]);
const redis = new Redis(values.url);
const store = await openRedisStateStore({ servers: values.url, log, prefix: PREFIX, patienceMs: 60_000 });

/** Same numbers in every run. */
let seed = 7;
function random(below: number): number {
  seed = (Math.imul(seed, 1_103_515_245) + 12_345) & 0x7fffffff;
  return seed % below;
}
const keyOf = (n: number): string => `sugarcrm-emea/contact/${((n * 7919) % ROWS).toString(36)}-${n}`;
function randomKeys(count: number): string[] {
  return [...new Set(Array.from({ length: count }, () => keyOf(random(ROWS))))];
}

async function serverField(section: string, name: string): Promise<number> {
  const line = (await redis.info(section)).split('\r\n').find((one) => one.startsWith(`${name}:`));
  return Number(line!.slice(name.length + 1));
}

/** How many scripts have run: commits, ranges and steps of the relay. */
async function scriptsRun(): Promise<number> {
  const stats = await redis.info('commandstats');
  return ['eval', 'evalsha'].reduce(
    (sum, name) => sum + Number(new RegExp(`cmdstat_${name}:calls=(\\d+)`).exec(stats)?.[1] ?? 0),
    0,
  );
}

/** Runs batches and tells what each cost: wall clock, our CPU, CPU of Redis, scripts. */
async function measure(name: string, batches: number, run: () => Promise<number>): Promise<void> {
  const scriptsBefore = await scriptsRun();
  const serverBefore = (await serverField('cpu', 'used_cpu_user')) + (await serverField('cpu', 'used_cpu_sys'));
  const cpu = process.cpuUsage();
  const start = performance.now();
  let count = 0;
  for (let n = 0; n < batches; n++) count += await run();
  const ms = performance.now() - start;
  const { user, system } = process.cpuUsage(cpu);
  const server =
    ((await serverField('cpu', 'used_cpu_user')) + (await serverField('cpu', 'used_cpu_sys')) - serverBefore) * 1000;
  const scripts = ((await scriptsRun()) - scriptsBefore) / batches;
  const each = (total: number): string => (total / batches).toFixed(2).padStart(7);
  const rate = Math.round((count / ms) * 1000).toLocaleString('en');
  say(
    `${name.padEnd(58)} ${each(ms)} ms (client ${each((user + system) / 1000)}, Redis ${each(server)}, scripts ${scripts.toFixed(1)})  ${rate.padStart(9)} rows/s`,
  );
}

say(
  `${ROWS.toLocaleString('en')} rows of ${value.length} bytes, keys of about ${keyOf(ROWS - 1).length} bytes, batches of ${BATCH}; a batch costs:`,
);
await measure('one empty round trip (a missing row)', 200, async () => {
  await store.getMany('tenant', 'records', ['missing']);
  return 1;
});
const memoryBefore = await serverField('memory', 'used_memory');
let filled = 0;
await measure('commit of new rows in random order', Math.ceil(ROWS / BATCH), async () => {
  const put = Array.from({ length: Math.min(BATCH, ROWS - filled) }, () => ({
    table: 'records',
    key: keyOf(filled++),
    value,
  }));
  await store.commit('tenant', { put });
  return put.length;
});
const memory = ((await serverField('memory', 'used_memory')) - memoryBefore) / ROWS;
await measure('getMany of random rows', TURNS, async () => {
  return (await store.getMany('tenant', 'records', randomKeys(BATCH))).length;
});
await measure('commit of random rows', TURNS, async () => {
  const put = randomKeys(BATCH).map((key) => ({ table: 'records', key, value }));
  await store.commit('tenant', { put });
  return put.length;
});
await measure('read, then commit with expectations', TURNS, async () => {
  const keys = randomKeys(BATCH);
  const read = await store.getMany('tenant', 'records', keys);
  const result = await store.commit('tenant', {
    expect: keys.map((key, n) => ({ table: 'records', key, revision: read[n]!.revision })),
    put: keys.map((key) => ({ table: 'records', key, value })),
  });
  if (!result.ok) throw new Error('a conflict without anybody else');
  return keys.length;
});
await measure('the same with an offset and as many messages out', TURNS, async () => {
  const keys = randomKeys(BATCH);
  const read = await store.getMany('tenant', 'records', keys);
  const [stored] = await store.offsets('bench');
  const result = await store.commit('tenant', {
    expect: keys.map((key, n) => ({ table: 'records', key, revision: read[n]!.revision })),
    put: keys.map((key) => ({ table: 'records', key, value })),
    offsets: {
      group: 'bench',
      moves: [{ topic: 'in', partition: 0, from: stored?.offset, to: (stored?.offset ?? 0) + BATCH }],
    },
    outbox: keys.map((key) => ({ topic: 'out', key, value })),
  });
  if (!result.ok) throw new Error('a conflict without anybody else');
  return keys.length;
});
await measure('range of 100 rows', 200, async () => {
  return (await store.range('tenant', 'records', { from: keyOf(random(ROWS)), limit: 100 })).length;
});
const payload = value.length + keyOf(ROWS - 1).length;
say(
  `memory of Redis a row: ${memory.toFixed(0)} bytes for ${payload} of key and value (${(memory - payload).toFixed(0)} more)`,
);

if (values.embedded !== undefined) await copyEmbedded(values.embedded);

/** Copies the state of an embedded hub and tells what it takes in Redis. */
async function copyEmbedded(from: string): Promise<void> {
  const other = await openEnvironment({ folder: from });
  const source = openLmdbStateStore(other);
  const tables = (await source.usage()).map(({ table }) => table);
  const lines: { table: string; rows: number; payload: number; bytes: number }[] = [];
  for (const table of tables) {
    const line = { table, rows: 0, payload: 0, bytes: 0 };
    const before = await serverField('memory', 'used_memory');
    for (const tenant of await source.tenants()) {
      let start: string | undefined = '';
      while (start !== undefined) {
        const page = await source.range(tenant, table, { from: start, limit: BATCH });
        await store.commit(`copy-${tenant}`, {
          put: page.map(({ key, value: text }) => ({ table, key, value: text })),
        });
        line.rows += page.length;
        for (const row of page) line.payload += Buffer.byteLength(row.key) + Buffer.byteLength(row.value);
        start = page.length === BATCH ? `${page.at(-1)!.key}\0` : undefined;
      }
    }
    line.bytes = (await serverField('memory', 'used_memory')) - before;
    lines.push(line);
  }
  const parties = lines.find(({ table }) => table === 'records')?.rows ?? 0;
  say(
    `the state in ${from}: ${parties} parties; by table rows, rows a party, bytes of key and value a row, bytes in Redis a row, a party`,
  );
  for (const { table, rows, payload: raw, bytes } of lines
    .filter((line) => line.rows > 0)
    .sort((a, b) => b.bytes - a.bytes))
    say(
      `  ${table.padEnd(20)} ${String(rows).padStart(9)} ${(rows / parties).toFixed(2).padStart(7)} ${(raw / rows).toFixed(0).padStart(7)} ` +
        `${(bytes / rows).toFixed(0).padStart(7)} ${(bytes / parties).toFixed(0).padStart(7)}`,
    );
  const total = lines.reduce((sum, { bytes }) => sum + bytes, 0);
  const raw = lines.reduce((sum, { payload: one }) => sum + one, 0);
  say(
    `  together ${(total / parties).toFixed(0)} bytes a party, ${(raw / parties).toFixed(0)} of them keys and values`,
  );
  await source.close();
  await other.close();
}

await store.close();
await log.close();
await environment.close();
rmSync(folder, { recursive: true, force: true });
for (const key of await redis.keys(`${PREFIX}:*`)) await redis.unlink(key);
redis.disconnect();
