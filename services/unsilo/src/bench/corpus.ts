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
  type Version,
} from '@unsilo/schemas';
import { generator } from '../simulated/generator.js';

/** A message as the log takes it, made before the clock runs. */
export interface PreparedMessage {
  topic: string;
  key: string;
  value: string;
}

const SYLLABLES =
  'ba ben bor cal cor da del dor eck fa fel gar gol ha hel hor jan ka kel kor la len lor ma mel mor na nel nor pa pel por ra ren ros sa sel sor ta tel tor va vel vor wa wel wig za zel'.split(
    ' ',
  );
const TITLES = ['Engineer', 'Senior engineer', 'Team lead', 'Buyer', 'Head of purchasing'];
const WORDS =
  'the order arrived late again and nobody answers my mail about it please help thanks for the quick reply yesterday'.split(
    ' ',
  );
const START = Date.parse('2026-01-05T08:00:00.000Z');

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
      titles: { writable: true },
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
  /** How often people have edited each record, its making included. */
  private readonly edits: Uint16Array;
  /** How often the hub has written to each record since its last edit. */
  private readonly writes: Uint16Array;
  /** Records that the hub has written, as they stand since: as text, so that a million of them take little beside what is measured. */
  private readonly written = new Map<number, string>();
  private clock = START;

  constructor(parties: number, seed: number) {
    this.parties = parties;
    this.rng = generator(seed);
    this.edits = new Uint16Array(parties);
    this.writes = new Uint16Array(parties);
  }

  /** The first state of every party, in order. */
  *load(): Generator<PreparedMessage> {
    for (let i = 0; i < this.parties; i += 1) yield this.prepare(this.change(i));
  }

  /** 70% record changes of parties that exist, 30% interactions. */
  *mixed(events: number): Generator<PreparedMessage> {
    for (let i = 0; i < events; i += 1) {
      yield this.prepare(this.rng() < 0.7 ? this.change(Math.floor(this.rng() * this.parties)) : this.interaction(i));
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

  /** Bytes that the systems' own memory of their records takes, about: text, and its place in the table. */
  get bytes(): number {
    let bytes = 4 * this.parties;
    for (const text of this.written.values()) bytes += text.length + 48;
    return bytes;
  }

  /** Time in the company, ISO 8601. */
  now(): string {
    return new Date(this.clock).toISOString();
  }

  /** A conditional write: undefined when the record is no longer at `base`. */
  write(
    ref: string,
    base: Version,
    change: (state: PartyState) => PartyState,
  ): { version: Version; before: PartyState; left: PartyState } | undefined {
    const party = Number(ref.slice(ref.lastIndexOf('/') + 1));
    const minor = this.writes[party] ?? 0;
    if (this.edits[party] !== base.major || minor !== base.minor) return undefined;
    const before = this.stateOf(party);
    const left = change(before);
    this.written.set(party, JSON.stringify(left));
    this.writes[party] = minor + 1;
    return { version: { major: base.major, minor: minor + 1 }, before, left };
  }

  private change(party: number): UnsiloEvent {
    this.clock += 40;
    const at = this.now();
    const major = (this.edits[party] ?? 0) + 1;
    this.edits[party] = major;
    const held = this.held(party);
    if (held) this.written.set(party, JSON.stringify(edited(held, this.personOf(party).person, major)));
    this.writes[party] = 0;
    const change: Party = {
      ref: `${SYSTEMS[this.personOf(party).copy] ?? 'social'}/contact/${party}`,
      version: { major, minor: 0 },
      createdAt: new Date(START + party).toISOString(),
      changedAt: at,
      observedAt: at,
      state: this.stateOf(party),
    };
    return partyEvent('default', change);
  }

  private held(party: number): PartyState | undefined {
    const text = this.written.get(party);
    return text === undefined ? undefined : (JSON.parse(text) as PartyState);
  }

  private stateOf(party: number): PartyState {
    const held = this.held(party);
    if (held) return held;
    const { person, copy } = this.personOf(party);
    const fresh = this.fresh(person, copy);
    const edits = this.edits[party] ?? 1;
    return edits > 1 ? edited(fresh, person, edits) : fresh;
  }

  private fresh(person: number, copy: number): PartyState {
    const given = invented(7 * (person % 499), 2);
    const surname = invented(person, 3);
    const email = `${given}.${surname}@${invented(person % 61, 2)}.org`.toLowerCase();
    if (copy === 3) {
      return {
        kind: 'person',
        name: { full: `${given} ${surname}` },
        emails: [{ address: email }],
        onlineServices: [{ service: 'mastodon', user: `${surname.toLowerCase()}${person % 100}@social.example` }],
      };
    }
    const phone = `+4930${(20_000_000 + (scattered(person) % 70_000_000)).toString()}`;
    return {
      kind: 'person',
      name: { given: copy === 1 ? given.slice(0, 3) : given, surname },
      emails:
        copy === 2
          ? [
              { address: email },
              { address: `${surname}@${invented(person % 997, 3)}.com`.toLowerCase(), label: 'work' },
            ]
          : [{ address: email }],
      phones: [{ number: phone, label: 'work' }],
      titles: [{ name: 'Engineer' }],
      addresses: [
        {
          street: `${invented(scattered(person) % 4001, 2)} Street ${1 + (person % 97)}`,
          locality: `${invented(person % 401, 2)}burg`,
          postcode: String(10_000 + (scattered(person) % 89_999)),
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

/** A number that looks like no other number's: neighbours have nothing in common. */
function scattered(n: number): number {
  let mixed = Math.imul(n + 1, 0x9e3779b1);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x85ebca6b);
  return (mixed ^ (mixed >>> 13)) >>> 0;
}

/** A name from a number. People who were called alike would be taken for one, as they should. */
function invented(n: number, syllables: number): string {
  let rest = scattered(n);
  let name = '';
  for (let i = 0; i < syllables; i += 1) {
    name += SYLLABLES[rest % SYLLABLES.length] ?? '';
    rest = Math.floor(rest / SYLLABLES.length);
  }
  return name.charAt(0).toUpperCase() + name.slice(1);
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

/** People note what happened and change titles, and at every fourth edit the mobile number, which is matched and which the other systems are to have. */
function edited(state: PartyState, person: number, edit: number): PartyState {
  if (state.onlineServices) return { ...state, note: `Post ${edit}` };
  const next: PartyState = {
    ...state,
    titles: [{ name: TITLES[edit % TITLES.length] ?? '' }],
    note: `Called, visit ${edit}`,
  };
  if (edit % 4 !== 0) return next;
  const number = `+49151${(20_000_000 + (scattered(person * 64 + edit) % 70_000_000)).toString()}`;
  next.phones = [...(state.phones ?? []).filter((p) => p.label !== 'mobile'), { number, label: 'mobile' }];
  return next;
}
