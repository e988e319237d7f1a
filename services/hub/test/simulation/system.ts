import type { AttributeValue, Consent, Email, Phone } from '@unsilo/schemas';
import { refIn, type ListName, type RecordSpec, type ScalarPath, type SystemSpec } from './scenario.js';
import { EMPTY, isList, rewriteState, sameState, type State } from './state.js';

export type Author =
  | { by: 'person' }
  /** The system itself: a nightly job, a trigger of someone's edit. */
  | { by: 'system' }
  | { by: 'hub'; command: string };

/** One state of one record, as it really was. */
export interface Entry {
  /** From 1, without gaps: the truth behind whatever version the system shows. */
  seq: number;
  /** True time, milliseconds. */
  time: number;
  author: Author;
  /** Absent: deleted. */
  state?: State;
}

export interface RealRecord {
  ref: string;
  id: string;
  person: string;
  /** External key, where the hub made it. */
  key?: string;
  /** The command that made it. */
  madeBy?: string;
  createdAt: number;
  history: Entry[];
}

export type Patch = Readonly<Record<string, AttributeValue>>;
export type WriteAnswer =
  | { status: 'applied'; before: Entry; after: Entry }
  | { status: 'rejected'; field: string }
  | { status: 'conflict' }
  | { status: 'missing' };

/** A simulated application with records, people who edit them, and habits of its own. */
export class SimulatedSystem {
  spec: SystemSpec;
  readonly records = new Map<string, RealRecord>();
  /** Called after every change. */
  onChange: (record: RealRecord, entry: Entry) => void = () => undefined;
  private made = 0;

  constructor(spec: SystemSpec) {
    this.spec = spec;
  }

  /** Puts a record in place that was there before the hub. */
  plant(spec: RecordSpec, start: number): void {
    const parts: State = {
      scalars: this.ownScalars(spec.scalars),
      emails: this.has('emails') ? spec.emails.map((address) => ({ address })) : [],
      phones: this.has('phones') ? spec.phones.map((number) => ({ number })) : [],
      consents: this.has('consents')
        ? Object.entries(spec.consents).map(([purpose, status]) => ({ purpose, channel: 'email', status }))
        : [],
    };
    const placed = this.intoSlots(parts);
    const state = this.settle(placed, placed);
    this.records.set(spec.id, {
      ref: refIn(this.spec.name, spec.id),
      id: spec.id,
      person: spec.person,
      createdAt: start - spec.createdBefore,
      history: [{ seq: 1, time: start - spec.changedBefore, author: { by: 'person' }, state }],
    });
  }

  current(id: string): Entry | undefined {
    return this.records.get(id)?.history.at(-1);
  }

  /** People and jobs. Undefined: nothing changed, or the system refused. */
  change(id: string, author: Author, time: number, edit: (state: State) => State): Entry | undefined {
    const record = this.records.get(id);
    const before = record?.history.at(-1)?.state;
    if (!record || !before) return undefined;
    const wanted = edit(before);
    if (author.by === 'person' && this.refusal(before, wanted)) return undefined;
    const state = this.settle(wanted, before);
    return sameState(before, state) ? undefined : this.append(record, { time, author, state });
  }

  remove(id: string, author: Author, time: number): Entry | undefined {
    const record = this.records.get(id);
    return record?.history.at(-1)?.state ? this.append(record, { time, author }) : undefined;
  }

  /** One write of the hub. @param expected Conditional: the seq that must stand. */
  write(id: string, patch: Patch, command: string, time: number, expected?: number): WriteAnswer {
    const record = this.records.get(id);
    const before = record?.history.at(-1);
    if (!record || !before?.state) return { status: 'missing' };
    if (expected !== undefined && before.seq !== expected) return { status: 'conflict' };
    const wanted = this.patched(before.state, patch);
    const field = this.refusal(before.state, wanted);
    if (field !== undefined) return { status: 'rejected', field };
    const state = this.settle(wanted, before.state);
    if (sameState(before.state, state) && !this.spec.idleWritesCount)
      return { status: 'applied', before, after: before };
    const after = this.append(record, { time, author: { by: 'hub', command }, state });
    return { status: 'applied', before, after };
  }

