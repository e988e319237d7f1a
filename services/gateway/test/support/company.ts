import type { SystemView } from '@unsilo/hub';
import type { AttributeProfile, Consent, Interaction, PartyState, PresentParty, SystemProfile } from '@unsilo/schemas';

/** A small company's systems and people, made up. */
export const START = Date.parse('2026-03-02T08:00:00.000Z');
export function at(minutes: number): string {
  return new Date(START + minutes * 60_000).toISOString();
}

const writable: AttributeProfile = { writable: true };
const readOnly: AttributeProfile = { writable: false };

function profile(
  system: string,
  connector: string,
  title: string,
  more: Partial<SystemProfile> & { spec?: AttributeProfile; kind?: string } = {},
): SystemProfile {
  const { spec = writable, kind = 'contact', ...rest } = more;
  const attributes: Record<string, AttributeProfile> = {};
  for (const path of ['name.given', 'name.surname', 'emails', 'phones', 'onlineServices', 'consents'])
    attributes[path] = spec;
  return {
    system,
    connector,
    title,
    kinds: [{ kind, party: 'person', attributes, create: 'none', delete: false, conditional: true }],
    objects: [],
    ...rest,
  };
}

export function companySystems(): SystemView[] {
  const base = { since: at(0), snapshotComplete: true };
  return [
    {
      ...base,
      system: 'crm-emea',
      connector: 'suitecrm',
      title: 'SuiteCRM Europe',
      state: 'running',
      profile: profile('crm-emea', 'suitecrm', 'SuiteCRM Europe', { objects: ['case', 'opportunity'] }),
      counts: { parties: 412, objects: 57, commands: 23 },
      lastChangeAt: at(58),
      lag: { inbound: 0, inboundMs: 0, outbound: 1, outboundMs: 240 },
    },
    {
      ...base,
      system: 'export',
      connector: 'csv',
      title: 'Spreadsheet export',
      state: 'behind',
      reason: '1,204 rows of customers-march.csv are still to be processed.',
      hint: 'Nothing to do: it catches up by itself.',
      profile: profile('export', 'csv', 'Spreadsheet export', { kind: 'row' }),
      counts: { parties: 1310 },
      lastChangeAt: at(57),
      lag: { inbound: 1204, inboundMs: 5200, outbound: 0, outboundMs: 0 },
    },
    {
      ...base,
      system: 'mastodon',
      connector: 'mastodon',
      title: 'Mastodon @support',
      state: 'running',
      profile: profile('mastodon', 'mastodon', 'Mastodon @support', {
        reply: { maxLength: 500 },
        spec: readOnly,
        kind: 'account',
      }),
      counts: { parties: 96, interactions: 341, commands: 12 },
      lastChangeAt: at(59),
      lag: { inbound: 2, inboundMs: 90, outbound: 0, outboundMs: 0 },
    },
    {
      ...base,
      system: 'press',
      connector: 'feed',
      title: 'Press feeds',
      state: 'paused',
      reason: 'The server answers 401 to https://news.example/alerts.xml.',
      hint: 'Enter a new token in unsilo.yaml under systems.press.options, then resume.',
      profile: profile('press', 'feed', 'Press feeds', { kinds: [] }),
      counts: { interactions: 88 },
      lag: { inbound: 0, inboundMs: 0, outbound: 0, outboundMs: 0 },
    },
  ];
}

function party(ref: string, minutes: number, state: PartyState): PresentParty {
  return {
    ref,
    version: { major: START + minutes * 60_000, minor: 0 },
    createdAt: at(minutes - 60 * 24 * 30),
    changedAt: at(minutes),
    observedAt: at(minutes),
    state,
  };
}
const granted: Consent = { purpose: 'marketing', channel: 'email', status: 'granted' };

