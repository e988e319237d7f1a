import type { KindProfile, Version } from '@unsilo/schemas';
import {
  elementKey,
  elementValue,
  flatten,
  flattenList,
  isExplained,
  isListAttribute,
  isOpen,
  rewrite,
  rewriteElement,
} from '../../src/domain.js';
import type { FlatState, KnownCommand, RecordFacts, Scalar } from '../../src/domain.js';
import { normaliser } from './reference-hub.js';

/** What a register says in the end, by SYNC section 2 read literally over all points at once. */
export interface Spoken {
  run: { value: Scalar | undefined; echo: boolean; held: boolean };
  testimony?: { value: Scalar | undefined; asOf: number };
}

interface Point {
  version: Version;
  flat: FlatState;
  changedAt: number;
  observedAt: number;
  createdAt?: number;
}

interface Write {
  known: KnownCommand;
  version: Version;
  pre: Version;
  exact: boolean;
  before?: FlatState;
  left?: FlatState;
  set: Record<string, { value: unknown; asOf: number }>;
}

const order = (a: Version, b: Version): number => a.major - b.major || a.minor - b.minor;

/** All registers of a record that was never summarised: scalar attributes by path, elements by `path|key`. */
export function speak(record: RecordFacts, profile: KindProfile | undefined): Map<string, Spoken> {
  const writes = record.commands.flatMap((k) => appliedWrite(record, k));
  const points = pointsOf(record, writes);
  writes.push(...overtaken(record, points, writes, profile));
  for (const write of writes) replacedBy(write, points);
  const names = new Set<string>();
  for (const { flat } of points) {
    for (const path of flat.scalars.keys()) names.add(path);
    for (const [path, elements] of flat.lists) for (const key of elements.keys()) names.add(`${path}|${key}`);
  }
  let spoken = new Map<string, Spoken>(
    [...names].map((n) => [n, { run: { value: undefined, echo: false, held: false } }]),
  );
  const bases = record.commands
    .filter(isOpen)
    .map((k) => ('base' in k.command ? k.command.base : { major: -Infinity, minor: 0 }));
  for (const [i, point] of points.entries()) {
    const before = points[i - 1];
    const held = bases.some((b) => order(point.version, b) > 0);
    const next = new Map<string, Spoken>();
    for (const name of names) {
      const was = spoken.get(name) as Spoken;
      const value = read(point.flat, name);
      if (value === was.run.value) {
        next.set(name, was);
        continue;
      }
      const [path = '', key] = name.split('|');
      const rewrites = profile?.attributes[path]?.rewrites;
      const echo =
        writes.some((w) => isOurs(w, point, value, name, rewrites)) ||
        (rewrites !== undefined &&
          before !== undefined &&
          isContinued(spoken, before, point, path, key, was, value, rewrites));
      const had = points.slice(0, i).some((p) => read(p.flat, name) !== undefined);
      const run = { value, echo, held: !echo && held };
      const states = !echo && !held && (value !== undefined || had);
      const testimony = states ? { value, asOf: effective(points, i, path, writes) } : was.testimony;
      next.set(name, testimony ? { run, testimony } : { run });
    }
    spoken = next;
  }
  return spoken;
}

/** Writes that a reading found undone, though a state in their window is all that they sent (ADR 0006): that one is their read-back. */
function overtaken(
  record: RecordFacts,
  points: readonly Point[],
  writes: readonly Write[],
  profile: KindProfile | undefined,
): Write[] {
  const taken = new Set(writes.map((w) => JSON.stringify(w.version)));
  return record.commands.flatMap((known) => {
    const { command, outcome } = known;
    const { version: until, pre } = outcome ?? {};
    if (command.action !== 'update' || !until || outcome?.status === 'applied' || outcome?.exact !== false) return [];
    const write: Write = { known, version: until, pre: pre ?? command.base, exact: false, set: command.set };
    for (const [i, point] of points.entries()) {
      if (order(point.version, write.pre) <= 0 || order(point.version, until) > 0) continue;
      const all = Object.keys(command.set).every((path) => {
        const rewrites = profile?.attributes[path]?.rewrites;
        if (!isListAttribute(path)) return explains(write, path, undefined, point, read(point.flat, path), rewrites);
        const keys = [...(point.flat.lists.get(path)?.keys() ?? [])];
        const value = command.set[path]?.value;
        const count = Array.isArray(value) ? flattenList(path, value, normaliser).size : 0;
        return (
          keys.length === count &&
          keys.every((key) => explains(write, path, key, point, read(point.flat, `${path}|${key}`), rewrites))
        );
      });
      const before = points[i - 1];
      const some = Object.keys(command.set).some((path) => content(point.flat, path) !== content(before?.flat, path));
      const name = JSON.stringify(point.version);
      if (!all || !some || taken.has(name)) continue;
      taken.add(name);
      return [{ ...write, version: point.version }];
    }
    return [];
  });
}

function content(flat: FlatState | undefined, path: string): string {
  if (!isListAttribute(path)) return JSON.stringify(flat?.scalars.get(path) ?? null);
  const elements = [...(flat?.lists.get(path) ?? [])];
  return JSON.stringify(elements.map(([key, element]) => [key, elementValue(path, element)]).sort());
}

/** The version before an exact write names a state; where that was seen, it is what the write replaced. */
function replacedBy(write: Write, points: readonly Point[]): void {
  const pre = write.known.outcome?.pre;
  const below = points.filter((p) => order(p.version, write.version) < 0).at(-1);
  if (write.exact && !write.before && pre && below && order(below.version, pre) >= 0) write.before = below.flat;
}

