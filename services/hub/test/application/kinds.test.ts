import { DEFAULT_LINKAGE_MODEL } from '../../src/domain/linkage/default-model.js';
import type { Policy } from '../../src/domain/policy.js';
import type { PartyState } from '@unsilo/schemas';
import { admin, crm, openTestHub, policyFor, seen, type TestHub } from './test-hub.js';

const KINDS: NonNullable<Policy['kinds']> = {
  'extra.birth': { attribute: 'birthDate', date: 'dd/mm/yyyy' },
  'extra.git': { attribute: 'onlineServices', prefix: 'github:' },
  'extra.mails': { attribute: 'emails', split: ';' },
  'extra.memberNo': { attribute: 'identifiers:club' },
  'extra.segment': { attribute: 'extra.segment', compare: 'code' },
  'extra.taxId': { attribute: 'identifiers:tax' },
};
const systems = [crm('a'), crm('b')];

async function filled(kinds: Policy['kinds'], states: Partial<PartyState>[]): Promise<TestHub> {
  const hub = await openTestHub({ systems, policy: policyFor([], kinds === undefined ? {} : { kinds }) });
  await hub.append(...states.map((state, i) => seen(`${i % 2 === 0 ? 'a' : 'b'}/contact/${i + 1}`, i + 1, state)));
  await hub.hub.settled();
  return hub;
}

async function customers(hub: TestHub): Promise<string[]> {
  const found: string[] = [];
  for await (const { members } of hub.hub.service.customers(admin)) found.push([...members].sort().join(' '));
  return found.sort();
}

const level = async (hub: TestHub, attribute: string): Promise<string | undefined> =>
  (await hub.hub.service.explainPair(admin, 'a/contact/1', 'b/contact/2')).detail.comparison?.evidence.find(
    (e) => e.attribute === attribute,
  )?.level;

describe('attributes of one’s own', () => {
  const states: Partial<PartyState>[] = [
    { name: { given: 'Ada', surname: 'Byron' }, extra: { taxId: 'GB 123-456-789', birth: '10/12/1985' } },
    { name: { given: 'A.', surname: 'King' }, extra: { taxId: 'gb123456789', birth: '10/12/1985' } },
  ];

  it('say nothing until it is told what they are', async () => {
    const hub = await filled(undefined, states);
    expect(await customers(hub)).toEqual(['a/contact/1', 'b/contact/2']);
    await hub.close();
  });

  it('then join as what they are would', async () => {
    const hub = await filled(KINDS, states);
    expect(await customers(hub)).toEqual(['a/contact/1 b/contact/2']);
    expect(await level(hub, 'identifiers:tax')).toBe('exact');
    // The day comes first here, which slashes alone don't tell.
    expect(await level(hub, 'birthDate')).toBe('exact');
    const { identifiers } = await hub.hub.service.record(admin, 'a/contact/1');
    expect(identifiers).toEqual([{ kind: 'external-id', value: 'gb123456789', generic: false }]);
    await hub.close();
  });

  it('are split, prefixed, and compared as themselves', async () => {
    const hub = await filled(KINDS, [
      { name: { given: 'Ada' }, extra: { mails: 'ada@example.org; lady@example.org', segment: 'Gold', git: 'ada' } },
      { name: { given: 'Ada' }, extra: { mails: 'lady@example.org', segment: 'silver', git: '@Ada', memberNo: 7 } },
    ]);
    expect(await level(hub, 'emails')).toBe('exact');
    expect(await level(hub, 'onlineServices')).toBe('exact');
    expect(await level(hub, 'extra.segment')).toBe('differs');
    await hub.close();
  });

  it('that are compared as themselves are told to training, with their kind', async () => {
    const hub = await filled(KINDS, [{ name: { given: 'Ada' }, extra: { segment: 'Gold', other: 'x' } }]);
    const lines = [];
    for await (const line of hub.hub.service.trainingData(admin)) lines.push(line);
    expect(lines).toMatchObject([
      { type: 'settings', kinds: { 'extra.segment': 'code' } },
      { type: 'record', profile: { values: { 'extra.segment': ['gold'] } } },
    ]);
    await hub.close();
  });

  it('are read anew in a state that was computed without them', async () => {
    const hub = await filled(undefined, states);
    expect(await customers(hub)).toHaveLength(2);
    await hub.reopen({ policy: policyFor([], { kinds: KINDS }) });
    await hub.hub.settled();
    expect(await customers(hub)).toEqual(['a/contact/1 b/contact/2']);
    await hub.close();
  });

  it('are counted as they are in a plan for another model', async () => {
    const hub = await filled(KINDS, states);
    const plan = await hub.hub.service.planModel(admin, { model: DEFAULT_LINKAGE_MODEL, limit: 5 });
    expect(plan).toMatchObject({ customers: { before: 1, after: 1 }, merges: 0, splits: 0 });
    await hub.close();
  });
});
