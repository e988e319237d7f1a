import { decisionEvent, outcomeEvent, partyEvent, signalEvent, type UnsiloEvent } from '@unsilo/schemas';
import { admin, crm, folderWith, openTestHub, planned, policyFor, seen, T0, type TestHub } from './test-hub.js';

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

const complete = (system: string, mapping?: string): UnsiloEvent =>
  signalEvent('acme', {
    name: 'snapshot.completed',
    system,
    at: new Date(T0).toISOString(),
    ...(mapping === undefined ? {} : { detail: { mapping } }),
  });

it('creating waits for a system whose mapping has changed, until its records have been told anew', async () => {
  const under = (mapping: string) => ({ systems: [crm('a'), { ...crm('b'), mapping }] });
  const hub = await openTestHub({ ...under('one'), policy: creating });
  await hub.append(complete('a'), complete('b', 'one'));
  await hub.hub.settled();
  await hub.reopen(under('two'));
  const emails = [{ address: 'ada@example.org' }];
  await hub.append(seen('a/contact/1', 1, { name: { given: 'Ada' }, emails }), complete('b', 'one'));
  await hub.hub.settled();
  expect(await hub.commands('b')).toEqual([]);
  await hub.append(complete('b', 'two'));
  await hub.hub.settled();
  expect(await hub.commands('b')).toMatchObject([{ action: 'create', createdFor: 'a/contact/1' }]);
  await hub.close();
});

it('a snapshot that is told complete is so once what came before it has been taken in', async () => {
  const hub = await openTestHub({ systems, policy: creating, batchSize: 2 });
  const people = Array.from({ length: 26 }, (_, i) => {
    const letter = String.fromCharCode(97 + i);
    return { name: { given: `Ada${letter}` }, emails: [{ address: `ada.${letter}@example.org` }] };
  });
  await hub.append(...people.map((person, i) => seen(`a/contact/${i}`, 1, person)), complete('a'));
  await hub.hub.settled();
  await hub.append(...people.map((person, i) => seen(`b/contact/${i}`, 1, person)), complete('b'));
  await hub.hub.settled();
  expect((await hub.commands('b')).filter(({ action }) => action === 'create')).toEqual([]);
  await hub.close();
});

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

describe('where a customer’s record was erased', () => {
  const write = { contact: { fields: ['*'], clear: true, create: true, createRequires: [] } };
  const system = { rank: 100, write, deletes: 'ignore' as const, duplicates: 'write-all' as const, addWins: false };
  const policy = { ...creating, systems: { a: system, b: system } };
  const ada = { name: { given: 'Ada', surname: 'Byron' }, emails: [{ address: 'ada@example.org' }] };
  const said = [seen('a/contact/1', 1, ada), seen('b/contact/2', 1, ada), complete('a'), complete('b')];

  it('none is made for the sake of the others, nor where the state is made anew', async () => {
    const hub = await openTestHub({ systems, policy });
    await hub.append(...said);
    await hub.hub.settled();
    await hub.hub.service.decide(admin, { kind: 'erase', refs: ['a/contact/1'] });
    await hub.hub.settled();
    const anew = await openTestHub({ systems, policy, folder: await folderWith(await hub.everything(), ['a', 'b']) });
    for (const each of [hub, anew]) {
      await each.hub.settled();
      const members = [];
      for await (const customer of each.hub.service.customers(admin)) members.push(customer.members);
      expect(members).toEqual([['b/contact/2']]);
      expect(await each.commands('a')).toEqual([]);
      await each.close();
    }
  });

  it('none is made when the person comes back in another system', async () => {
    const hub = await openTestHub({ systems, policy });
    await hub.append(...said);
    await hub.hub.settled();
    await hub.hub.service.decide(admin, { kind: 'erase', refs: ['a/contact/1', 'b/contact/2'] });
    await hub.append(seen('b/contact/2', 2, ada, T0 + 200_000_000));
    await hub.hub.settled();
    expect(await hub.commands('a')).toEqual([]);
    await hub.close();
  });
});