  create(patch: Patch, key: string, command: string, person: string, time: number): RealRecord | { field: string } {
    const wanted = this.patched(EMPTY, patch);
    const field = this.refusal(EMPTY, wanted);
    if (field !== undefined) return { field };
    this.made += 1;
    const id = `made-${this.made}`;
    const record: RealRecord = {
      ref: refIn(this.spec.name, id),
      id,
      person,
      key,
      madeBy: command,
      createdAt: time,
      history: [],
    };
    this.records.set(id, record);
    this.append(record, { time, author: { by: 'hub', command }, state: this.settle(wanted, EMPTY) });
    return record;
  }

  nightly(time: number): void {
    const later = this.spec.rewrites.filter((r) => r.later);
    for (const record of this.records.values())
      this.change(record.id, { by: 'system' }, time, (state) => rewriteState(state, later));
  }

  needsNightly(state: State): boolean {
    const later = this.spec.rewrites.filter((r) => r.later);
    return later.length > 0 && !sameState(state, this.derived(rewriteState(state, later)));
  }

  has(path: ScalarPath | ListName): boolean {
    return this.spec.attributes.includes(path);
  }

  private ownScalars(scalars: State['scalars']): State['scalars'] {
    return Object.fromEntries(Object.entries(scalars).filter(([path]) => this.has(path as ScalarPath)));
  }

  private patched(state: State, patch: Patch): State {
    const out: State = { ...state, scalars: { ...state.scalars } };
    for (const [path, value] of Object.entries(patch)) {
      if (!this.has(path as ScalarPath)) continue;
      if (isList(path)) {
        const list = Array.isArray(value) ? value : [];
        if (path === 'emails') out.emails = list as Email[];
        else if (path === 'phones') out.phones = list as Phone[];
        else out.consents = list as Consent[];
      } else if (value === null) delete out.scalars[path as ScalarPath];
      else out.scalars[path as ScalarPath] = String(value);
    }
    return this.intoSlots(out);
  }

  /** A system with few slots keeps the first ones. */
  private intoSlots(state: State): State {
    const out = { ...state };
    for (const list of ['emails', 'phones'] as const) {
      const slots = this.spec.slots[list];
      if (slots) {
        const fitting = out[list].slice(0, slots.length);
        const free = slots.filter((s) => !fitting.some((e) => e.label === s));
        const labelled = fitting.map((e) =>
          e.label && slots.includes(e.label) ? e : { ...e, label: free.shift() ?? '' },
        );
        if (list === 'emails') out.emails = labelled as Email[];
        else out.phones = labelled as Phone[];
      }
    }
    return out;
  }

  private settle(wanted: State, before: State): State {
    const fresh = this.spec.rewrites.filter((r) => !r.later);
    // What someone didn't touch stays as it stands: a rewriter works on what is written.
    const touched = fresh.filter(
      (r) => JSON.stringify(part(wanted, r.attribute)) !== JSON.stringify(part(before, r.attribute)),
    );
    return this.derived(rewriteState(wanted, wanted === before ? fresh : touched));
  }

  private derived(state: State): State {
    if (!this.spec.derivesFullName) return state;
    const { 'name.full': _, ...others } = state.scalars;
    const full = [others['name.given'], others['name.surname']].filter(Boolean).join(' ');
    return { ...state, scalars: full === '' ? others : { ...others, 'name.full': full } };
  }

  private refusal(before: State, wanted: State): string | undefined {
    for (const { attribute, value } of this.spec.refuses) {
      const now = wanted.scalars[attribute] ?? null;
      if (now === value && now !== (before.scalars[attribute] ?? null)) return attribute;
    }
    return undefined;
  }

  private append(record: RealRecord, what: Omit<Entry, 'seq'>): Entry {
    const entry = { seq: (record.history.at(-1)?.seq ?? 0) + 1, ...what };
    record.history.push(entry);
    this.onChange(record, entry);
    return entry;
  }
}

function part(state: State, path: ScalarPath | ListName): unknown {
  return isList(path) ? state[path] : state.scalars[path];
}
