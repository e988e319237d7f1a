import { outcomeEvent, partyEvent, signalEvent, type UnsiloEvent } from '@unsilo/schemas';
import { admin, crm, openTestHub, policyFor, seen, T0, type TestHub } from './test-hub.js';

const systems = [crm('a'), crm('b')];
const policy = policyFor(['a', 'b']);
const write = { contact: { fields: ['*'], clear: true, create: true, createRequires: ['emails'] } };
const creating = {
  ...policy,
  systems: {
    ...policy.systems,
    b: {
      ...policy.systems['b'],
      rank: 100,
      write,
      deletes: 'ignore' as const,
      duplicates: 'write-all' as const,
      addWins: false,
    },
  },
};

const complete = (system: string): UnsiloEvent =>
  signalEvent('acme', { name: 'snapshot.completed', system, at: new Date(T0).toISOString() });

describe('creating a record where a customer has none', () => {
  let hub: TestHub;
  beforeEach(async () => {
    hub = await openTestHub({ systems, policy: creating });
    await hub.append(seen('a/contact/1', 1, { name: { given: 'Ada' }, emails: [{ address: 'ada@example.org' }] }));
    await hub.hub.settled();
  });
  afterEach(() => hub.close());

  it('waits until the first snapshot of every system is complete', async () => {
    await hub.append(complete('a'));
    await hub.hub.settled();
    expect(await hub.commands('b')).toEqual([]);
    await hub.append(complete('b'));
    await hub.hub.settled();
    expect(await hub.commands('b')).toMatchObject([
      { action: 'create', createdFor: 'a/contact/1', set: { 'name.given': { value: 'Ada' } } },
    ]);
  });

  it('a record that lacks what creating requires is left alone', async () => {
    await hub.append(seen('a/contact/2', 1, { name: { given: 'Bea' } }), complete('a'), complete('b'));
    await hub.hub.settled();
    expect((await hub.commands('b')).map((c) => (c.action === 'create' ? c.createdFor : c.action))).toEqual([
      'a/contact/1',
    ]);
  });

  it('what was made is one record of the customer and no testimony, whether its event or its outcome comes first', async () => {
    await hub.append(complete('a'), complete('b'));
    await hub.hub.settled();
    const [create] = await hub.commands('b');
    if (create?.action !== 'create') throw new Error('expected a create');
    const made = `b/contact/${create.externalKey}`;
    const left = { kind: 'person' as const, name: { given: 'ADA' }, emails: [{ address: 'ada@example.org' }] };
    const at = new Date(T0 + 90_000_000).toISOString();
    await hub.append(
      partyEvent('acme', {
        ref: made,
        version: { major: 1, minor: 0 },
        createdAt: at,
        changedAt: at,
        observedAt: at,
        state: left,
      }),
    );
    await hub.hub.settled();
    await hub.append(
      outcomeEvent('acme', {
        command: create.id,
        system: 'b',
        status: 'applied',
        ref: made,
        version: { major: 1, minor: 0 },
        exact: true,
        left,
        reportedAt: at,
      }),
    );
    await hub.hub.settled();
    const customers = [];
    for await (const c of hub.hub.service.customers(admin)) customers.push(c);
    expect(customers).toHaveLength(1);
    expect(customers[0]?.members.sort()).toEqual(['a/contact/1', made].sort());
    // The system wrote the name in capitals: that is its echo, not Ada's new name.
    expect(customers[0]?.state.name?.given).toBe('Ada');
    expect(await hub.commands('a')).toEqual([]);
    expect(await hub.commands('b')).toHaveLength(1);
  });

  it('what a person deleted is not made again', async () => {
    await hub.append(seen('b/contact/7', 1, { name: { given: 'Ada' }, emails: [{ address: 'ada@example.org' }] }));
    await hub.hub.settled();
    const at = new Date(T0 + 7_000_000).toISOString();
    await hub.append(
      partyEvent('acme', {
        ref: 'b/contact/7',
        version: { major: 2, minor: 0 },
        changedAt: at,
        observedAt: at,
        deleted: true,
      }),
      complete('a'),
      complete('b'),
    );
    await hub.hub.settled();
    expect(await hub.commands('b')).toEqual([]);
  });
});
