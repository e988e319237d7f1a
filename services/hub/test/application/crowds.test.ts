import type { UnsiloEvent } from '@unsilo/schemas';
import { admin, crm, openTestHub, policyFor, seen } from './test-hub.js';

const PERSONS = 300;

/** People who are told apart by little: few given names, surnames that differ in a digit. Weak evidence ties more of them than one component may have. */
function crowd(): UnsiloEvent[] {
  return Array.from({ length: PERSONS }, (_, person) => person).flatMap((person) => {
    const name = { given: `Given${person % 97}`, surname: `Surname${person}` };
    const emails = [{ address: `p${person}@example.org` }];
    const phones = [{ number: `+4930${2_000_000 + person}` }];
    return [
      seen(`a/contact/${person}`, 1, { name, emails, phones }),
      ...(person % 2 === 0 ? [seen(`b/contact/${person}`, 1, { name, emails, phones })] : []),
      ...(person % 5 === 0
        ? [seen(`c/contact/${person}`, 1, { name: { full: `${name.given} ${name.surname}` }, emails })]
        : []),
    ];
  });
}

/** The same for the same seed. */
function shuffled<T>(items: readonly T[], seed: number): T[] {
  let state = seed;
  const next = (): number => (state = (state * 1_103_515_245 + 12_345) % 2_147_483_648) / 2_147_483_648;
  return items
    .map((item) => [next(), item] as const)
    .sort(([a], [b]) => a - b)
    .map(([, item]) => item);
}

async function customersOf(batches: readonly UnsiloEvent[][]): Promise<string[]> {
  const hub = await openTestHub({ systems: ['a', 'b', 'c'].map((name) => crm(name)), policy: policyFor([]) });
  try {
    for (const batch of batches) {
      await hub.append(...batch);
      await hub.hub.settled();
    }
    const members: string[] = [];
    for await (const customer of hub.hub.service.customers(admin)) members.push(customer.members.join(' '));
    return members.sort();
  } finally {
    await hub.close();
  }
}

it('a component that grows past the largest one ends in the same customers, in whatever order its records came', async () => {
  const events = crowd();
  const atOnce = await customersOf([events]);
  expect(atOnce.length).toBeGreaterThan(100);
  for (const seed of [1, 2, 3]) {
    const order = shuffled(events, seed);
    const batches = Array.from({ length: Math.ceil(order.length / 20) }, (_, i) => order.slice(20 * i, 20 * i + 20));
    expect(await customersOf(batches)).toEqual(atOnce);
  }
}, 120_000);
