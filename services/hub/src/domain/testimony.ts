import type { AttributeProfile, KindProfile, Version } from '@unsilo/schemas';
import {
  elementKey,
  elementValue,
  flatten,
  flattenList,
  isListAttribute,
  type Element,
  type FlatState,
  type ListAttribute,
  type Scalar,
} from './attributes.js';
import {
  BEFORE_ALL,
  baseOf,
  isOpen,
  isOurDeletion,
  seenBefore,
  stoodAt,
  type KnownCommand,
  type RecordFacts,
} from './facts.js';
import type { Normaliser } from './normalise.js';
import { unpackState, type State } from './packing.js';
import { showsOvertaken, undoneWindow } from './overtaken.js';
import { explainsElement, explainsScalar } from './explaining.js';
import { rewrite, rewriteElement } from './rewriting.js';
import { rules, type RuleSwitches } from './rules.js';
import { compareVersions, isAfter } from './version.js';

/** What a system states of its own accord about one attribute, or one element of it. */
export interface Testimony {
  /** Undefined: the system's people removed it. */
  value: Scalar | undefined;
  raw: Scalar | Element | undefined;
  /** Effective time, epoch milliseconds (SYNC section 2.6). */
  asOf: number;
  version: Version;
  /** It began over an echo of this other member's value (SYNC section 2.7). */
  overEchoOf?: string;
}

/** A maximal stretch of equal values (SYNC section 2.3). */
export interface Run {
  value: Scalar | undefined;
  raw: Scalar | Element | undefined;
  since: Version;
  echo: boolean;
  held: boolean;
  /** Of an echo: whose statement was written. */
  from?: string;
}

export interface Register {
  run: Run;
  testimony?: Testimony;
  /** There was a value once, whoever wrote it. */
  had: boolean;
}

/** One record as its facts show it. */
export interface Evaluation {
  ref: string;
  kind: 'person' | 'organization';
  deleted: boolean;
  /** By the hub, as far as is known: an echo of a deletion, which says nothing of other records. */
  deletedByHub?: true;
  /** Last observed version and state: the shadow. Absent until the first observation. */
  version?: Version;
  shadow: FlatState;
  scalars: Map<string, Register>;
  lists: Map<ListAttribute, Map<string, Register>>;
  open?: KnownCommand;
  /** When the record was made in its system (epoch milliseconds): decides the customer's id. */
  createdAt: number;
}

export interface Point {
  version: Version;
  flat: FlatState;
  changedAt: number;
  observedAt: number;
  createdAt?: number;
  writes: Write[];
}

/** An applied write, as seen at the version that its outcome names. */
export interface Write {
  known: KnownCommand;
  mode: 'before' | 'exact' | 'read-back';
  /** Null: nothing stood before. */
  pre: Version | null;
  before?: FlatState;
  scalars: Map<string, Scalar | undefined>;
  lists: Map<string, Map<string, Element>>;
  version: Version;
}

export interface EvaluationContext {
  normaliser: Normaliser;
  profile: KindProfile | undefined;
  switches?: RuleSwitches;
}

/** Sections 2.1 to 2.7 of SYNC: the whole record from its facts, whatever order they came in. */
export function evaluate(record: RecordFacts, context: EvaluationContext): Evaluation {
  const { points, deleted, deletedByHub, scan, below } = walk(record, context);
  const last = points.at(-1);
  const open = record.commands.find(isOpen);
  const result: Evaluation = {
    ref: record.ref,
    kind: last?.flat.kind ?? below?.kind ?? 'person',
    deleted,
    shadow: last?.flat ?? below ?? nothing(),
    scalars: scan.scalars,
    lists: scan.lists,
    createdAt: record.summary?.createdAt ?? firstCreated(points, record),
  };
  const version = newest(record, last);
  if (version) result.version = version;
  if (open) result.open = open;
  if (deletedByHub) result.deletedByHub = true;
  return result;
}

