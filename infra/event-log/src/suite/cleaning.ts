import type { EventLog } from '../port.js';
import { collect } from './collector.js';
import { contents, numbered, unique, values, withTopic, type EventLogFactory } from './factory.js';

const DAY = 24 * 3600 * 1000;

export function cleaningSuite(factory: EventLogFactory): void {
  const atOnce = factory.cleansAtOnce ? test : test.skip;
  if (!factory.cleansAtOnce)
    process.stderr.write('SKIPPED: what cleaning frees at once (the server of this log cleans in its own time)\n');

  describe('clean', () => {
    test(
      'loses nothing that is to be kept',
      withTopic(factory, { cleanup: 'compact' }, async (log, topic) => {
        await log.append(numbered(topic, 0, 100, 10));
        await log.clean(Date.now());
        const kept = await contents(log, topic);
        for (let n = 90; n < 100; n++) {
          expect(values(kept.filter(({ key }) => key === `k${n % 10}`)).at(-1)).toBe(String(n));
        }
      }),
    );

    atOnce(
      'compaction keeps the last message of each key, where it stood',
      withTopic(factory, { cleanup: 'compact', partitions: 2 }, async (log, topic) => {
        const positions = await log.append(numbered(topic, 0, 100, 10));
        expect(await log.clean(Date.now())).toEqual({ removed: 90 });
        const kept = await contents(log, topic);
        expect(kept.map(({ value }) => Number(value)).sort((a, b) => a - b)).toEqual([
          90, 91, 92, 93, 94, 95, 96, 97, 98, 99,
        ]);
        for (const { value, partition, offset } of kept) {
          expect({ topic, partition, offset }).toEqual(positions[Number(value)]);
        }
        expect(await log.clean(Date.now())).toEqual({ removed: 0 });
        await log.append(numbered(topic, 100, 103, 10));
        expect(await log.clean(Date.now())).toEqual({ removed: 3 });
        expect((await contents(log, topic)).map(({ value }) => Number(value)).sort((a, b) => a - b)).toEqual([
          93, 94, 95, 96, 97, 98, 99, 100, 101, 102,
        ]);
      }),
    );

    atOnce(
      'compaction removes a key with a tombstone, and later the tombstone',
      withTopic(factory, { cleanup: 'compact' }, async (log, topic) => {
        await log.append([
          { topic, key: 'a', value: '1' },
          { topic, key: 'b', value: '2' },
          { topic, key: 'a', value: null },
        ]);
        expect(await log.clean(Date.now())).toEqual({ removed: 1 });
        expect(values(await contents(log, topic))).toEqual(['2', null]);
        expect(await log.clean(Date.now() + 30 * DAY)).toEqual({ removed: 1 });
        expect(values(await contents(log, topic))).toEqual(['2']);
        expect(await log.ends([topic])).toEqual([{ topic, partition: 0, first: 1, next: 3 }]);
      }),
    );

    atOnce(
      'retention removes what is old, and offsets go on',
      withTopic(factory, { cleanup: 'delete', retentionMs: DAY }, async (log, topic, place) => {
        await log.append(numbered(topic, 0, 10));
        expect(await log.clean(Date.now())).toEqual({ removed: 0 });
        expect(await log.clean(Date.now() + 2 * DAY)).toEqual({ removed: 10 });
        expect(await contents(log, topic)).toEqual([]);
        expect(await log.ends([topic])).toEqual([{ topic, partition: 0, first: 10, next: 10 }]);
        await place.close();
        const again = await place.open();
        expect(await again.append(numbered(topic, 10, 11))).toEqual([{ topic, partition: 0, offset: 10 }]);
      }),
    );

    atOnce(
      'a topic without a retention time keeps everything',
      withTopic(factory, { cleanup: 'delete' }, async (log, topic) => {
        await log.append(numbered(topic, 0, 10));
        expect(await log.clean(Date.now() + 10_000 * DAY)).toEqual({ removed: 0 });
        expect(await contents(log, topic)).toHaveLength(10);
      }),
    );

    atOnce(
      'reading goes over the gaps in both directions',
      withTopic(factory, { cleanup: 'compact' }, async (log, topic) => {
        await gapped(log, topic);
        // Left: 5 (k1), 8 (k0), 9 (k2) of ten.
        const page = await log.read({ topic, partition: 0, from: 0, limit: 2 });
        expect(page.messages.map(({ offset }) => offset)).toEqual([5, 8]);
        expect(
          (await log.read({ topic, partition: 0, from: page.next! })).messages.map(({ offset }) => offset),
        ).toEqual([9]);
        expect((await log.read({ topic, partition: 0, from: 6 })).messages.map(({ offset }) => offset)).toEqual([8, 9]);
        const reverse = await log.read({ topic, partition: 0, from: 7, reverse: true });
        expect(reverse).toMatchObject({ messages: [{ offset: 5 }] });
        expect(reverse.next).toBeUndefined();
        expect((await log.read({ topic, partition: 0, from: 4, reverse: true })).messages).toEqual([]);
        expect((await log.read({ topic, partition: 0, from: 0, until: 5 })).messages).toEqual([]);
      }),
    );

    atOnce(
      'groups go over the gaps, and their batches still join',
      withTopic(factory, { cleanup: 'compact' }, async (log, topic) => {
        const group = unique('g');
        await log.append([{ topic, key: 'first', value: 'x' }]);
        const before = await collect(log, { group, topics: [topic] });
        await before.subscription.caughtUp();
        await before.subscription.close();
        await log.append(numbered(topic, 0, 50, 3));
        await log.clean(Date.now());
        const reader = await collect(log, { group, topics: [topic], maxMessages: 1 });
        await reader.subscription.caughtUp();
        expect(reader.values()).toEqual(['47', '48', '49']);
        let at = 1;
        for (const { first, next } of reader.batches) {
          expect(first).toEqual([{ topic, partition: 0, offset: at }]);
          at = next[0]!.offset;
        }
        expect(at).toBe(51);
        expect(await log.lag(group)).toMatchObject([{ lag: 0, lagMs: 0 }]);
      }),
    );

    atOnce(
      'a group that stands where everything was removed catches up',
      withTopic(factory, { cleanup: 'delete', retentionMs: DAY }, async (log, topic) => {
        const group = unique('g');
        await log.append(numbered(topic, 0, 5));
        await log.clean(Date.now() + 2 * DAY);
        const reader = await collect(log, { group, topics: [topic] });
        await reader.subscription.caughtUp();
        await log.append(numbered(topic, 5, 7));
        await reader.subscription.caughtUp();
        expect(reader.values()).toEqual(['5', '6']);
      }),
    );

    atOnce(
      'goes on while messages are appended and read',
      withTopic(factory, { cleanup: 'compact', partitions: 2 }, async (log, topic) => {
        const reader = await collect(log, { group: unique('g'), topics: [topic] });
        let cleaning = true;
        const cleaner = (async () => {
          while (cleaning) await log.clean(Date.now());
        })();
        for (let from = 0; from < 2000; from += 50) await log.append(numbered(topic, from, from + 50, 25));
        cleaning = false;
        await cleaner;
        await reader.subscription.caughtUp();
        await log.clean(Date.now());
        const kept = await contents(log, topic);
        expect(kept.map(({ value }) => Number(value)).sort((a, b) => a - b)).toEqual(
          Array.from({ length: 25 }, (_, n) => 1975 + n),
        );
        for (let key = 0; key < 25; key++) {
          const mine = reader
            .messages()
            .filter((message) => message.key === `k${key}`)
            .map(({ value }) => Number(value));
          expect(mine).toEqual([...mine].sort((a, b) => a - b));
          expect(mine.at(-1)).toBe(1975 + key);
        }
      }),
    );
  });
}

/** Ten messages under three keys of which three are left, at the offsets 5, 8 and 9. */
async function gapped(log: EventLog, topic: string): Promise<void> {
  const keys = ['k0', 'k1', 'k2', 'k0', 'k2', 'k1', 'k0', 'k2', 'k0', 'k2'];
  await log.append(keys.slice(0, 4).map((key) => ({ topic, key, value: key })));
  await log.append(keys.slice(4).map((key) => ({ topic, key, value: key })));
  await log.clean(Date.now());
}
