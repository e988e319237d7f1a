import { partyEvent } from '@unsilo/schemas';
import { admin, crm, openTestHub, policyFor, seen, T0 } from './test-hub.js';

const SHARED = [{ address: 'harbour@example.org' }];

async function sizes(hub: Awaited<ReturnType<typeof openTestHub>>): Promise<number[]> {
  const found: number[] = [];
  for await (const customer of hub.hub.service.customers(admin)) found.push(customer.members.length);
  return found.sort((a, b) => a - b);
}

/** A name that is like no other: seven letters from a number. */
function invented(seed: number): string {
  let name = '';
  for (let i = 0, state = seed + 1; i < 7; i += 1) {
    state = (Math.imul(state, 0x9e3779b1) ^ (state >>> 13)) >>> 0;
    name += String.fromCharCode(97 + (state % 26));
  }
  return name;
}

describe('a value that too many different people share', () => {
  it('joins nobody any more, also records that it had joined before, and joins again when it becomes rare', async () => {
    const hub = await openTestHub({ systems: [crm('a')], policy: policyFor([]) });
    const names = ['Ada', 'Ada', 'Bea', 'Cyd', 'Dan', 'Eve', 'Fay'];
    for (const [i, given] of names.entries())
      await hub.append(seen(`a/contact/${i}`, 1, { name: { given }, emails: SHARED }));
    await hub.hub.settled();
    expect(await sizes(hub)).toEqual([1, 1, 1, 1, 1, 2]);
    await hub.append(seen('a/contact/7', 1, { name: { given: 'Gus' }, emails: SHARED }));
    await hub.hub.settled();
    expect(await sizes(hub)).toEqual([1, 1, 1, 1, 1, 1, 1, 1]);
    expect((await hub.hub.service.record(admin, 'a/contact/0')).identifiers).toEqual([
      { kind: 'email', value: 'harbour@example.org', generic: true },
    ]);
    await hub.append(seen('a/contact/7', 2, { name: { given: 'Gus' } }));
    await hub.hub.settled();
    expect(await sizes(hub)).toEqual([1, 1, 1, 1, 1, 1, 2]);
    await hub.close();
  });

  it('on more records than anybody has proposes nobody though they have one name, and what it held apart comes together when they go', async () => {
    const hub = await openTestHub({ systems: [crm('a')], policy: policyFor([]) });
    const refs = Array.from({ length: 305 }, (_, i) => `a/contact/${i}`);
    await hub.append(...refs.map((ref) => seen(ref, 1, { name: { given: 'Ada' }, emails: SHARED })));
    await hub.hub.settled();
    expect(new Set(await sizes(hub))).toEqual(new Set([1]));
    expect(await hub.hub.service.matchingReport(admin)).toMatchObject({
      records: 305,
      largestKey: 305,
      genericValues: 1,
      customers: 305,
      largestCustomer: { records: 1 },
    });
    await hub.append(...refs.slice(3).map((ref) => seen(ref, 2, { name: { given: 'Ada' } })));
    await hub.hub.settled();
    expect((await sizes(hub)).at(-1)).toBe(3);
    await hub.close();
  });

  it('10,000 records with one e-mail address are all taken in, each for itself', async () => {
    const hub = await openTestHub({ systems: [crm('a')], policy: policyFor([]) });
    const at = new Date(T0).toISOString();
    const events = Array.from({ length: 10_000 }, (_, i) =>
      partyEvent('acme', {
        ref: `a/contact/${i}`,
        version: { major: 1, minor: 0 },
        changedAt: at,
        observedAt: at,
        state: { kind: 'person', name: { given: invented(i), surname: invented(i + 10_000) }, emails: SHARED },
      }),
    );
    for (let i = 0; i < events.length; i += 1000) await hub.append(...events.slice(i, i + 1000));
    await hub.hub.settled();
    const found = await sizes(hub);
    expect(found).toHaveLength(10_000);
    expect(found.at(-1)).toBe(1);
    await hub.close();
  }, 120_000);
});
