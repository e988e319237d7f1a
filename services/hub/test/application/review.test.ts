import { DEFAULT_LINKAGE_MODEL } from '../../src/domain/linkage/default-model.js';
import { admin, crm, openTestHub, policyFor, seen, type TestHub } from './test-hub.js';

describe('pairs that wait for a steward', () => {
  let hub: TestHub;
  beforeEach(async () => {
    hub = await openTestHub({ systems: [crm('a'), crm('b')], policy: policyFor(['a', 'b']) });
  });
  afterEach(() => hub.close());

  const review = () => hub.hub.service.review(admin, { limit: 20 });
  const phones = [{ number: '+44 20 7946 0145' }];
  const lena = { name: { given: 'Lena', surname: 'Okonkwo' }, phones };
  const tom = { name: { given: 'Tomasz', surname: 'Okonkwo' }, phones };
  const ada = { given: 'Ada' };
  const mobile = [{ number: '+44 7700 900214' }];

  /** Lena and Tomasz share a family name and a landline; Ada's two records share little more than her first name. */
  async function families(): Promise<void> {
    await hub.append(
      seen('a/contact/1', 1, lena),
      seen('b/contact/2', 2, { ...lena, emails: [{ address: 'lena.okonkwo@example.org' }] }),
      seen('b/contact/3', 3, tom),
      seen('a/contact/4', 4, { name: ada, emails: [{ address: 'ada.b@example.org' }] }),
      seen('b/contact/5', 5, { name: ada, phones: mobile }),
    );
    await hub.hub.settled();
  }

  it('are one question for two customers, with what a link would change; what changes most comes first', async () => {
    await families();
    const { items, waiting, isComplete } = await review();
    expect(items.map(({ a, b, reason }) => [a, b, reason])).toEqual([
      ['a/contact/1', 'b/contact/3', 'unsure'],
      ['a/contact/4', 'b/contact/5', 'unsure'],
    ]);
    expect([waiting, isComplete]).toEqual([2, true]);
    expect(items[0]?.effect).toMatchObject({ records: 3, customers: 2 });
    expect(items[0]?.effect.writes).toBeGreaterThanOrEqual(2);
    expect(items[1]?.effect).toEqual({ records: 2, customers: 2, writes: 2 });
    for (const { bits } of items) expect(bits).toBeGreaterThanOrEqual(-6);
  });

  it('are asked no more once somebody has decided, whatever it was, and again when that is taken back', async () => {
    await families();
    const pairs = async () => (await review()).items.map(({ a, b }) => `${a} ${b}`);
    const decide = async (kind: 'link' | 'unlink', refs: [string, string], undo = false): Promise<void> => {
      await hub.hub.service.decide(admin, { kind, refs, reason: 'asked them', ...(undo && { undo }) });
      await hub.hub.settled();
    };
    await decide('unlink', ['a/contact/1', 'b/contact/3']);
    // Her other record shares the same with him, and is the same question.
    expect(await pairs()).toEqual(['a/contact/4 b/contact/5']);
    await decide('link', ['a/contact/4', 'b/contact/5']);
    expect(await pairs()).toEqual([]);
    await decide('link', ['a/contact/4', 'b/contact/5'], true);
    await decide('unlink', ['a/contact/1', 'b/contact/3'], true);
    expect(await pairs()).toEqual(['a/contact/1 b/contact/3', 'a/contact/4 b/contact/5']);
  });

  it('leave the queue when another model has nothing to ask about them', async () => {
    await families();
    expect((await review()).waiting).toBe(2);
    const { person } = DEFAULT_LINKAGE_MODEL;
    const sure = { ...DEFAULT_LINKAGE_MODEL, version: 'sure', person: { ...person, review: person.threshold } };
    await hub.reopen({ model: sure });
    await hub.hub.settled();
    expect(await review()).toMatchObject({ items: [], waiting: 0 });
  });

  it('are written down when they come about or change, not whenever somebody in them says something', async () => {
    // Where nothing is written, nothing that is said is held back.
    await hub.close();
    hub = await openTestHub({ systems: [crm('a'), crm('b')], policy: policyFor([]) });
    await families();
    const written: string[] = [];
    const commit = hub.store.commit.bind(hub.store);
    hub.store.commit = (tenant, changes) => {
      const { put = [], remove = [] } = changes;
      written.push(...[...put, ...remove].flatMap(({ table, key }) => (table === 'review' ? [key] : [])));
      return commit(tenant, changes);
    };
    // Another page says nothing about anybody else.
    const page = [{ uri: 'https://lena.example.org/garden' }];
    await hub.append(seen('a/contact/1', 10, { ...lena, links: page }));
    await hub.hub.settled();
    expect((await hub.hub.service.record(admin, 'a/contact/1')).identifiers.map(({ kind }) => kind)).toContain('page');
    expect(written).toEqual([]);
    expect((await review()).waiting).toBe(2);
    await hub.append(seen('a/contact/1', 11, { ...lena, phones: [], links: page }));
    await hub.hub.settled();
    expect(written.some((key) => key.includes('a/contact/1'))).toBe(true);
  });

  it('stand there again after all was matched anew', async () => {
    await families();
    const before = await review();
    await hub.reopen({ model: { ...DEFAULT_LINKAGE_MODEL, version: 'the same by another name' } });
    await hub.hub.settled();
    expect(await review()).toEqual(before);
  });

  it('leave the queue with the evidence that put them there', async () => {
    await families();
    await hub.append(seen('b/contact/3', 10, { name: tom.name }), seen('b/contact/5', 11, { name: { given: 'Eve' } }));
    await hub.hub.settled();
    expect(await review()).toEqual({ items: [], waiting: 0, isComplete: true });
  });

  it('an explanation of such a pair adds up, and says what would be needed', async () => {
    await families();
    const { detail, words } = await hub.hub.service.explainPair(admin, 'a/contact/1', 'b/contact/3');
    const { comparison } = detail;
    if (!comparison) throw new Error('expected a comparison');
    const sum = comparison.evidence.reduce((total, e) => total + e.bits, comparison.prior + comparison.household);
    expect(comparison.bits).toBeCloseTo(sum, 2);
    expect(comparison).toMatchObject({ verdict: 'review', proposed: true });
    expect(comparison.household).toBeLessThan(0);
    expect(words.join(' ')).toContain('a steward is asked');
  });
});
