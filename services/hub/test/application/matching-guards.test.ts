import { partyEvent, type PartyState } from '@unsilo/schemas';
import { DEFAULT_LINKAGE_MODEL } from '../../src/domain/linkage/default-model.js';
import type { LinkageModel } from '../../src/domain/linkage/model.js';
import { trainModel } from '../../src/domain/linkage/train-model.js';
import { customers as synthetic } from '../linkage/synthetic.js';
import { admin, crm, openTestHub, policyFor, seen, T0, type TestHub } from './test-hub.js';

const systems = [crm('a'), crm('b')];
const STAFF = [
  ['Olga', 'Petrova'],
  ['Hans', 'Becker'],
  ['Maria', 'Silva'],
  ['John', 'Whitfield'],
  ['Aisha', 'Rahman'],
  ['Pierre', 'Dubois'],
  ['Kenji', 'Tanaka'],
  ['Lena', 'Horvath'],
] as const;
const HOME = { street: '12 Garden Lane', locality: 'Wexham', postcode: '40211' };

async function clustersOf(hub: TestHub): Promise<string[][]> {
  const found: string[][] = [];
  for await (const { members } of hub.hub.service.customers(admin)) found.push([...members].sort());
  return found.sort();
}

/** What the hub makes of records, which come from two systems that are both written. */
async function taken(states: readonly Partial<PartyState>[], model?: LinkageModel): Promise<string[][]> {
  const hub = await openTestHub({ systems, policy: policyFor(['a', 'b']), ...(model && { model }) });
  for (const [i, state] of states.entries())
    await hub.append(seen(`${i % 2 === 0 ? 'a' : 'b'}/contact/${i}`, i + 1, state));
  await hub.hub.settled();
  const found = await clustersOf(hub);
  await hub.close();
  return found;
}

const staff = (shared: Partial<PartyState>, count: number = STAFF.length): Partial<PartyState>[] =>
  STAFF.slice(0, count).map(([given, surname]) => ({ name: { given, surname }, ...shared }));
const phones = [{ number: '+44 20 7946 1234' }];

describe('in the hub nobody is joined', () => {
  it.each<[string, Partial<PartyState>[]]>([
    ['by a switchboard number', staff({ phones, addresses: [HOME], organizations: [{ name: 'Acme Ltd' }] })],
    ['by one number of two colleagues', staff({ phones }, 2)],
    ['by info@', staff({ emails: [{ address: 'info@acme.example.com' }] })],
    [
      'by family name, phone and address',
      ['Helga', 'Ruprecht', 'Ottilie', 'Frida'].map((given) => ({
        name: { given, surname: 'Habermann' },
        phones,
        addresses: [HOME],
      })),
    ],
    [
      'by being father and son of one name',
      ['1948-03-12', '1975-10-30'].map((birthDate) => ({
        name: { given: 'George', surname: 'Habermann' },
        birthDate,
        phones,
        addresses: [HOME],
      })),
    ],
    ['by the account of a company', staff({ onlineServices: [{ service: 'x', user: 'acmecorp' }] }, 4)],
    [
      'by what people type where they have nothing',
      staff(
        { phones: [{ number: '000-000-0000' }], emails: [{ address: 'test@test.com' }], birthDate: '1900-01-01' },
        4,
      ),
    ],
    ['by a frequent name', [1, 2].map(() => ({ name: { given: 'James', surname: 'Smith' } }))],
  ])('%s', async (_, states) => {
    expect(await taken(states)).toHaveLength(states.length);
  });

  it('by a wrong merge that copied an e-mail address into the other record', async () => {
    const hub = await openTestHub({ systems, policy: policyFor(['a', 'b']) });
    await hub.append(
      seen('a/contact/1', 1, {
        name: { given: 'Olga', surname: 'Petrova' },
        emails: [{ address: 'olga@example.org' }],
      }),
      seen('b/contact/2', 2, { name: { given: 'Hans', surname: 'Becker' } }),
    );
    await hub.hub.settled();
    const decide = async (undo: boolean): Promise<void> => {
      await hub.hub.service.decide(admin, {
        kind: 'link',
        refs: ['a/contact/1', 'b/contact/2'],
        ...(undo && { undo }),
      });
      await hub.hub.settled();
    };
    await decide(false);
    const [command] = await hub.commands('b');
    if (command?.action !== 'update') throw new Error('expected an update');
    expect(Object.keys(command.set)).toContain('emails');
    const values = { name: { given: 'Hans', surname: 'Becker' }, emails: [{ address: 'olga@example.org' }] };
    await hub.append(seen('b/contact/2', 5, values), seen('b/contact/2', 6, { ...values, note: 'seen again' }));
    await hub.hub.settled();
    await decide(true);
    // The answer is still open, and what stands behind an open write is no testimony.
    expect(await clustersOf(hub)).toEqual([['a/contact/1'], ['b/contact/2']]);
    expect((await hub.hub.service.record(admin, 'b/contact/2')).identifiers).toEqual([]);
    await hub.close();
  });
});

