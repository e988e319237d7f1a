import fc from 'fast-check';
import { put, withStore, type StateStoreFactory } from './factory.js';

/** In the order of their UTF-8 bytes; UTF-16 would put the one beyond the basic plane before the last two. */
const ORDERED = [
  '',
  '!',
  '0',
  'A',
  'a',
  'a\u0000',
  'a/1',
  'a/10',
  'a/2',
  'b',
  '\u007f',
  '\u0080',
  'é',
  '\u07ff',
  '\u0800',
  '\ud7ff',
  '\ue000',
  '\ufffd',
  '\u{10000}',
  '😀',
  '\u{10ffff}',
];

export function rangeSuite(factory: StateStoreFactory): void {
  describe('range', () => {
    test(
      'gives keys in the order of their UTF-8 bytes, and in reverse',
      withStore(factory, async ({ store, tenant }) => {
        const shuffled = [...ORDERED].reverse();
        await store.commit(tenant, {
          put: put(...shuffled.map((key): [string, string] => [key, JSON.stringify(key)])),
        });
        const forward = await store.range(tenant, 't', { limit: 100 });
        expect(forward.map(({ key }) => key)).toEqual(ORDERED);
        expect(forward.map(({ value }) => JSON.parse(value) as string)).toEqual(ORDERED);
        const reverse = await store.range(tenant, 't', { limit: 100, reverse: true });
        expect(reverse.map(({ key }) => key)).toEqual([...ORDERED].reverse());
      }),
    );

    test(
      'begins at `from` and ends before `to`, whether they exist or not',
      withStore(factory, async ({ store, tenant }) => {
        await store.commit(tenant, { put: put(['b', '1'], ['d', '1'], ['f', '1'], ['fa', '1']) });
        const keys = async (from?: string, to?: string, reverse?: boolean): Promise<string> => {
          const entries = await store.range(tenant, 't', {
            limit: 10,
            ...(from === undefined ? {} : { from }),
            ...(to === undefined ? {} : { to }),
            ...(reverse === undefined ? {} : { reverse }),
          });
          return entries.map(({ key }) => key).join(' ');
        };
        expect(await keys('b', 'f')).toBe('b d');
        expect(await keys('c', 'e')).toBe('d');
        expect(await keys('b', 'f', true)).toBe('d b');
        expect(await keys('a', 'fa', true)).toBe('f d b');
        expect(await keys(undefined, 'd')).toBe('b');
        expect(await keys('d')).toBe('d f fa');
        expect(await keys(undefined, 'd', true)).toBe('b');
        expect(await keys('d', undefined, true)).toBe('fa f d');
        expect(await keys('d', 'd')).toBe('');
        expect(await keys('f', 'b')).toBe('');
        expect(await keys('f', 'b', true)).toBe('');
        expect(await keys('g')).toBe('');
        expect(await keys(undefined, '')).toBe('');
      }),
    );

    test(
      'gives at most `limit` entries, from the end that it begins at',
      withStore(factory, async ({ store, tenant }) => {
        await store.commit(tenant, { put: put(['a', '1'], ['b', '1'], ['c', '1']) });
        const keys = async (limit: number, reverse: boolean): Promise<string[]> =>
          (await store.range(tenant, 't', { limit, reverse })).map(({ key }) => key);
        expect(await keys(2, false)).toEqual(['a', 'b']);
        expect(await keys(2, true)).toEqual(['c', 'b']);
        expect(await keys(0, false)).toEqual([]);
        expect(await keys(3, true)).toEqual(['c', 'b', 'a']);
      }),
    );

    test(
      'pages through thousands of keys without a gap or a repeat',
      withStore(factory, async ({ store, tenant }) => {
        const expected = Array.from({ length: 2500 }, (_, n) => `k${String(n).padStart(5, '0')}`);
        await store.commit(tenant, { put: put(...expected.map((key): [string, string] => [key, '1'])) });
        const seen: string[] = [];
        let from = '';
        for (;;) {
          const page = await store.range(tenant, 't', { from, limit: 300 });
          if (page.length === 0) break;
          seen.push(...page.map(({ key }) => key));
          from = `${page.at(-1)!.key}\u0000`;
        }
        expect(seen).toEqual(expected);
      }),
    );

    test(
      'equals a sorted list cut at the bounds',
      withStore(factory, async ({ store, tenant }) => {
        const text = fc.oneof(fc.string({ unit: 'grapheme', maxLength: 5 }), fc.constantFrom(...ORDERED));
        await fc.assert(
          fc.asyncProperty(
            fc.uniqueArray(text, { maxLength: 20 }),
            fc.option(text, { nil: undefined }),
            fc.option(text, { nil: undefined }),
            fc.nat(25),
            fc.boolean(),
            async (keys, from, to, limit, reverse) => {
              const before = await store.range(tenant, 't', { limit: 1000 });
              await store.commit(tenant, {
                remove: before.filter(({ key }) => !keys.includes(key)).map(({ key }) => ({ table: 't', key })),
                put: put(...keys.map((key): [string, string] => [key, JSON.stringify(key)])),
              });
              const inside = keys
                .filter(
                  (key) => (from === undefined || order(from, key) <= 0) && (to === undefined || order(key, to) < 0),
                )
                .sort(order);
              if (reverse) inside.reverse();
              const found = await store.range(tenant, 't', {
                limit,
                reverse,
                ...(from === undefined ? {} : { from }),
                ...(to === undefined ? {} : { to }),
              });
              expect(found.map(({ key }) => key)).toEqual(inside.slice(0, limit));
            },
          ),
          { numRuns: factory.histories },
        );
      }),
    );
  });
}

function order(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