function read(flat: FlatState | undefined, name: string): Scalar | undefined {
  const [path = '', key = ''] = name.split('|');
  if (!isListAttribute(path)) return flat?.scalars.get(path);
  const element = flat?.lists.get(path)?.get(key);
  return element === undefined ? undefined : elementValue(path, element);
}

/** A create may find a record that was there before it was asked for. */
function before(record: RecordFacts, issuedAt: string): Version {
  const earlier = record.observations.filter((o) => Date.parse(o.observedAt) < Date.parse(issuedAt));
  return earlier.at(-1)?.version ?? { major: -Infinity, minor: 0 };
}

function appliedWrite(record: RecordFacts, known: KnownCommand): Write[] {
  const { command, outcome } = known;
  if (outcome?.status !== 'applied' || !outcome.version) return [];
  if (command.action !== 'update' && command.action !== 'create') return [];
  const created = command.action === 'create';
  const replaced = outcome.before ?? (created ? { kind: 'person' as const } : undefined);
  return [
    {
      known,
      version: outcome.version,
      pre: outcome.pre ?? (created ? before(record, command.issuedAt) : command.base),
      exact: outcome.exact ?? false,
      ...(outcome.left ? { left: flatten(outcome.left, normaliser) } : {}),
      set: command.set,
      ...(replaced && outcome.exact ? { before: flatten(replaced, normaliser) } : {}),
    },
  ];
}

function pointsOf(record: RecordFacts, writes: readonly Write[]): Point[] {
  const points: Point[] = record.observations.flatMap((o) =>
    o.state === undefined
      ? []
      : [
          {
            version: o.version,
            flat: flatten(o.state, normaliser),
            changedAt: Date.parse(o.changedAt),
            observedAt: Date.parse(o.observedAt),
            ...(o.createdAt === undefined ? {} : { createdAt: Date.parse(o.createdAt) }),
          },
        ],
  );
  for (const write of writes) {
    const known = points.find((p) => order(p.version, write.version) === 0);
    if (known || !write.left) continue;
    const { outcome } = write.known;
    const at = Date.parse(outcome?.changedAt ?? outcome?.reportedAt ?? '');
    points.push({
      version: write.version,
      flat: write.left,
      changedAt: at,
      observedAt: Date.parse(outcome?.reportedAt ?? ''),
    });
  }
  return points.sort((a, b) => order(a.version, b.version));
}

function effective(points: readonly Point[], index: number, path: string, writes: readonly Write[]): number {
  const point = points[index] as Point;
  let time = Math.min(point.changedAt, point.observedAt);
  if (index === 0 && point.createdAt !== undefined && point.createdAt !== point.changedAt)
    time = Math.min(time, point.createdAt);
  const isEarlier = (w: Write): boolean => {
    const at = order(w.version, point.version);
    return at < 0 || (at === 0 && order(w.version, w.pre) > 0);
  };
  const seen = writes.filter(isEarlier).map((w) => w.set[path]?.asOf ?? -Infinity);
  return Math.max(time, ...seen.map((asOf) => asOf + 1));
}

function isOurs(
  w: Write,
  point: Point,
  value: Scalar | undefined,
  name: string,
  rewrites: Parameters<typeof rewrite>[1],
): boolean {
  const [path = '', key] = name.split('|');
  const at = order(point.version, w.version);
  const sent = path in w.set;
  if (w.exact) {
    if (at !== 0) return false;
    return w.before ? read(w.before, name) !== value : sent && order(w.version, w.pre) > 0;
  }
  return sent && at <= 0 && order(point.version, w.pre) > 0 && explains(w, path, key, point, value, rewrites);
}

function explains(
  w: Write,
  path: string,
  key: string | undefined,
  point: Point,
  value: Scalar | undefined,
  rewrites: Parameters<typeof rewrite>[1],
): boolean {
  const sent = w.set[path]?.value;
  if (!isListAttribute(path)) return isExplained(value, scalarOf(sent), rewrites);
  const elements = Array.isArray(sent) ? flattenList(path, sent as object[], normaliser) : new Map<string, object>();
  if (value === undefined) return !elements.has(key ?? '');
  const element = point.flat.lists.get(path)?.get(key ?? '');
  const same = elements.get(key ?? '');
  if (same) return element !== undefined && elementValue(path, same) === elementValue(path, element);
  return [...elements].some(
    ([sentKey, e]) =>
      isExplained(key, sentKey, undefined) || elementKey(path, rewriteElement(e, rewrites), normaliser) === key,
  );
}

function scalarOf(value: unknown): Scalar | undefined {
  if (typeof value === 'string') return value.normalize('NFC').trim() || undefined;
  return typeof value === 'number' || typeof value === 'boolean' ? value : undefined;
}

/** A declared rewriting of an echo; of a list, the element that went and the one that came. */
function isContinued(
  spoken: ReadonlyMap<string, Spoken>,
  before: Point,
  point: Point,
  path: string,
  key: string | undefined,
  was: Spoken,
  is: Scalar | undefined,
  rewrites: NonNullable<Parameters<typeof rewrite>[1]>,
): boolean {
  if (!isListAttribute(path)) {
    const { value, echo } = was.run;
    return echo && is !== undefined && value !== undefined && rewrite(value, rewrites) === is;
  }
  const now = point.flat.lists.get(path);
  return [...(before.flat.lists.get(path) ?? [])].some(([gone, element]) => {
    if (now?.has(gone) || !spoken.get(`${path}|${gone}`)?.run.echo) return false;
    const became = elementKey(path, rewriteElement(element, rewrites), normaliser);
    return became !== gone && (now?.has(became) ?? false) && (key === gone || key === became);
  });
}