/** The state of a record of which nothing was seen. */
export function nothing(): FlatState {
  return { kind: 'person', scalars: new Map(), lists: new Map() };
}

export interface Walk {
  points: Point[];
  deleted: boolean;
  deletedByHub: boolean;
  scan: Scan;
  /** What stood at the horizon. */
  below: FlatState | undefined;
}

/** @param upTo Only the points at or below this version, with the knowledge of all facts. */
export function walk(record: RecordFacts, context: EvaluationContext, upTo?: Version): Walk {
  const state = record.summary && unpackState(record.summary.state);
  const below = state?.flat;
  const { points, writes, unseen, ...deletion } = timeline(record, below, context);
  const scan = new Scan(record, context, writes, state);
  const raise = (from: readonly Write[], limit: Version): void => {
    for (const write of from) if (!isAfter(write.version, limit)) scan.raise(write);
  };
  if (record.horizon) raise(writes, record.horizon);
  const walked = upTo ? points.filter((p) => compareVersions(p.version, upTo) <= 0) : points;
  for (const point of walked) {
    raise(unseen, point.version);
    scan.step(point);
  }
  if (upTo) raise(unseen, upTo);
  return { points: walked, ...deletion, scan, below };
}

function newest(record: RecordFacts, last: Point | undefined): Version | undefined {
  const seen = record.observations.at(-1)?.version;
  const candidates = [seen, last?.version, record.summary?.version].filter((v) => v !== undefined);
  return candidates.reduce<Version | undefined>((a, b) => (a === undefined || isAfter(b, a) ? b : a), undefined);
}

function firstCreated(points: readonly Point[], record: RecordFacts): number {
  const first = points[0];
  if (first) return first.createdAt ?? first.changedAt;
  const seen = record.observations[0];
  return seen ? Date.parse(seen.createdAt ?? seen.changedAt) : Number.MAX_SAFE_INTEGER;
}

function timeline(
  record: RecordFacts,
  below: FlatState | undefined,
  context: EvaluationContext,
): { points: Point[]; writes: Write[]; unseen: Write[]; deleted: boolean; deletedByHub: boolean } {
  const { normaliser } = context;
  const points: Point[] = [];
  let deletedAt: Version | undefined;
  for (const o of record.observations) {
    if (o.state === undefined) {
      deletedAt = o.version;
      continue;
    }
    const point: Point = {
      version: o.version,
      flat: flatten(o.state, normaliser),
      changedAt: Date.parse(o.changedAt),
      observedAt: Date.parse(o.observedAt),
      writes: [],
    };
    if (o.createdAt !== undefined) point.createdAt = Date.parse(o.createdAt);
    points.push(point);
  }
  const writes: Write[] = [];
  /** Applied, at versions of which no state is known; not those below an erasure's floor. */
  const unseen: Write[] = [];
  for (const known of record.commands) {
    const write = known.outcome?.status === 'applied' && writeOf(known, normaliser, seenBefore(known, record));
    if (!write) continue;
    writes.push(write);
    if (record.horizon && !isAfter(write.version, record.horizon)) continue;
    const { outcome } = known;
    let at = points.findIndex((p) => compareVersions(p.version, write.version) >= 0);
    if (at < 0) at = points.length;
    let point = points[at];
    if (!point || compareVersions(point.version, write.version) !== 0) {
      if (outcome?.left === undefined) {
        if (isAfter(write.version, record.erasedUpTo ?? BEFORE_ALL)) unseen.push(write);
        continue;
      }
      const changedAt = Date.parse(outcome.changedAt ?? outcome.reportedAt);
      point = {
        version: write.version,
        flat: flatten(outcome.left, normaliser),
        changedAt,
        observedAt: Date.parse(outcome.reportedAt),
        writes: [],
      };
      points.splice(at, 0, point);
    }
    point.writes.push(write);
  }
  // An erasure took what they left: whatever is seen next may still be that.
  for (const write of unseen)
    if (write.known.redacted) points.find((p) => isAfter(p.version, write.version))?.writes.push(write);
  for (const known of (context.switches ?? rules).readBackWindow ? record.commands : []) {
    const write = undoneWindow(known) && writeOf(known, normaliser, null);
    const point = write && showsOvertaken(write, points, below, context);
    if (!point) continue;
    write.version = point.version;
    writes.push(write);
    point.writes.push(write);
  }
  for (const write of writes) if (!unseen.includes(write)) learnBefore(write, points, record, below);
  const last = points.at(-1);
  const deleted =
    deletedAt !== undefined
      ? !last || isAfter(deletedAt, last.version)
      : last === undefined && (record.summary?.deleted ?? false);
  const isOurs = deletedAt ? isOurDeletion(record, deletedAt) : record.summary?.deletedByHub === true;
  return { points, writes, unseen, deleted, deletedByHub: deleted && isOurs };
}

