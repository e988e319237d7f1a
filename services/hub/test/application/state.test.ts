import { outcomeEvent, type Outcome } from '@unsilo/schemas';
import { admin, crm, openTestHub, planned, policyFor, seen, T0 } from './test-hub.js';

const titles = (n: number) => ({ name: { given: n % 3 === 0 ? 'Ada' : `Ada ${n}` }, note: `version ${n}` });

describe('checkpoints', () => {
  it('the past of a record stands apart, and what comes late finds its place in it', async () => {
    const [late, ...rest] = [7, ...Array.from({ length: 20 }, (_, n) => n + 1).filter((n) => n !== 7)];
    const hub = await openTestHub({ systems: [crm('a')], policy: policyFor([]) });
    const other = await openTestHub({ systems: [crm('a')], policy: policyFor([]) });
    for (const n of rest) {
      await hub.append(seen('a/contact/1', n, titles(n)));
      await hub.hub.settled();
    }
    const chunks = await hub.store.range('acme', 'history', { limit: 100 });
    expect(chunks.length).toBeGreaterThan(2);
    await hub.append(seen('a/contact/1', late ?? 0, titles(late ?? 0)));
    await hub.hub.settled();
    await other.append(...[late ?? 0, ...rest].map((n) => seen('a/contact/1', n, titles(n))));
    await other.hub.settled();
    const [a, b] = [await hub.hub.service.customersHash(admin), await other.hub.service.customersHash(admin)];
    expect(a.hash).toBe(b.hash);
    expect(await hub.hub.service.record(admin, 'a/contact/1')).toEqual(
      await other.hub.service.record(admin, 'a/contact/1'),
    );
    await hub.close();
    await other.close();
  });

  it('a row that every event reads stays small however often the record changes', async () => {
    const hub = await openTestHub({ systems: [crm('a')], policy: policyFor([]) });
    for (let n = 1; n <= 60; n += 1) await hub.append(seen('a/contact/1', n, titles(n)));
    await hub.hub.settled();
    const [row] = await hub.store.getMany('acme', 'records', ['a/contact/1']);
    const past = await hub.store.range('acme', 'history', { limit: 100 });
    const facts = past.reduce((sum, { value }) => sum + value.length, 0);
    // How many facts stand above the checkpoint depends on the batches: three at most.
    expect((row?.value.length ?? Infinity) * 4).toBeLessThan(facts);
    await hub.close();
  });
});

it.each([
  ['below a checkpoint', {}],
  ['below the horizon', { horizon: { age: 1, versions: 1 } }],
])('a number is read anew when the country changes, also %s', async (_, changes) => {
  const phones = [{ number: '020 7946 0018' }];
  const name = { given: 'Ada', surname: 'Byron' };
  const events = [
    ...[1, 2, 3, 4].map((n) => seen('a/contact/1', n, { name, note: `version ${n}`, phones }, T0 + n * 1000)),
    seen('b/contact/1', 1, { name, phones: [{ number: '+44 20 7946 0018' }] }, T0 + 5000),
  ];
  const systems = [crm('a'), crm('b')];
  const british = policyFor([], { ...changes, version: '2', country: 'GB' });
  const hub = await openTestHub({ systems, policy: policyFor([], changes) });
  const other = await openTestHub({ systems, policy: british });
  for (const event of events) {
    await hub.append(event);
    await hub.hub.settled();
  }
  await other.append(...events);
  await hub.reopen({ policy: british });
  const said: unknown[] = [];
  for (const { hub: running } of [hub, other]) {
    await running.service.decide(admin, { kind: 'link', refs: ['a/contact/1', 'b/contact/1'] });
    await running.settled();
    for await (const { state, provenance } of running.service.customers(admin)) {
      expect(state.phones).toHaveLength(1);
      said.push([state.phones, provenance.filter(({ attribute }) => attribute === 'phones')]);
    }
  }
  expect(said).toHaveLength(2);
  expect(said[0]).toEqual(said[1]);
  await hub.close();
  await other.close();
});

