import type { Timestamp, Version } from '@unsilo/schemas';
import { canonicalValue, valueOf } from './attributes.js';
import { flatten } from './attributes.js';
import {
  baseOf,
  inOrder,
  isOpen,
  isOurDeletion,
  seenBefore,
  stoodAt,
  type KnownCommand,
  type RecordFacts,
} from './facts.js';
import type { Normaliser } from './normalise.js';
import { packState, type PackedState } from './packing.js';
import { nothing, walk, type EvaluationContext } from './testimony.js';
import { hash53 } from './hash.js';
import { isAfter } from './version.js';

/** The form of summaries: what is read of another's is of no other. */
export const SUMMARY_FORMAT = 1;

/** What stays of the facts at or below the horizon (SYNC section 3). Plain JSON. */
export interface Summary {
  format: typeof SUMMARY_FORMAT;
  /** Last version and state at or below the horizon. */
  version: Version;
  state: PackedState;
  deleted: boolean;
  /** It was the hub that deleted it. */
  deletedByHub?: true;
  /** Version of that state where the last version is a deletion. */
  stood?: Version;
  /** Epoch milliseconds. */
  createdAt: number;
  /** When any state of it was first seen (epoch milliseconds). Not yet: the highest number; earlier versions wrote null. */
  firstSeen: number | null;
  /** When the newest of the facts was learnt. */
  lastLearnt?: Timestamp;
  asOf: [attribute: string, time: number][];
  /** How the latest commands below the horizon ended: what planning must remember. */
  answered: Answer[];
}

/** What a command sent and what came of it. */
export interface Answer {
  command: string;
  issuedAt: Timestamp;
  base: Version;
  status: 'open' | 'applied' | 'rejected' | 'conflict' | 'not-applied' | 'uncertain';
  exact: boolean;
  /** Marks of the values (`mark`), by attribute. */
  sent: Record<string, string>;
  /** What stood after an applied write, for the attributes sent. */
  left: Record<string, string>;
  /** The how manieth command on its base. */
  attempt: number;
}

export interface HorizonPolicy {
  /** Facts younger than this, measured back from the record's newest observation, are kept (milliseconds). */
  age: number;
  /** So many versions are kept at least. */
  versions: number;
}
export const DEFAULT_HORIZON: HorizonPolicy = { age: 7 * 24 * 3600 * 1000, versions: 32 };

/** The latest answers that a record remembers, besides the last ones about each attribute. */
const REMEMBERED_ANSWERS = 24;
/** Longest value, in characters, that stands for itself among the answers. */
const LONGEST_MARK = 16;
/** With read-backs it takes two to know that a system rewrites a value (SYNC section 5.4). */
const REMEMBERED_OF_EACH = 2;

/** Stands for a canonical value in an answer: the value itself, or 53 bits of a hash of a long one. */
export function mark(canonical: string): string {
  return canonical.length <= LONGEST_MARK ? canonical : `#${hash53(canonical).toString(36)}`;
}

export function answerOf(known: KnownCommand, normaliser: Normaliser): Answer {
  const { command, outcome } = known;
  const answer: Answer = {
    command: command.id,
    issuedAt: command.issuedAt,
    base: baseOf(known),
    status: outcome?.status ?? 'open',
    exact: outcome?.exact ?? false,
    attempt: command.attempt,
    sent: {},
    left: {},
  };
  if (known.redacted || (command.action !== 'update' && command.action !== 'create')) return answer;
  const left = outcome?.left ? flatten(outcome.left, normaliser) : undefined;
  for (const [attribute, { value }] of Object.entries(command.set)) {
    answer.sent[attribute] = mark(canonicalValue(attribute, value, normaliser));
    if (left) answer.left[attribute] = mark(canonicalValue(attribute, valueOf(left, attribute), normaliser));
  }
  return answer;
}

const NONE: readonly Answer[] = [];

/** The answers that planning goes by, oldest first: the same whether or not the record has been summarised in between. */
export function answersOf(record: RecordFacts, normaliser: Normaliser): readonly Answer[] {
  const own = record.commands.filter((k) => wrote(k, record)).map((k) => answerOf(k, normaliser));
  const earlier = record.summary?.answered ?? NONE;
  return own.length === 0 ? earlier : remembered([...earlier, ...own]);
}

/** A create that found the record there wrote nothing: what it left is no answer to what it asked for. */
function wrote(known: KnownCommand, record: RecordFacts): boolean {
  return known.command.action !== 'create' || (known.outcome?.pre === undefined && seenBefore(known, record) === null);
}

function byIssue(a: Answer, b: Answer): number {
  return a.issuedAt < b.issuedAt
    ? -1
    : a.issuedAt > b.issuedAt
      ? 1
      : a.command < b.command
        ? -1
        : Number(a.command > b.command);
}

/**
 * The highest version that may be summarised: older than the policy's age and number of versions, and not past the base of an open command.
 * Undefined: nothing to do.
 */
