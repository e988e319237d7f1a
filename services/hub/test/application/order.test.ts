import type { UnsiloEvent } from '@unsilo/schemas';
import { CROWDED_MODEL, crowdedFacts } from './crowded-facts.js';
import { random } from './history.js';
import { admin, crm, openTestHub, policyFor, type TestHub } from './test-hub.js';

/** More by `HUB_PERMUTATIONS=500 npx jest services/hub/test/application/order`; a single one by `HUB_SEED` as well. */
const PERMUTATIONS = Number(process.env['HUB_PERMUTATIONS'] ?? 6);
const FIRST = Number(process.env['HUB_SEED'] ?? 1);

const SYSTEMS = [crm('a'), crm('b'), crm('c')];

const FACTS = crowdedFacts();

async function filled(chunks: readonly UnsiloEvent[][], batchSize: number): Promise<TestHub> {
  const hub = await openTestHub({ systems: SYSTEMS, policy: policyFor([]), model: CROWDED_MODEL, batchSize });
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
