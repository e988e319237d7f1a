import { partyEvent, type UnsiloEvent } from '@unsilo/schemas';
import { DEFAULT_LINKAGE_MODEL } from '../../src/domain/linkage/default-model.js';
import { createLinkage } from '../../src/domain/linkage/linkage.js';
import type { LinkageModel } from '../../src/domain/linkage/model.js';
import type { LinkageRecord } from '../../src/domain/linkage/profile.js';
import { random } from './history.js';
import { admin, crm, openTestHub, policyFor, T0, type TestHub } from './test-hub.js';

/** Limits so small that keys retire and come back, values turn generic, and components are cut. */
const NARROW: LinkageModel = structuredClone(DEFAULT_LINKAGE_MODEL);
for (const part of [NARROW.person, NARROW.organization])
  Object.assign(part, { version: 'narrow', prior: -9, keyLimit: 6, genericAbove: 2 });

const GIVEN = ['Ada', 'Adah', 'Bea', 'Ada Maria', 'Robert', 'Bob', 'Rupert', 'Maria'];
const SURNAMES = ['Byron', 'Byran', 'Lovelace', 'Hopper', 'de Vries', 'Vries'];
const NAMES = ['Harbour Bikes Ltd', 'Harbor Bikes', 'Kestrel GmbH', 'Kestrel Cycles'];

/** One record as it stands, and the event that says so. */
interface Stated {
  record: LinkageRecord;
  event: UnsiloEvent;
}

/** Records about few names, addresses and values, changed again and again; some go. */
function statements(seed: number, length: number): { events: UnsiloEvent[]; last: Map<string, LinkageRecord> } {
  const rng = random(seed);
  const last = new Map<string, LinkageRecord>();
  const events: UnsiloEvent[] = [];
  for (let i = 0; i < length; i += 1) {
    const id = rng.int(length / 3);
    const ref = `${id % 2 === 0 ? 'a' : 'b'}/contact/${id}`;
    const { record, event } = stated(ref, i + 1, id % 7 === 0, rng);
    last.set(ref, record);
    events.push(event);
  }
  return { events, last };
}

function stated(ref: string, major: number, isOrganization: boolean, rng: ReturnType<typeof random>): Stated {
  const at = new Date(T0 + major * 1000).toISOString();
  const kind = isOrganization ? 'organization' : 'person';
  const name = isOrganization ? { full: rng.pick(NAMES) } : { given: rng.pick(GIVEN), surname: rng.pick(SURNAMES) };
  const emails = rng.chance(0.6)
    ? [`${rng.pick(['ada', 'byron', 'hopper', 'bikes', 'maria'])}${rng.int(3)}@example.org`]
    : [];
  const phones = rng.chance(0.4) ? [`+4420794600${10 + rng.int(6)}`] : [];
  const postcodes = rng.chance(0.4) ? [`1011${rng.int(5)}`] : [];
  const addresses = postcodes.map((postcode) => ({
    street: `Mill Lane ${1 + rng.int(4)}`,
    postcode,
    locality: 'Leeds',
  }));
  const event = partyEvent('acme', {
    ref,
    version: { major, minor: 0 },
    createdAt: at,
    changedAt: at,
    observedAt: at,
    state: {
      kind,
      name,
      emails: emails.map((address) => ({ address })),
      phones: phones.map((number) => ({ number })),
      addresses,
    },
  });
  return { event, record: { ref, kind, names: [name], addresses, values: { emails, phones } } };
}

async function clustersOf(hub: TestHub): Promise<string> {
  const found: string[] = [];
  for await (const { members } of hub.hub.service.customers(admin)) found.push([...members].sort().join(' '));
  return found.sort().join('\n');
}

function clustersInMemory(records: Iterable<LinkageRecord>, model: LinkageModel): string {
  const linkage = createLinkage(model);
  for (const record of records) linkage.upsert(record);
  linkage.settle();
  return linkage
    .clusters()
    .map((refs) => refs.join(' '))
    .sort()
    .join('\n');
}

describe('customers are what matching finds among the records as they stand', () => {
  const systems = [crm('a'), crm('b')];
  const policy = policyFor([]);

  it.each([
    [1, 1],
    [2, 7],
    [3, 40],
    [4, 500],
  ])('whatever they said before: seed %i, %i events at a time', async (seed, size) => {
    const { events, last } = statements(seed, 240);
    for (const model of [NARROW, DEFAULT_LINKAGE_MODEL]) {
      const hub = await openTestHub({ systems, policy, model });
      for (let i = 0; i < events.length; i += size) {
        await hub.append(...events.slice(i, i + size));
        if (i % 60 === 0) await hub.hub.settled();
      }
      await hub.hub.settled();
      const found = await clustersOf(hub);
      expect(found).toBe(clustersInMemory(last.values(), model));
      expect(found.split('\n').length).toBeLessThan(last.size);
      await hub.close();
    }
  });

  it('and are found anew, as a whole, when the model changes', async () => {
    const { events, last } = statements(5, 240);
    const hub = await openTestHub({ systems, policy, model: NARROW });
    await hub.append(...events);
    await hub.hub.settled();
    expect(await clustersOf(hub)).toBe(clustersInMemory(last.values(), NARROW));
    await hub.reopen({ model: DEFAULT_LINKAGE_MODEL });
    expect(await clustersOf(hub)).toBe(clustersInMemory(last.values(), DEFAULT_LINKAGE_MODEL));
    await hub.append(...events);
    await hub.hub.settled();
    expect(await clustersOf(hub)).toBe(clustersInMemory(last.values(), DEFAULT_LINKAGE_MODEL));
    await hub.close();
  });

  it('what another model would change is told before, and comes about', async () => {
    const { events, last } = statements(6, 240);
    const hub = await openTestHub({ systems, policy: policyFor(['a', 'b']), model: NARROW });
    await hub.append(...events);
    await hub.hub.settled();
    const [one = '', other = ''] = [...last.keys()].filter((ref) => ref.startsWith('a/'));
    await hub.hub.service.decide(admin, { kind: 'unlink', refs: [one, other] });
    await hub.hub.settled();
    const before = await hub.hub.service.customersHash(admin);
    const { service } = hub.hub;
    const planned = await service.planModel(admin, { model: DEFAULT_LINKAGE_MODEL, limit: 1000 });
    expect(await service.customersHash(admin)).toEqual(before);
    expect(planned.customers.before).toBe(before.customers);
    expect(planned.merges + planned.splits).toBeGreaterThan(0);
    expect(planned.changes).toHaveLength(planned.merges + planned.splits);
    expect(await service.planModel(admin, { model: NARROW, limit: 10 })).toMatchObject({
      merges: 0,
      splits: 0,
      writes: 0,
    });
    await expect(service.planModel(admin, { model: {}, limit: 1 })).rejects.toMatchObject({
      code: 'UNSILO_MODEL_INVALID',
    });
    await hub.reopen({ model: DEFAULT_LINKAGE_MODEL });
    expect((await hub.hub.service.customersHash(admin)).customers).toBe(planned.customers.after);
    const found = (await clustersOf(hub)).split('\n');
    for (const { groups } of planned.changes)
      for (const refs of groups) expect(found).toContain([...refs].sort().join(' '));
    await hub.close();
  });
});
