import { collect } from './collector.js';
import { numbered, unique, values, withTopic, type EventLogFactory } from './factory.js';
import { codeOf, gate, until } from './waiting.js';

export function handlerSuite(factory: EventLogFactory): void {
  describe('handlers', () => {
    test(
      'get a batch again when they fail, and nothing later before it',
      withTopic(factory, {}, async (log, topic) => {
        await log.append(numbered(topic, 0, 6));
        const errors: unknown[] = [];
        let failures = 3;
        const reader = await collect(log, {
          group: unique('g'),
          topics: [topic],
          maxMessages: 2,
          onBatch: async ({ messages }) => {
            if (values(messages).includes('2') && failures-- > 0) throw new Error('not now');
          },
          onError: (error) => errors.push(error),
        });
        await reader.subscription.caughtUp();
        expect(errors.map(String)).toEqual(['Error: not now', 'Error: not now', 'Error: not now']);
        const firsts = reader.batches.map(({ messages }) => values(messages)[0]);
        expect(firsts).toEqual(['0', '2', '2', '2', '2', '4']);
      }),
    );

    test(
      'may throw at once, and an onError that throws ends nothing',
      withTopic(factory, {}, async (log, topic) => {
        await log.append(numbered(topic, 0, 1));
        let calls = 0;
        const subscription = await log.subscribe({
          group: unique('g'),
          topics: [topic],
          start: 'earliest',
          onBatch: () => {
            calls++;
            if (calls === 1) throw new Error('at once');
            return Promise.resolve();
          },
          onError: () => {
            throw new Error('in onError');
          },
        });
        await subscription.caughtUp();
        expect(calls).toBe(2);
      }),
    );

    test(
      'a batch that failed is delivered to the next reader of the group',
      withTopic(factory, {}, async (log, topic) => {
        const group = unique('g');
        await log.append(numbered(topic, 0, 3));
        const failing = await collect(log, {
          group,
          topics: [topic],
          onBatch: async () => {
            throw new Error('never');
          },
          onError: () => undefined,
        });
        await until(() => failing.batches.length > 0, 'a first try');
        await failing.subscription.close();
        const reader = await collect(log, { group, topics: [topic] });
        await reader.subscription.caughtUp();
        expect(reader.values()).toEqual(['0', '1', '2']);
      }),
    );

    test(
      'never overlap within a subscription',
      withTopic(factory, { partitions: 4 }, async (log, topic) => {
        let running = 0;
        let most = 0;
        const reader = await collect(log, {
          group: unique('g'),
          topics: [topic],
          maxMessages: 5,
          onBatch: async () => {
            most = Math.max(most, ++running);
            await new Promise((done) => setImmediate(done));
            running--;
          },
        });
        await Promise.all(Array.from({ length: 20 }, (_, n) => log.append(numbered(topic, n * 10, n * 10 + 10, 13))));
        await reader.subscription.caughtUp();
        expect(reader.messages()).toHaveLength(200);
        expect(most).toBe(1);
      }),
    );

    test(
      'rest while the subscription is paused',
      withTopic(factory, {}, async (log, topic) => {
        const reader = await collect(log, { group: unique('g'), topics: [topic] });
        const other = await collect(log, { group: unique('other'), topics: [topic] });
        reader.subscription.pause();
        await log.append(numbered(topic, 0, 5));
        await other.subscription.caughtUp();
        expect(reader.values()).toEqual([]);
        reader.subscription.resume();
        await reader.subscription.caughtUp();
        expect(reader.values()).toEqual(['0', '1', '2', '3', '4']);
      }),
    );

    test(
      'can append to the topic that they read',
      withTopic(factory, {}, async (log, topic) => {
        const reader = await collect(log, {
          group: unique('g'),
          topics: [topic],
          onBatch: async ({ messages }) => {
            for (const value of values(messages)) {
              if (Number(value) < 5) await log.append([{ topic, key: 'k', value: String(Number(value) + 1) }]);
            }
          },
        });
        await log.append([{ topic, key: 'k', value: '0' }]);
        await until(() => reader.values().includes('5'), 'the chain');
        expect(reader.values()).toEqual(['0', '1', '2', '3', '4', '5']);
      }),
    );

    test(
      'get a batch even when it is not full',
      withTopic(factory, {}, async (log, topic) => {
        const reader = await collect(log, { group: unique('g'), topics: [topic], maxMessages: 1000, maxWaitMs: 20 });
        await log.append(numbered(topic, 0, 1));
        await until(() => reader.messages().length === 1, 'one message');
      }),
    );

    test(
      'get large messages in batches',
      withTopic(factory, {}, async (log, topic) => {
        const size = Math.min(log.capabilities.maxMessageBytes - 1000, 700_000);
        for (let n = 0; n < 12; n++) await log.append([{ topic, key: 'k', value: String(n).padEnd(size, '.') }]);
        const reader = await collect(log, { group: unique('g'), topics: [topic] });
        await reader.subscription.caughtUp();
        expect(reader.values().map((value) => value!.replace(/\.+$/, ''))).toEqual(
          Array.from({ length: 12 }, (_, n) => String(n)),
        );
        expect(reader.values().every((value) => value!.length === size)).toBe(true);
      }),
    );
  });

  describe('closing a subscription', () => {
    test(
      'tells the running handler, waits for it and keeps its progress',
      withTopic(factory, {}, async (log, topic) => {
        const group = unique('g');
        await log.append(numbered(topic, 0, 4));
        const began = gate();
        let ended = false;
        const reader = await collect(log, {
          group,
          topics: [topic],
          maxMessages: 2,
          onBatch: async (_, signal) => {
            began.open();
            await new Promise((done) => signal.addEventListener('abort', done));
            ended = true;
          },
        });
        await began.passed;
        await Promise.all([reader.subscription.close(), reader.subscription.close()]);
        expect(ended).toBe(true);
        expect(reader.values()).toEqual(['0', '1']);
        const next = await collect(log, { group, topics: [topic] });
        await next.subscription.caughtUp();
        expect(next.values()).toEqual(['2', '3']);
      }),
    );

    test(
      'a handler that gives up when told gets its batch again next time, and that is no error',
      withTopic(factory, {}, async (log, topic) => {
        const group = unique('g');
        await log.append(numbered(topic, 0, 2));
        const began = gate();
        const errors: unknown[] = [];
        const reader = await collect(log, {
          group,
          topics: [topic],
          onBatch: async (_, signal) => {
            began.open();
            await new Promise((_done, fail) => signal.addEventListener('abort', () => fail(new Error('stopped'))));
          },
          onError: (error) => errors.push(error),
        });
        await began.passed;
        await reader.subscription.close();
        expect(errors).toEqual([]);
        const next = await collect(log, { group, topics: [topic] });
        await next.subscription.caughtUp();
        expect(next.values()).toEqual(['0', '1']);
      }),
    );

    test(
      'ends a wait for being caught up',
      withTopic(factory, {}, async (log, topic) => {
        const reader = await collect(log, { group: unique('g'), topics: [topic] });
        reader.subscription.pause();
        await log.append(numbered(topic, 0, 2));
        const waiting = codeOf(reader.subscription.caughtUp());
        await reader.subscription.close();
        expect(await waiting).toBe('UNSILO_LOG_CLOSED');
        expect(await codeOf(reader.subscription.caughtUp())).toBe('UNSILO_LOG_CLOSED');
      }),
    );

    test(
      'delivers nothing any more',
      withTopic(factory, {}, async (log, topic) => {
        const reader = await collect(log, { group: unique('g'), topics: [topic] });
        await reader.subscription.close();
        const other = await collect(log, { group: unique('other'), topics: [topic] });
        await log.append(numbered(topic, 0, 2));
        await other.subscription.caughtUp();
        expect(reader.values()).toEqual([]);
      }),
    );
  });
}