describe('records that the hub made and that state nothing of their own', () => {
  const at = new Date(T0).toISOString();
  const annegret = { given: 'Annegret', surname: 'Winkelmann' };
  const mail = (address: string, name = annegret) => ({ name, emails: [{ address }] });
  const ours = 'a.winkelmann@example.org';
  const customers = async (hub: TestHub) => {
    const found = [];
    for await (const { members } of hub.hub.service.customers(admin)) found.push([...members].sort());
    return found.sort();
  };
  /** Answers every create that b was asked for with a record that says what was asked. */
  async function answer(hub: TestHub, answered: Set<string>): Promise<void> {
    for (const create of await hub.commands('b')) {
      if (create.action !== 'create' || answered.has(create.id)) continue;
      answered.add(create.id);
      const ref = `b/contact/${create.externalKey}`;
      const emails = [...((create.set['emails']?.value ?? []) as { address: string }[])];
      const left = { kind: 'person' as const, name: annegret, emails };
      const version = { major: 1, minor: 0 };
      const outcome = { command: create.id, system: 'b', status: 'applied' as const, ref, version, exact: true, left };
      await hub.append(outcomeEvent('acme', { ...outcome, reportedAt: at }), seen(ref, 1, left, T0 + 90_000_000));
    }
    await hub.hub.settled();
  }
  let hub: TestHub;
  const answered = new Set<string>();
  beforeEach(async () => {
    answered.clear();
    hub = await openTestHub({ systems: [crm('a'), crm('b'), crm('c')], policy: creating });
    await hub.append(complete('a'), complete('b'), complete('c'));
    await hub.hub.settled();
  });
  afterEach(() => hub.close());

  it('do not keep two customers apart whose own records come to say the same', async () => {
    await hub.append(seen('a/contact/1', 1, mail('winkelmann@firma.example.org')));
    await hub.append(seen('c/contact/1', 1, mail('anne@privat.example.org', { given: 'Anne', surname: 'Brandt' })));
    await hub.hub.settled();
    await answer(hub, answered);
    expect(await customers(hub)).toHaveLength(2);
    await hub.append(seen('a/contact/1', 2, mail(ours)), seen('c/contact/1', 2, mail(ours)));
    await hub.hub.settled();
    const found = await customers(hub);
    expect(found).toHaveLength(1);
    expect(found[0]).toHaveLength(4);
    const { detail, words } = await hub.hub.service.explainCustomer(
      admin,
      (await hub.hub.service.record(admin, 'a/contact/1')).customer ?? '',
    );
    // What was made has no share in any figure: one pair says something, and nothing speaks against it.
    expect(detail).toMatchObject({ pairs: 1, against: { count: 0 } });
    expect(detail.joins.map(({ by, pairs }) => [by, pairs]).sort()).toEqual([
      ['creation', 0],
      ['creation', 0],
      ['evidence', 1],
    ]);
    expect(words.join('\n')).toContain('states nothing of its own');
  });

  it('made while a steward kept two apart leave no trace when that is taken back', async () => {
    await hub.append(seen('a/contact/1', 1, mail(ours)), seen('c/contact/1', 1, mail(ours)));
    await hub.hub.settled();
    await answer(hub, answered);
    expect(await customers(hub)).toHaveLength(1);
    const decide = async (undo: boolean): Promise<void> => {
      const refs: [string, string] = ['a/contact/1', 'c/contact/1'];
      await hub.hub.service.decide(admin, { kind: 'unlink', refs, ...(undo && { undo }) });
      await hub.hub.settled();
      await answer(hub, answered);
    };
    await decide(false);
    expect(await customers(hub)).toHaveLength(2);
    expect(answered.size).toBe(2);
    await decide(true);
    expect(await customers(hub)).toHaveLength(1);
  });
});

