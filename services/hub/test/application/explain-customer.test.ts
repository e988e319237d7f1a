import { DEFAULT_LINKAGE_MODEL } from '../../src/domain/linkage/default-model.js';
import { history } from './history.js';
import { admin, crm, openTestHub, policyFor, seen, type TestHub } from './test-hub.js';

const { threshold, guard } = DEFAULT_LINKAGE_MODEL.person;

describe('why a customer’s records are together', () => {
  let hub: TestHub;
  beforeEach(async () => {
    hub = await openTestHub({ systems: [crm('a'), crm('b')], policy: policyFor([]) });
  });
  afterEach(() => hub.close());

  const customerOf = async (ref: string): Promise<string> => (await hub.hub.service.record(admin, ref)).customer ?? '';
  const explain = async (ref: string) => hub.hub.service.explainCustomer(admin, await customerOf(ref));

  const email = [{ address: 'ada.byron@example.org' }];
  const phones = [{ number: '+44 20 7946 0018' }];
  const ada = { given: 'Ada', surname: 'Byron' };

  async function family(): Promise<void> {
    await hub.append(
      seen('a/contact/1', 1, { name: ada, emails: email }),
      seen('b/contact/2', 2, { name: ada, emails: email, phones, birthDate: '1985-12-10' }),
      seen('b/contact/3', 3, { name: { given: 'Adah', surname: 'Byron' }, phones, birthDate: '1985-12-10' }),
      seen('a/contact/4', 4, { name: { given: 'Tomasz', surname: 'Byron' }, phones, birthDate: '1990-03-02' }),
      seen('a/contact/5', 5, { name: { given: 'Eve', surname: 'Kowalski' } }),
    );
    await hub.hub.settled();
  }

  it('is told join by join, each with what it rests on, and adds up', async () => {
    await family();
    const { detail, words } = await explain('a/contact/1');
    expect(detail.members).toEqual(['a/contact/1', 'b/contact/2', 'b/contact/3']);
    expect(detail.joins).toHaveLength(2);
    for (const join of detail.joins) {
      const { prior, household, evidence, bits } = join.comparison;
      expect(evidence.reduce((sum, one) => sum + one.bits, prior + household)).toBeCloseTo(bits, 2);
      expect(join).toMatchObject({ by: 'evidence', bits });
      expect(join.bits).toBeGreaterThanOrEqual(threshold);
      expect(join.between).toBeGreaterThanOrEqual(guard);
      expect(join.margin).toBeGreaterThanOrEqual(0);
    }
    const [first, second] = detail.joins;
    expect((first?.bits ?? 0) >= (second?.bits ?? 0)).toBe(true);
    expect(detail.pairs).toBe(3);
    expect(second?.pairs).toBe(2);
    expect(words.join('\n')).toContain('3 records are one customer, by 2 joins');
    expect(words.join('\n')).toContain('The weakest is join');
  });

  it('names who came near, and that they are below the threshold', async () => {
    await family();
    const { detail, words } = await explain('a/contact/1');
    const [miss] = detail.nearMisses;
    expect(miss).toMatchObject({ b: 'a/contact/4', customer: await customerOf('a/contact/4') });
    expect(['unsure', 'weak']).toContain(miss?.reason);
    expect(miss?.comparison.bits).toBeLessThan(threshold);
    expect(detail.nearMisses.map(({ b }) => b)).not.toContain('a/contact/5');
    expect(words.join('\n')).toContain('a/contact/4 with ');
  });

  it('a link and what it joined are told with who said it', async () => {
    await family();
    await hub.hub.service.decide(admin, {
      kind: 'link',
      refs: ['a/contact/5', 'a/contact/1'],
      reason: 'maiden name, she showed it',
    });
    await hub.hub.settled();
    const { detail, words } = await explain('a/contact/5');
    expect(detail.joins[0]).toMatchObject({ by: 'decision', decision: { author: 'test' } });
    expect(detail.joins[0]?.margin).toBeUndefined();
    expect(detail.against.count).toBeGreaterThan(0);
    expect(detail.against.strongest[0]?.bits).toBeLessThan(0);
    expect(words.join('\n')).toContain('test linked a/contact/1 and a/contact/5 (maiden name, she showed it)');
  });

  it('who is kept apart is told with who said it', async () => {
    await family();
    await hub.hub.service.decide(admin, {
      kind: 'unlink',
      refs: ['b/contact/2', 'a/contact/1'],
      reason: 'mother and daughter',
    });
    await hub.hub.settled();
    const { detail, words } = await explain('a/contact/1');
    const miss = detail.nearMisses.find(({ reason }) => reason === 'decision');
    expect(miss).toMatchObject({ b: 'b/contact/2', decision: { reason: 'mother and daughter' } });
    expect(words.join('\n')).toContain('test keeps them apart (mother and daughter)');
  });

  it('the guard is told where what else two customers say contradicts a pair', async () => {
    const mail = (...addresses: string[]) => addresses.map((address) => ({ address: `${address}@example.org` }));
    const [hers, his] = [[{ number: '+49 30 90182017' }], [{ number: '+49 40 42841044' }]];
    const [henrike, bartholomew] = [
      { given: 'Henrike', surname: 'Vogel' },
      { given: 'Bartholomew', surname: 'Quist' },
    ];
    // Each of two persons has a record without a name, and these two share an address.
    await hub.append(
      seen('a/contact/1', 1, { name: henrike, birthDate: '1951-02-03', emails: mail('h.vogel'), phones: hers }),
      seen('b/contact/2', 2, { emails: mail('h.vogel', 'the.office.door'), phones: hers }),
      seen('a/contact/3', 3, { name: bartholomew, birthDate: '1988-11-27', emails: mail('b.quist'), phones: his }),
      seen('b/contact/4', 4, { emails: mail('b.quist', 'the.office.door'), phones: his }),
    );
    await hub.hub.settled();
    const { detail, words } = await explain('a/contact/1');
    expect(detail.members).toEqual(['a/contact/1', 'b/contact/2']);
    const [miss] = detail.nearMisses;
    expect(miss).toMatchObject({ a: 'b/contact/2', b: 'b/contact/4', reason: 'guard' });
    expect(miss?.comparison.bits).toBeGreaterThanOrEqual(threshold);
    expect(miss?.comparison.between).toBeLessThan(guard);
    expect(words.join('\n')).toContain('but all pairs of the two say');
  });

  it('a record that is alone is told of those near it; any id that it ever had will do; an unknown one is refused', async () => {
    await family();
    const { detail, words } = await explain('a/contact/5');
    expect(detail).toMatchObject({ members: ['a/contact/5'], joins: [], pairs: 0, against: { count: 0 } });
    expect(detail.weakest).toBeUndefined();
    expect(words[0]).toContain('nothing is joined with it');
    const { aliases } = await hub.hub.service.customer(admin, await customerOf('a/contact/1')).then((found) => {
      if (found.status !== 'found') throw new Error('expected the customer');
      return found.customer;
    });
    const [alias = ''] = aliases;
    expect((await hub.hub.service.explainCustomer(admin, alias)).detail.members).toContain('a/contact/1');
    await expect(hub.hub.service.explainCustomer(admin, 'nobody')).rejects.toMatchObject({
      code: 'UNSILO_NO_CUSTOMER',
    });
  });

  it('is for those who may read only', async () => {
    await family();
    const source = { ...admin, roles: ['source' as const] };
    await expect(hub.hub.service.explainCustomer(source, await customerOf('a/contact/1'))).rejects.toMatchObject({
      kind: 'forbidden',
    });
  });
});

it.each([1, 2, 3])('of every customer of history %i the joins make up the very members', async (seed) => {
  const systems = ['a', 'b', 'c'];
  const hub = await openTestHub({ systems: systems.map((s) => crm(s)), policy: policyFor([]) });
  await hub.append(...history(seed, systems, 80));
  await hub.hub.settled();
  let together = 0;
  for await (const { id, members } of hub.hub.service.customers(admin)) {
    const { detail } = await hub.hub.service.explainCustomer(admin, id);
    expect(detail.members).toEqual([...members].sort());
    const joined = new Set(detail.joins.flatMap(({ left, right }) => [...left, ...right]));
    expect([...joined].sort()).toEqual(members.length === 1 ? [] : detail.members);
    for (const { customer } of detail.nearMisses) expect(customer).not.toBe(id);
    together = Math.max(together, members.length);
  }
  expect(together).toBeGreaterThan(2);
  await hub.close();
});
