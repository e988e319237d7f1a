import { decisionEvent, partyEvent, type PartyState, type UnsiloEvent } from '@unsilo/schemas';
import { DEFAULT_LINKAGE_MODEL } from '../../src/domain/linkage/default-model.js';
import type { LinkageRecord } from '../../src/domain/linkage/profile.js';
import { customers, sites } from '../linkage/synthetic.js';
import { random } from './history.js';
import { admin, crm, openTestHub, policyFor, T0, type TestHub } from './test-hub.js';

/** More by `HUB_PERMUTATIONS=500 npx jest services/hub/test/application/order`; a single one by `HUB_SEED` as well. */
const PERMUTATIONS = Number(process.env['HUB_PERMUTATIONS'] ?? 6);
const FIRST = Number(process.env['HUB_SEED'] ?? 1);

/** Keys retire and values turn generic within so few records, so that these rules are at work too. */
const MODEL = structuredClone(DEFAULT_LINKAGE_MODEL);
for (const part of [MODEL.person, MODEL.organization]) Object.assign(part, { prior: -9, keyLimit: 6, genericAbove: 2 });

const SYSTEMS = [crm('a'), crm('b'), crm('c')];

function stateOf({ kind, names = [], addresses = [], values = {} }: LinkageRecord): PartyState {
  const [{ full, given, surname } = {}] = names;
  const list = (attribute: string): string[] => (values[attribute] ?? []).filter((value) => value !== '');
  const [birthDate] = list('birthDate').filter((date) => /^\d{4}-\d\d-\d\d$/.test(date));
  const name = Object.entries({ full, given, surname }).filter(([, text]) => text !== undefined && text !== '');
  return {
    kind,
    ...(name.length === 0 ? {} : { name: Object.fromEntries(name) }),
    ...(birthDate === undefined ? {} : { birthDate }),
    emails: list('emails').map((address) => ({ address })),
    phones: list('phones').map((number) => ({ number })),
    addresses: addresses.map(({ number = '', street = '', locality = '', postcode = '' }) => ({
      street: `${street} ${number}`.trim(),
      locality,
      postcode,
    })),
  };
}

/** A few values stand with many names. */
function withShared(state: PartyState, rng: ReturnType<typeof random>): PartyState {
  const emails = rng.chance(0.2) ? [{ address: `front.desk${rng.int(3)}@example.org` }] : [];
  const phones = rng.chance(0.2) ? [{ number: `+44207946010${rng.int(3)}` }] : [];
  return { ...state, emails: [...(state.emails ?? []), ...emails], phones: [...(state.phones ?? []), ...phones] };
}

/** What is said of some sixty records: one to three versions each, deletions, erasures, and decisions, some of them taken back. */
function facts(): UnsiloEvent[] {
  const rng = random(17);
  const said = [...customers(21, 56, { missing: 0.25, wrong: 0.1, changed: 0.3 }).records, ...sites(22, 10).records];
  const events: UnsiloEvent[] = [];
  const at = (minute: number): string => new Date(T0 + minute * 60_000).toISOString();
  const refs = said.map((_, i) => `${rng.pick(['a', 'b', 'c'])}/contact/${i}`);
  for (const [i, ref] of refs.entries()) {
    const versions = 1 + rng.int(3);
    for (let major = 1; major <= versions; major += 1) {
      const time = at(i * 4 + major);
      const header = { ref, version: { major, minor: 0 }, createdAt: at(i * 4), changedAt: time, observedAt: time };
      const isDeleted = major > 1 && major === versions && rng.chance(0.2);
      // Until the last version it says what somebody else says.
      const source = major === versions ? said[i] : rng.pick(said);
      if (isDeleted) events.push(partyEvent('acme', { ...header, deleted: true }));
      else if (source) events.push(partyEvent('acme', { ...header, state: withShared(stateOf(source), rng) }));
    }
  }
  for (let i = 0; i < 14; i += 1) {
    const [a, b] = [rng.pick(refs), rng.pick(refs)];
    const kind = rng.pick(['link', 'unlink'] as const);
    if (a === b) continue;
    const decision = { author: 'steward', kind, refs: [a, b] as [string, string] };
    events.push(decisionEvent('acme', { ...decision, id: `d${i}`, decidedAt: at(i * 20) }));
    if (rng.chance(0.5))
      events.push(decisionEvent('acme', { ...decision, id: `u${i}`, decidedAt: at(i * 20 + 1), undo: true }));
  }
  for (const [i, ref] of rng.shuffle(refs).slice(0, 3).entries())
    events.push(
      decisionEvent('acme', { id: `e${i}`, author: 'steward', decidedAt: at(5000), kind: 'erase', refs: [ref] }),
    );
  return events;
}

