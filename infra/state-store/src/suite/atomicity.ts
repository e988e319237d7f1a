import { fileURLToPath } from 'node:url';
import { killWhen, startChild, until } from '@unsilo/event-log/suite';
import { logged, put, unique, withStore, type StateStoreFactory } from './factory.js';

const KILLS = 8;

export function atomicitySuite(factory: StateStoreFactory): void {
  describe('atomicity', () => {
    test(
      'a reader never sees half of a commit',
      withStore(factory, async ({ store, tenant }) => {
        const keys = Array.from({ length: 20 }, (_, n) => `k${n}`);
        let writing = true;
        const writer = (async () => {
          for (let n = 0; n < 100; n++)
            await store.commit(tenant, { put: put(...keys.map((key): [string, string] => [key, String(n)])) });
          writing = false;
        })();
        let reads = 0;
        while (writing) {
          const range = await store.range(tenant, 't', { limit: 100 });
          expect(new Set(range.map(({ value }) => value)).size).toBeLessThanOrEqual(1);
          expect([0, 20]).toContain(range.length);
          reads++;
          await new Promise((done) => setImmediate(done));
        }
        await writer;
        expect(reads).toBeGreaterThan(0);
      }),
    );

    (factory.durable ? test : test.skip)(
      'kill -9 at any moment leaves whole commits: state, offset and outbox agree, and what was acknowledged is there',
      withStore(factory, async ({ place, tenant, topic }) => {
        await place.close();
        const group = unique('g');
        const program = fileURLToPath(import.meta.url).replace(/atomicity\.(ts|js)$/, 'committing-child.$1');
        let next = 0;
        for (let kill = 0; kill < KILLS; kill++) {
          const child = startChild(program, [
            place.child.module,
            place.child.argument,
            tenant,
            topic,
            group,
            String(next),
          ]);
          const lines = await killWhen(child, 1 + kill * 5);
          const acknowledged = Number(lines.at(-1));
          const { store, log } = await place.open();
          const [stored] = await store.offsets(group);
          const last = stored!.offset - 1;
          expect(last).toBeGreaterThanOrEqual(acknowledged);
          for (const [table, count] of [
            ['even', 5],
            ['odd', 5],
          ] as const) {
            const entries = await store.range(tenant, table, { limit: 100 });
            expect(entries.map(({ value }) => (JSON.parse(value) as { n: number }).n)).toEqual(
              new Array(count).fill(last),
            );
          }
          expect((await store.range(tenant, 'marks', { limit: 100 })).map(({ value }) => value)).toEqual([
            String(last),
          ]);
          const expected = Array.from({ length: last + 1 }, (_, n) => String(n));
          const sent = async (): Promise<string[]> => [
            ...new Set((await logged(log, topic)).map(({ value }) => value!)),
          ];
          if (factory.transactionalOutbox)
            expect((await logged(log, topic)).map(({ value }) => value)).toEqual(expected);
          else await until(async () => (await sent()).length > last, 'the outbox is relayed');
          expect(await sent()).toEqual(expected);
          next = last + 1;
          await place.close();
        }
      }),
      120_000,
    );
  });
}
