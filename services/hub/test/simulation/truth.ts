import type { Outcome, Version } from '@unsilo/schemas';
import { LISTS, SCALARS, elementText, rewriteText, type State } from './state.js';
import type { Path, RewriteSpec } from './scenario.js';
import type { Entry, RealRecord } from './system.js';
import type { World } from './world.js';

/** One thing that can be said about a record: an attribute, or one element of a list. */
export interface Item {
  path: Path;
  /** Canonical element; for consents the purpose. */
  element?: string;
}

/** What a state says of an item; undefined: nothing. */
export function said(state: State | undefined, item: Item): string | undefined {
  if (!state) return undefined;
  if (item.path === 'consents') return state.consents.find((c) => c.purpose === item.element)?.status;
  if (item.path === 'emails' || item.path === 'phones')
    return state[item.path].some((e) => elementText(e) === item.element) ? 'there' : undefined;
  return state.scalars[item.path];
}

/** Every item that a record ever had. */
export function itemsOf(record: RealRecord, attributes: readonly Path[]): Item[] {
  const items: Item[] = SCALARS.filter((path) => attributes.includes(path)).map((path) => ({ path }));
  for (const path of LISTS) {
    const elements = new Set<string>();
    for (const { state } of record.history)
      for (const e of state?.[path] ?? []) elements.add('purpose' in e ? e.purpose : elementText(e));
    for (const element of elements) items.push({ path, element });
  }
  return items;
}

/** A stretch of one value that people, or the system of its own accord, put there. */
export interface RealStatement {
  from: number;
  /** First `seq` after it. */
  until: number;
  value: string | undefined;
}

/**
 * What was said of an item in a record, by its people or by the system itself, oldest first. What the hub wrote is left out, and what a declared
 * job made of that.
 */
export function statementsOf(world: World, record: RealRecord, item: Item): RealStatement[] {
  const rules = rulesOf(world, record).filter((r) => r.declared && r.later && r.attribute === item.path);
  const statements: RealStatement[] = [];
  let before: { value: string | undefined; ours: boolean } = { value: undefined, ours: false };
  for (const entry of record.history) {
    // A deletion says nothing about what stood there.
    if (!entry.state) continue;
    const value = said(entry.state, item);
    if (value === before.value) continue;
    const last = statements.at(-1);
    if (last && last.until === Infinity) last.until = entry.seq;
    const ours =
      entry.author.by === 'hub' ||
      (before.ours && entry.author.by === 'system' && isRewriting(before.value, value, rules, item));
    if (!ours) statements.push({ from: entry.seq, until: Infinity, value });
    before = { value, ours };
  }
  return statements;
}

function isRewriting(
  before: string | undefined,
  after: string | undefined,
  rules: readonly RewriteSpec[],
  item: Item,
): boolean {
  if (rules.length === 0) return false;
  // An element that a job rewrites goes under one name and comes under another.
  if (item.element !== undefined) return true;
  return before !== undefined && rules.reduce((text, rule) => rewriteText(text, rule), before) === after;
}

export function rulesOf(world: World, record: RealRecord): readonly RewriteSpec[] {
  return world.systems.get(systemNameOf(record.ref))?.spec.rewrites ?? [];
}

export function systemNameOf(ref: string): string {
  return ref.slice(0, ref.indexOf('/'));
}

/** One state of a record that the hub came to know. */
export interface SeenPoint {
  version: Version;
  seq: number;
}

/** Of several outcomes of one command one counts (SYNC section 1), and what the others saw is lost. */
function outcomesThatCount(world: World, ref: string): Outcome[] {
  const rank = ({ status, exact = status !== 'applied' }: Outcome): number =>
    ['uncertain', 'not-applied', 'conflict', 'rejected', 'applied'].indexOf(status) * 2 + (exact ? 1 : 0);
  const best = new Map<string, Outcome>();
  for (const fact of world.facts) {
    if (fact.type !== 'outcome') continue;
    const { outcome } = fact;
    const known = best.get(outcome.command);
    const isEarlier = known?.version && outcome.version && isLater(known.version, outcome.version);
    if (!known || rank(outcome) > rank(known) || (rank(outcome) === rank(known) && isEarlier))
      best.set(outcome.command, outcome);
  }
  return [...best.values()].filter((outcome) => outcome.ref === ref);
}

/** All states that the hub was shown, in the order of their versions. */
export function seenPoints(world: World, ref: string): SeenPoint[] {
  const shown = world.connectors.get(systemNameOf(ref))?.shown;
  const points = new Map<string, SeenPoint>();
  const add = (version: Version | undefined): void => {
    if (!version) return;
    const key = `${ref}@${version.major}.${version.minor}`;
    const seq = shown?.get(key);
    if (seq !== undefined) points.set(key, { version, seq });
  };
  for (const fact of world.facts) {
    if (fact.type === 'party' && fact.party.ref === ref) add(fact.party.version);
  }
  for (const { status, version } of outcomesThatCount(world, ref)) if (status === 'applied') add(version);
  return [...points.values()].sort((a, b) => a.version.major - b.version.major || a.version.minor - b.version.minor);
}

/**
 * Whether the hub could know a statement for what it was (SYNC section 8): it was seen as a value of its own, not overwritten
 * unseen, and not inside the window of an inexact write that explains it.
 */
export function isRecognisable(
  world: World,
  record: RealRecord,
  item: Item,
  statement: RealStatement,
  points: readonly SeenPoint[],
): boolean {
  const entryAt = (seq: number): Entry | undefined => record.history[seq - 1];
  const at = points.findIndex((p) => p.seq >= statement.from && p.seq < statement.until && entryAt(p.seq)?.state);
  const first = points[at];
  if (!first) return false;
  const previous = points.slice(0, at).findLast((p) => entryAt(p.seq)?.state);
  if (previous && said(entryAt(previous.seq)?.state, item) === statement.value) return false;
  const wrote = entryAt(first.seq)?.author;
  if (first.seq !== statement.from && wrote?.by === 'hub') return false;
  for (const { version, pre, before, exact, command: id } of outcomesThatCount(world, record.ref)) {
    const command = world.hub.commands.get(id);
    if (
      !version ||
      !command ||
      (command.action !== 'update' && command.action !== 'create') ||
      !(item.path in command.set)
    )
      continue;
    // Overwritten unseen, with the value that stood there already: where the answer doesn't tell what was before, it is the first that shows it.
    const isOverwritten =
      exact && !pre && !before && !isLater(first.version, version) && !isLater(version, first.version);
    // An inexact one names the version of its reading, also where that found something else (ADR 0006).
    const isInWindow = !exact && (!pre || isLater(first.version, pre)) && !isLater(first.version, version);
    if (!isOverwritten && !isInWindow) continue;
    // Whoever typed it, it can't be told from the write.
    if (isLike(item, statement.value, command.set[item.path]?.value)) return false;
  }
  return true;
}

function isLater(a: Version, b: Version): boolean {
  return a.major > b.major || (a.major === b.major && a.minor > b.minor);
}

function isLike(item: Item, value: string | undefined, sent: unknown): boolean {
  if (item.element !== undefined) return true;
  if (value === undefined || sent === null || sent === undefined)
    return value === undefined && (sent === null || sent === undefined);
  const plain = (text: string): string => text.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, '');
  return String(sent).startsWith(value) || plain(String(sent)).startsWith(plain(value));
}
