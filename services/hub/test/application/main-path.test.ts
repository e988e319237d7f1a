import { outcomeEvent } from '@unsilo/schemas';
import { admin, crm, openTestHub, policyFor, seen, type TestHub } from './test-hub.js';

describe('the main path', () => {
  let hub: TestHub;
  beforeEach(async () => {
    hub = await openTestHub({ systems: [crm('a'), crm('b')], policy: policyFor(['a', 'b']) });
  });
  afterEach(() => hub.close());

  const customers = async () => (await hub.hub.service.searchCustomers(admin, { limit: 100 })).items;

  it('two records that share an e-mail address are one customer, and the newer name is written where it is missing', async () => {
    await hub.append(
      seen('a/contact/1', 1, { name: { given: 'Ada', surname: 'Byron' }, emails: [{ address: 'ada@example.org' }] }),
      seen('b/contact/9', 5, { name: { given: 'Ada', surname: 'Lovelace' }, emails: [{ address: 'ADA@example.org' }] }),
    );
    await hub.hub.settled();
    const found = await customers();
    expect(found).toHaveLength(1);
    const commands = await hub.commands('a');
    expect(commands).toHaveLength(1);
    expect(commands[0]).toMatchObject({
      action: 'update',
      ref: 'a/contact/1',
      set: { 'name.surname': { value: 'Lovelace', from: 'b/contact/9' } },
    });
    expect(await hub.commands('b')).toHaveLength(0);
  });

  it('an unlink gives every record its own value back and every id keeps resolving', async () => {
    await hub.append(
      seen('a/contact/1', 1, { name: { given: 'Ada' }, emails: [{ address: 'adabea@example.org' }] }),
      seen('b/contact/9', 5, { name: { given: 'Adah' }, emails: [{ address: 'adabea@example.org' }] }),
    );
    await hub.hub.settled();
    const [command] = await hub.commands('a');
    if (command?.action !== 'update') throw new Error('expected an update');
    const [together] = await customers();
    await hub.append(
      outcomeEvent('acme', {
        command: command.id,
        system: 'a',
        status: 'applied',
        ref: 'a/contact/1',
        version: { major: 10, minor: 0 },
        pre: { major: 1, minor: 0 },
        exact: true,
        left: { kind: 'person', name: { given: 'Adah' }, emails: [{ address: 'adabea@example.org' }] },
        reportedAt: '2026-03-01T13:00:00.000Z',
      }),
    );
    await hub.hub.settled();
    expect(await hub.commands('a')).toHaveLength(1);
    await hub.hub.service.decide(admin, { kind: 'unlink', refs: ['a/contact/1', 'b/contact/9'], reason: 'two people' });
    await hub.hub.settled();
    expect(await customers()).toHaveLength(2);
    const back = (await hub.commands('a'))[1];
    expect(back).toMatchObject({ ref: 'a/contact/1', set: { 'name.given': { value: 'Ada' } } });
    expect((await hub.hub.service.customer(admin, together?.id ?? '')).status).toBe('found');
    await hub.hub.service.decide(admin, { kind: 'link', refs: ['a/contact/1', 'b/contact/9'] });
    await hub.hub.settled();
    expect((await customers()).map((c) => c.members)).toEqual([2]);
  });

  it('finds customers by parts of names, e-mail addresses and phone numbers', async () => {
    await hub.append(
      seen('a/contact/1', 1, {
        name: { given: 'Ada', surname: 'Lovelace' },
        emails: [{ address: 'ada@example.org' }],
        phones: [{ number: '+44 20 7946 0018' }],
      }),
    );
    await hub.hub.settled();
    for (const text of ['ada', 'Love', 'lovelace', 'ada@example.org', '+442079460018', 'ada love']) {
      expect((await hub.hub.service.searchCustomers(admin, { text, limit: 10 })).items).toHaveLength(1);
    }
    for (const text of ['grace', 'lovelady', 'ada hopper'])
      expect((await hub.hub.service.searchCustomers(admin, { text, limit: 10 })).items).toHaveLength(0);
  });

  const found = async (text: string): Promise<string[]> => {
    const { items } = await hub.hub.service.searchCustomers(admin, { text, limit: 10 });
    return items.map(({ name }) => name).sort();
  };

  it('finds customers whether accents are typed, left out or written out, and with or without an apostrophe', async () => {
    await hub.append(
      seen('a/contact/1', 1, { kind: 'organization', name: { full: 'Weiß & Söhne GmbH' } }),
      seen('a/contact/2', 2, { name: { given: 'Jürgen', surname: 'Müller' } }),
      seen('a/contact/3', 3, { name: { given: 'Juergen', surname: 'Mueller' } }),
      seen('a/contact/4', 4, { name: { given: 'Siobhán', surname: 'O’Brien' } }),
      seen('a/contact/5', 5, { name: { given: 'Søren', surname: 'Łukasz' } }),
      seen('a/contact/6', 6, { name: { given: 'Иван', surname: 'Петров' } }),
      seen('a/contact/7', 7, { name: { given: 'Joe', surname: 'Jones' } }),
    );
    await hub.hub.settled();
    for (const text of ['weiß', 'weiss', 'WEISS', 'söhne', 'sohne', 'soehne', 'weiß & söhne'])
      expect([text, await found(text)]).toEqual([text, ['Weiß & Söhne GmbH']]);
    for (const text of ['müller', 'muller', 'mueller', 'jürgen müller', 'mull'])
      expect([text, await found(text)]).toEqual([text, ['Juergen Mueller', 'Jürgen Müller']]);
    for (const text of ['obrien', 'O’Brien', "o'brien", 'brien', 'siobhan', 'siobhán'])
      expect([text, await found(text)]).toEqual([text, ['Siobhán O’Brien']]);
    for (const text of ['soren', 'søren', 'lukasz', 'łukasz'])
      expect([text, await found(text)]).toEqual([text, ['Søren Łukasz']]);
    for (const text of ['иван', 'ivan petrov']) expect([text, await found(text)]).toEqual([text, ['Иван Петров']]);
    expect(await found('joe')).toEqual(['Joe Jones']);
  });

  it('customers that an earlier version indexed by other words are found by those of this one after a start', async () => {
    await hub.append(seen('a/contact/1', 1, { name: { given: 'Jürgen', surname: 'Müller' } }));
    await hub.hub.settled();
    const [entry] = await hub.store.range('acme', 'customers', { limit: 1 });
    const entries = await hub.store.range('acme', 'search', { limit: 100 });
    const before = JSON.parse(entry!.value) as { revision: number };
    const stored = JSON.stringify({ ...before, words: [] });
    await hub.store.commit('acme', {
      put: [{ table: 'customers', key: entry!.key, value: stored }],
      remove: entries.map(({ key }) => ({ table: 'search', key })),
    });
    expect(await found('müller')).toEqual([]);
    await hub.reopen();
    await hub.hub.settled();
    expect(await found('müller')).toEqual(['Jürgen Müller']);
    const [after] = await hub.store.range('acme', 'customers', { limit: 1 });
    expect(JSON.parse(after!.value)).toEqual(before);
  });

  it('a restart continues where the state stands', async () => {
    await hub.append(seen('a/contact/1', 1, { name: { given: 'Ada' }, emails: [{ address: 'adabea@example.org' }] }));
    await hub.hub.settled();
    const before = await hub.hub.service.customersHash(admin);
    await hub.reopen();
    expect(await hub.hub.service.customersHash(admin)).toEqual(before);
    await hub.append(seen('b/contact/2', 1, { name: { given: 'Ada' }, emails: [{ address: 'adabea@example.org' }] }));
    await hub.hub.settled();
    expect(await customers()).toHaveLength(1);
  });
});
