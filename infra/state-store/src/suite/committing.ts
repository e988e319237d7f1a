import { codeOf, logged, put, unique, withStore, type StateStoreFactory } from './factory.js';

export function commitSuite(factory: StateStoreFactory): void {
  describe('reading and committing', () => {
    test(
      'gives back what was put, in the order of the keys asked for',
      withStore(factory, async ({ store, tenant, values }) => {
        expect(await store.commit(tenant, { put: put(['a', '"1"'], ['b', '{"x":2}']) })).toEqual({ ok: true });
        expect(await values('b', 'missing', 'a', 'b')).toEqual(['{"x":2}', undefined, '"1"', '{"x":2}']);
        expect(await values()).toEqual([]);
      }),
    );

    test(
      'knows nothing of other tenants, tables and keys',
      withStore(factory, async ({ store, tenant }) => {
        await store.commit(tenant, { put: put(['a', '1']) });
        const other = unique('other');
        expect(await store.getMany(other, 't', ['a'])).toEqual([undefined]);
        expect(await store.getMany(tenant, 'u', ['a'])).toEqual([undefined]);
        expect(await store.range(other, 't', { limit: 10 })).toEqual([]);
        expect(await store.range(tenant, 'u', { limit: 10 })).toEqual([]);
      }),
    );

    test(
      'keeps the tenants apart where their keys are the same',
      withStore(factory, async ({ store }) => {
        const [one, two] = [unique('one'), unique('two')];
        await store.commit(one, { put: put(['k', '"one"'], ['l', '"one"']) });
        await store.commit(two, { put: put(['k', '"two"']), expect: [{ table: 't', key: 'k', revision: null }] });
        await store.commit(one, { remove: [{ table: 't', key: 'l' }] });
        expect((await store.range(one, 't', { limit: 9 })).map(({ key, value }) => [key, value])).toEqual([
          ['k', '"one"'],
        ]);
        expect((await store.range(two, 't', { limit: 9 })).map(({ key, value }) => [key, value])).toEqual([
          ['k', '"two"'],
        ]);
      }),
    );

    test(
      'names the tenants that have state, and no others',
      withStore(factory, async ({ store, tenant }) => {
        const gone = unique('gone');
        await store.commit(tenant, { put: put(['k', '1']) });
        await store.commit(gone, { put: put(['k', '1']) });
        expect(await store.tenants()).toEqual(expect.arrayContaining([tenant, gone]));
        await store.commit(gone, { remove: [{ table: 't', key: 'k' }] });
        const names = await store.tenants();
        expect(names).toContain(tenant);
        expect(names).not.toContain(gone);
      }),
    );

    test(
      'overwrites and removes; removing what is not there is harmless',
      withStore(factory, async ({ store, tenant, values }) => {
        await store.commit(tenant, { put: put(['a', '1'], ['b', '1']) });
        await store.commit(tenant, {
          put: put(['a', '2']),
          remove: [
            { table: 't', key: 'b' },
            { table: 't', key: 'never' },
            { table: 'nowhere', key: 'b' },
          ],
        });
        expect(await values('a', 'b', 'never')).toEqual(['2', undefined, undefined]);
      }),
    );

    test(
      'raises the revision at every put, of the same value too and after a removal',
      withStore(factory, async ({ store, tenant, entry }) => {
        const revisions: number[] = [];
        for (let turn = 0; turn < 3; turn++) {
          for (const value of ['1', '1', '2']) {
            await store.commit(tenant, { put: put(['k', value]) });
            revisions.push((await entry('k')).revision);
          }
          await store.commit(tenant, { remove: [{ table: 't', key: 'k' }] });
        }
        expect(revisions).toEqual([...new Set(revisions)].sort((a, b) => a - b));
      }),
    );

    test(
      'gives the same revision by both ways of reading',
      withStore(factory, async ({ store, tenant, entry }) => {
        await store.commit(tenant, { put: put(['a', '1'], ['b', '2']) });
        await store.commit(tenant, { put: put(['b', '3']) });
        const range = await store.range(tenant, 't', { limit: 10 });
        expect(range).toEqual([
          { key: 'a', ...(await entry('a')) },
          { key: 'b', ...(await entry('b')) },
        ]);
      }),
    );

    test(
      'takes an empty commit',
      withStore(factory, async ({ store, log, tenant, topic }) => {
        expect(await store.commit(tenant, {})).toEqual({ ok: true });
        expect(await store.commit(tenant, { put: [], remove: [], expect: [], outbox: [] })).toEqual({ ok: true });
        expect(await store.tenants()).not.toContain(tenant);
        expect(await logged(log, topic)).toEqual([]);
      }),
    );

    test(
      'takes thousands of keys in one commit',
      withStore(factory, async ({ store, tenant, values }) => {
        const pairs = Array.from({ length: 5000 }, (_, n): [string, string] => [`key/${n}`, `{"n":${n}}`]);
        await store.commit(tenant, { put: put(...pairs) });
        expect(await values(...pairs.map(([key]) => key))).toEqual(pairs.map(([, value]) => value));
        await store.commit(tenant, { remove: pairs.map(([key]) => ({ table: 't', key })) });
        expect(await store.range(tenant, 't', { limit: 10 })).toEqual([]);
      }),
    );

    test.each([
      ['text beyond the basic plane', 'Zoë 😀 \u{10ffff} \ufffd'],
      ['control characters', 'a\u0000b\r\n\t\u2028'],
      ['an empty text', ''],
      ['a name that objects have', '__proto__'],
      ['separators', 'a/b:c|d{e}\u0000'],
    ])('keeps key, value, tenant and table: %s', (_, text) =>
      withStore(factory, async ({ store }) => {
        const tenant = unique('tenant') + text;
        await store.commit(tenant, { put: [{ table: `t${text}`, key: text, value: JSON.stringify(text) }] });
        expect(await store.range(tenant, `t${text}`, { limit: 2 })).toMatchObject([
          { key: text, value: JSON.stringify(text) },
        ]);
        expect(await store.tenants()).toContain(tenant);
      })(),
    );

    test(
      'takes values up to its limit; of a commit with a larger one nothing is kept',
      withStore(factory, async ({ store, log, tenant, topic, values }) => {
        const fits = `"${'é'.repeat((factory.maxValueBytes - 2) / 2)}"`;
        await store.commit(tenant, { put: put(['large', fits]) });
        expect((await values('large'))[0] === fits).toBe(true);
        expect(
          await codeOf(
            store.commit(tenant, {
              put: put(['small', '1'], ['larger', `${fits} `]),
              outbox: [{ topic, key: 'k', value: 'x' }],
            }),
          ),
        ).toBe('UNSILO_STATE_VALUE_TOO_LARGE');
        expect(await values('small', 'larger')).toEqual([undefined, undefined]);
        expect(await logged(log, topic)).toEqual([]);
      }),
    );

    test(
      'refuses a commit that changes a key twice',
      withStore(factory, async ({ store, tenant, values }) => {
        expect(await codeOf(store.commit(tenant, { put: put(['a', '1'], ['b', '1'], ['a', '2']) }))).toBe(
          'UNSILO_STATE_COMMIT_INVALID',
        );
        expect(await codeOf(store.commit(tenant, { put: put(['a', '1']), remove: [{ table: 't', key: 'a' }] }))).toBe(
          'UNSILO_STATE_COMMIT_INVALID',
        );
        expect(await values('a', 'b')).toEqual([undefined, undefined]);
      }),
    );

    test(
      'refuses text that is none, instead of changing it',
      withStore(factory, async ({ store, tenant }) => {
        expect(await codeOf(store.commit(tenant, { put: put(['half \ud83d', '1']) }))).toBe('UNSILO_STATE_KEY_INVALID');
        expect(await codeOf(store.commit(tenant, { put: put(['a', '"\ude00"']) }))).toBe('UNSILO_STATE_VALUE_INVALID');
        expect(await codeOf(store.getMany(tenant, 't', ['\ud83d']))).toBe('UNSILO_STATE_KEY_INVALID');
        expect(await codeOf(store.commit(tenant, { put: put(['k'.repeat(100_000), '1']) }))).toBe(
          'UNSILO_STATE_KEY_INVALID',
        );
      }),
    );

    test(
      'counts what it holds by table',
      withStore(factory, async ({ store, tenant }) => {
        const before = new Map((await store.usage()).map(({ table, entries }) => [table, entries]));
        const pairs = Array.from({ length: 500 }, (_, n): [string, string] => [
          `k${n}`,
          JSON.stringify('x'.repeat(200)),
        ]);
        await store.commit(tenant, { put: [...put(...pairs), { table: 'u', key: 'k', value: '1' }] });
        const usage = await store.usage();
        const of = (table: string): { entries: number; bytes: number } => usage.find((one) => one.table === table)!;
        expect(of('t').entries - (before.get('t') ?? 0)).toBe(500);
        expect(of('u').entries - (before.get('u') ?? 0)).toBe(1);
        expect(of('t').bytes).toBeGreaterThan(500 * 200);
        expect(of('u').bytes).toBeGreaterThan(0);
      }),
    );
  });
}