const FACTS = facts();

async function filled(chunks: readonly UnsiloEvent[][], batchSize: number): Promise<TestHub> {
  const hub = await openTestHub({ systems: SYSTEMS, policy: policyFor([]), model: MODEL, batchSize });
  for (const chunk of chunks) {
    await hub.append(...chunk);
    await hub.hub.settled();
  }
  return hub;
}

/** The same facts in any order, some of them repeatedly, in batches of any size. */
async function disturbed(seed: number): Promise<TestHub> {
  const rng = random(seed * 7919);
  const events = rng.shuffle([...FACTS, ...FACTS.filter(() => rng.chance(0.3))]);
  const chunks: UnsiloEvent[][] = [];
  while (events.length > 0) chunks.push(events.splice(0, 1 + rng.int(rng.chance(0.5) ? 10 : 150)));
  return filled(chunks, 1 + rng.int(60));
}

/** Pairs that wait for a steward: as the table has them, and as the evidence of the records has it. */
async function openPairs({ store }: TestHub): Promise<{ noted: string[]; due: string[] }> {
  const all = async (table: string) => store.range('acme', table, { limit: 10_000 });
  const customerOf = new Map<string, string | undefined>();
  for (const { key, value } of await all('records'))
    customerOf.set(key, (JSON.parse(value) as { customer?: string }).customer);
  const due = new Set<string>();
  for (const { key: a, value } of await all('matching')) {
    const { edges } = JSON.parse(value) as { edges: Record<string, number> };
    for (const [b, weight] of Object.entries(edges))
      if (customerOf.get(a) !== customerOf.get(b)) due.add(`${[a, b].sort().join(' ')} ${weight}`);
  }
  const noted = (await all('review')).map(({ key, value }) => `${key.replace('\u001f', ' ')} ${value}`);
  return { noted: noted.sort(), due: [...due].sort() };
}

describe('the customers of a set of facts', () => {
  let expected = '';

  it('are those of records that resemble each other, with keys that retired and values that turned generic', async () => {
    const hub = await filled([FACTS], 4000);
    const report = await hub.hub.service.matchingReport(admin);
    expect(report.retiredKeys).toBeGreaterThan(2);
    expect(report.genericValues).toBeGreaterThan(0);
    expect(report.partedComponents).toBeGreaterThan(0);
    expect(report.largestCustomer.records).toBeGreaterThan(2);
    expect(report.customers).toBeLessThan(report.records);
    const { noted, due } = await openPairs(hub);
    expect(noted.length).toBeGreaterThan(10);
    expect(noted).toEqual(due);
    expected = (await hub.hub.service.customersHash(admin)).hash;
    await hub.close();
  });

  it(`are the same in ${PERMUTATIONS} orders, with repeats, late versions and retractions, in batches of any size; and so are the open pairs`, async () => {
    for (let seed = FIRST; seed < FIRST + PERMUTATIONS; seed += 1) {
      const hub = await disturbed(seed);
      const { hash } = await hub.hub.service.customersHash(admin);
      if (hash !== expected) throw new Error(`Seed ${seed} gives other customers.`);
      const { noted, due } = await openPairs(hub);
      expect({ seed, noted }).toEqual({ seed, noted: due });
      await hub.close();
    }
  }, 3_600_000);
});
