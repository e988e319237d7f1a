import { contents, inPlace, numbered, unique, values, withTopic, type EventLogFactory } from './factory.js';
import { codeOf, until } from './waiting.js';

export function appendSuite(factory: EventLogFactory): void {
  describe('append', () => {
    test(
      'answers one position a message, in order, and offsets rise within a partition',
      withTopic(factory, { partitions: 3 }, async (log, topic) => {
        const positions = [
          ...(await log.append(numbered(topic, 0, 50, 10))),
          ...(await log.append(numbered(topic, 50, 100, 10))),
        ];
        expect(positions).toHaveLength(100);
        for (const { partition, next } of await log.ends([topic])) {
          const offsets = positions.filter((position) => position.partition === partition).map(({ offset }) => offset);
          expect(offsets).toEqual([...offsets].sort((a, b) => a - b));
          expect(offsets.every((offset) => offset < next)).toBe(true);
        }
        for (const [index, position] of positions.entries()) {
          const { messages } = await log.read({
            topic,
            partition: position.partition,
            from: position.offset,
            limit: 1,
          });
          expect(values(messages)).toEqual([String(index)]);
        }
      }),
    );

    test(
      'puts all messages of a key into one partition, in the order of the appends',
      withTopic(factory, { partitions: 4 }, async (log, topic) => {
        await Promise.all(
          Array.from({ length: 20 }, async (_, writer) => {
            for (let n = 0; n < 10; n++) await log.append([{ topic, key: `writer-${writer}`, value: String(n) }]);
          }),
        );
        const all = await contents(log, topic);
        for (let writer = 0; writer < 20; writer++) {
          const mine = all.filter(({ key }) => key === `writer-${writer}`);
          expect(values(mine)).toEqual(['0', '1', '2', '3', '4', '5', '6', '7', '8', '9']);
          expect(new Set(mine.map(({ partition }) => partition)).size).toBe(1);
        }
      }),
    );

    test(
      'spreads one batch over several topics',
      inPlace(factory, async (place) => {
        const log = await place.open();
        const [a, b] = [unique('a'), unique('b')];
        await log.declare([
          { name: a, partitions: 2, cleanup: 'delete' },
          { name: b, partitions: 1, cleanup: 'compact' },
        ]);
        const positions = await log.append([
          { topic: a, key: 'x', value: '1' },
          { topic: b, key: 'x', value: '2' },
          { topic: a, key: 'x', value: '3' },
        ]);
        expect(positions.map(({ topic }) => topic)).toEqual([a, b, a]);
        expect(values(await contents(log, a))).toEqual(['1', '3']);
        expect(values(await contents(log, b))).toEqual(['2']);
      }),
    );

    test(
      'tells of appends to the topics that somebody waits for, where it can, until it is told not to',
      inPlace(factory, async (place) => {
        const log = await place.open();
        const [awaited, other] = [unique('a'), unique('b')];
        await log.declare([awaited, other].map((name) => ({ name, partitions: 1, cleanup: 'delete' })));
        let told = 0;
        const end = log.onAppended?.([awaited], () => (told += 1));
        if (end === undefined) return;
        await log.append([{ topic: other, key: 'x', value: '1' }]);
        expect(told).toBe(0);
        await log.append([{ topic: awaited, key: 'x', value: '2' }]);
        await until(() => told === 1, 'the append is told');
        end();
        await log.append([{ topic: awaited, key: 'x', value: '3' }]);
        expect(told).toBe(1);
      }),
    );

    test(
      'takes an empty batch',
      withTopic(factory, {}, async (log, topic) => {
        expect(await log.append([])).toEqual([]);
        expect(await contents(log, topic)).toEqual([]);
      }),
    );

    test.each([
      ['text beyond the basic plane', 'Zoë 😀 \u{10ffff} \ufffd'],
      ['control characters', 'a\u0000b\r\n\t\u2028'],
      ['an empty text', ''],
      ['a name that objects have', '__proto__'],
    ])('keeps key and value: %s', (_, text) =>
      withTopic(factory, {}, async (log, topic) => {
        await log.append([{ topic, key: text, value: text }]);
        const [message] = await contents(log, topic);
        expect(message).toMatchObject({ key: text, topic, partition: 0, offset: expect.any(Number) });
        expect(message!.value!.toString('utf8')).toBe(text);
      })(),
    );

    test(
      'keeps bytes, tombstones and the trace of each message',
      withTopic(factory, { cleanup: 'compact' }, async (log, topic) => {
        const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
        const before = Date.now();
        await log.append([
          { topic, key: 'a', value: new Uint8Array([123, 34, 195, 169, 34, 125]) },
          { topic, key: 'b', value: null, headers: { traceparent } },
          { topic, key: 'c', value: 'c', headers: {} },
        ]);
        const messages = await contents(log, topic);
        expect(values(messages)).toEqual(['{"é"}', null, 'c']);
        expect(messages.map(({ headers }) => headers?.traceparent)).toEqual([undefined, traceparent, undefined]);
        for (const { timestamp } of messages) {
          expect(timestamp).toBeGreaterThanOrEqual(before - 60_000);
          expect(timestamp).toBeLessThanOrEqual(Date.now() + 60_000);
        }
      }),
    );

    test(
      'keeps the order of mixed sizes in one batch',
      withTopic(factory, {}, async (log, topic) => {
        const sizes = [10, 40_000, 0, 5, 100_000, 32_700, 1, 16_000, 16_000, 600];
        const batch = sizes.map((size, index) => ({ topic, key: 'k', value: String(index).padEnd(size, '.') }));
        await log.append(batch);
        expect(values(await contents(log, topic))).toEqual(batch.map(({ value }) => value));
      }),
    );

    test(
      'takes messages up to the declared size and none above; of a batch with one too large nothing is kept',
      withTopic(factory, {}, async (log, topic) => {
        const { maxMessageBytes } = log.capabilities;
        const key = 'large';
        const fits = 'é'.repeat(Math.floor((maxMessageBytes - key.length) / 2));
        await log.append([{ topic, key, value: fits }]);
        expect(
          await codeOf(
            log.append([
              { topic, key, value: 'small' },
              { topic, key, value: `${fits}xx` },
            ]),
          ),
        ).toBe('UNSILO_LOG_MESSAGE_TOO_LARGE');
        const messages = await contents(log, topic);
        expect(messages).toHaveLength(1);
        expect(messages[0]!.value!.equals(Buffer.from(fits))).toBe(true);
      }),
    );

    test(
      'refuses a topic that was not declared, and keeps nothing of the batch',
      withTopic(factory, {}, async (log, topic) => {
        const missing = unique('missing');
        expect(
          await codeOf(
            log.append([
              { topic, key: 'a', value: 'a' },
              { topic: missing, key: 'a', value: 'a' },
            ]),
          ),
        ).toBe('UNSILO_LOG_UNKNOWN_TOPIC');
        expect(await contents(log, topic)).toEqual([]);
        expect(await codeOf(log.ends([missing]))).toBe('UNSILO_LOG_UNKNOWN_TOPIC');
      }),
    );
  });

  describe('declare', () => {
    test(
      'can be repeated and adds what is new',
      inPlace(factory, async (place) => {
        const log = await place.open();
        const [a, b] = [unique('a'), unique('b')];
        await log.declare([{ name: a, partitions: 2, cleanup: 'delete', retentionMs: 60_000 }]);
        await log.append([{ topic: a, key: 'k', value: 'kept' }]);
        await log.declare([
          { name: a, partitions: 2, cleanup: 'delete', retentionMs: 120_000 },
          { name: b, partitions: 1, cleanup: 'compact' },
        ]);
        expect(values(await contents(log, a))).toEqual(['kept']);
        expect(await log.ends([b])).toEqual([{ topic: b, partition: 0, first: 0, next: 0 }]);
      }),
    );

    test(
      'concurrent declarations of the same topics agree',
      inPlace(factory, async (place) => {
        const log = await place.open();
        const specs = Array.from({ length: 5 }, () => ({
          name: unique('t'),
          partitions: 2,
          cleanup: 'delete' as const,
        }));
        await Promise.all([log.declare(specs), log.declare([...specs].reverse()), log.declare(specs)]);
        for (const { name } of specs) await log.append([{ topic: name, key: name, value: name }]);
        for (const { name } of specs) expect(values(await contents(log, name))).toEqual([name]);
      }),
    );

    test.each([
      ['another number of partitions', { partitions: 3, cleanup: 'delete' as const }],
      ['another cleanup', { partitions: 2, cleanup: 'compact' as const }],
    ])('refuses an existing topic with %s', (_, other) =>
      withTopic(factory, { partitions: 2, cleanup: 'delete' }, async (log, topic) => {
        expect(await codeOf(log.declare([{ name: topic, ...other }]))).toBe('UNSILO_LOG_TOPIC_MISMATCH');
      })(),
    );
  });
}