it('what the hub wrote to a record that is erased is erased with it, also when the answer comes later', async () => {
  const hub = await openTestHub({
    systems: [crm('a'), crm('b')],
    policy: policyFor(['a', 'b']),
    now: () => T0 + 60_000,
  });
  const emails = [{ address: 'ada@example.org' }];
  await hub.append(
    seen('b/contact/2', 1, { name: { given: 'Adah' }, emails }),
    seen('a/contact/1', 2, { name: { given: 'Ada' }, emails }),
  );
  await hub.hub.settled();
  const [command] = await hub.commands('b');
  expect(JSON.stringify(command)).toContain('"Ada"');
  await hub.hub.service.decide(admin, { kind: 'erase', refs: ['a/contact/1', 'b/contact/2'] });
  await hub.hub.settled();
  const stored = async (): Promise<string> => JSON.stringify(await hub.store.range('acme', 'commands', { limit: 100 }));
  expect(await stored()).not.toMatch(/Ada|Bea/);
  const left = { kind: 'person' as const, name: { given: 'Ada' }, emails };
  await hub.append(
    outcomeEvent('acme', {
      command: command?.id ?? '',
      system: 'b',
      status: 'applied',
      ref: 'b/contact/2',
      version: { major: 2, minor: 0 },
      pre: { major: 1, minor: 0 },
      left,
      exact: true,
      reportedAt: new Date(T0 + 70_000).toISOString(),
    }),
  );
  await hub.hub.settled();
  expect(await stored()).toContain('applied');
  expect(await stored()).not.toMatch(/Ada|Bea|ada@/);
  await hub.close();
});

it('a state that another version wrote is refused with what to do, not misread', async () => {
  const hub = await openTestHub({ systems: [crm('a')], policy: policyFor([]) });
  await hub.append(seen('a/contact/1', 1, { name: { given: 'Ada' } }));
  await hub.hub.settled();
  await hub.store.commit('acme', { put: [{ table: 'progress', key: 'format', value: '1' }] });
  await expect(hub.reopen()).rejects.toMatchObject({
    code: 'UNSILO_STATE_FORMAT',
    hint: expect.stringContaining('unsilo replay'),
  });
});

it.each([
  ['first', [0, 1]],
  ['last', [1, 0]],
])('of two outcomes that come before their command the exact one counts, also when it comes %s', async (_, order) => {
  const hub = await openTestHub({ systems: [crm('a')], policy: policyFor([]) });
  const said = { command: 'c1', system: 'a', status: 'applied', ref: 'a/contact/1' } as const;
  const at = new Date(T0 + 5000).toISOString();
  const outcomes: Outcome[] = [
    { ...said, version: { major: 2, minor: 0 }, pre: { major: 1, minor: 0 }, exact: true, reportedAt: at },
    {
      ...said,
      version: { major: 3, minor: 0 },
      pre: { major: 1, minor: 0 },
      exact: false,
      changedAt: at,
      reportedAt: at,
    },
  ];
  await hub.append(seen('a/contact/1', 1, { name: { given: 'Ada' } }));
  for (const i of order) {
    const outcome = outcomes[i];
    if (outcome) await hub.append(outcomeEvent('acme', outcome));
    await hub.hub.settled();
  }
  await hub.append(
    planned({
      id: 'c1',
      system: 'a',
      action: 'update',
      ref: 'a/contact/1',
      base: { major: 1, minor: 0 },
      set: { 'name.given': { value: 'Adah', asOf: T0 } },
    }),
  );
  await hub.hub.settled();
  const [row] = await hub.store.getMany('acme', 'commands', ['c1']);
  expect(JSON.parse(row?.value ?? '{}')).toMatchObject({ outcome: { exact: true, version: { major: 2 } } });
  await hub.close();
});