export function nextHorizon(record: RecordFacts, policy: HorizonPolicy): Version | undefined {
  const { observations } = record;
  const youngest = observations.reduce((max, o) => Math.max(max, Date.parse(o.observedAt)), -Infinity);
  const limit = youngest - policy.age;
  let candidate: Version | undefined;
  for (let i = observations.length - 1 - policy.versions; i >= 0; i -= 1) {
    const o = observations[i];
    if (o && Date.parse(o.observedAt) < limit) {
      candidate = o.version;
      break;
    }
  }
  if (!candidate) return undefined;
  for (const known of record.commands) {
    if (!isOpen(known)) continue;
    const base = baseOf(known);
    if (isAfter(candidate, base)) candidate = base;
  }
  if (record.horizon && !isAfter(candidate, record.horizon)) return undefined;
  return candidate;
}

/**
 * The same record with everything at or below `horizon` summarised. The result is exact for any facts above it. Nothing changes where no
 * state lies there: a summary of nothing would make the first state that comes look like a later one.
 */
export function compact(record: RecordFacts, horizon: Version, context: EvaluationContext): RecordFacts {
  if (record.horizon && !isAfter(horizon, record.horizon)) return record;
  const { points, scan, below: before } = walk(record, context, horizon);
  if (points.length === 0 && !record.summary) return record;
  const last = points.at(-1);
  const below = record.observations.filter((o) => !isAfter(o.version, horizon));
  const lastSeen = below.at(-1);
  const lastDeleted = below.findLast((o) => o.state === undefined)?.version;
  const landed = new Set(points.flatMap((p) => p.writes.map((w) => w.known)));
  const covered = (known: KnownCommand): boolean =>
    !isOpen(known) &&
    // What was planned on the state at the horizon acts above it: a better outcome of it is no late fact.
    isAfter(horizon, baseOf(known)) &&
    (landed.has(known) || known.outcome?.version === undefined || !isAfter(known.outcome.version, horizon));
  const first = points[0];
  const deleted = lastDeleted
    ? !last || isAfter(lastDeleted, last.version)
    : points.length === 0 && (record.summary?.deleted ?? false);
  const deletedByHub = lastDeleted ? isOurDeletion(record, lastDeleted) : record.summary?.deletedByHub === true;
  const stood = last?.version ?? stoodAt(record);
  const summary: Summary = {
    format: SUMMARY_FORMAT,
    version: lastVersion(lastSeen?.version, last?.version, record.summary?.version) ?? horizon,
    state: packState({ flat: last?.flat ?? before ?? nothing(), scalars: scan.scalars, lists: scan.lists }),
    deleted,
    ...(deleted && deletedByHub && { deletedByHub }),
    ...(deleted && stood && { stood }),
    createdAt: record.summary?.createdAt ?? (first ? (first.createdAt ?? first.changedAt) : Number.MAX_SAFE_INTEGER),
    firstSeen: below.reduce(
      (min, o) => Math.min(min, Date.parse(o.observedAt)),
      record.summary?.firstSeen ?? Number.MAX_SAFE_INTEGER,
    ),
    ...lastLearnt(record.summary?.lastLearnt, below, record.commands.filter(covered)),
    asOf: [...scan.asOf].sort(byName),
    answered: remembered([
      ...(record.summary?.answered ?? []),
      ...record.commands.filter((k) => covered(k) && wrote(k, record)).map((k) => answerOf(k, context.normaliser)),
    ]),
  };
  const { createdFor } = record;
  const maker = record.commands.find((k) => k.command.id === createdFor?.command);
  const found = maker !== undefined && covered(maker) && seenBefore(maker, record) !== null;
  return inOrder({
    ...record,
    ...(createdFor && found ? { createdFor: { ...createdFor, found } } : {}),
    horizon,
    summary,
    observations: record.observations.filter((o) => isAfter(o.version, horizon)),
    commands: record.commands.filter((k) => !covered(k)),
  });
}

function lastLearnt(
  before: Timestamp | undefined,
  observations: RecordFacts['observations'],
  commands: readonly KnownCommand[],
): Pick<Summary, 'lastLearnt'> {
  let last = before;
  const take = (at: Timestamp | undefined): void => {
    if (at !== undefined && (last === undefined || at > last)) last = at;
  };
  for (const { observedAt } of observations) take(observedAt);
  for (const { outcome } of commands) take(outcome?.reportedAt);
  return last === undefined ? {} : { lastLearnt: last };
}

/** What planning must not forget: else a value that the system rewrites would be sent again each time that others pushed its answer out. */
function remembered(answers: readonly Answer[]): Answer[] {
  const counts = new Map<string, number>();
  const kept: Answer[] = [];
  for (const answer of [...answers].sort(byIssue).reverse()) {
    const attributes = Object.keys(answer.sent);
    const isLast = attributes.some((attribute) => (counts.get(attribute) ?? 0) < REMEMBERED_OF_EACH);
    for (const attribute of attributes) counts.set(attribute, (counts.get(attribute) ?? 0) + 1);
    if (isLast || kept.length < REMEMBERED_ANSWERS) kept.push(answer);
  }
  return kept.reverse();
}

function lastVersion(...versions: (Version | undefined)[]): Version | undefined {
  return versions.reduce((a, b) => (a === undefined || (b !== undefined && isAfter(b, a)) ? b : a), undefined);
}

function byName(a: readonly [string, unknown], b: readonly [string, unknown]): number {
  return a[0] < b[0] ? -1 : Number(a[0] > b[0]);
}
