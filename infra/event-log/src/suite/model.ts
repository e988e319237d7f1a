import fc from 'fast-check';
import type { EventLog } from '../port.js';
import { contents, unique, type EventLogFactory, type LogPlace } from './factory.js';

/** What a log with one topic is: for each partition its messages by offset, gaps included. */
interface Model {
  messages: { key: string; value: string | null; partition: number; offset: number }[];
  next: number[];
}
interface Real {
  log: EventLog;
  place: LogPlace;
  topic: string;
}
type Step =
  | { kind: 'append'; batch: { key: string; value: string | null }[] }
  | { kind: 'together'; batches: { key: string; value: string | null }[][] }
  | { kind: 'read'; from: number; span: number; limit: number; reverse: boolean; partition: number }
  | { kind: 'clean' }
  | { kind: 'reopen' };

const message = fc.record({
  key: fc.oneof(fc.constantFrom('a', 'b', 'c'), fc.string({ unit: 'grapheme', maxLength: 4 })),
  value: fc.option(
    fc.oneof(
      fc.string({ maxLength: 20 }),
      fc.nat(40_000).map((size) => 'x'.repeat(size)),
    ),
    { nil: null },
  ),
});
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('append' as const), batch: fc.array(message, { maxLength: 30 }) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('together' as const),
      batches: fc.array(fc.array(message, { maxLength: 5 }), { maxLength: 5 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('read' as const),
      from: fc.nat(80),
      span: fc.nat(60),
      limit: fc.integer({ min: 1, max: 20 }),
      reverse: fc.boolean(),
      partition: fc.nat(1),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: 'clean' as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'reopen' as const }) },
);

export function modelSuite(factory: EventLogFactory): void {
  test('any history of appends, reads, cleaning and reopening gives what a plain list would give', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 25 }),
        fc.constantFrom('compact' as const, 'delete' as const),
        async (steps, cleanup) => {
          const place = await factory.create();
          try {
            const topic = unique('topic');
            const real: Real = { log: await place.open(), place, topic };
            await real.log.declare([{ name: topic, partitions: 2, cleanup }]);
            const model: Model = { messages: [], next: [0, 0] };
            for (const one of steps) await take(one, model, real, cleanup === 'compact' && factory.cleansAtOnce);
            await compareAll(model, real);
          } finally {
            await place.remove();
          }
        },
      ),
      { numRuns: factory.histories },
    );
  }, 180_000);
}

async function take(one: Step, model: Model, real: Real, compacts: boolean): Promise<void> {
  const { topic } = real;
  switch (one.kind) {
    case 'append':
      note(model, one.batch, await real.log.append(one.batch.map((item) => ({ topic, ...item }))));
      return;
    case 'together': {
      const appended = await Promise.all(
        one.batches.map((batch) => real.log.append(batch.map((item) => ({ topic, ...item })))),
      );
      const placed = one.batches.flatMap((batch, index) =>
        batch.map((item, at) => ({ item, position: appended[index]![at]! })),
      );
      placed.sort((a, b) => a.position.offset - b.position.offset);
      note(
        model,
        placed.map(({ item }) => item),
        placed.map(({ position }) => position),
      );
      return;
    }
    case 'read':
      await compareRead(one, model, real);
      return;
    case 'clean':
      await real.log.clean(Date.now());
      if (compacts) {
        model.messages = model.messages.filter(
          (kept) => !model.messages.some((later) => later.key === kept.key && later.offset > kept.offset),
        );
      }
      return;
    case 'reopen':
      await real.place.close();
      real.log = await real.place.open();
      await compareAll(model, real);
  }
}

function note(
  model: Model,
  batch: readonly { key: string; value: string | null }[],
  positions: readonly { partition: number; offset: number }[],
): void {
  expect(positions).toHaveLength(batch.length);
  for (const [index, item] of batch.entries()) {
    const { partition, offset } = positions[index]!;
    expect(offset).toBe(model.next[partition]);
    model.next[partition] = offset + 1;
    model.messages.push({ ...item, partition, offset });
  }
}

async function compareRead(one: Step & { kind: 'read' }, model: Model, { log, topic }: Real): Promise<void> {
  const { from, limit, reverse, partition } = one;
  const until = reverse ? Math.max(0, from - one.span) : from + one.span;
  const inside = model.messages
    .filter((item) => item.partition === partition)
    .filter(({ offset }) => (reverse ? offset <= from && offset >= until : offset >= from && offset < until))
    .sort((a, b) => (reverse ? b.offset - a.offset : a.offset - b.offset));
  const page = await log.read({ topic, partition, from, until, limit, reverse });
  expect(page.messages.map(({ offset }) => offset)).toEqual(inside.slice(0, limit).map(({ offset }) => offset));
  expect(page.next !== undefined).toBe(inside.length > limit);
  if (page.next !== undefined) {
    const rest = await log.read({ topic, partition, from: page.next, until, limit: 1000, reverse });
    expect(rest.messages.map(({ offset }) => offset)).toEqual(inside.slice(limit).map(({ offset }) => offset));
  }
}

async function compareAll(model: Model, { log, topic }: Real): Promise<void> {
  const kept = await contents(log, topic);
  const sorted = [...model.messages].sort((a, b) => a.partition - b.partition || a.offset - b.offset);
  expect(
    kept.map(({ key, value, partition, offset }) => ({
      key,
      value: value?.toString('utf8') ?? null,
      partition,
      offset,
    })),
  ).toEqual(sorted.map(({ key, value, partition, offset }) => ({ key, value, partition, offset })));
  expect((await log.ends([topic])).map(({ next }) => next)).toEqual(model.next);
}