it('an exclusive identifier keeps records apart, and a steward may still link them', async () => {
  const exclusive = ['identifiers:vat'];
  const model: LinkageModel = { ...DEFAULT_LINKAGE_MODEL, person: { ...DEFAULT_LINKAGE_MODEL.person, exclusive } };
  const emails = [{ address: 'olga.petrova@example.org' }];
  const states = ['DE123987456', 'DE987123654'].map((value) => ({
    name: { given: 'Olga', surname: 'Petrova' },
    emails,
    identifiers: [{ issuer: 'VAT', value }],
  }));
  expect(await taken(states)).toHaveLength(1);
  expect(await taken(states, model)).toHaveLength(2);
  const hub = await openTestHub({ systems, policy: policyFor([]), model });
  await hub.append(...states.map((state, i) => seen(`a/contact/${i}`, 1, state)));
  await hub.hub.settled();
  expect((await hub.hub.service.review(admin, { limit: 5 })).items).toMatchObject([{ reason: 'exclusive' }]);
  await hub.hub.service.decide(admin, { kind: 'link', refs: ['a/contact/0', 'a/contact/1'] });
  await hub.hub.settled();
  expect(await clustersOf(hub)).toEqual([['a/contact/0', 'a/contact/1']]);
  await hub.close();
});

it('decisions hold when the model is trained again, after a restart, and against new evidence', async () => {
  const trained = trainModel(synthetic(21, 600, { missing: 0.15, wrong: 0.05, changed: 0.2 }).records, 'trained').model;
  const hub = await openTestHub({ systems, policy: policyFor([]) });
  const olga = { name: { given: 'Olga', surname: 'Petrova' }, emails: [{ address: 'olga.petrova@example.org' }] };
  await hub.append(
    seen('a/contact/1', 1, olga),
    seen('b/contact/2', 2, olga),
    seen('a/contact/3', 3, { name: { given: 'Hans', surname: 'Becker' } }),
  );
  await hub.hub.settled();
  expect(await clustersOf(hub)).toEqual([['a/contact/1', 'b/contact/2'], ['a/contact/3']]);
  await hub.hub.service.decide(admin, { kind: 'unlink', refs: ['a/contact/1', 'b/contact/2'], reason: 'twins' });
  await hub.hub.service.decide(admin, { kind: 'link', refs: ['a/contact/1', 'a/contact/3'], reason: 'married' });
  await hub.hub.settled();
  const decided = [['a/contact/1', 'a/contact/3'], ['b/contact/2']];
  expect(await clustersOf(hub)).toEqual(decided);
  await hub.reopen({ model: trained });
  expect(await clustersOf(hub)).toEqual(decided);
  await hub.append(seen('b/contact/2', 9, { ...olga, phones }), seen('a/contact/1', 10, { ...olga, phones }));
  await hub.hub.settled();
  expect(await clustersOf(hub)).toEqual(decided);
  await hub.reopen();
  expect(await clustersOf(hub)).toEqual(decided);
  await hub.close();
});

it('names without end, mixed scripts, and records of nothing are taken in, each for itself', async () => {
  const long = 'Ottilie '.repeat(1250);
  const states: PartyState[] = [
    { kind: 'person', name: { full: long } },
    { kind: 'person', name: { given: '👩‍🚀', surname: '🚀' } },
    { kind: 'person', name: { full: 'فيصل الحربي' }, emails: [{ address: 'فيصل@example.org' }] },
    { kind: 'person', name: { given: 'Раsсаl', surname: 'Dubоis' } },
    { kind: 'person' },
    { kind: 'person' },
    { kind: 'organization', name: { full: '\u202eIncorporated' } },
    { kind: 'person', name: { full: 'Robert"); DROP TABLE' }, phones: [{ number: '+'.repeat(500) }] },
  ];
  const hub = await openTestHub({ systems, policy: policyFor([]) });
  const at = new Date(T0).toISOString();
  await hub.append(
    ...states.map((state, i) =>
      partyEvent('acme', {
        ref: `a/contact/${i}`,
        version: { major: 1, minor: 0 },
        changedAt: at,
        observedAt: at,
        state,
      }),
    ),
  );
  await hub.hub.settled();
  expect(await clustersOf(hub)).toHaveLength(states.length);
  for (const [i] of states.entries())
    expect((await hub.hub.service.explainPair(admin, `a/contact/${i}`, 'a/contact/0')).detail.a).toBe(`a/contact/${i}`);
  await hub.close();
});

it('nothing of a person stands in the keys of the tables that matching keeps', async () => {
  const hub = await openTestHub({ systems, policy: policyFor([]) });
  await hub.append(
    seen('a/contact/1', 1, {
      name: { given: 'Olga', surname: 'Petrova' },
      emails: [{ address: 'olga@example.org' }],
      phones,
    }),
    seen('b/contact/2', 1, { name: { given: 'Olga', surname: 'Petrov' }, phones, birthDate: '1980-02-11' }),
  );
  await hub.hub.settled();
  let keys = '';
  for (const table of ['matching', 'postings', 'shared', 'overflow', 'components', 'review']) {
    const entries = await hub.store.range('acme', table, { limit: 1000 });
    keys += entries.map(({ key }) => key).join('\n');
  }
  expect(keys.length).toBeGreaterThan(100);
  expect(keys).not.toMatch(/olga|petrov|example|7946|1980/i);
  await hub.close();
});
