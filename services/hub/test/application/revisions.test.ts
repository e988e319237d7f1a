import { admin, crm, openTestHub, policyFor, seen } from './test-hub.js';

it('an id that was merged away and comes back goes on with its revisions: no event of the customers topic has the id of another', async () => {
  const hub = await openTestHub({ systems: [crm('a')], policy: policyFor([]) });
  await hub.append(
    seen('a/contact/1', 1, { emails: [{ address: 'x@example.org' }] }),
    seen('a/contact/2', 2, { emails: [{ address: 'y@example.org' }] }),
  );
  await hub.hub.settled();
  for (const kind of ['link', 'unlink', 'link', 'unlink'] as const) {
    await hub.hub.service.decide(admin, { kind, refs: ['a/contact/1', 'a/contact/2'] });
    await hub.hub.settled();
  }
  const events = await hub.hub.service.events(admin, { topic: 'unsilo.customers.v1', limit: 100 });
  const ids = events.items.map((e) => e.id);
  expect(ids.length).toBeGreaterThan(8);
  expect(new Set(ids).size).toBe(ids.length);
  const last = (await hub.hub.service.searchCustomers(admin, { limit: 10 })).items.map((c) => c.id).sort();
  const revisions = events.items.filter((e) => last.includes(e.subject)).map((e) => [e.subject, e.id.split('#')[1]]);
  for (const id of last) {
    const of = revisions.filter(([subject]) => subject === id).map(([, n]) => Number(n));
    expect(of.sort((x, y) => x - y)).toEqual(of.map((_, i) => i + 1));
  }
  await hub.close();
});
