import type { UnsiloEvent } from '@unsilo/schemas';
import type { Policy } from '../../src/domain/policy.js';
import { random } from './history.js';
import { oddEvents } from './odd-facts.js';
import { admin, crm, folderWith, openTestHub, policyFor, type TestHub } from './test-hub.js';

const SYSTEMS = [crm('a'), crm('b')];
const READING = policyFor([]);
const WRITING = policyFor(['a', 'b']);
/** More by `ODD_SEEDS=300 npx jest services/hub/test/application/odd-facts`; from another one on by `FIRST_SEED` as well. */
const SEEDS = Number(process.env['ODD_SEEDS'] ?? 6);
const FIRST = Number(process.env['FIRST_SEED'] ?? 1);
const EVENTS = 200;

/** What of a customer is a function of the facts. */
async function customersOf({ hub }: TestHub): Promise<object[]> {
  const customers: object[] = [];
  const owners = new Map<string, string>();
  for await (const { revision: _, changedAt: __, ...customer } of hub.service.customers(admin)) {
    for (const member of customer.members) {
      expect([member, owners.get(member)]).toEqual([member, undefined]);
      owners.set(member, customer.id);
    }
    customers.push(customer);
  }
  return customers;
}

/** What the hub itself couldn't cope with. */
async function defectsOf({ hub }: TestHub): Promise<string[]> {
  const { items } = await hub.service.deadLetters(admin, { limit: 1000 });
  return items.filter(({ code }) => code === 'UNSILO_HUB_DEFECT').map(({ id, message }) => `${id}: ${message}`);
}

async function withHub<Result>(
  options: { policy: Policy; batchSize?: number; folder?: string },
  use: (hub: TestHub) => Promise<Result>,
): Promise<Result> {
  const hub = await openTestHub({ systems: SYSTEMS, ...options });
  try {
    const result = await use(hub);
    expect(await defectsOf(hub)).toEqual([]);
    return result;
  } finally {
    await hub.close();
  }
}

const seeds = Array.from({ length: SEEDS }, (_, i) => FIRST + i);
describe('events that say odd things', () => {
  it.each(seeds)('make the same customers one by one and mixed, and no defect (seed %d)', async (seed) => {
    const events = oddEvents(seed, EVENTS);
    const feed = (order: readonly UnsiloEvent[]) => async (hub: TestHub) => {
      await hub.append(...order);
      await hub.hub.settled();
      return customersOf(hub);
    };
    const oneByOne = await withHub({ policy: READING, batchSize: 1 }, feed(events));
    const mixed = await withHub({ policy: READING }, feed(random(seed).shuffle(events)));
    expect(mixed).toEqual(oneByOne);
  });

  it.each(seeds)('leave a state that can be made anew from the log (seed %d)', async (seed) => {
    const events = oddEvents(seed, EVENTS);
    const rng = random(seed);
    const [live, everything] = await withHub({ policy: WRITING, batchSize: 1 + rng.int(40) }, async (hub) => {
      for (let at = 0; at < events.length; at += 50) {
        await hub.append(...events.slice(at, at + 50));
        await hub.hub.settled();
      }
      const customers = await customersOf(hub);
      await hub.reopen();
      await hub.hub.settled();
      expect(await customersOf(hub)).toEqual(customers);
      return [customers, await hub.everything()] as const;
    });
    const folder = await folderWith(everything, ['a', 'b']);
    const anew = await withHub({ policy: WRITING, folder }, async (hub) => {
      await hub.hub.settled();
      return customersOf(hub);
    });
    expect(anew).toEqual(live);
  });
});
