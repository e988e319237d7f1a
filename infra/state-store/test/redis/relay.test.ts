import type { EventLog } from '@unsilo/event-log';
import { until } from '@unsilo/event-log/suite';
import { codeOf, logged, put } from '@unsilo/state-store/suite';
import { bringBack, gate, withStand } from './stand.js';
import { describeWithRedis, withRedis } from './server.js';

/** A log whose appends go through a function first. */
function withAppend(log: EventLog, append: EventLog['append']): EventLog {
  return { ...bound(log), append };
}
function bound(log: EventLog): EventLog {
  return {
    capabilities: log.capabilities,
    declare: async (topics) => log.declare(topics),
    topics: async () => log.topics(),
    append: async (messages) => log.append(messages),
    subscribe: async (options) => log.subscribe(options),
    read: async (options) => log.read(options),
    ends: async (topics) => log.ends(topics),
    lag: async (group) => log.lag(group),
    clean: async (now) => log.clean(now),
    close: async () => log.close(),
  };
}

describeWithRedis('the relay of the outbox', (url) => {
  test('tombstones, headers and texts arrive as they were given', () =>
    withStand(url(), async ({ tenant, topic, log, open }) => {
      const store = await open();
      const traceparent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
      await store.commit(tenant, {
        outbox: [
          { topic, key: 'k', value: '' },
          { topic, key: 'k', value: '"Zoë 😀\u0000"', headers: { traceparent } },
          { topic, key: 'k', value: null },
        ],
      });
      await store.close();
      const [partition] = (await log.ends([topic])).filter(({ next }) => next > 0);
      const { messages } = await log.read({ topic, partition: partition!.partition, from: 0 });
      expect(messages.map(({ value, headers }) => [value?.toString('utf8') ?? null, headers?.traceparent])).toEqual([
        ['', undefined],
        ['"Zoë 😀\u0000"', traceparent],
        [null, undefined],
      ]);
    }));

  test('thousands of messages of several committers arrive once each and in order while nobody fails', () =>
    withStand(url(), async ({ tenant, topic, log, open }) => {
      const stores = [await open(), await open(), await open()];
      for (let n = 0; n < 30; n++) {
        const messages = Array.from({ length: 100 }, (_, m) => ({ topic, key: 'k', value: String(100 * n + m) }));
        await stores[n % 3]!.commit(tenant, { outbox: messages });
      }
      for (const store of stores) await store.close();
      expect((await logged(log, topic)).map(({ value }) => Number(value))).toEqual(
        Array.from({ length: 3000 }, (_, n) => n),
      );
    }));

  test('leaves nothing behind in Redis', () =>
    withStand(url(), async ({ prefix, tenant, topic, open }) => {
      const store = await open();
      await store.commit(tenant, { outbox: [{ topic, key: 'k', value: '1' }] });
      await store.close();
      await withRedis(url(), async (redis) => expect(await redis.xlen(`${prefix}:{${tenant}}:outbox`)).toBe(0));
    }));

  test('a writer that was shut out is replaced, and what it had in hand is read again', () =>
    withStand(url(), async ({ tenant, topic, log, open }) => {
      const writers: string[] = [];
      const shutOut = Object.assign(new Error('shut out'), { code: 'UNSILO_LOG_SHUT_OUT' });
      const store = await open({
        log: {
          ...bound(log),
          append: () => Promise.reject(new Error('the outbox goes through writers')),
          openWriter: (name) => {
            const isFirst = writers.push(name) === 1;
            let appends = 0;
            return Promise.resolve({
              append: (messages) => (isFirst && ++appends > 1 ? Promise.reject(shutOut) : log.append(messages)),
              close: async () => void writers.push('closed'),
            });
          },
        },
      });
      for (let n = 0; n < 3; n++) {
        await store.commit(tenant, { outbox: [{ topic, key: 'k', value: String(n) }] });
        await until(async () => (await logged(log, topic)).length === n + 1, 'it has come');
      }
      await store.close();
      expect((await logged(log, topic)).map(({ value }) => value)).toEqual(['0', '1', '2']);
      expect(writers).toEqual(['outbox', 'outbox', 'closed']);
    }));

  test('a log that fails is tried again, nothing is left out and the order stays', () =>
    withStand(url(), async ({ tenant, topic, log, events, open }) => {
      let failures = 3;
      const store = await open({
        log: withAppend(log, async (messages) => {
          if (failures-- > 0) {
            await log.append(messages.slice(0, 1));
            throw new Error('the log is away');
          }
          return log.append(messages);
        }),
      });
      for (let n = 0; n < 10; n++) await store.commit(tenant, { outbox: [{ topic, key: 'k', value: String(n) }] });
      const values = async (): Promise<string[]> => [...new Set((await logged(log, topic)).map(({ value }) => value!))];
      await until(async () => (await values()).length === 10, 'all messages');
      expect(await values()).toEqual(Array.from({ length: 10 }, (_, n) => String(n)));
      expect(events.filter(({ code }) => code === 'UNSILO_STATE_RELAY_FAILED')).toHaveLength(3);
    }));

  test('a log that takes nothing: the outbox fills up to its limit, then commits with messages are refused whole', () =>
    withStand(url(), async ({ tenant, topic, log, open }) => {
      const away = gate();
      const store = await open({
        outboxLimit: 10,
        log: withAppend(log, async (messages) => {
          await away.passed;
          return log.append(messages);
        }),
      });
      const send = async (count: number): Promise<string | undefined> =>
        codeOf(
          store.commit(tenant, {
            put: put(['k', String(count)]),
            outbox: Array.from({ length: count }, (_, n) => ({ topic, key: 'k', value: String(n) })),
          }),
        );
      expect(await send(9)).toBeUndefined();
      expect(await send(2)).toBe('UNSILO_STATE_OUTBOX_FULL');
      expect((await store.getMany(tenant, 't', ['k']))[0]!.value).toBe('9');
      expect(await send(1)).toBeUndefined();
      expect(await store.commit(tenant, { put: put(['k', 'without a message']) })).toEqual({ ok: true });
      away.open();
      await until(async () => (await send(10)) === undefined, 'room for ten');
    }));

  test('while one relays, no other does, however long the log takes', () =>
    withStand(url(), async ({ prefix, tenant, topic, log, open }) => {
      const slow = gate();
      const begun = gate();
      const appends: string[] = [];
      const first = await open({
        leaseMs: 1500,
        log: withAppend(log, async (messages) => {
          appends.push('first');
          begun.open();
          await slow.passed;
          return log.append(messages);
        }),
      });
      const second = await open({
        leaseMs: 1500,
        log: withAppend(log, async (messages) => {
          appends.push('second');
          return log.append(messages);
        }),
      });
      await first.commit(tenant, { outbox: [{ topic, key: 'k', value: '1' }] });
      await begun.passed;
      const leaseEnds = async (): Promise<number> =>
        withRedis(url(), async (redis) => Number(await redis.hget(`${prefix}:{${tenant}}:relay`, 'until')));
      const firstEnd = await leaseEnds();
      // The second one asks for the lease at each of its commits, until the first one has renewed it past its first end.
      let last = 1;
      do await second.commit(tenant, { outbox: [{ topic, key: 'k', value: String(++last) }] });
      while ((await leaseEnds()) < firstEnd + 1500);
      expect(appends).toEqual(['first']);
      slow.open();
      await until(async () => (await logged(log, topic)).length === last, 'all messages');
      expect((await logged(log, topic)).map(({ value }) => Number(value))).toEqual(
        Array.from({ length: last }, (_, n) => n + 1),
      );
    }));

  test('a relay that was stopped, overtaken and goes on late: what followed is sent again, so each key ends as it should', () =>
    withStand(url(), async ({ prefix, tenant, topic, log, events, open }) => {
      const late = gate();
      const begun = gate();
      const first = await open({
        leaseMs: 60_000,
        log: withAppend(log, async (messages) => {
          begun.open();
          await late.passed;
          return log.append(messages);
        }),
      });
      await first.commit(tenant, { outbox: [{ topic, key: 'k', value: '1' }] });
      await begun.passed;
      // Its process stands still: the lease runs out.
      await withRedis(url(), async (redis) => redis.hset(`${prefix}:{${tenant}}:relay`, 'until', 1));
      const second = await open();
      await second.commit(tenant, {
        outbox: [
          { topic, key: 'k', value: '2' },
          { topic, key: 'l', value: '3' },
        ],
      });
      const values = async (): Promise<(string | null)[]> => (await logged(log, topic)).map(({ value }) => value);
      await until(async () => (await values()).length === 3, 'the second one relays everything');
      late.open();
      await until(() => events.some(({ code }) => code === 'UNSILO_STATE_RELAY_OVERTAKEN'), 'the late one reports');
      const last = async (key: string): Promise<string | null | undefined> =>
        (await logged(log, topic)).filter((message) => message.key === key).at(-1)?.value;
      await until(async () => (await values()).length === 7, 'everything is sent again');
      expect(await last('k')).toBe('2');
      expect(await last('l')).toBe('3');
    }));

  test('a Redis that forgets everything while a relay is at work: it goes on with what comes', () =>
    withStand(url(), async ({ prefix, tenant, topic, log, events, open }) => {
      const slow = gate();
      const begun = gate();
      const store = await open({
        log: withAppend(log, async (messages) => {
          begun.open();
          await slow.passed;
          return log.append(messages);
        }),
      });
      await store.commit(tenant, { outbox: [{ topic, key: 'k', value: '1' }] });
      await begun.passed;
      await bringBack(url(), prefix, new Map());
      await store.commit(tenant, { outbox: [{ topic, key: 'k', value: '2' }] });
      slow.open();
      await until(async () => (await logged(log, topic)).length === 2, 'both messages');
      await store.close();
      expect((await logged(log, topic)).map(({ value }) => value)).toEqual(['1', '2']);
      expect(events.map(({ code }) => code)).toEqual(['UNSILO_STATE_CONNECTED', 'UNSILO_STATE_WENT_BACK']);
    }));

  test('what a process left behind is relayed by the next one that opens', () =>
    withStand(url(), async ({ tenant, topic, log, open }) => {
      const store = await open({
        log: withAppend(log, async () => {
          throw new Error('the log is away');
        }),
      });
      await store.commit(tenant, { outbox: [{ topic, key: 'k', value: 'left' }] });
      await store.close();
      expect(await logged(log, topic)).toEqual([]);
      await open();
      await until(async () => (await logged(log, topic)).length === 1, 'the message');
    }));
});
