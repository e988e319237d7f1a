import { codeOf, put, withStore, type StateStoreFactory } from './factory.js';

export function closingSuite(factory: StateStoreFactory): void {
  describe('closing the store', () => {
    test(
      'refuses everything afterwards, and can be repeated',
      withStore(factory, async ({ store, tenant }) => {
        await store.close();
        await store.close();
        expect(await codeOf(store.commit(tenant, {}))).toBe('UNSILO_STATE_CLOSED');
        expect(await codeOf(store.getMany(tenant, 't', []))).toBe('UNSILO_STATE_CLOSED');
        expect(await codeOf(store.range(tenant, 't', { limit: 1 }))).toBe('UNSILO_STATE_CLOSED');
        expect(await codeOf(store.offsets('g'))).toBe('UNSILO_STATE_CLOSED');
        expect(await codeOf(store.tenants())).toBe('UNSILO_STATE_CLOSED');
        expect(await codeOf(store.usage())).toBe('UNSILO_STATE_CLOSED');
      }),
    );

    test(
      'under load: commits under way are kept, later ones are refused',
      withStore(factory, async ({ place, store, tenant }) => {
        const commits: Promise<string | undefined>[] = [];
        let closing: Promise<void> | undefined;
        for (let n = 0; n < 200; n++) {
          commits.push(codeOf(store.commit(tenant, { put: put([`k${n}`, String(n)]) })));
          if (n === 100) closing = store.close();
          if (n % 10 === 0) await new Promise((done) => setImmediate(done));
        }
        await closing;
        const codes = await Promise.all(commits);
        expect(codes.slice(0, 101)).toEqual(new Array(101).fill(undefined));
        expect(codes.slice(101)).toEqual(new Array(99).fill('UNSILO_STATE_CLOSED'));
        await place.close();
        const again = await place.open();
        expect(await again.store.range(tenant, 't', { limit: 1000 })).toHaveLength(101);
      }),
    );

    test(
      'everything is there after closing and opening again, and revisions go on',
      withStore(factory, async ({ place, store, tenant, entry }) => {
        const pairs = Array.from({ length: 100 }, (_, n): [string, string] => [`k${n}`, String(n)]);
        await store.commit(tenant, { put: put(...pairs) });
        await store.commit(tenant, { put: put(['k1', 'changed']), remove: [{ table: 't', key: 'k2' }] });
        const before = await store.range(tenant, 't', { limit: 1000 });
        const { revision } = await entry('k1');
        await place.close();
        const again = await place.open();
        expect(await again.store.range(tenant, 't', { limit: 1000 })).toEqual(before);
        expect(await again.store.tenants()).toContain(tenant);
        expect(
          await again.store.commit(tenant, {
            expect: [{ table: 't', key: 'k1', revision }],
            put: put(['k1', 'again']),
          }),
        ).toEqual({ ok: true });
        expect((await again.store.getMany(tenant, 't', ['k1']))[0]!.revision).toBeGreaterThan(revision);
      }),
    );
  });
}
