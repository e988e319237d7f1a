import { decisionEvent, outcomeEvent, type PartyState, type UnsiloEvent } from '@unsilo/schemas';
import { admin, crm, folderWith, openTestHub, planned, policyFor, seen, T0, type TestHub } from './test-hub.js';

const policy = policyFor([]);
const version = (major: number) => ({ major, minor: 0 });
const ada: PartyState = { kind: 'person', name: { given: 'Ada' } };
const emails = [{ address: 'adalovelace@example.org' }];
const time = (ms: number): string => new Date(T0 + ms).toISOString();

function link(id: string, ms: number, undo: boolean): UnsiloEvent {
  const refs: [string, string] = ['a/contact/1', 'b/contact/1'];
  return decisionEvent('acme', { id, author: 's', decidedAt: time(ms), kind: 'link', refs, undo });
}

async function customersOf({ hub }: TestHub) {
  await hub.settled();
  const found = [];
  for await (const { members, state } of hub.service.customers(admin)) found.push({ members, state });
  return found;
}

describe('a system that was taken out of the configuration', () => {
  it('states no more than before what was written there, when the state is made anew', async () => {
    const events = [
      seen('a/contact/1', 1, { ...ada, emails }),
      seen('b/contact/1', 1, ada),
      link('1', 2000, false),
      planned({
        id: 'w',
        system: 'b',
        action: 'update',
        ref: 'b/contact/1',
        base: version(1),
        set: { emails: { value: emails, asOf: T0 + 1000, from: 'a/contact/1' } },
      }),
      outcomeEvent('acme', {
        command: 'w',
        system: 'b',
        status: 'applied',
        ref: 'b/contact/1',
        version: version(2),
        pre: version(1),
        exact: true,
        before: ada,
        left: { ...ada, emails },
        reportedAt: time(30_000),
      }),
      seen('b/contact/1', 2, { ...ada, emails }, T0 + 31_000),
      link('2', 50_000, true),
    ];
    const hub = await openTestHub({ systems: [crm('a'), crm('b')], policy });
    await hub.append(...events);
    const before = await customersOf(hub);
    expect(before).toHaveLength(2);
    const folder = await folderWith(await hub.everything(), ['a', 'b']);
    const anew = await openTestHub({ systems: [crm('a')], policy, folder });
    expect(await customersOf(anew)).toEqual(before);
    await hub.close();
    await anew.close();
  });
});
