import {
  interactionEvent,
  partyEvent,
  placeOf,
  type Interaction,
  type KindProfile,
  type Party,
  type PartyState,
  type SystemProfile,
  type UnsiloEvent,
} from '@unsilo/schemas';

/** A message as the log takes it, made before the clock runs. */
export interface PreparedMessage {
  topic: string;
  key: string;
  value: string;
}

const GIVEN = [
  'Ada',
  'Bruno',
  'Carla',
  'Derek',
  'Elena',
  'Farid',
  'Greta',
  'Hugo',
  'Ines',
  'Jonas',
  'Katja',
  'Liam',
  'Maria',
  'Nadia',
  'Oscar',
  'Petra',
];
const SURNAMES = [
  'Abel',
  'Brandt',
  'Castro',
  'Dubois',
  'Eriksen',
  'Fischer',
  'Garcia',
  'Horvat',
  'Ivanov',
  'Jansen',
  'Kowalski',
  'Lang',
  'Moreau',
  'Novak',
  'Olsen',
  'Peters',
];
const CITIES = ['Berlin', 'Paris', 'Madrid', 'Oslo', 'Wien', 'Praha', 'Roma', 'Lisboa'];
const WORDS =
  'the order arrived late again and nobody answers my mail about it please help thanks for the quick reply yesterday'.split(
    ' ',
  );
const START = Date.parse('2026-01-05T08:00:00.000Z');

/** Deterministic numbers from a seed (mulberry32). */
export function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

const SYSTEMS = ['crm-emea', 'crm-us', 'shop', 'social'] as const;

/** Four systems: two CRMs that are read and written, a shop that is read and written in part, and a social network that is read. */
export function benchSystems(): SystemProfile[] {
  const crm: KindProfile = {
    kind: 'contact',
    party: 'person',
    create: 'external-key',
    delete: true,
    conditional: true,
    attributes: {
      'name.given': { writable: true, rewrites: [{ rule: 'truncate', length: 100 }] },
      'name.surname': { writable: true, rewrites: [{ rule: 'truncate', length: 100 }] },
      titles: { writable: true, slots: ['work'] },
      emails: { writable: true, slots: ['work', 'home'] },
      phones: { writable: true, slots: ['work', 'mobile', 'home'] },
      addresses: { writable: true, slots: ['work', 'home'] },
    },
  };
  const readOnly: KindProfile = {
    ...crm,
    create: 'none',
    attributes: { 'name.full': { writable: false }, onlineServices: { writable: false } },
  };
  return SYSTEMS.map((system) => ({
    system,
    connector: 'bench',
    title: system,
    objects: [],
    kinds: [system === 'social' ? readOnly : crm],
  }));
}

/**
 * A seeded company: persons with one to four records each over the four systems (2.2 on average), which share an e-mail address or a phone
 * number, and whose spelling and freshness differ. Nothing is real.
 */
export class Corpus {
  readonly parties: number;
  private readonly rng: () => number;
  private readonly versions: Uint16Array;
  private clock = START;

  constructor(parties: number, seed: number) {
    this.parties = parties;
    this.rng = generator(seed);
    this.versions = new Uint16Array(parties);
  }

  /** The first state of every party, in order. */
  *load(): Generator<PreparedMessage> {
    for (let i = 0; i < this.parties; i += 1) yield this.prepare(this.change(i, false));
  }

  /** 70% record changes of parties that exist, 30% interactions. */
  *mixed(events: number): Generator<PreparedMessage> {
    for (let i = 0; i < events; i += 1) {
      yield this.prepare(
        this.rng() < 0.7 ? this.change(Math.floor(this.rng() * this.parties), true) : this.interaction(i),
      );
    }
  }

  private prepare(event: UnsiloEvent): PreparedMessage {
    return { ...placeOf(event), value: JSON.stringify(event) };
  }

  /** Records come in runs of persons: with 11 records for 5 persons the sizes are 1, 1, 2, 3, 4. */
  private personOf(party: number): { person: number; copy: number } {
    const block = Math.floor(party / 11);
    const place = party % 11;
    const [person, copy] = PLACES[place] ?? [0, 0];
    return { person: block * 5 + person, copy };
  }

  private change(party: number, update: boolean): UnsiloEvent {
    const { person, copy } = this.personOf(party);
    const system = SYSTEMS[copy] ?? 'social';
    this.clock += 40;
    const at = new Date(this.clock).toISOString();
    const major = (this.versions[party] ?? 0) + 1;
    this.versions[party] = major;
    const change: Party = {
      ref: `${system}/contact/${party}`,
      version: { major, minor: 0 },
      createdAt: new Date(START + party).toISOString(),
      changedAt: at,
      observedAt: at,
      state: this.state(person, copy, system, update ? major : 0),
    };
    return partyEvent('default', change);
  }

  private state(person: number, copy: number, system: string, edit: number): PartyState {
    const given = GIVEN[person % 16] ?? '';
    const surname = `${SURNAMES[(person >> 4) % 16]}${person >> 8 ? `-${(person >> 8).toString(36)}` : ''}`;
    const email = `p${person}@example.org`;
    if (system === 'social') {
      return {
        kind: 'person',
        name: { full: `${given} ${surname}` },
        emails: [{ address: email }],
        onlineServices: [{ service: 'mastodon', user: `p${person}@social.example` }],
        note: `Post ${edit}`,
      };
    }
    const phone = `+4930${(2_000_000 + person).toString().padStart(8, '0')}`;
    // A quarter of the edits touch what is matched.
    const matched = edit > 0 && edit % 4 === 0;
    return {
      kind: 'person',
      name: { given: copy === 1 ? given.slice(0, 3) : given, surname },
      emails:
        copy === 2 ? [{ address: email }, { address: `p${person}@work.example`, label: 'work' }] : [{ address: email }],
      phones: matched
        ? [
            { number: phone },
            { number: `+4930${(60_000_000 + ((person * 7 + edit) % 30_000_000)).toString()}`, label: 'mobile' },
          ]
        : [{ number: phone }],
      titles: [{ name: edit > 0 ? `Engineer ${edit}` : 'Engineer' }],
      addresses: [
        {
          street: `Street ${person % 997}`,
          locality: CITIES[person % 8] ?? '',
          postcode: String(10_000 + (person % 89_999)),
          country: 'DE',
          label: 'work',
        },
      ],
    };
  }

  private interaction(n: number): UnsiloEvent {
    this.clock += 40;
    const at = new Date(this.clock).toISOString();
    const block = Math.floor((this.rng() * this.parties) / 11);
    const author = Math.min(this.parties - 1, block * 11 + 10);
    const text = Array.from(
      { length: 12 + Math.floor(this.rng() * 30) },
      () => WORDS[Math.floor(this.rng() * WORDS.length)],
    ).join(' ');
    const interaction: Interaction = {
      ref: `social/status/${n}`,
      version: { major: 1, minor: 0 },
      createdAt: at,
      changedAt: at,
      observedAt: at,
      state: {
        kind: 'mention',
        direction: 'inbound',
        visibility: 'public',
        author: `social/contact/${author}`,
        text,
        publishedAt: at,
      },
    };
    return interactionEvent('default', interaction);
  }
}

/** Person within a block and copy of that person, by place within the block. */
const PLACES: readonly (readonly [person: number, copy: number])[] = [
  [0, 0],
  [1, 1],
  [2, 0],
  [2, 1],
  [3, 0],
  [3, 1],
  [3, 2],
  [4, 0],
  [4, 1],
  [4, 2],
  [4, 3],
];