/**
 * Where the version before an exact write is known and that state was seen, it says what the write replaced as well as the system could:
 * then values that the system derives from what we sent are told apart from what its people typed.
 */
function learnBefore(write: Write, points: readonly Point[], record: RecordFacts, stood: FlatState | undefined): void {
  const pre = write.known.outcome?.pre;
  if (write.mode !== 'exact' || !pre) return;
  const below = points.findLast((p) => isAfter(write.version, p.version));
  const [version, flat] = below ? [below.version, below.flat] : [stoodAt(record), stood];
  if (!version || !flat || isAfter(pre, version)) return;
  write.mode = 'before';
  write.before = flat;
}

function writeOf(known: KnownCommand, normaliser: Normaliser, seen: Version | null): Write | undefined {
  const { command, outcome } = known;
  if (outcome?.version === undefined) return undefined;
  if (command.action !== 'update' && command.action !== 'create') return undefined;
  const scalars = new Map<string, Scalar | undefined>();
  const lists = new Map<string, Map<string, Element>>();
  for (const [attribute, { value }] of Object.entries(command.set)) {
    if (isListAttribute(attribute))
      lists.set(attribute, Array.isArray(value) ? flattenList(attribute, value, normaliser) : new Map());
    else scalars.set(attribute, value === null || Array.isArray(value) ? undefined : value);
  }
  const created = command.action === 'create';
  const before = outcome.before ?? (created ? { kind: 'person' as const } : undefined);
  const write: Write = {
    known,
    mode: outcome.exact ? (before ? 'before' : 'exact') : 'read-back',
    pre: outcome.pre ?? (created ? seen : baseOf(known)),
    scalars,
    lists,
    version: outcome.version,
  };
  if (before && outcome.exact) write.before = flatten(before, normaliser);
  return write;
}

/** Walks the points in order and keeps one register for each attribute or element. */
export class Scan {
  readonly scalars: Map<string, Register>;
  readonly lists: Map<ListAttribute, Map<string, Register>>;
  private readonly switches: RuleSwitches;
  private readonly profile: KindProfile | undefined;
  private readonly normaliser: Normaliser;
  private readonly readBacks: Write[];
  private readonly openBase: Version | undefined;
  /** Greatest `asOf` among the applied writes to each attribute so far. */
  readonly asOf: Map<string, number>;
  private first: boolean;
  private readonly ref: string;

  constructor(record: RecordFacts, context: EvaluationContext, writes: readonly Write[], below: State | undefined) {
    this.ref = record.ref;
    this.scalars = below?.scalars ?? new Map();
    this.lists = below?.lists ?? new Map();
    this.switches = context.switches ?? rules;
    this.profile = context.profile;
    this.normaliser = context.normaliser;
    this.readBacks = writes.filter((w) => w.mode === 'read-back');
    for (const known of record.commands) {
      if (!isOpen(known)) continue;
      const base = baseOf(known);
      if (this.openBase === undefined || isAfter(this.openBase, base)) this.openBase = base;
    }
    this.asOf = new Map(record.summary?.asOf);
    this.first = record.summary === undefined;
  }

