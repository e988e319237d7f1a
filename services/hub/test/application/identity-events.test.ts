import type { Signal } from '@unsilo/schemas';
import { identityChanges } from '../../src/domain/identity-change.js';
import { admin, crm, openTestHub, policyFor, seen, type TestHub } from './test-hub.js';

describe('changes of identity', () => {
  const emails = [{ address: 'ada.byron@example.org' }];
  let hub: TestHub;
  beforeEach(async () => {
    hub = await openTestHub({ systems: [crm('a'), crm('b')], policy: policyFor([]) });
  });
  afterEach(() => hub.close());

  async function told(): Promise<Pick<Signal, 'name' | 'before' | 'after'>[]> {
    const messages = await hub.everything();
    return messages
      .filter(({ topic }) => topic.includes('.signals.'))
      .map(({ value }) => (JSON.parse(String(value)) as { data: Signal }).data)
      .map(({ name, before, after }) => ({ name, before, after }) as Pick<Signal, 'name' | 'before' | 'after'>);
  }
  const idOf = async (ref: string): Promise<string> => (await hub.hub.service.record(admin, ref)).customer ?? '';
  const decide = async (kind: 'link' | 'unlink'): Promise<void> => {
    await hub.hub.service.decide(admin, { kind, refs: ['a/contact/1', 'b/contact/2'] });
    await hub.hub.settled();
  };

  it('merge, split and merge again are events with the ids before and after, and the ids are the same each time', async () => {
    await hub.append(seen('a/contact/1', 1, { name: { given: 'Ada', surname: 'Byron' }, emails }));
    await hub.hub.settled();
    await hub.append(seen('b/contact/2', 2, { name: { given: 'Eve', surname: 'Moreau' } }));
    await hub.hub.settled();
    expect(await told()).toEqual([]);
    const [one, two] = [await idOf('a/contact/1'), await idOf('b/contact/2')];
    const both = [one, two].sort();
    await decide('link');
    expect(await told()).toEqual([{ name: 'customers.merged', before: both, after: [one] }]);
    await decide('unlink');
    expect([await idOf('a/contact/1'), await idOf('b/contact/2')]).toEqual([one, two]);
    await decide('link');
    expect((await told()).slice(1)).toEqual([
      { name: 'customers.split', before: [one], after: both },
      { name: 'customers.merged', before: both, after: [one] },
    ]);
    const looked = await hub.hub.service.customer(admin, two);
    expect(looked).toMatchObject({ status: 'moved' });
  });

  it('who joins a customer without having been one is no change of identity', async () => {
    await hub.append(seen('a/contact/1', 1, { name: { given: 'Ada', surname: 'Byron' }, emails }));
    await hub.hub.settled();
    await hub.append(seen('b/contact/2', 2, { name: { given: 'Ada', surname: 'Byron' }, emails }));
    await hub.hub.settled();
    expect(await idOf('b/contact/2')).toBe(await idOf('a/contact/1'));
    expect(await told()).toEqual([]);
  });
});

it('records that change hands between two customers are told as a merge and a split', () => {
  const before = new Map([
    ['c1', ['a', 'b']],
    ['c2', ['c', 'd']],
  ]);
  const after = new Map([
    ['c1', ['a']],
    ['c2', ['b', 'c', 'd']],
  ]);
  expect(identityChanges(before, after)).toEqual([
    { kind: 'merged', before: ['c1', 'c2'], after: ['c2'], records: 3 },
    { kind: 'split', before: ['c1'], after: ['c1', 'c2'], records: 4 },
  ]);
  expect(identityChanges(before, before)).toEqual([]);
  expect(identityChanges(before, new Map([['c9', ['a', 'b']]]))).toEqual([]);
});
