import { decisionEvent, outcomeEvent, type Decision, type UnsiloEvent } from '@unsilo/schemas';
import { admin, crm, folderWith, openTestHub, planned, policyFor, seen, T0, type TestHub } from './test-hub.js';

const iso = (ms: number): string => new Date(ms).toISOString();
const TABLES = [
  'records',
  'history',
  'commands',
  'decisions',
  'customers',
  'search',
  'matching',
  'summarised',
] as const;

describe('an erasure', () => {
  let hub: TestHub;
  beforeEach(async () => {
    const policy = policyFor([], { horizon: { age: 1, versions: 1 } });
    hub = await openTestHub({ systems: [crm('a'), crm('b')], policy });
  });
  afterEach(() => hub.close());

  const oneByOne = async (...events: UnsiloEvent[]): Promise<void> => {
    for (const event of events) {
      await hub.append(event);
      await hub.hub.settled();
    }
  };

  const rowsThatSay = async (word: string): Promise<string[]> => {
    const found: string[] = [];
    for (const table of TABLES)
      for (const { key, value } of await hub.store.range('acme', table, { limit: 1000 }))
        if (value.includes(word)) found.push(`${table} ${key}`);
    return found;
  };

  const given = async (): Promise<(string | undefined)[]> => {
    const found = [];
    for await (const { state } of hub.hub.service.customers(admin)) found.push(state.name?.given);
    return found;
  };

  const decided = (id: string, at: number, decision: object): UnsiloEvent =>
    decisionEvent('acme', { id, author: 's', decidedAt: iso(T0 + at), ...decision } as Decision);
  const erased = decided('e', 60_000, { kind: 'erase', refs: ['a/contact/1'] });
  const kept = decided('k', 5000, {
    kind: 'keep',
    ref: 'a/contact/1',
    attribute: 'name.given',
    value: 'Augusta',
    reason: 'Augusta told us',
  });
  const first = seen('a/contact/1', 1, { name: { given: 'Ada' } });
  const later = seen('a/contact/1', 20, { name: { surname: 'Byron' } }, T0 + 90_000);
  const write = planned({
    id: 'c1',
    system: 'a',
    action: 'update',
    ref: 'a/contact/1',
    base: { major: 1, minor: 0 },
    set: { 'name.given': { value: 'Augusta', asOf: T0 } },
  });

  test.each([
    ['before it', [first, kept, erased, later]],
    ['and is read after it', [first, erased, kept, later]],
  ])('takes what a steward had kept %s, for good and in the compacted topic', async (_, events) => {
    await oneByOne(...events);
    expect(await given()).toEqual([undefined]);
    expect(await rowsThatSay('Augusta')).toEqual([]);
    const { items } = await hub.hub.service.decisions(admin, { limit: 10 });
    expect(items.map(({ id }) => id)).toEqual(['e', 'k']);
  });

  it('puts a kept value without its value in the place of the one that the compacted topic has', async () => {
    await oneByOne(first, kept, erased);
    const messages = (await hub.everything()).filter(({ topic, value }) => /decisions/.test(topic) && value !== null);
    const last = new Map(messages.map(({ key, value }) => [key, String(value)]));
    expect([...last.values()].filter((text) => text.includes('Augusta'))).toEqual([]);
  });

  it('leaves what is decided after it', async () => {
    const again = decided('k2', 95_000, {
      kind: 'keep',
      ref: 'a/contact/1',
      attribute: 'name.given',
      value: 'Annabella',
    });
    await oneByOne(first, kept, erased, later, again);
    expect(await given()).toEqual(['Annabella']);
  });

  it('takes the values of writes that were summed up long ago', async () => {
    const name = (word: string) => ({ kind: 'person' as const, name: { given: word } });
    await oneByOne(
      first,
      write,
      outcomeEvent('acme', {
        command: 'c1',
        system: 'a',
        status: 'applied',
        ref: 'a/contact/1',
        pre: { major: 1, minor: 0 },
        version: { major: 2, minor: 0 },
        exact: true,
        before: name('Ada'),
        left: name('Augusta'),
        reportedAt: iso(T0 + 2000),
      }),
    );
    for (let version = 2; version <= 9; version += 1)
      await oneByOne(seen('a/contact/1', version, { ...name('Augusta'), note: `n${version}` }));
    expect(await rowsThatSay('c1')).toContain('summarised a/contact/1');
    await oneByOne(erased);
    expect(await rowsThatSay('Augusta')).toEqual([]);
    expect(JSON.stringify(await hub.hub.service.explainCommand(admin, 'c1'))).not.toContain('Augusta');
  });

  it('takes the values of a write that is read after it, as in a rebuild', async () => {
    await oneByOne(first, erased, write);
    expect(await rowsThatSay('Augusta')).toEqual([]);
  });

  it('holds for what was published before it, when the state is made anew', async () => {
    for (let version = 1; version <= 6; version += 1)
      await oneByOne(seen('a/contact/1', version, { name: { given: 'Augusta' }, note: `n${version}` }));
    await hub.hub.publishRecords();
    await oneByOne(erased);
    const retained = (await hub.everything()).filter(({ topic }) => /\.(records|decisions)\./.test(topic));
    const folder = await folderWith(retained, ['a', 'b']);
    const rebuilt = await openTestHub({ systems: [crm('a'), crm('b')], policy: policyFor([]), folder });
    try {
      await rebuilt.hub.settled();
      const found = [];
      for await (const customer of rebuilt.hub.service.customers(admin)) found.push(customer);
      expect(found).toEqual([]);
    } finally {
      await rebuilt.close();
    }
  });
});