  step(point: Point): void {
    // Who edits what the hub wrote has seen it: the write of this very point counts too where it moved the version, else it came after.
    const [later, earlier] = [false, true].map((moved) => point.writes.filter((w) => this.movedOn(w) === moved));
    for (const write of earlier ?? []) this.raise(write);
    for (const [attribute, value] of point.flat.scalars) this.scalar(point, attribute, value);
    for (const [attribute, register] of this.scalars) {
      if (register.run.value !== undefined && !point.flat.scalars.has(attribute))
        this.scalar(point, attribute, undefined);
    }
    for (const attribute of new Set([
      ...this.lists.keys(),
      ...(point.flat.lists.keys() as IterableIterator<ListAttribute>),
    ])) {
      this.list(point, attribute);
    }
    for (const write of later ?? []) this.raise(write);
    this.first = false;
  }

  raise(write: Write): void {
    const { command } = write.known;
    if (command.action !== 'update' && command.action !== 'create') return;
    for (const [attribute, { asOf }] of Object.entries(command.set)) {
      if (asOf > (this.asOf.get(attribute) ?? -Infinity)) this.asOf.set(attribute, asOf);
    }
  }

  private scalar(point: Point, attribute: string, value: Scalar | undefined): void {
    const register = this.scalars.get(attribute);
    if (register && register.run.value === value) return;
    const profile = this.profile?.attributes[attribute];
    let echo: Write | 'continued' | undefined = point.writes.find((w) =>
      this.wroteScalar(w, attribute, value, profile),
    );
    echo ??= this.readBacks.find((w) => this.inWindow(w, point) && explainsScalar(w, attribute, value, profile));
    if (echo === undefined && register?.run.echo && value !== undefined && this.switches.rewritingContinuesEcho) {
      const before = register.run.value;
      if (before !== undefined && profile?.rewrites && rewrite(before, profile.rewrites) === value) echo = 'continued';
    }
    this.scalars.set(attribute, this.begin(point, attribute, register, value, value, echo));
  }

  private wroteScalar(
    write: Write,
    attribute: string,
    value: Scalar | undefined,
    profile: AttributeProfile | undefined,
  ): boolean {
    if (write.mode === 'before') return write.before?.scalars.get(attribute) !== value;
    if (!write.scalars.has(attribute) || !this.movedOn(write)) return false;
    return write.mode === 'exact' || explainsScalar(write, attribute, value, profile);
  }

  private list(point: Point, attribute: ListAttribute): void {
    let registers = this.lists.get(attribute);
    if (!registers) this.lists.set(attribute, (registers = new Map()));
    const now = point.flat.lists.get(attribute);
    const rewrites = this.profile?.attributes[attribute]?.rewrites;
    const rewritten = this.rewrittenElements(registers, now, attribute, rewrites);
    const changes: [string, Register][] = [];
    const visit = (key: string, element: Element | undefined): void => {
      const register = registers.get(key);
      const value = element === undefined ? undefined : elementValue(attribute, element);
      if (register && register.run.value === value) {
        if (element !== undefined) refresh(register, element);
        return;
      }
      if (register === undefined && value === undefined) return;
      let echo: Write | 'continued' | undefined = point.writes.find((w) =>
        this.wroteElement(w, attribute, key, element, rewrites),
      );
      echo ??= this.readBacks.find(
        (w) => this.inWindow(w, point) && explainsElement(w, attribute, key, element, rewrites, this.normaliser),
      );
      if (echo === undefined && rewritten.has(key)) echo = 'continued';
      changes.push([key, this.begin(point, attribute, register, value, element, echo)]);
    };
    for (const [key, element] of now ?? []) visit(key, element);
    for (const key of registers.keys()) if (!now?.has(key)) visit(key, undefined);
    for (const [key, register] of changes) registers.set(key, register);
  }

