import type { EventLog } from '@unsilo/event-log';
import { outcomeEvent } from '@unsilo/schemas';
import type { ServiceContext } from '../../src/application/service/context.js';
import { live } from '../../src/application/service/stream.js';
import { admin, crm, openTestHub, policyFor, seen, type TestHub } from './test-hub.js';

describe('the live stream', () => {
  let hub: TestHub;
  beforeEach(async () => {
    hub = await openTestHub({ systems: [crm('a'), crm('b')], policy: policyFor(['a', 'b']) });
  });
  afterEach(() => hub.close());

  const next = async (after: string, count: number) => {
    const stop = new AbortController();
    const found = [];
    for await (const event of hub.hub.service.live(admin, { after, topics: ['unsilo.parties.v1'] }, stop.signal)) {
      found.push(event);
      if (found.length === count) stop.abort();
    }
    return found;
  };

  it('goes on after the cursor of any event, also of one that a listing showed, without a gap', async () => {
    await hub.append(seen('a/contact/1', 1, { name: { given: 'Ada' } }));
    const [listed] = (await hub.hub.service.events(admin, { topic: 'unsilo.parties.v1', limit: 1 })).items;
    await hub.append(
      seen('a/contact/2', 1, { name: { given: 'Bea' } }),
      seen('a/contact/3', 1, { name: { given: 'Cyd' } }),
    );
    const [second, third] = await next(listed?.cursor ?? '', 2);
    expect([second?.subject, third?.subject].sort()).toEqual(['a/contact/2', 'a/contact/3']);
    expect((await next(second?.cursor ?? '', 1))[0]?.id).toBe(third?.id);
  });

  it('a cursor stays short however many partitions there are', async () => {
    await hub.append(seen('a/contact/1', 1, { name: { given: 'Ada' } }));
    const [listed] = (await hub.hub.service.events(admin, { topic: 'unsilo.parties.v1', limit: 1 })).items;
    expect(listed?.cursor.length).toBeLessThan(200);
  });

  it('tells of what is appended while it waits, without looking from time to time', async () => {
    jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask', 'Date', 'performance'] });
    try {
      const stop = new AbortController();
      const stream = hub.hub.service.live(admin, { topics: ['unsilo.parties.v1'] }, stop.signal);
      const events = stream[Symbol.asyncIterator]();
      const first = events.next();
      // The stream has read to the end, and waits: no timer of its own would fire while time stands still.
      for (let n = 0; n < 20; n += 1) await new Promise((resolve) => setImmediate(resolve));
      await hub.append(seen('a/contact/7', 1, { name: { given: 'Ada' } }));
      for (let n = 0; n < 20; n += 1) await new Promise((resolve) => setImmediate(resolve));
      await jest.advanceTimersByTimeAsync(20);
      expect((await first).value).toMatchObject({ subject: 'a/contact/7' });
      stop.abort();
      expect(await events.next()).toMatchObject({ done: true });
    } finally {
      jest.useRealTimers();
    }
  });

  it('looks from time to time at a log that does not tell', async () => {
    const kept = [seen('a/contact/8', 1, { name: { given: 'Bea' } })];
    const at = { topic: 'unsilo.parties.v1', partition: 0 };
    let looks = 0;
    const log = {
      // What comes is there at the third look.
      ends: async () => [{ ...at, first: 0, next: (looks += 1) < 3 ? 0 : kept.length }],
      read: async () => ({
        messages: kept.map((event, offset) => ({
          ...at,
          offset,
          key: '',
          timestamp: 0,
          value: Buffer.from(JSON.stringify(event)),
        })),
      }),
    } as unknown as EventLog;
    const context = { log, core: { tenant: 'acme', profiles: new Map() } } as unknown as ServiceContext;
    const stop = new AbortController();
    const events = live(context, { topics: [at.topic] }, stop.signal)[Symbol.asyncIterator]();
    expect((await events.next()).value).toMatchObject({ subject: 'a/contact/8' });
    expect(looks).toBe(3);
    stop.abort();
    expect(await events.next()).toMatchObject({ done: true });
  });

  it('an outcome is explained by the id of its event', async () => {
    await hub.append(
      seen('a/contact/1', 1, { name: { given: 'Ada' }, emails: [{ address: 'adabea@example.org' }] }),
      seen('b/contact/9', 5, { name: { given: 'Adah' }, emails: [{ address: 'adabea@example.org' }] }),
    );
    await hub.hub.settled();
    const [command] = await hub.commands('a');
    const event = outcomeEvent('acme', {
      command: command?.id ?? '',
      system: 'a',
      status: 'rejected',
      reportedAt: '2026-03-01T13:00:00.000Z',
    });
    await hub.append(event);
    await hub.hub.settled();
    const { detail } = await hub.hub.service.explainEvent(admin, event.id);
    expect(detail.hops.map((h) => h.hop)).toEqual(['command', 'outcome']);
  });
});
