import { admin, crm, openTestHub, policyFor, seen } from './test-hub.js';

it('persons and organizations stay customers of their own, tied by the name that systems give and by the domain', async () => {
  const account = crm('a').kinds.map((kind) => ({ ...kind, kind: 'account', party: 'organization' as const }));
  const profile = crm('a');
  const hub = await openTestHub({
    systems: [{ ...profile, kinds: [...profile.kinds, ...account] }],
    policy: policyFor([]),
  });
  await hub.append(
    seen('a/contact/1', 1, {
      name: { given: 'Ada', surname: 'Lovelace' },
      emails: [{ address: 'ada@acme.example' }],
      organizations: [{ name: 'Acme' }],
      titles: [{ name: 'Engineer' }],
    }),
    seen('a/contact/2', 1, { name: { given: 'Ben', surname: 'Stays' }, organizations: [{ name: 'ACME Ltd' }] }),
    seen('a/contact/3', 1, { name: { given: 'Cleo', surname: 'Free' } }),
    seen('a/account/1', 1, {
      kind: 'organization',
      name: { full: 'Acme Ltd' },
      emails: [{ address: 'info@acme.example' }],
    }),
    seen('a/account/2', 1, {
      kind: 'organization',
      name: { full: 'Acme Inc' },
      emails: [{ address: 'info@other.example' }],
    }),
  );
  await hub.hub.settled();
  const { service } = hub.hub;
  const idOf = async (ref: string): Promise<string> => (await service.record(admin, ref)).customer ?? '';
  const [ada, ben, cleo, acme, other] = await Promise.all(
    ['a/contact/1', 'a/contact/2', 'a/contact/3', 'a/account/1', 'a/account/2'].map(idOf),
  );
  expect(new Set([ada, ben, cleo, acme, other]).size).toBe(5);
  const look = (id: string | undefined) => service.employment(admin, id ?? '', { limit: 10 });
  expect(await look(ada)).toMatchObject({
    employers: [{ customer: { id: acme }, stated: 'Acme', how: 'name-and-domain', title: 'Engineer' }],
    people: [],
    complete: true,
  });
  // The name alone does not tell which of the two is meant.
  expect((await look(ben)).employers.map((link) => link.customer.id).sort()).toEqual([acme, other].sort());
  expect(await look(cleo)).toEqual({ employers: [], people: [], complete: true });
  expect((await look(acme)).people.map((link) => [link.customer.id, link.how])).toEqual([
    [ada, 'name-and-domain'],
    [ben, 'name'],
  ]);
  expect(await service.employment(admin, acme ?? '', { limit: 1 })).toMatchObject({ complete: false });
  await hub.close();
});
