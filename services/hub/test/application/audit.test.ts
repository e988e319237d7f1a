import type { AuditRow } from '../../src/application/service.js';
import { admin, crm, openTestHub, policyFor, seen } from './test-hub.js';

it('what may not be written is not told as displaced, though there is no place for it either; a system that does not exist is refused', async () => {
  const oneEmail = (writable: boolean) => ({ attributes: { emails: { writable, slots: ['work'] } } });
  const hub = await openTestHub({
    systems: [crm('a'), crm('b', oneEmail(true)), crm('c', oneEmail(true)), crm('d', oneEmail(false))],
    // c may not be written by the policy, and d by its profile.
    policy: policyFor(['b', 'd']),
  });
  const name = { given: 'Ada', surname: 'Lovelace' };
  const [one, other] = [{ address: 'ada@example.org', label: 'work' }, { address: 'ada@example.com' }];
  await hub.append(
    seen('a/contact/1', 1, { name, emails: [one, other] }),
    ...['b', 'c', 'd'].map((system) => seen(`${system}/contact/1`, 5, { name, emails: [one] })),
  );
  await hub.hub.settled();
  const rows: AuditRow[] = [];
  for await (const row of hub.hub.service.audit(admin, {})) rows.push(row);
  expect(rows.map(({ ref, attribute, reason }) => [ref, attribute, reason])).toEqual([
    ['b/contact/1', 'emails', 'displaced'],
    ['c/contact/1', 'emails', 'not-writable'],
    ['d/contact/1', 'emails', 'not-writable'],
  ]);
  const misspelt = hub.hub.service.audit(admin, { system: 'e' })[Symbol.asyncIterator]().next();
  await expect(misspelt).rejects.toMatchObject({ code: 'UNSILO_NO_SYSTEM' });
  await hub.close();
});
