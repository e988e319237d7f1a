import type { Position } from '../port.js';
import { collect } from './collector.js';
import { numbered, unique, values, withTopic, type EventLogFactory } from './factory.js';
import { gate, until } from './waiting.js';

export function groupSuite(factory: EventLogFactory): void {
  describe('groups', () => {
    test(
      'each reads everything, at its own pace',
      withTopic(factory, { partitions: 2 }, async (log, topic) => {
        await log.append(numbered(topic, 0, 20, 5));
        const held = gate();
        const slow = await collect(log, { group: unique('slow'), topics: [topic], onBatch: () => held.passed });
        const fast = await collect(log, { group: unique('fast'), topics: [topic] });
        await fast.subscription.caughtUp();
        await log.append(numbered(topic, 20, 30, 5));
        await fast.subscription.caughtUp();
        expect(
          fast
            .values()
            .map(Number)
            .sort((a, b) => a - b),
        ).toEqual(Array.from({ length: 30 }, (_, n) => n));
        held.open();
        await slow.subscription.caughtUp();
        expect(
          slow
            .values()
            .map(Number)
            .sort((a, b) => a - b),
        ).toEqual(Array.from({ length: 30 }, (_, n) => n));
      }),
    );

    test(
      'keep the order of each key while appends go on',
      withTopic(factory, { partitions: 3 }, async (log, topic) => {
        const reader = await collect(log, { group: unique('g'), topics: [topic], maxMessages: 7 });
        for (let from = 0; from < 300; from += 30) await log.append(numbered(topic, from, from + 30, 11));
        await reader.subscription.caughtUp();
        const seen = reader.messages();
        expect(seen).toHaveLength(300);
        for (let key = 0; key < 11; key++) {
          const mine = values(seen.filter((message) => message.key === `k${key}`)).map(Number);
          expect(mine).toEqual(Array.from({ length: 300 }, (_, n) => n).filter((n) => n % 11 === key));
        }
      }),
    );

    test(
      'go on where they left off, in the same log and in one opened again',
      withTopic(factory, { partitions: 2 }, async (log, topic, place) => {
        const group = unique('g');
        await log.append(numbered(topic, 0, 10, 4));
        const first = await collect(log, { group, topics: [topic] });
        await first.subscription.caughtUp();
        await first.subscription.close();
        await log.append(numbered(topic, 10, 15, 4));
        const second = await collect(log, { group, topics: [topic] });
        await second.subscription.caughtUp();
        expect(
          second
            .values()
            .map(Number)
            .sort((a, b) => a - b),
        ).toEqual([10, 11, 12, 13, 14]);
        await place.close();
        const again = await place.open();
        await again.append(numbered(topic, 15, 18, 4));
        const third = await collect(again, { group, topics: [topic] });
        await third.subscription.caughtUp();
        expect(
          third
            .values()
            .map(Number)
            .sort((a, b) => a - b),
        ).toEqual([15, 16, 17]);
      }),
    );

    test(
      'that are new begin at the start or at the end, as asked',
      withTopic(factory, {}, async (log, topic, place) => {
        await log.append(numbered(topic, 0, 5));
        const earliest = await collect(log, { group: unique('earliest'), topics: [topic], start: 'earliest' });
        const group = unique('latest');
        const latest = await collect(log, { group, topics: [topic], start: 'latest' });
        await latest.subscription.caughtUp();
        await log.append(numbered(topic, 5, 7));
        await Promise.all([earliest.subscription.caughtUp(), latest.subscription.caughtUp()]);
        expect(earliest.values()).toEqual(['0', '1', '2', '3', '4', '5', '6']);
        expect(latest.values()).toEqual(['5', '6']);
        await place.close();
        const again = await place.open();
        await again.append(numbered(topic, 7, 9));
        const later = await collect(again, { group, topics: [topic], start: 'latest' });
        await later.subscription.caughtUp();
        expect(later.values()).toEqual(['7', '8']);
      }),
    );

    test(
      'believe the positions that the caller keeps, and their own for partitions left out',
      withTopic(factory, { partitions: 2 }, async (log, topic) => {
        const group = unique('g');
        const appended = await log.append(numbered(topic, 0, 20, 9));
        const reader = await collect(log, { group, topics: [topic] });
        await reader.subscription.caughtUp();
        await reader.subscription.close();
        const asked: unknown[] = [];
        const again = await collect(log, {
          group,
          topics: [topic],
          offsets: async (assigned) => {
            asked.push(...assigned);
            return assigned.filter(({ partition }) => partition === 0).map((place) => ({ ...place, offset: 2 }));
          },
        });
        await until(() => again.messages().length > 0, 'messages from the given position');
        await again.subscription.caughtUp();
        expect(asked).toEqual(
          expect.arrayContaining([
            { topic, partition: 0 },
            { topic, partition: 1 },
          ]),
        );
        const expected = appended.flatMap(({ partition, offset }, n) =>
          partition === 0 && offset >= 2 ? [String(n)] : [],
        );
        expect(expected.length).toBeGreaterThan(0);
        expect(again.values()).toEqual(expected);
      }),
    );

    test(
      'get batches whose beginnings and ends join',
      withTopic(factory, { partitions: 3 }, async (log, topic) => {
        const stored = new Map<number, number>([
          [0, 0],
          [1, 0],
          [2, 0],
        ]);
        const reader = await collect(log, {
          group: unique('g'),
          topics: [topic],
          maxMessages: 4,
          offsets: async (assigned) => assigned.map((place) => ({ ...place, offset: stored.get(place.partition)! })),
        });
        for (let from = 0; from < 60; from += 12) await log.append(numbered(topic, from, from + 12, 7));
        await reader.subscription.caughtUp();
        for (const { messages, first, next } of reader.batches) {
          expect(messages.length).toBeGreaterThan(0);
          expect(messages.length).toBeLessThanOrEqual(4);
          const places = [...new Set(messages.map(({ partition }) => partition))].sort();
          expect(first.map(({ partition }) => partition).sort()).toEqual(places);
          expect(next.map(({ partition }) => partition).sort()).toEqual(places);
          for (const partition of places) {
            const mine = messages.filter((message) => message.partition === partition);
            const begin = offsetIn(first, partition);
            const end = offsetIn(next, partition);
            expect(begin).toBe(stored.get(partition));
            expect(mine[0]!.offset).toBeGreaterThanOrEqual(begin);
            expect(end).toBe(mine.at(-1)!.offset + 1);
            stored.set(partition, end);
          }
        }
        expect(reader.messages()).toHaveLength(60);
      }),
    );

    test(
      'share the partitions among their members, and pass them on when one leaves',
      withTopic(factory, { partitions: 4 }, async (log, topic) => {
        const group = unique('g');
        const revoked: number[] = [];
        const first = await collect(log, {
          group,
          topics: [topic],
          onRevoked: async (lost) => void revoked.push(...lost.map(({ partition }) => partition)),
        });
        const assigned: number[] = [];
        const second = await collect(log, {
          group,
          topics: [topic],
          onAssigned: (gained) => void assigned.push(...gained.map(({ partition }) => partition)),
        });
        await until(() => revoked.length === 2, 'two partitions handed over');
        await until(() => assigned.length === 2, 'two partitions taken over');
        expect([...assigned].sort()).toEqual([...revoked].sort());
        await log.append(numbered(topic, 0, 80, 40));
        await Promise.all([first.subscription.caughtUp(), second.subscription.caughtUp()]);
        const partitionsOf = (reader: typeof first): number[] =>
          [...new Set(reader.messages().map(({ partition }) => partition))].sort();
        expect(partitionsOf(second)).toEqual([...revoked].sort());
        expect([...partitionsOf(first), ...partitionsOf(second)].sort()).toEqual([0, 1, 2, 3]);
        expect(first.messages().length + second.messages().length).toBe(80);
        await second.subscription.close();
        await log.append(numbered(topic, 80, 160, 40));
        await first.subscription.caughtUp();
        expect(first.messages().length + second.messages().length).toBe(160);
      }),
    );

    test(
      'hand a partition over only after its running handler has ended',
      withTopic(factory, { partitions: 2 }, async (log, topic) => {
        const group = unique('g');
        await log.append(numbered(topic, 0, 40, 20));
        const held = gate();
        const events: string[] = [];
        const first = await collect(log, {
          group,
          topics: [topic],
          onBatch: async (_, signal) => {
            events.push('began');
            signal.addEventListener('abort', () => {
              events.push('aborted');
              held.open();
            });
            await held.passed;
            events.push('ended');
          },
        });
        await until(() => events.includes('began'), 'the first batch');
        const second = await collect(log, { group, topics: [topic], onBatch: async () => void events.push('second') });
        // A batch may hold only the partition that stays: then nobody has told its handler to stop.
        held.open();
        await Promise.all([first.subscription.caughtUp(), second.subscription.caughtUp()]);
        expect(events.indexOf('ended')).toBeGreaterThan(events.indexOf('aborted'));
        if (events.includes('second')) expect(events.indexOf('second')).toBeGreaterThan(events.indexOf('ended'));
        expect([...first.values(), ...second.values()].map(Number).sort((a, b) => a - b)).toEqual(
          Array.from({ length: 40 }, (_, n) => n),
        );
      }),
    );
  });

  describe('lag', () => {
    test(
      'counts messages and time not yet handled',
      withTopic(factory, { partitions: 2 }, async (log, topic) => {
        const group = unique('g');
        expect(await log.lag(group)).toEqual([]);
        await log.append(numbered(topic, 0, 10, 5));
        const reader = await collect(log, { group, topics: [topic] });
        await reader.subscription.caughtUp();
        await reader.subscription.close();
        const ends = await log.ends([topic]);
        const settled = (await log.lag(group)).sort((a, b) => a.partition - b.partition);
        expect(settled).toEqual(
          ends.map(({ partition, next }) => ({ topic, partition, committed: next, next, lag: 0, lagMs: 0 })),
        );
        const positions = await log.append(numbered(topic, 10, 20, 5));
        await until(
          async () => (await log.lag(group)).every(({ lag, lagMs }) => lag === 0 || lagMs > 0),
          'time passes',
        );
        for (const { partition, committed, next, lag } of await log.lag(group)) {
          const mine = positions.filter((position) => position.partition === partition).length;
          expect({ lag, behind: next - committed }).toEqual({ lag: mine, behind: mine });
        }
      }),
    );
  });
}

function offsetIn(positions: readonly Position[], partition: number): number {
  return positions.find((position) => position.partition === partition)!.offset;
}