describe('records that one create made', () => {
  const at = new Date(T0).toISOString();
  const create = planned({
    id: 'c1',
    system: 'b',
    action: 'create',
    kind: 'contact',
    externalKey: 'k',
    createdFor: 'a/contact/1',
    set: { 'name.given': { value: 'Ada', asOf: T0 } },
  });
  const made = (ref: string): UnsiloEvent =>
    outcomeEvent('acme', {
      command: 'c1',
      system: 'b',
      status: 'applied',
      ref,
      version: { major: 1, minor: 0 },
      exact: true,
      left: { kind: 'person', name: { given: 'Ada' } },
      reportedAt: at,
    });
  /** A create that was tried twice, and made two. */
  const events = [seen('a/contact/1', 1, { name: { given: 'Ada' } }), create, made('b/contact/1'), made('b/contact/2')];

  it.each(permutations([0, 1, 2, 3]))('are its customer’s, in whatever order that is learnt: %j', async (...order) => {
    const hub = await openTestHub({ systems, policy: policyFor([]) });
    for (const i of order) {
      await hub.append(events[i]!);
      await hub.hub.settled();
    }
    const found = [];
    for await (const customer of hub.hub.service.customers(admin)) found.push(customer);
    expect(found.map(({ members }) => [...members].sort())).toEqual([['a/contact/1', 'b/contact/1', 'b/contact/2']]);
    expect((await hub.hub.service.deadLetters(admin, { limit: 10 })).items).toEqual([]);
    await hub.close();
  });

  const key = { identifiers: [{ issuer: 'unsilo', value: 'k' }] };
  const keep = decisionEvent('acme', {
    id: 'keep',
    author: 's',
    decidedAt: at,
    kind: 'keep',
    ref: 'b/contact/9',
    attribute: 'name.surname',
    value: 'Byron',
  });
  const ended = (status: 'not-applied' | 'rejected' | 'conflict'): UnsiloEvent =>
    outcomeEvent('acme', { command: 'c1', system: 'b', status, reportedAt: at });
  const onlyCustomer = async ({ hub }: TestHub) => {
    const found = [];
    for await (const customer of hub.service.customers(admin)) found.push(customer);
    expect(found).toHaveLength(1);
    return found[0]!;
  };

  describe.each([
    ['by a key that it carries', 'b/contact/9', key],
    ['by its id', 'b/contact/k', {}],
  ])('of which one is known %s', (_, ref, carried) => {
    const shown = seen(ref, 5, { name: { given: 'Ada' }, ...carried });

    it.each(permutations([0, 1, 2, 3]))(
      'it is its customer’s, in whatever order that is learnt: %j',
      async (...order) => {
        const events = [seen('a/contact/1', 1, { name: { given: 'Ada' } }), create, shown, keep];
        const hub = await openTestHub({ systems, policy: policyFor([]) });
        for (const i of order) {
          await hub.append(events[i]!);
          await hub.hub.settled();
        }
        expect([...(await onlyCustomer(hub)).members].sort()).toEqual(['a/contact/1', ref]);
        expect((await hub.hub.service.deadLetters(admin, { limit: 10 })).items).toEqual([]);
        await hub.close();
      },
    );

    it.each(['not-applied', 'rejected', 'conflict'] as const)(
      'its people are heard where the create ended %s and landed late',
      async (status) => {
        const edited = seen(ref, 6, {
          name: { given: 'Adelaide' },
          emails: [{ address: 'ada@example.org' }],
          ...carried,
        });
        const events = [create, ended(status), shown];
        for (const order of permutations([0, 1, 2])) {
          const hub = await openTestHub({ systems, policy: policyFor([]) });
          await hub.append(seen('a/contact/1', 1, { name: { given: 'Ada' } }));
          for (const i of order) {
            await hub.append(events[i]!);
            await hub.hub.settled();
          }
          await hub.append(edited);
          await hub.hub.settled();
          expect((await hub.hub.service.record(admin, ref)).open).toBeUndefined();
          expect((await onlyCustomer(hub)).state).toMatchObject({ name: { given: 'Adelaide' } });
          await hub.close();
        }
      },
    );
  });

  it('are both heard where an outcome names one of them', async () => {
    const events = [
      create,
      seen('b/contact/1', 1, { name: { given: 'Ada' }, ...key }),
      seen('b/contact/9', 5, { name: { given: 'Ada' }, ...key }),
      made('b/contact/1'),
    ];
    for (const order of permutations([0, 1, 2, 3])) {
      const hub = await openTestHub({ systems, policy: policyFor([]) });
      await hub.append(seen('a/contact/1', 1, { name: { given: 'Ada' } }));
      for (const i of order) {
        await hub.append(events[i]!);
        await hub.hub.settled();
      }
      await hub.append(seen('b/contact/9', 6, { name: { given: 'Adelaide' }, ...key }));
      await hub.hub.settled();
      expect((await hub.hub.service.record(admin, 'b/contact/9')).open).toBeUndefined();
      const { members, state } = await onlyCustomer(hub);
      expect(members).toHaveLength(3);
      expect(state.name?.given).toBe('Adelaide');
      await hub.close();
    }
  });

  it('are found by what an earlier version kept under their key', async () => {
    const hub = await openTestHub({ systems, policy: policyFor([]) });
    await hub.append(seen('a/contact/1', 1, { name: { given: 'Ada' } }), create);
    await hub.hub.settled();
    const row = { command: 'c1', createdFor: 'a/contact/1' };
    await hub.store.commit('acme', { put: [{ table: 'external-keys', key: 'b\u001fk', value: JSON.stringify(row) }] });
    await hub.append(seen('b/contact/9', 5, { name: { given: 'Ada' }, ...key }));
    await hub.hub.settled();
    expect((await onlyCustomer(hub)).members).toHaveLength(2);
    await hub.close();
  });

  it('are found in a state that an earlier version kept', async () => {
    const hub = await openTestHub({ systems, policy: policyFor([]) });
    const members = async () => {
      const found = [];
      for await (const customer of hub.hub.service.customers(admin)) found.push([...customer.members].sort());
      return found.sort();
    };
    const [, , outcome] = events;
    const early = { outcome: outcome!.data };
    await hub.store.commit('acme', { put: [{ table: 'commands', key: 'c1', value: JSON.stringify(early) }] });
    await hub.append(events[0]!, create);
    await hub.hub.settled();
    expect(await members()).toEqual([['a/contact/1', 'b/contact/1']]);
    const [row] = await hub.store.getMany('acme', 'records', ['a/contact/1']);
    const { made: _, ...before } = JSON.parse(row!.value) as { made: string[] };
    await hub.store.commit('acme', { put: [{ table: 'records', key: 'a/contact/1', value: JSON.stringify(before) }] });
    await hub.append(seen('a/contact/1', 2, { name: { given: 'Ada', surname: 'Byron' } }));
    await hub.hub.settled();
    expect(await members()).toEqual([['a/contact/1', 'b/contact/1']]);
    await hub.close();
  });

  it('whose past is summarised are found as well when the command comes last', async () => {
    const hub = await openTestHub({ systems, policy: policyFor([]) });
    for (let version = 1; version <= 4; version++) {
      await hub.append(seen('b/contact/1', version, { name: { given: 'Ada' }, note: `visit ${version}` }));
      await hub.hub.settled();
    }
    await hub.append(made('b/contact/1'));
    await hub.hub.settled();
    await hub.append(create);
    await hub.hub.settled();
    expect((await hub.hub.service.deadLetters(admin, { limit: 10 })).items).toEqual([]);
    await hub.close();
  });

  it('stand in the system that was asked: one elsewhere, or the very member that it was for, is nobody’s copy', async () => {
    const hub = await openTestHub({ systems, policy: policyFor([]) });
    await hub.append(
      seen('a/contact/1', 1, { name: { given: 'Ada' } }),
      seen('a/contact/2', 1, { name: { given: 'Bea' } }),
    );
    await hub.append(create, made('a/contact/1'), made('a/contact/2'));
    await hub.hub.settled();
    const found = [];
    for await (const customer of hub.hub.service.customers(admin)) found.push(customer);
    expect(found.map(({ members }) => members).sort()).toEqual([['a/contact/1'], ['a/contact/2']]);
    await hub.close();
  });
});

function permutations(items: readonly number[]): number[][] {
  if (items.length <= 1) return [[...items]];
  return items.flatMap((item) => permutations(items.filter((other) => other !== item)).map((rest) => [item, ...rest]));
}
