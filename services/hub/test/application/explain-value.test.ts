import { decisionEvent } from '@unsilo/schemas';
import type { CommandTrail, Explanation } from '../../src/application/service.js';
import { admin, crm, openTestHub, planned, policyFor, seen, T0, type TestHub } from './test-hub.js';

describe('an explanation says who stated a value only of whoever did', () => {
  let hub: TestHub;
  beforeEach(async () => {
    hub = await openTestHub({ systems: [crm('a'), crm('b')], policy: policyFor(['b']) });
    await tell(
      seen('a/contact/1', 1, { name: { given: 'Ada' } }),
      seen('b/contact/1', 1, { name: { given: 'Ada' } }),
      decisionEvent('acme', { ...saidAt(60_000), id: 'l', kind: 'link', refs: ['a/contact/1', 'b/contact/1'] }),
    );
  });
  afterEach(() => hub.close());

  const tell = async (...events: Parameters<TestHub['append']>): Promise<void> => {
    await hub.append(...events);
    await hub.hub.settled();
  };
  const saidAt = (ms: number) => ({ author: 'sam', decidedAt: new Date(T0 + ms).toISOString() });
  const keep = (value: string | null) =>
    decisionEvent('acme', {
      ...saidAt(90_000),
      id: 'k',
      kind: 'keep',
      ref: 'a/contact/1',
      attribute: 'name.given',
      value,
    });
  const whyValue = async (): Promise<string> => {
    for await (const { id } of hub.hub.service.customers(admin))
      return (await hub.hub.service.explainValue(admin, id, 'name.given')).words.join(' ');
    throw new Error('expected a customer');
  };
  const whyLastWrite = async (): Promise<Explanation<CommandTrail>> =>
    hub.hub.service.explainCommand(admin, (await hub.commands('b')).at(-1)?.id ?? '');

  it('a kept value is what a steward decided, and what the systems state is beaten by it', async () => {
    await tell(keep('Augusta'));
    const words = await whyValue();
    expect(words).toContain(
      'name.given: "Augusta". sam decided on 2026-03-01T12:01:30.000Z to keep it so for a/contact/1.',
    );
    expect(words).toMatch(/It beat: [ab]\/contact\/1 states "Ada" since/);
    expect(words).not.toMatch(/states "Augusta"/);
    const why = await whyLastWrite();
    expect(why.words).toContainEqual(
      'name.given because sam decided on 2026-03-01T12:01:30.000Z to keep it so for a/contact/1.',
    );
    expect(why.words.join(' ')).not.toContain('states it');
    // No event of the record brought it about.
    expect(why.detail.events).toEqual([]);
  });

  it('a value that is kept empty is stated by nobody either', async () => {
    await tell(keep(null));
    expect(await whyValue()).toMatch(
      /^name\.given: no value\. sam decided on .* to keep it so for a\/contact\/1\. It beat: /,
    );
    expect((await whyLastWrite()).words.join(' ')).toContain('name.given because sam decided');
  });

  it('a write that follows a statement names it', async () => {
    await tell(seen('a/contact/1', 2, { name: { given: 'Adah' } }));
    expect((await whyLastWrite()).words).toContainEqual(
      'name.given because a/contact/1 states it since 2026-03-01T12:00:02.000Z.',
    );
    expect((await whyLastWrite()).detail.events).toEqual(['a/contact/1@2.0']);
  });

  it('a write that follows a removal says that it was removed', async () => {
    await tell(seen('a/contact/1', 2, {}));
    expect((await whyLastWrite()).words).toContainEqual(
      'name.given because a/contact/1 removed it on 2026-03-01T12:00:02.000Z.',
    );
  });

  it('a list follows all that was said about its elements: the last of it is named', async () => {
    const emails = [{ address: 'ada@example.org' }, { address: 'ada@example.com' }];
    await tell(seen('a/contact/1', 2, { name: { given: 'Ada' }, emails }));
    expect((await whyLastWrite()).words).toContainEqual(
      'emails because a/contact/1 said the last about it on 2026-03-01T12:00:02.000Z.',
    );
  });

  it('of a list each element is told with who said it, those that are gone too; or one that is named', async () => {
    const emails = [{ address: 'Ada@example.org' }, { address: 'ada@example.com' }];
    await tell(
      seen('b/contact/1', 2, { emails: emails.slice(1) }),
      seen('a/contact/1', 2, { emails }),
      seen('a/contact/1', 3, { emails: emails.slice(0, 1) }),
    );
    const { customer = '' } = await hub.hub.service.record(admin, 'a/contact/1');
    const explain = (attribute: string, element?: string) =>
      hub.hub.service.explainValue(admin, customer, attribute, element);
    const all = await explain('emails');
    expect(all.detail).toMatchObject([{ element: 'ada@example.com', value: null }, { element: 'ada@example.org' }]);
    expect(all.words).toEqual([
      'emails: no longer ada@example.com.',
      'a/contact/1 removed it on 2026-03-01T12:00:03.000Z; the last statement about each element wins.',
      'It beat: b/contact/1 states {"address":"ada@example.com"} since 2026-03-01T12:00:02.000Z.',
      'emails: {"address":"Ada@example.org"}.',
      'a/contact/1 states {"address":"Ada@example.org"} since 2026-03-01T12:00:02.000Z; the last statement about each element wins.',
    ]);
    expect((await explain('emails', 'ADA@example.org')).detail).toMatchObject({ element: 'ada@example.org' });
    for (const [attribute, element] of [
      ['emails', 'bo@example.org'],
      ['name.given', 'Ada'],
    ] as const)
      await expect(explain(attribute, element)).rejects.toMatchObject({
        code: 'UNSILO_NO_VALUE',
        message: `Nobody has ever stated this element of ${attribute} for this customer.`,
        hint: `Leave out the element: ${attribute} is explained as a whole.`,
      });
  });

  it('a customer is named by any of its records as well', async () => {
    const byRef = await hub.hub.service.explainValue(admin, 'b/contact/1', 'name.given');
    expect(byRef.words.join(' ')).toBe(await whyValue());
    expect((await hub.hub.service.explainCustomer(admin, 'b/contact/1')).detail.members).toContain('a/contact/1');
    await expect(hub.hub.service.explainCustomer(admin, 'b/contact/2')).rejects.toMatchObject({
      code: 'UNSILO_NO_RECORD',
    });
    await hub.hub.service.decide(admin, { kind: 'erase', refs: ['b/contact/1'] });
    await hub.hub.settled();
    await expect(hub.hub.service.explainCustomer(admin, 'b/contact/1')).rejects.toMatchObject({
      code: 'UNSILO_NO_CUSTOMER',
      message: 'This record belongs to no customer any more.',
    });
  });

  it('a write of a value of which nothing says whose it is has not cleared one', async () => {
    const base = { major: 1, minor: 0 };
    const command = { system: 'b', action: 'update' as const, ref: 'b/contact/1', base };
    await tell(planned({ ...command, id: 'c1', set: { 'name.given': { value: 'Augusta', asOf: T0 } } }));
    expect((await hub.hub.service.explainCommand(admin, 'c1')).words).toContainEqual(
      'name.given: the command does not say whose statement it follows.',
    );
    await tell(planned({ ...command, id: 'c2', set: { 'name.given': { value: null, asOf: 0 } } }));
    expect((await hub.hub.service.explainCommand(admin, 'c2')).words).toContainEqual(
      'name.given because nobody states any more what the hub once wrote there.',
    );
  });
});
