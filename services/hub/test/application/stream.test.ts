import { outcomeEvent } from '@unsilo/schemas';
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
