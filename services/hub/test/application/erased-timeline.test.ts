import {
  commandEvent,
  decisionEvent,
  interactionEvent,
  objectEvent,
  type InteractionState,
  type UnsiloEvent,
} from '@unsilo/schemas';
import fc from 'fast-check';
import { admin, crm, openTestHub, policyFor, seen, T0 } from './test-hub.js';

/** Stands in everything that must be gone. */
const PRIVATE = 'xyzzy';
const iso = (at: number): string => new Date(at).toISOString();
const ERASED = T0 + 60_000;

function post(id: string, at: number, state: Partial<InteractionState>): UnsiloEvent {
  const said = { changedAt: iso(at), observedAt: iso(at) };
  return interactionEvent('acme', {
    ref: `s/status/${id}`,
    version: { major: 1, minor: 0 },
    ...said,
    state: { kind: 'mention', direction: 'inbound', visibility: 'public', publishedAt: iso(at), ...state },
  });
}

function businessCase(id: string, parties: string[], name: string): UnsiloEvent {
  const said = { changedAt: iso(T0), observedAt: iso(T0) };
  return objectEvent('acme', {
    ref: `a/case/${id}`,
    version: { major: 1, minor: 0 },
    ...said,
    state: { kind: 'case', name, parties: parties.map((ref) => ({ ref, role: 'contact' as const })) },
  });
}

const HISTORY: UnsiloEvent[] = [
  seen('s/account/1', 1, { name: { full: `Ada ${PRIVATE}` }, emails: [{ address: `ada@${PRIVATE}.example` }] }),
  seen('a/contact/1', 1, { name: { full: `Ada ${PRIVATE}` }, emails: [{ address: `ada@${PRIVATE}.example` }] }),
  seen('a/contact/2', 1, { name: { full: 'Ben Stays' } }),
  post('1', T0 + 10_000, { author: 's/account/1', text: `My name is ${PRIVATE}.` }),
  post('2', T0 + 20_000, {
    direction: 'outbound',
    author: 's/account/ours',
    audience: ['s/account/1'],
    text: `Hello ${PRIVATE}!`,
  }),
  post('3', T0 + 20_000, {
    author: 's/account/other',
    audience: ['s/account/1', 's/account/ours'],
    text: 'To you both.',
  }),
  post('4', T0 + 90_000, { author: 's/account/1', text: 'I am back.' }),
  businessCase('1', ['a/contact/1'], `Where is the parcel of ${PRIVATE}?`),
  businessCase('2', ['a/contact/1', 'a/contact/2'], 'A joint order'),
  commandEvent('acme', {
    id: 'reply-1',
    system: 's',
    cause: { kind: 'user' },
    issuedAt: iso(T0 + 15_000),
    deadline: iso(T0 + 3_600_000),
    attempt: 1,
    action: 'reply',
    inReplyTo: 's/status/1',
    text: `Dear ${PRIVATE}, it is on its way.`,
  }),
  decisionEvent('acme', {
    id: 'd1',
    kind: 'erase',
    refs: ['a/contact/1', 's/account/1'],
    author: 'marta',
    reason: 'She asked for it.',
    decidedAt: iso(ERASED),
  }),
];

it('whoever is erased leaves no posts, answers or cases of their own behind, in whatever order all of it came', async () => {
  const tables = ['records', 'history', 'interactions', 'objects', 'timeline', 'commands', 'customers'];
  await fc.assert(
    fc.asyncProperty(
      fc.shuffledSubarray(HISTORY, { minLength: HISTORY.length }),
      fc.constantFrom(1, 3, 100),
      async (events, batchSize) => {
        const hub = await openTestHub({ systems: [crm('a'), crm('s')], policy: policyFor([]), batchSize });
        for (const event of events) {
          await hub.append(event);
          if (batchSize < 100) await hub.hub.settled();
        }
        await hub.hub.settled();
        const left = new Map<string, string>();
        for (const table of tables)
          for (const { key, value } of await hub.store.range('acme', table, { limit: 1000 }))
            left.set(`${table} ${key}`, value);
        expect([...left].filter(([, value]) => value.includes(PRIVATE))).toEqual([]);
        const { service } = hub.hub;
        expect((await service.interaction(admin, 's/status/1')).interaction.state).toBeUndefined();
        expect((await service.interaction(admin, 's/status/3')).interaction.state).toMatchObject({
          text: 'To you both.',
          audience: ['s/account/ours'],
        });
        expect((await service.interaction(admin, 's/status/4')).interaction.state?.text).toBe('I am back.');
        expect(JSON.parse(left.get('objects a/case/2') ?? '{}')).toMatchObject({
          object: { state: { name: 'A joint order', parties: [{ ref: 'a/contact/2' }] } },
        });
        expect([...left.keys()].filter((key) => key.startsWith('timeline a/contact/1'))).toEqual([]);
        await hub.close();
      },
    ),
    { numRuns: 25 },
  );
}, 120_000);

it('posts and cases that are told again with other parties than before are taken in', async () => {
  const hub = await openTestHub({ systems: [crm('a'), crm('s')], policy: policyFor([]) });
  const edited = (event: UnsiloEvent): UnsiloEvent => {
    if (event.type !== 'unsilo.interaction.changed' && event.type !== 'unsilo.object.changed') return event;
    return JSON.parse(
      JSON.stringify(event).replaceAll('"major":1', '"major":2').replace('@1.0', '@2.0'),
    ) as UnsiloEvent;
  };
  await hub.append(
    post('5', T0, { author: 's/account/5', text: 'First' }),
    businessCase('5', ['a/contact/5'], 'First'),
  );
  await hub.hub.settled();
  await hub.append(
    edited(post('5', T0, { author: 's/account/5', audience: ['s/account/6'], text: 'Second' })),
    edited(businessCase('5', ['a/contact/6'], 'Second')),
  );
  await hub.hub.settled();
  expect((await hub.hub.service.interaction(admin, 's/status/5')).interaction.state?.text).toBe('Second');
  const [row] = await hub.store.getMany('acme', 'objects', ['a/case/5']);
  expect(JSON.parse(row?.value ?? '{}')).toMatchObject({ object: { state: { name: 'Second' } } });
  await hub.close();
});
