import fc from 'fast-check';
import { watchList, type WatchedRow } from '../src/watch.js';

const DAY = 86_400_000;
const NOW = Date.UTC(2026, 2, 1);
const limits = { days: 14, max: 3, recheckMs: 300_000 };
const status = (id: string, created: number) => ({ id, thread: id, author: 'a', order: created, created });

test('young statuses are looked at often, old ones seldom, very old ones never', () => {
  const watch = watchList([], limits);
  watch.seen(status('young', NOW), NOW);
  watch.seen(status('old', NOW - 10 * DAY), NOW);
  watch.seen(status('ancient', NOW - 15 * DAY), NOW);
  const due = (at: number) => watch.due(at, 10, new Set()).map(({ id }) => id);
  expect(due(NOW)).toEqual([]);
  expect(due(NOW + 300_000)).toEqual(['young']);
  expect(due(NOW + 6 * 3_600_000)).toEqual(['young', 'old']);
  expect(watch.get('ancient')).toBeUndefined();
});

test('what a hint names is looked at first, whether due or not', () => {
  const watch = watchList([], { ...limits, recheckMs: 0 });
  watch.seen(status('a', NOW), NOW);
  watch.seen(status('b', NOW), NOW);
  expect(watch.due(NOW, 1, new Set(['b', 'unknown'])).map(({ id }) => id)).toEqual(['b']);
});

test('the newest count when there are too many', () => {
  const rows: WatchedRow[] = [1, 2, 3, 4, 5].map((n) => [String(n), 't', 'a', 0, NOW - n * 1000, 0]);
  const watch = watchList(rows, limits);
  expect(
    watch
      .due(NOW, 10, new Set())
      .map(({ id }) => id)
      .sort(),
  ).toEqual(['1', '2', '3']);
});

test('a clock that was put back leaves nothing unseen for long', () => {
  const watch = watchList([['a', 'a', 'x', 0, NOW, NOW + 365 * DAY]], limits);
  expect(watch.due(NOW, 10, new Set())).toHaveLength(1);
});

test('rows say all there is', () => {
  const row = fc.tuple(fc.uuid(), fc.uuid(), fc.uuid(), fc.nat(), fc.nat(), fc.nat());
  fc.assert(
    fc.property(fc.uniqueArray(row, { selector: ([id]) => id, maxLength: 20 }), (rows) => {
      expect(watchList(rows as WatchedRow[], { ...limits, max: 100 }).rows()).toEqual(rows);
    }),
  );
});
