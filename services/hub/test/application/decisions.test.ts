import {
  decisionEvent,
  outcomeEvent,
  partyEvent,
  type AttributeValue,
  type Decision,
  type UnsiloEvent,
} from '@unsilo/schemas';
import type { DecisionRequest } from '../../src/application/service.js';
import { emptyRecord } from '../../src/domain.js';
import { admin, crm, openTestHub, policyFor, seen, T0, type TestHub } from './test-hub.js';

const NOTHING = { kind: 'conflict', code: 'UNSILO_NOTHING_TO_UNDO' };

describe('decisions', () => {
  let hub: TestHub;
  beforeEach(async () => {
    hub = await openTestHub({ systems: [crm('a'), crm('b')], policy: policyFor([]) });
  });
  afterEach(() => hub.close());

  const all = async () => {
    const found = [];
    for await (const customer of hub.hub.service.customers(admin)) found.push(customer);
    return found;
  };

  it('a kept value stays against newer statements until it is released', async () => {
    await hub.append(seen('a/contact/1', 1, { name: { given: 'Ada' } }));
    await hub.hub.settled();
    await hub.hub.service.decide(admin, {
      kind: 'keep',
      ref: 'a/contact/1',
      attribute: 'name.given',
      value: 'Augusta',
    });
    await hub.append(seen('a/contact/1', 2, { name: { given: 'Adah' } }));
    await hub.hub.settled();
    expect((await all())[0]?.state.name?.given).toBe('Augusta');
    const why = await hub.hub.service.explainValue(admin, (await all())[0]?.id ?? '', 'name.given');
    expect(why.detail).toMatchObject({ rule: 'keep', alternatives: [{ value: 'Adah' }] });
    await hub.hub.service.decide(admin, {
      kind: 'keep',
      ref: 'a/contact/1',
      attribute: 'name.given',
      value: 'Augusta',
      undo: true,
    });
    await hub.hub.settled();
    expect((await all())[0]?.state.name?.given).toBe('Adah');
  });

  it('what is kept for one record outlives that a keep for another was taken back before the two were linked', async () => {
    const keep = (id: string, ref: string, value: string, minute: number, undo = false) =>
      decisionEvent('acme', {
        id,
        author: 'steward',
        decidedAt: new Date(T0 + minute * 60_000).toISOString(),
        kind: 'keep',
        ref,
        attribute: 'name.given',
        value,
        undo,
      });
    await hub.append(
      seen('a/contact/1', 1, { name: { given: 'Ada' } }),
      seen('b/contact/1', 1, { name: { given: 'Adah' } }),
      keep('k1', 'a/contact/1', 'Augusta', 1),
      keep('k2', 'b/contact/1', 'Adelaide', 2),
      keep('k3', 'a/contact/1', 'Augusta', 3, true),
    );
    await hub.hub.settled();
    await hub.hub.service.decide(admin, { kind: 'link', refs: ['a/contact/1', 'b/contact/1'] });
    await hub.hub.settled();
    expect((await all()).map(({ state }) => state.name?.given)).toEqual(['Adelaide']);
  });

  it('who takes back a link leaves the word that was said before it, and explanations name that one', async () => {
    const ada = { name: { given: 'Ada', surname: 'Quux' }, emails: [{ address: 'ada.quux@example.org' }] };
    await hub.append(seen('a/contact/1', 1, ada), seen('b/contact/1', 1, ada));
    await hub.hub.settled();
    const refs: [string, string] = ['a/contact/1', 'b/contact/1'];
    await hub.hub.service.decide(admin, { kind: 'unlink', refs, reason: 'mother and daughter' });
    await hub.hub.service.decide(admin, { kind: 'link', refs });
    await hub.hub.settled();
    expect(await all()).toHaveLength(1);
    await hub.hub.service.decide(admin, { kind: 'link', refs: [refs[1], refs[0]], undo: true });
    await hub.hub.settled();
    const [customer] = await all();
    expect(customer?.members).toHaveLength(1);
    const { detail } = await hub.hub.service.explainPair(admin, ...refs);
    expect(detail.decisions).toHaveLength(3);
    expect(detail.standing).toEqual([detail.decisions[0]]);
    const why = await hub.hub.service.explainCustomer(admin, customer?.id ?? '');
    expect(why.detail.nearMisses).toMatchObject([{ reason: 'decision', decision: { reason: 'mother and daughter' } }]);
    expect((await hub.hub.service.review(admin, { limit: 5 })).waiting).toBe(0);
  });

  it('any page says which decisions stand, and who takes one back takes back that one and says so', async () => {
    await hub.append(...['a', 'b'].map((system) => seen(`${system}/contact/1`, 1, { name: { given: 'Ada' } })));
    await hub.hub.settled();
    const { service } = hub.hub;
    const refs: [string, string] = ['a/contact/1', 'b/contact/1'];
    const made: Decision[] = [];
    for (const kind of ['link', 'unlink', 'link'] as const) {
      made.push((await service.decide(admin, { kind, refs })).decision);
      await hub.hub.settled();
    }
    const [first, second, third] = made.map(({ id }) => id);
    const undo = async (undoes?: string): Promise<Decision> => {
      const request = { kind: 'link' as const, refs, undo: true, ...(undoes === undefined ? {} : { undoes }) };
      const { decision } = await service.decide(admin, request);
      await hub.hub.settled();
      return decision;
    };
    const taken = await undo(first);
    expect(taken).toMatchObject({ undo: true, undoes: first });
    expect(await all()).toHaveLength(1);
    const pages = [await service.decisions(admin, { limit: 2 })];
    pages.push(await service.decisions(admin, { limit: 2, cursor: pages[0]?.next ?? '' }));
    expect(pages.map(({ items }) => items.map(({ id }) => id))).toEqual([
      [taken.id, third],
      [second, first],
    ]);
    expect(pages.map(({ standing }) => standing)).toEqual([[third], [second]]);
    for (const named of [first, second]) await expect(undo(named)).rejects.toMatchObject(NOTHING);
    expect(await undo()).toMatchObject({ undoes: third });
    await expect(undo()).rejects.toMatchObject(NOTHING);
    expect(await all()).toHaveLength(2);
  });

  it('those about one customer are told page by page, however many others there are', async () => {
    await hub.append(...[1, 2, 3, 4].map((n) => seen(`a/contact/${n}`, 1, { name: { given: `Ada${n}` } })));
    await hub.hub.settled();
    const { service } = hub.hub;
    const apart = (a: number, b: number) =>
      service.decide(admin, { kind: 'unlink', refs: [`a/contact/${a}`, `a/contact/${b}`] });
    const own = [await apart(1, 2), await apart(3, 1)].map(({ decision }) => decision.id);
    await apart(3, 4);
    await hub.hub.settled();
    const page = (cursor?: string) =>
      service.decisions(admin, { customer: 'a/contact/1', limit: 1, ...(cursor === undefined ? {} : { cursor }) });
    const { items: newest, next } = await page();
    const { items: oldest, next: end } = await page(next);
    expect([...newest, ...oldest].map(({ id }) => id)).toEqual(own.reverse());
    expect(end).toBeUndefined();
  });

  it('a decision that is waited for is in effect when it is answered', async () => {
    await hub.append(
      seen('a/contact/1', 1, { name: { given: 'Ada' } }),
      seen('b/contact/2', 1, { name: { given: 'Grace' } }),
    );
    await hub.hub.settled();
    for (const undo of [false, true]) {
      const request: DecisionRequest = { kind: 'link', refs: ['a/contact/1', 'b/contact/2'], undo };
      expect(await hub.hub.service.decide(admin, request, { withinMs: 60_000 })).toMatchObject({ inEffect: true });
      expect(await all()).toHaveLength(undo ? 2 : 1);
    }
  });

  it('a decision that nobody takes is durable, and said not to be in effect', async () => {
    await hub.append(seen('a/contact/1', 1, { name: { given: 'Ada' } }));
    await hub.hub.settled();
    await hub.hub.stop();
    const request: DecisionRequest = { kind: 'erase', refs: ['a/contact/1'] };
    const called = new AbortController();
    called.abort();
    for (const patience of [undefined, { withinMs: 1 }, { withinMs: 600_000, signal: called.signal }])
      expect(await hub.hub.service.decide(admin, request, patience)).toMatchObject({ inEffect: false });
    expect(await all()).toHaveLength(1);
    await hub.reopen();
    await hub.hub.settled();
    expect(await all()).toEqual([]);
  });

  it('an erased record is gone, stays gone when its events are read again, and its ids answer that they are gone', async () => {
    const event = seen('a/contact/1', 1, { name: { given: 'Ada' }, emails: [{ address: 'ada@example.org' }] });
    await hub.append(event);
    await hub.hub.settled();
    const [customer] = await all();
    await hub.hub.service.decide(admin, { kind: 'erase', refs: ['a/contact/1'] });
    await hub.hub.settled();
    expect(await all()).toEqual([]);
    await hub.append(event);
    await hub.hub.settled();
    expect(await all()).toEqual([]);
    expect(await hub.hub.service.customer(admin, customer?.id ?? '')).toEqual({ status: 'gone' });
    expect((await hub.hub.service.searchCustomers(admin, { text: 'ada', limit: 5 })).items).toEqual([]);
    expect(JSON.stringify(await hub.hub.service.record(admin, 'a/contact/1'))).not.toContain('Ada');
  });

  it('erasing one record of two leaves the other customer standing', async () => {
    await hub.append(
      seen('a/contact/1', 1, { name: { given: 'Ada' }, emails: [{ address: 'adabea@example.org' }] }),
      seen('b/contact/2', 2, { name: { given: 'Adah' }, emails: [{ address: 'adabea@example.org' }] }),
    );
    await hub.hub.settled();
    expect(await all()).toHaveLength(1);
    await hub.hub.service.decide(admin, { kind: 'erase', refs: ['a/contact/1'] });
    await hub.hub.settled();
    expect((await all()).map((c) => [c.members, c.state.name?.given])).toEqual([[['b/contact/2'], 'Adah']]);
  });

  it('a decision about a record that was never seen is refused', async () => {
    await expect(
      hub.hub.service.decide(admin, { kind: 'link', refs: ['a/contact/1', 'a/contact/2'] }),
    ).rejects.toMatchObject({ code: 'UNSILO_NO_RECORD' });
  });

  it('a link between a person and an organization, or of a record with itself, is refused; one of old holds nobody up', async () => {
    const { service } = hub.hub;
    const acme = { kind: 'organization' as const, name: { full: 'Acme' } };
    await hub.append(seen('a/contact/1', 1, { name: { given: 'Ada' } }), seen('a/account/1', 1, acme));
    await hub.hub.settled();
    const apart = ['a/contact/1', 'a/account/1'] as [string, string];
    const itself = ['a/contact/1', 'a/contact/1'] as [string, string];
    await expect(service.decide(admin, { kind: 'link', refs: apart })).rejects.toMatchObject({
      kind: 'invalid',
      code: 'UNSILO_OTHER_KIND',
      details: [{ path: '/refs', message: 'are a person and an organization' }],
    });
    for (const kind of ['link', 'unlink'] as const)
      await expect(service.decide(admin, { kind, refs: itself })).rejects.toMatchObject({
        kind: 'invalid',
        code: 'UNSILO_SAME_RECORD',
      });
    const said = { author: 'S', decidedAt: new Date(T0).toISOString() };
    await hub.append(
      ...[apart, itself].map((refs, i) => decisionEvent('acme', { ...said, id: `d${i}`, kind: 'link', refs })),
      seen('a/contact/2', 1, { name: { given: 'Bo' } }),
    );
    await hub.hub.settled();
    for (const refs of [apart, itself]) await service.decide(admin, { kind: 'link', refs, undo: true });
    await hub.hub.settled();
    expect((await service.searchCustomers(admin, { limit: 10 })).items).toHaveLength(3);
    expect((await service.deadLetters(admin, { limit: 10 })).items).toEqual([]);
  });

  it('a value that no record could hold is not kept: it would hold up its customer for ever', async () => {
    await hub.append(seen('a/contact/1', 1, { name: { given: 'Ada' } }));
    await hub.hub.settled();
    const keep = (attribute: string, value: AttributeValue) =>
      hub.hub.service.decide(admin, { kind: 'keep', ref: 'a/contact/1', attribute, value });
    for (const [attribute, value, path] of [
      ['emails', [{}], '/value/0/address'],
      ['emails', 'ada@example.org', '/value'],
      ['name.given', [], '/value'],
      ['birthDate', 'tomorrow', '/value'],
      ['kind', 'organization', '/value'],
      ['name.nick', 'Addie', '/value'],
    ] as const) {
      await expect(keep(attribute, value as AttributeValue)).rejects.toMatchObject({
        code: 'UNSILO_INVALID',
        details: [{ path, message: expect.stringMatching(/\S/) }],
      });
    }
    await keep('emails', [{ address: 'ada@example.org' }]);
    await keep('extra.a/b.c', 5);
    await hub.hub.settled();
    expect((await all())[0]?.state).toMatchObject({
      emails: [{ address: 'ada@example.org' }],
      extra: { 'a/b.c': 5 },
    });
  });

  it('to keep none of a list is refused, since each element is kept for itself; to take that back is not', async () => {
    await hub.append(seen('a/contact/1', 1, { name: { given: 'Ada' }, emails: [{ address: 'ada@example.org' }] }));
    await hub.hub.settled();
    const keep = { kind: 'keep' as const, ref: 'a/contact/1', attribute: 'emails' };
    for (const value of [null, []]) {
      await expect(hub.hub.service.decide(admin, { ...keep, value })).rejects.toMatchObject({
        code: 'UNSILO_INVALID',
        details: [{ path: '/value', message: 'must have at least one element' }],
      });
      await hub.hub.service.decide(admin, { ...keep, value, undo: true });
    }
    await hub.hub.service.decide(admin, { ...keep, attribute: 'name.given', value: null });
    await hub.hub.settled();
    expect((await all())[0]?.state).toEqual({ kind: 'person', emails: [{ address: 'ada@example.org' }] });
  });

  it('an older decision to keep what can not be read holds nobody up', async () => {
    const decision = { id: 'd1', author: 'old', decidedAt: new Date(T0).toISOString() };
    const kept = { ...decision, kind: 'keep' as const, ref: 'a/contact/1', attribute: 'emails', value: [{}] };
    const row = { facts: emptyRecord('a/contact/1'), decisions: [{ seq: T0, decision: kept }] };
    await hub.store.commit('acme', { put: [{ table: 'records', key: 'a/contact/1', value: JSON.stringify(row) }] });
    await hub.append(seen('a/contact/1', 1, { name: { given: 'Ada' } }));
    await hub.hub.settled();
    expect(await all()).toMatchObject([{ state: { name: { given: 'Ada' } } }]);
    expect((await hub.hub.service.deadLetters(admin, { limit: 10 })).items).toEqual([]);
  });

  it.each([
    ['before', [0, 1, 2]],
    ['after', [1, 2, 0]],
  ])(
    'a record of which nothing is left is no customer, though the last of it comes %s an erasure',
    async (_, order) => {
      // The system's clock says that the second version is older than the first: what the erasure took goes up to it.
      const erasure = decisionEvent('acme', {
        id: 'd1',
        author: 'steward',
        decidedAt: new Date(T0 + 5000).toISOString(),
        kind: 'erase',
        refs: ['a/contact/1'],
      });
      const events = [
        erasure,
        seen('a/contact/1', 1, { name: { given: 'Ada' } }, T0 + 9000),
        seen('a/contact/1', 2, { name: { given: 'Ada' } }, T0 + 1000),
      ];
      for (const i of order) {
        await hub.append(events[i]!);
        await hub.hub.settled();
      }
      expect(await all()).toEqual([]);
    },
  );

  it('says why two records are one customer, and why not', async () => {
    await hub.append(
      seen('a/contact/1', 1, { name: { given: 'Ada' }, emails: [{ address: 'adabea@example.org' }] }),
      seen('b/contact/2', 2, {
        name: { given: 'Ada' },
        emails: [{ address: 'adabea@example.org' }],
        phones: [{ number: '+44 20 7946 0018' }],
      }),
      seen('b/contact/3', 3, { name: { given: 'Ada' }, phones: [{ number: '+442079460018' }] }),
      seen('a/contact/4', 4, { name: { given: 'Eve' } }),
    );
    await hub.hub.settled();
    const joined = await hub.hub.service.explainPair(admin, 'a/contact/1', 'b/contact/3');
    expect(joined.detail).toMatchObject({
      sameCustomer: true,
      comparison: { evidence: [{ attribute: 'name.given', level: 'exact' }], verdict: 'review', proposed: true },
      path: ['a/contact/1', 'b/contact/2', 'b/contact/3'],
    });
    const apart = await hub.hub.service.explainPair(admin, 'a/contact/1', 'a/contact/4');
    expect(apart.detail.sameCustomer).toBe(false);
    await hub.hub.service.decide(admin, {
      kind: 'unlink',
      refs: ['a/contact/1', 'b/contact/2'],
      reason: 'mother and daughter',
    });
    await hub.hub.settled();
    const parted = await hub.hub.service.explainPair(admin, 'a/contact/1', 'b/contact/2');
    expect(parted.detail.sameCustomer).toBe(false);
    expect(parted.words.join(' ')).toContain('mother and daughter');
  });
});

