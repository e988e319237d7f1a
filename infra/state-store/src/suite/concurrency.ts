import type { CommitResult } from '../port.js';
import { logged, put, withStore, type StateStoreFactory } from './factory.js';

export function concurrencySuite(factory: StateStoreFactory): void {
  describe('compare and set', () => {
    test(
      'holds when the revision is the one that was read, or nothing stands',
      withStore(factory, async ({ store, tenant, values, entry }) => {
        expect(
          await store.commit(tenant, { expect: [{ table: 't', key: 'k', revision: null }], put: put(['k', '1']) }),
        ).toEqual({ ok: true });
        const { revision } = await entry('k');
        expect(
          await store.commit(tenant, { expect: [{ table: 't', key: 'k', revision }], put: put(['k', '2']) }),
        ).toEqual({ ok: true });
        expect(await values('k')).toEqual(['2']);
      }),
    );

    test(
      'answers every difference with what stands, and changes nothing at all',
      withStore(factory, async ({ store, log, tenant, topic, values, entry }) => {
        await store.commit(tenant, { put: put(['a', '1'], ['b', '1']) });
        const { revision } = await entry('a');
        const result = await store.commit(tenant, {
          expect: [
            { table: 't', key: 'a', revision },
            { table: 't', key: 'b', revision: revision + 1000 },
            { table: 't', key: 'missing', revision: 7 },
            { table: 'u', key: 'missing', revision: 7 },
            { table: 't', key: 'a', revision: null },
          ],
          put: put(['a', '2'], ['c', '2']),
          remove: [{ table: 't', key: 'b' }],
          offsets: { group: 'g', moves: [{ topic, partition: 0, from: undefined, to: 9 }] },
          outbox: [{ topic, key: 'k', value: 'x' }],
        });
        expect(result).toEqual({
          ok: false,
          conflicts: [
            { table: 't', key: 'b', revision: (await entry('b')).revision },
            { table: 't', key: 'missing', revision: null },
            { table: 'u', key: 'missing', revision: null },
            { table: 't', key: 'a', revision },
          ],
          offsets: [],
        });
        expect(await values('a', 'b', 'c')).toEqual(['1', '1', undefined]);
        expect(await entry('a')).toEqual({ value: '1', revision });
        expect(await store.offsets('g')).toEqual([]);
        expect(await logged(log, topic)).toEqual([]);
      }),
    );

    test(
      'can guard without writing to the guarded key',
      withStore(factory, async ({ store, tenant, values, entry }) => {
        await store.commit(tenant, { put: put(['guard', '1']) });
        const { revision } = await entry('guard');
        const guarded = { expect: [{ table: 't', key: 'guard', revision }], put: put(['k', '1']) };
        expect(await store.commit(tenant, guarded)).toEqual({ ok: true });
        await store.commit(tenant, { put: put(['guard', '1']) });
        expect(await store.commit(tenant, { ...guarded, put: put(['k', '2']) })).toMatchObject({ ok: false });
        expect(await values('k')).toEqual(['1']);
      }),
    );

    test(
      'an old revision does not fit a key that was removed and put again',
      withStore(factory, async ({ store, tenant, entry }) => {
        await store.commit(tenant, { put: put(['k', '1']) });
        const { revision } = await entry('k');
        await store.commit(tenant, { remove: [{ table: 't', key: 'k' }] });
        expect(await store.commit(tenant, { expect: [{ table: 't', key: 'k', revision }] })).toMatchObject({
          ok: false,
          conflicts: [{ revision: null }],
        });
        await store.commit(tenant, { put: put(['k', '1']) });
        expect(await store.commit(tenant, { expect: [{ table: 't', key: 'k', revision }] })).toMatchObject({
          ok: false,
        });
      }),
    );

    test(
      'of many commits at once that expect the same, exactly one holds',
      withStore(factory, async ({ store, tenant, values }) => {
        const results = await Promise.all(
          Array.from({ length: 50 }, (_, n) =>
            store.commit(tenant, { expect: [{ table: 't', key: 'k', revision: null }], put: put(['k', String(n)]) }),
          ),
        );
        expect(results.filter(({ ok }) => ok)).toHaveLength(1);
        expect(await values('k')).toEqual([String(results.findIndex(({ ok }) => ok))]);
      }),
    );

    test(
      'no increment of many at once is lost',
      withStore(factory, async ({ store, tenant, values }) => {
        await store.commit(tenant, { put: put(['n', '0'], ['m', '0']) });
        let conflicts = 0;
        const increment = async (): Promise<void> => {
          for (let result: CommitResult | undefined; result?.ok !== true;) {
            const [n, m] = await store.getMany(tenant, 't', ['n', 'm']);
            result = await store.commit(tenant, {
              expect: [
                { table: 't', key: 'n', revision: n!.revision },
                { table: 't', key: 'm', revision: m!.revision },
              ],
              put: put(['n', String(Number(n!.value) + 1)], ['m', String(Number(m!.value) - 1)]),
            });
            if (!result.ok) conflicts++;
          }
        };
        await Promise.all(
          Array.from({ length: 10 }, async () => {
            for (let turn = 0; turn < 5; turn++) await increment();
          }),
        );
        expect(await values('n', 'm')).toEqual(['50', '-50']);
        expect(conflicts).toBeGreaterThan(0);
      }),
    );

    test(
      'commits at once see the removals and tenants of each other',
      withStore(factory, async ({ store, tenant, entry }) => {
        await store.commit(tenant, { put: put(['k', '1']) });
        const { revision } = await entry('k');
        const [removed, late, elsewhere] = await Promise.all([
          store.commit(tenant, { expect: [{ table: 't', key: 'k', revision }], remove: [{ table: 't', key: 'k' }] }),
          store.commit(tenant, { expect: [{ table: 't', key: 'k', revision }], put: put(['k', 'late']) }),
          store.commit(`${tenant}-2`, { expect: [{ table: 't', key: 'k', revision: null }], put: put(['k', 'mine']) }),
        ]);
        expect([removed.ok, late.ok].filter(Boolean)).toHaveLength(1);
        expect(elsewhere.ok).toBe(true);
        expect((await store.getMany(`${tenant}-2`, 't', ['k']))[0]!.value).toBe('mine');
      }),
    );
  });
}