  /** Keys on both sides of a declared rewriting of an element that we wrote: the one that went and the one that came. */
  private rewrittenElements(
    registers: ReadonlyMap<string, Register>,
    now: ReadonlyMap<string, Element> | undefined,
    attribute: ListAttribute,
    rewrites: AttributeProfile['rewrites'],
  ): Set<string> {
    const keys = new Set<string>();
    if (!rewrites || !now || !this.switches.rewritingContinuesEcho) return keys;
    for (const [key, { run }] of registers) {
      if (!run.echo || run.value === undefined || now.has(key)) continue;
      const became = elementKey(attribute, rewriteElement(run.raw as Element, rewrites), this.normaliser);
      if (became !== key && now.has(became)) keys.add(key).add(became);
    }
    return keys;
  }

  private wroteElement(
    write: Write,
    attribute: ListAttribute,
    key: string,
    element: Element | undefined,
    rewrites: AttributeProfile['rewrites'],
  ): boolean {
    if (write.mode === 'before') {
      const before = write.before?.lists.get(attribute)?.get(key);
      const was = before === undefined ? undefined : elementValue(attribute, before);
      return was !== (element === undefined ? undefined : elementValue(attribute, element));
    }
    if (!write.lists.has(attribute) || !this.movedOn(write)) return false;
    return write.mode === 'exact' || explainsElement(write, attribute, key, element, rewrites, this.normaliser);
  }

  /** A write that left the version where it was changed nothing. */
  private movedOn(write: Write): boolean {
    return write.pre === null || isAfter(write.version, write.pre);
  }

  private inWindow(write: Write, point: Point): boolean {
    if (!this.switches.readBackWindow) return false;
    return (
      (write.pre === null || isAfter(point.version, write.pre)) && compareVersions(point.version, write.version) <= 0
    );
  }

  private begin(
    point: Point,
    attribute: string,
    register: Register | undefined,
    value: Scalar | undefined,
    raw: Scalar | Element | undefined,
    origin: Write | 'continued' | undefined,
  ): Register {
    const echo = origin !== undefined && this.switches.echoes;
    const held =
      !echo &&
      this.openBase !== undefined &&
      isAfter(point.version, this.openBase) &&
      this.switches.holdBehindOpenCommand;
    const run: Run = { value, raw, since: point.version, echo, held };
    const had = (register?.had ?? false) || value !== undefined;
    const next: Register = { run, had };
    if (register?.testimony) next.testimony = register.testimony;
    if (echo) {
      const from = origin === 'continued' ? register?.run.from : assignedFrom(origin, attribute);
      if (from !== undefined) run.from = from;
    } else if (!held && (value !== undefined || register?.had)) {
      next.testimony = { value, raw, asOf: this.effectiveTime(point, attribute), version: point.version };
      const from = register?.run.echo ? register.run.from : undefined;
      if (from !== undefined && from !== this.ref) next.testimony.overEchoOf = from;
    }
    return next;
  }

  private effectiveTime(point: Point, attribute: string): number {
    let time = Math.min(point.changedAt, point.observedAt);
    if (
      this.first &&
      point.createdAt !== undefined &&
      point.createdAt !== point.changedAt &&
      this.switches.firstObservationFromCreation
    ) {
      time = Math.min(time, point.createdAt);
    }
    const seen = this.asOf.get(attribute);
    return seen !== undefined && this.switches.editsHaveSeenWrites ? Math.max(time, seen + 1) : time;
  }
}

function assignedFrom(write: Write, attribute: string): string | undefined {
  const { command } = write.known;
  return command.action === 'update' || command.action === 'create' ? command.set[attribute]?.from : undefined;
}

/** A label or a spelling that changed within a run: the newest form stands for it. */
function refresh(register: Register, element: Element): void {
  register.run.raw = element;
  const { testimony, run } = register;
  if (testimony && !run.echo && !run.held && compareVersions(testimony.version, run.since) === 0)
    testimony.raw = element;
}