describe('rights', () => {
  it('what no role of the actor allows is refused', async () => {
    const hub = await openTestHub({ systems: [crm('a')], policy: policyFor([]) });
    const { service } = hub.hub;
    const reader = { tenant: 'acme', name: 'r', roles: ['reader' as const] };
    const source = { tenant: 'acme', name: 's', roles: ['source' as const] };
    await expect(service.decide(reader, { kind: 'erase', refs: ['a/contact/1'] })).rejects.toMatchObject({
      kind: 'forbidden',
    });
    await expect(service.ingest(reader, [])).rejects.toMatchObject({ kind: 'forbidden' });
    await expect(service.searchCustomers(source, { limit: 1 })).rejects.toMatchObject({ kind: 'forbidden' });
    await expect(service.searchCustomers({ ...reader, tenant: 'other' }, { limit: 1 })).rejects.toMatchObject({
      code: 'UNSILO_OTHER_TENANT',
    });
    await expect(service.searchCustomers({ ...reader, roles: [] }, { limit: 1 })).rejects.toMatchObject({
      kind: 'forbidden',
    });
    await hub.close();
  });
});

it('what the hub deleted because others did deletes nothing further once they are unlinked', async () => {
  const policy = policyFor(['a', 'b', 'c']);
  const systems = Object.fromEntries(
    Object.entries(policy.systems).map(([name, system]) => [name, { ...system, deletes: 'propagate' as const }]),
  );
  const hub = await openTestHub({ systems: ['a', 'b', 'c'].map((name) => crm(name)), policy: { ...policy, systems } });
  const zoe = { name: { given: 'Zoe', surname: 'Quux' }, emails: [{ address: 'zoe@example.org' }] };
  const gone = (ref: string): UnsiloEvent => {
    const time = new Date(T0 + 10_000).toISOString();
    return partyEvent('acme', {
      ref,
      version: { major: 2, minor: 0 },
      changedAt: time,
      observedAt: time,
      deleted: true,
    });
  };
  const step = async (...events: UnsiloEvent[]): Promise<void> => {
    for (const event of events) {
      await hub.append(event);
      await hub.hub.settled();
    }
  };
  await step(seen('a/contact/1', 1, zoe), seen('b/contact/1', 1, zoe), gone('a/contact/1'));
  const [deletion] = await hub.commands('b');
  expect(deletion?.action).toBe('delete');
  const outcome = outcomeEvent('acme', {
    command: deletion?.id ?? '',
    system: 'b',
    status: 'applied',
    ref: 'b/contact/1',
    version: { major: 2, minor: 0 },
    exact: true,
    reportedAt: new Date(T0 + 10_000).toISOString(),
  });
  await step(outcome, gone('b/contact/1'));
  const unlinked = ['b/contact/1', 'c/contact/1'].map((other) =>
    decisionEvent('acme', {
      id: other,
      author: 'steward',
      decidedAt: new Date(T0 + 15_000).toISOString(),
      kind: 'unlink',
      refs: ['a/contact/1', other],
    }),
  );
  await step(...unlinked, seen('c/contact/1', 1, zoe, T0 + 20_000));
  expect((await hub.commands('c')).map(({ action }) => action)).not.toContain('delete');
  await hub.close();
});
