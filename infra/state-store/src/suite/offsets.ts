import { put, unique, withStore, type StateStoreFactory } from './factory.js';

export function offsetSuite(factory: StateStoreFactory): void {
  describe('consumed offsets', () => {
    test(
      'move with the state and are kept by group',
      withStore(factory, async ({ place, store, tenant, topic }) => {
        const [group, other] = [unique('g'), unique('other')];
        expect(await store.offsets(group)).toEqual([]);
        await store.commit(tenant, {
          put: put(['k', '1']),
          offsets: {
            group,
            moves: [
              { topic, partition: 0, from: undefined, to: 5 },
              { topic, partition: 1, from: undefined, to: 0 },
            ],
          },
        });
        await store.commit(tenant, { offsets: { group, moves: [{ topic, partition: 0, from: 5, to: 12 }] } });
        const expected = [
          { topic, partition: 0, offset: 12 },
          { topic, partition: 1, offset: 0 },
        ];
        expect((await store.offsets(group)).sort((a, b) => a.partition - b.partition)).toEqual(expected);
        expect(await store.offsets(other)).toEqual([]);
        await place.close();
        const again = await place.open();
        expect((await again.store.offsets(group)).sort((a, b) => a.partition - b.partition)).toEqual(expected);
      }),
    );

    test(
      'a worker that stands elsewhere is turned away with its state',
      withStore(factory, async ({ store, tenant, topic, values }) => {
        const group = unique('g');
        await store.commit(tenant, { offsets: { group, moves: [{ topic, partition: 0, from: undefined, to: 5 }] } });
        for (const from of [undefined, 4, 6, 0]) {
          const result = await store.commit(tenant, {
            put: put(['k', 'late']),
            offsets: {
              group,
              moves: [
                { topic, partition: 0, from, to: 9 },
                { topic, partition: 1, from: undefined, to: 1 },
              ],
            },
          });
          expect(result).toEqual({ ok: false, conflicts: [], offsets: [{ topic, partition: 0, stored: 5 }] });
        }
        expect(
          await store.commit(tenant, {
            put: put(['k', 'late']),
            offsets: { group, moves: [{ topic, partition: 1, from: 3, to: 4 }] },
          }),
        ).toEqual({
          ok: false,
          conflicts: [],
          offsets: [{ topic, partition: 1, stored: undefined }],
        });
        expect(await values('k')).toEqual([undefined]);
        expect(await store.offsets(group)).toEqual([{ topic, partition: 0, offset: 5 }]);
      }),
    );

    test(
      'of two workers that move the same partition at once, one is fenced off',
      withStore(factory, async ({ store, tenant, topic, values }) => {
        const group = unique('g');
        const results = await Promise.all(
          ['first', 'second'].map((worker) =>
            store.commit(tenant, {
              put: put([worker, '1']),
              offsets: { group, moves: [{ topic, partition: 0, from: undefined, to: 10 }] },
            }),
          ),
        );
        expect(results.filter(({ ok }) => ok)).toHaveLength(1);
        const winner = results[0]!.ok ? ['1', undefined] : [undefined, '1'];
        expect(await values('first', 'second')).toEqual(winner);
        expect(results.find(({ ok }) => !ok)).toEqual({
          ok: false,
          conflicts: [],
          offsets: [{ topic, partition: 0, stored: 10 }],
        });
      }),
    );

    test(
      'may go back, for a replay',
      withStore(factory, async ({ store, tenant, topic }) => {
        const group = unique('g');
        await store.commit(tenant, { offsets: { group, moves: [{ topic, partition: 0, from: undefined, to: 5 }] } });
        await store.commit(tenant, { offsets: { group, moves: [{ topic, partition: 0, from: 5, to: 0 }] } });
        expect(await store.offsets(group)).toEqual([{ topic, partition: 0, offset: 0 }]);
      }),
    );
  });
}
