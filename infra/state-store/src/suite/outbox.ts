import { until } from '@unsilo/event-log/suite';
import { codeOf, logged, put, unique, withStore, type StateStoreFactory } from './factory.js';

export function outboxSuite(factory: StateStoreFactory): void {
  describe('outbox', () => {
    test(
      'reaches the log, in order by key',
      withStore(factory, async ({ store, log, tenant, topic }) => {
        for (let n = 0; n < 30; n++) {
          await store.commit(tenant, {
            put: put(['n', String(n)]),
            outbox: [
              { topic, key: `k${n % 3}`, value: `${n}a` },
              {
                topic,
                key: `k${n % 3}`,
                value: `${n}b`,
                headers: { traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01` },
              },
            ],
          });
        }
        if (factory.transactionalOutbox) expect(await logged(log, topic)).toHaveLength(60);
        else
          await until(
            async () => new Set((await logged(log, topic)).map(({ value }) => value)).size === 60,
            'all messages are relayed',
          );
        const messages = await logged(log, topic);
        for (let key = 0; key < 3; key++) {
          const mine = messages.filter((message) => message.key === `k${key}`).map(({ value }) => value);
          const firsts = [...new Set(mine)];
          expect(firsts).toEqual(Array.from({ length: 10 }, (_, n) => 3 * n + key).flatMap((n) => [`${n}a`, `${n}b`]));
        }
      }),
    );

    test(
      'reaches those who read the log',
      withStore(factory, async ({ store, log, tenant, topic }) => {
        const seen: string[] = [];
        const subscription = await log.subscribe({
          group: unique('g'),
          topics: [topic],
          start: 'earliest',
          onBatch: async ({ messages }) => void seen.push(...messages.map(({ value }) => value!.toString('utf8'))),
        });
        await store.commit(tenant, { outbox: [{ topic, key: 'k', value: 'hello' }] });
        await until(() => seen.length > 0, 'the message');
        expect(seen[0]).toBe('hello');
        await subscription.close();
      }),
    );

    test(
      'mixes with what is appended to the log directly',
      withStore(factory, async ({ store, log, tenant, topic }) => {
        await Promise.all(
          Array.from({ length: 40 }, (_, n) =>
            n % 2 === 0
              ? log.append([{ topic, key: `append-${n}`, value: String(n) }])
              : store.commit(tenant, { outbox: [{ topic, key: `commit-${n}`, value: String(n) }] }),
          ),
        );
        const all = Array.from({ length: 40 }, (_, n) => n);
        await until(
          async () => new Set((await logged(log, topic)).map(({ value }) => value)).size === 40,
          'all messages',
        );
        expect(
          [...new Set((await logged(log, topic)).map(({ value }) => Number(value)))].sort((a, b) => a - b),
        ).toEqual(all);
      }),
    );

    test(
      'for a topic that was not declared refuses the whole commit',
      withStore(factory, async ({ store, tenant, topic, values }) => {
        const commit = {
          put: put(['k', '1']),
          outbox: [
            { topic, key: 'k', value: 'x' },
            { topic: unique('missing'), key: 'k', value: 'x' },
          ],
        };
        expect(await codeOf(store.commit(tenant, commit))).toBe('UNSILO_LOG_UNKNOWN_TOPIC');
        expect(await values('k')).toEqual([undefined]);
      }),
    );

    test(
      'too large for the log refuses the whole commit',
      withStore(factory, async ({ store, log, tenant, topic, values }) => {
        const value = 'x'.repeat(log.capabilities.maxMessageBytes + 1);
        expect(await codeOf(store.commit(tenant, { put: put(['k', '1']), outbox: [{ topic, key: 'k', value }] }))).toBe(
          'UNSILO_LOG_MESSAGE_TOO_LARGE',
        );
        expect(await values('k')).toEqual([undefined]);
      }),
    );
  });
}
