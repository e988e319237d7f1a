import { rmSync, statfsSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { openState } from './lmdb-place.js';

/**
 * What commits do on a full disk, in a process of its own (lmdb reports every failed transaction on standard error).
 * Argument: a folder on a small empty disk. Prints one line of JSON.
 */
const [disk] = process.argv.slice(2) as [string];
const ballast = join(disk, 'ballast');
const folder = join(disk, 'data');
let { store, log } = await openState(folder);
await log.declare([{ name: 't', partitions: 1, cleanup: 'delete' }]);

const { bavail, bsize } = statfsSync(disk);
writeFileSync(ballast, Buffer.alloc((bavail * bsize) / 2));

function commit(n: number, table: string): Promise<string> {
  const moves = [{ topic: 't', partition: 0, from: n === 0 ? undefined : n, to: n + 1 }];
  return store
    .commit('tenant', {
      put: Array.from({ length: 20 }, (_, index) => ({ table, key: `${n}/${index}`, value: 'x'.repeat(2000) })),
      offsets: { group: 'g', moves },
      outbox: [{ topic: 't', key: 'k', value: String(n) }],
    })
    .then(
      ({ ok }) => (ok ? 'committed' : 'conflict'),
      (error: { code?: string }) => error.code ?? String(error),
    );
}
async function state(): Promise<{ entries: number; offset: number | undefined; sent: number }> {
  const entries = (await store.range('tenant', 'a', { limit: 100_000 })).filter(
    ({ value }) => value.length === 2000,
  ).length;
  const [offset] = await store.offsets('g');
  const [end] = await log.ends(['t']);
  return { entries, offset: offset?.offset, sent: end!.next };
}

let count = 0;
let refusal: string;
while ((refusal = await commit(count, 'a')) === 'committed') count++;
const full = await state();
const newTable = await commit(count, 'new');
const newTenant = await store.commit('late', { put: [{ table: 'b', key: 'k', value: 'x'.repeat(500_000) }] }).then(
  () => 'committed',
  (error: { code?: string }) => error.code ?? String(error),
);
rmSync(ballast);
const after = [await commit(count, 'a'), await commit(count + 1, 'new')];
const recovered = await state();
const result = { count, refusal, full, newTable, newTenant, after, recovered, tenants: await store.tenants() };
writeSync(1, `${JSON.stringify(result)}\n`);
await store.close();
await log.close();
process.exit(0);
