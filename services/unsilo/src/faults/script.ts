import {
  decisionEvent,
  interactionEvent,
  partyEvent,
  placeOf,
  type Decision,
  type PartyState,
  type UnsiloEvent,
} from '@unsilo/schemas';
import { generator } from '../simulated/generator.js';
import { START, TENANT } from './company.js';

/** A message as the feeder hands it over. */
export interface FedMessage {
  topic: string;
  key: string;
  value: string;
}

/** One step of the run: an event to append, an edit that people make in a simulated system (whose event is then appended), or a reply asked of the hub. */
export type Input =
  | { kind: 'event'; message: FedMessage }
  | { kind: 'edit'; ref: string; createdAt: string; at: string; patch: PartyState }
  | { kind: 'reply'; interaction: string; text: string; key: string };

/** How many replies may be asked for one interaction's author before a new one is needed. */
const REMEMBERED = 200;
const HOT = 10;

/**
 * The same inputs for the same seed. Customers fall into two kinds: those of `crm`, `shop`, `social` and `ledger`, whose final record is a
 * function of the inputs alone (people never edit in the ledger what the hub writes there), and those of `desk` and `till`, where people and
 * the hub write the same attribute, so that who came first decides.
 */
export class Script {
  private readonly rng: () => number;
  private readonly length: number;
  private readonly persons: number;
  private readonly pairs: number;
  private readonly versions = new Map<string, number>();
  private readonly refs: string[] = [];
  private readonly recent: UnsiloEvent[] = [];
  private readonly answerable: string[] = [];
  private readonly moves = new Map<number, number>();
  private clock = START;

  constructor(seed: number, length: number) {
    this.rng = generator(seed);
    this.length = length;
    this.persons = Math.max(20, Math.floor(length / 20));
    this.pairs = Math.max(5, Math.floor(length / 200));
  }

  *inputs(): Generator<Input> {
    for (let i = 0; i < this.length; i += 1) {
      this.clock += 40;
      yield this.next(i);
    }
  }

  private next(i: number): Input {
    const share = this.rng();
    if (share < 0.56) return this.event(this.change(this.below(this.persons), false));
    if (share < 0.59) return this.event(this.change(this.below(HOT), false));
    if (share < 0.6) return this.event(this.change(this.below(this.persons), true));
    if (share < 0.85) return this.event(this.interaction(i));
    if (share < 0.86) return this.event(this.decision(i));
    if (share < 0.87 && this.recent.length > 0)
      return this.event(this.recent[this.below(this.recent.length)] as UnsiloEvent);
    if (share < 0.93) return this.ledgerEdit();
    if (share < 0.99) return this.pairEdit();
    const interaction = this.answerable[this.below(this.answerable.length)];
    if (interaction === undefined) return this.event(this.interaction(i));
    return { kind: 'reply', interaction, text: `Thank you, we are on it (${i})`, key: `reply-${i}` };
  }

  private below(limit: number): number {
    return Math.floor(this.rng() * limit);
  }

  private event(event: UnsiloEvent): Input {
    if (this.recent.length < REMEMBERED) this.recent.push(event);
    else this.recent[this.below(REMEMBERED)] = event;
    return { kind: 'event', message: messageOf(event) };
  }

  private at(): string {
    return new Date(this.clock).toISOString();
  }

  private change(person: number, moves: boolean): UnsiloEvent {
    const systems = ['crm', ...(person % 2 === 0 ? ['shop'] : []), ...(person % 5 === 0 ? ['social'] : [])];
    const system = moves ? 'crm' : (systems[this.below(systems.length)] ?? 'crm');
    const ref = `${system}/contact/${person}`;
    const major = (this.versions.get(ref) ?? 0) + 1;
    this.versions.set(ref, major);
    if (major === 1) this.refs.push(ref);
    if (moves) this.moves.set(person, (this.moves.get(person) ?? 0) + 1);
    const at = this.at();
    const header = { ref, version: { major, minor: 0 }, createdAt: createdAt(person), changedAt: at, observedAt: at };
    return partyEvent(TENANT, { ...header, state: this.state(person, system, major) });
  }

  private state(person: number, system: string, edit: number): PartyState {
    const moved = system === 'crm' ? (this.moves.get(person) ?? 0) % 3 : 0;
    // Every third address is somebody else's: records change hands and come back.
    const address = moved === 0 ? `p${person}@example.org` : `p${(person + moved) % this.persons}@example.org`;
    const name = { given: `Given${person % 97}`, surname: `Surname${person}${edit % 7 === 0 ? '-Smith' : ''}` };
    if (system === 'social')
      return { kind: 'person', name: { full: `${name.given} ${name.surname}` }, emails: [{ address }] };
    return {
      kind: 'person',
      name,
      emails: [{ address }],
      phones: [{ number: `+4930${2_000_000 + person}` }],
      titles: [{ name: `Engineer ${edit}` }],
    };
  }

  private interaction(i: number): UnsiloEvent {
    const at = this.at();
    const ref = `social/status/${i}`;
    if (this.answerable.length < REMEMBERED) this.answerable.push(ref);
    else this.answerable[this.below(REMEMBERED)] = ref;
    const author = Math.floor(this.below(this.persons) / 5) * 5;
    return interactionEvent(TENANT, {
      ref,
      version: { major: 1, minor: 0 },
      createdAt: at,
      changedAt: at,
      observedAt: at,
      state: {
        kind: 'mention',
        direction: 'inbound',
        visibility: 'public',
        author: `social/contact/${author}`,
        text: `The order arrived late again, number ${i}`,
        publishedAt: at,
      },
    });
  }

  private decision(i: number): UnsiloEvent {
    const [a, b] = [this.refs[this.below(this.refs.length)], this.refs[this.below(this.refs.length)]];
    if (a === undefined || b === undefined || a === b) return this.interaction(i);
    const decision: Decision = {
      id: `decision-${i}`,
      author: 'steward',
      decidedAt: this.at(),
      kind: this.rng() < 0.5 ? 'link' : 'unlink',
      refs: [a, b],
      ...(this.rng() < 0.3 ? { undo: true } : {}),
    };
    return decisionEvent(TENANT, decision);
  }

  /** People keep notes in the ledger; the hub writes the rest there. */
  private ledgerEdit(): Input {
    const person = Math.floor(this.below(this.persons) / 4) * 4;
    return {
      kind: 'edit',
      ref: `ledger/contact/${person}`,
      createdAt: createdAt(person),
      at: this.at(),
      patch: { kind: 'person', emails: [{ address: `p${person}@example.org` }], note: `Note ${this.clock - START}` },
    };
  }

  /** Desk and till hold the same people, and people edit the title in both. */
  private pairEdit(): Input {
    const person = this.below(this.pairs);
    return {
      kind: 'edit',
      ref: `${this.rng() < 0.5 ? 'desk' : 'till'}/contact/${person}`,
      createdAt: createdAt(person),
      at: this.at(),
      patch: {
        kind: 'person',
        emails: [{ address: `w${person}@work.example` }],
        name: { surname: `Pair${person}` },
        titles: [{ name: `Clerk ${this.clock - START}` }],
      },
    };
  }
}

export function messageOf(event: UnsiloEvent): FedMessage {
  return { ...placeOf(event), value: JSON.stringify(event) };
}

function createdAt(person: number): string {
  return new Date(START - 1_000_000_000 + person * 1000).toISOString();
}
