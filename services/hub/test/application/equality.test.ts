import type { UnsiloEvent } from '@unsilo/schemas';
import type { Policy } from '../../src/domain/policy.js';
import { history, random } from './history.js';
import { admin, crm, folderWith, openTestHub, policyFor, type TestHub } from './test-hub.js';

const SYSTEMS = ['a', 'b', 'c'];
const SEEDS = Array.from({ length: 12 }, (_, i) => i + 1);
/** With writes: what is planned when depends on the batches, and commands are facts, so only a rebuild can be compared. */
const writing = policyFor(SYSTEMS);
const reading = policyFor([]);
const systems = SYSTEMS.map((s) => crm(s));

/** Hash of the customers after a history, and every id that was handed out on the way. */
async function run(
  events: readonly UnsiloEvent[],
  options: { batchSize?: number; steps?: number; policy?: Policy } = {},
): Promise<{ hash: string; hub: TestHub; ids: Set<string> }> {
  const hub = await openTestHub({
    systems,
    policy: options.policy ?? reading,
    ...(options.batchSize === undefined ? {} : { batchSize: options.batchSize }),
  });
  const ids = new Set<string>();
  const step = options.steps ?? events.length;
  for (let i = 0; i < events.length; i += step) {
    await hub.append(...events.slice(i, i + step));
    await hub.hub.settled();
    for await (const customer of hub.hub.service.customers(admin))
      for (const id of [customer.id, ...customer.aliases]) ids.add(id);
  }
  const { hash } = await hub.hub.service.customersHash(admin);
  return { hash, hub, ids };
}

async function hashOf(
  events: readonly UnsiloEvent[],
  options: { batchSize?: number; steps?: number; policy?: Policy } = {},
): Promise<string> {
  const { hash, hub } = await run(events, options);
  await hub.close();
  return hash;
}

describe.each(SEEDS)('history %i', (seed) => {
  const events = history(seed, SYSTEMS, 60);

  it('gives the same customers in batches of any size', async () => {
    const whole = await hashOf(events);
    expect(await hashOf(events, { batchSize: 1 })).toBe(whole);
    expect(await hashOf(events, { batchSize: 7 })).toBe(whole);
  });

  it('gives the same customers in any order, with repeats', async () => {
    const rng = random(seed * 7919);
    const whole = await hashOf(events);
    expect(await hashOf(rng.shuffle([...events, ...events.filter(() => rng.chance(0.3))]), { batchSize: 5 })).toBe(
      whole,
    );
  });

  it('gives the same customers when they are rebuilt from the topics, and every id ever handed out resolves', async () => {
    const { hash, hub, ids } = await run(events, { steps: 20, policy: writing });
    for (const id of ids) expect((await hub.hub.service.customer(admin, id)).status).not.toBe('unknown');
    await hub.hub.publishRecords();
    const rebuilt = await openTestHub({
      systems,
      policy: writing,
      folder: await folderWith(await hub.everything(), SYSTEMS),
    });
    expect((await rebuilt.hub.service.customersHash(admin)).hash).toBe(hash);
    for (const id of ids) expect((await rebuilt.hub.service.customer(admin, id)).status).not.toBe('unknown');
    await rebuilt.close();
    await hub.close();
  });
});
