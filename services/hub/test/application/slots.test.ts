import { crm, openTestHub, policyFor, seen } from './test-hub.js';

const mails = (...addresses: string[]) => ({ emails: addresses.map((address) => ({ address })) });

describe('a record that shows more elements than its kind has slots', () => {
  const attributes = { 'name.full': { writable: true }, emails: { writable: true, slots: ['mail'] } };
  const systems = [crm('a'), crm('b', { attributes })];
  const ada = { name: { full: 'Ada Quux' } };

  it('is left as it stands, until there is a newer element', async () => {
    const hub = await openTestHub({ systems, policy: policyFor(['b']) });
    await hub.append(seen('b/contact/1', 1, { ...ada, ...mails('z@example.org', 'a@example.org') }));
    await hub.hub.settled();
    expect(await hub.commands('b')).toEqual([]);
    await hub.append(seen('a/contact/1', 2, { ...ada, ...mails('a@example.org') }));
    await hub.hub.settled();
    expect(await hub.commands('b')).toEqual([]);
    await hub.append(seen('a/contact/1', 9, { ...ada, ...mails('a@example.org', 'n@example.org') }));
    await hub.hub.settled();
    expect(await hub.commands('b')).toMatchObject([{ set: { emails: { value: [{ address: 'n@example.org' }] } } }]);
    await hub.close();
  });
});
