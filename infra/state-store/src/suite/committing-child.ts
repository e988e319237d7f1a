import { writeSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import type { OpenState } from './factory.js';

/**
 * Makes numbered commits until it is killed. Arguments: module and argument of the adapter, tenant, topic, group, first number.
 * Commit n puts n under ten keys of two tables, removes what commit n - 1 left for it, moves the offset from n to n + 1 and
 * sends n to the log; several are under way at a time. Prints n when it is acknowledged.
 */
const [module, argument, tenant, topic, group, first] = process.argv.slice(2) as [
  string,
  string,
  string,
  string,
  string,
  string,
];
const { openState } = (await import(pathToFileURL(module).href)) as { openState(argument: string): Promise<OpenState> };
const { store } = await openState(argument);
const UNDER_WAY = 3;
const running: Promise<void>[] = [];
for (let n = Number(first); ; n++) {
  if (running.length >= UNDER_WAY) await running.shift();
  running.push(commit(n));
}

async function commit(n: number): Promise<void> {
  const value = JSON.stringify({ n, filling: 'x'.repeat(500) });
  const result = await store.commit(tenant, {
    put: [
      ...Array.from({ length: 10 }, (_, index) => ({
        table: index % 2 === 0 ? 'even' : 'odd',
        key: `k${index}`,
        value,
      })),
      { table: 'marks', key: `mark-${n}`, value: String(n) },
    ],
    remove: n === 0 ? [] : [{ table: 'marks', key: `mark-${n - 1}` }],
    offsets: { group, moves: [{ topic, partition: 0, from: n === 0 ? undefined : n, to: n + 1 }] },
    outbox: [{ topic, key: 'n', value: String(n) }],
  });
  if (!result.ok) throw new Error(`commit ${n} met another one: ${JSON.stringify(result)}`);
  writeSync(1, `${n}\n`);
}