/** Groups of records that are one customer each. */
export function companyParties(): PresentParty[][] {
  const ada = [
    party('crm-emea/contact/42', 5, {
      kind: 'person',
      name: { given: 'Ada', surname: 'Lovelace' },
      birthDate: '1985-12-10',
      emails: [{ address: 'ada@analytical.example', label: 'work' }],
      phones: [{ number: '+44 20 7946 0958', label: 'work' }],
      organizations: [{ name: 'Analytical Engines Ltd', unit: 'Research' }],
      titles: [{ name: 'Head of Research' }],
      addresses: [{ street: "12 St James's Square", locality: 'London', postcode: 'SW1Y 4JH', country: 'GB' }],
      identifiers: [{ issuer: 'erp', value: 'C-100042' }],
      consents: [granted],
    }),
    party('export/row/C-100042', 21, {
      kind: 'person',
      name: { given: 'Augusta Ada', surname: 'Lovelace' },
      emails: [{ address: 'ada@analytical.example' }, { address: 'ada.lovelace@home.example' }],
      phones: [{ number: '+44 20 7946 0000' }],
      identifiers: [{ issuer: 'erp', value: 'C-100042' }],
    }),
    party('mastodon/account/9017', 48, {
      kind: 'person',
      name: { full: 'Ada L.' },
      onlineServices: [{ service: 'mastodon', user: 'ada@social.example', uri: 'https://social.example/@ada' }],
      links: [{ uri: 'https://analytical.example/ada' }, { uri: 'javascript:alert(1)' }],
      emails: [{ address: 'ada@analytical.example' }],
    }),
  ];
  const others = NAMES.map((name, i) => {
    const [given = '', surname = ''] = name.split(' ');
    const mail = `${given}.${surname}@${i % 3 === 0 ? 'north' : 'south'}.example`.toLowerCase();
    const records = [
      party(`crm-emea/contact/${100 + i}`, i % 40, {
        kind: 'person',
        name: { given, surname },
        emails: [{ address: mail }],
        phones: [{ number: `+49 30 5550${String(100 + i)}` }],
      }),
    ];
    if (i % 2 === 0)
      records.push(
        party(`export/row/R-${i}`, (i % 40) + 1, {
          kind: 'person',
          name: { given, surname },
          emails: [{ address: mail }],
        }),
      );
    return records;
  });
  const company = [
    party('crm-emea/account/7', 12, {
      kind: 'organization',
      name: { full: 'Analytical Engines Ltd' },
      emails: [{ address: 'info@analytical.example' }],
      links: [{ uri: 'https://analytical.example' }],
    }),
  ];
  return [ada, company, ...others];
}

const GIVEN = [
  'Grace',
  'Alan',
  'Katherine',
  'Edsger',
  'Barbara',
  'Donald',
  'Radia',
  'Tim',
  'Frances',
  'Ken',
  'Hedy',
  'Claude',
];
const SURNAME = ['Hopper', 'Turing', 'Johnson', 'Dijkstra', 'Liskov', 'Knuth', 'Perlman'];
const NAMES = GIVEN.flatMap((given) => SURNAME.map((surname) => `${given} ${surname}`));

export function companyInteractions(): Interaction[] {
  const base = (ref: string, minutes: number) => ({
    ref,
    version: { major: START + minutes * 60_000, minor: 0 },
    changedAt: at(minutes),
    observedAt: at(minutes),
  });
  return [
    {
      ...base('mastodon/status/111', 47),
      state: {
        kind: 'mention',
        direction: 'inbound',
        visibility: 'public',
        author: 'mastodon/account/9017',
        text: '@support My engine has been making a grinding noise since Tuesday and nobody picks up the phone. Is anybody there?',
        url: 'https://social.example/@ada/111',
        language: 'en',
        publishedAt: at(47),
      },
    },
    {
      ...base('mastodon/status/98', 30),
      state: {
        kind: 'post',
        direction: 'inbound',
        visibility: 'public',
        author: 'mastodon/account/9017',
        text: 'Notes on the new difference engine, part two.',
        publishedAt: at(30),
      },
    },
    {
      ...base('crm-emea/call/5', 10),
      state: {
        kind: 'call',
        direction: 'outbound',
        visibility: 'private',
        author: 'crm-emea/contact/42',
        subject: 'Renewal',
        text: 'Asked about the renewal of the service contract. <b>Call back</b> in April.',
        publishedAt: at(10),
      },
    },
  ];
}
