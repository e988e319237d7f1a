import type { Command, Outcome, Party, PartyState, Timestamp, Version } from '@unsilo/schemas';
import type { Summary } from './compaction.js';
import { compareVersions, isAfter } from './version.js';

/**
 * All that is known of one ref (SYNC section 1): a set. Adding a fact twice, or in another order, gives the same value, byte for byte:
 * every list is kept in one order and of two facts that claim to be one the same one always stays.
 */
export interface RecordFacts {
  ref: string;
  /** Facts at or below it live in `summary` alone. */
  horizon?: Version;
  summary?: Summary;
  /** By version; above the horizon. */
  observations: Observation[];
  /** Updates and deletes of this ref, by id; those that the summary doesn't cover. */
  commands: KnownCommand[];
  /** Creates that were asked for this ref's sake (`createdFor`), by id. */
  creates: KnownCommand[];
  /** The create that is said to have made this record, and for which member. Read it through `madeFor`. */
  createdFor?: { ref: string; command: string; found?: true };
  /** What was said up to this time is gone and stays gone (epoch milliseconds). */
  erasedAt?: number;
  /** The highest version that was: a state that is shown again later is the same old one. */
  erasedUpTo?: Version;
  /** How many facts came at or below the horizon and were dropped. Not a fact itself: it depends on when the record was summarised. */
  late: number;
}

export interface Observation {
  version: Version;
  createdAt?: Timestamp;
  changedAt: Timestamp;
  observedAt: Timestamp;
  state?: PartyState;
  deleted?: true;
}

export interface KnownCommand {
  command: Command;
  /** The best outcome known; absent while there is none. */
  outcome?: Outcome;
  /** An erasure took the values: what is left says that there was a write, and to which attributes. */
  redacted?: true;
}

/** Members that come later take their place among the others, so that equal records are equal texts. */
export function inOrder(record: RecordFacts): RecordFacts {
  const { ref, horizon, summary, observations, commands, creates, createdFor, erasedAt, erasedUpTo, late } = record;
  return {
    ref,
    ...(horizon && { horizon }),
    ...(summary && { summary }),
    observations,
    commands,
    creates,
    ...(createdFor && { createdFor }),
    ...(erasedAt !== undefined && { erasedAt }),
    ...(erasedUpTo && { erasedUpTo }),
    late,
  };
}

export function emptyRecord(ref: string): RecordFacts {
  return { ref, observations: [], commands: [], creates: [], late: 0 };
}

/** Whichever clock says that it was earlier: that of the system, or ours. */
export function saidAt(observation: Pick<Observation, 'changedAt' | 'observedAt'>): number {
  return Math.min(Date.parse(observation.changedAt), Date.parse(observation.observedAt));
}

/** Adds what a system showed. What comes at or below the horizon is counted and dropped; an erasure's floor drops it without a word. */
export function addObservation(record: RecordFacts, party: Party): RecordFacts {
  const { erasedAt, erasedUpTo, horizon } = record;
  if (erasedAt !== undefined && saidAt(party) <= erasedAt) return raiseFloor(record, party.version);
  if (erasedUpTo && !isAfter(party.version, erasedUpTo)) return record;
  if (horizon && !isAfter(party.version, horizon)) return { ...record, late: record.late + 1 };
  const fact: Observation = { version: party.version, changedAt: party.changedAt, observedAt: party.observedAt };
  if (party.createdAt !== undefined) fact.createdAt = party.createdAt;
  if (party.deleted) fact.deleted = true;
  else fact.state = party.state;
  const at = lowerBound(record.observations, party.version);
  const known = record.observations[at];
  const observations = record.observations.slice();
  if (known && compareVersions(known.version, party.version) === 0) {
    const merged = mergeObservations(known, fact);
    if (merged === known) return record;
    observations[at] = merged;
  } else {
    observations.splice(at, 0, fact);
  }
  return { ...record, observations };
}

/** Whatever stands at or below this version is erased, whenever it was said. */
export function raiseFloor(record: RecordFacts, version: Version): RecordFacts {
  if (record.erasedUpTo && !isAfter(version, record.erasedUpTo)) return record;
  const observations = record.observations.filter((o) => isAfter(o.version, version));
  const floored = { ...record, observations, erasedUpTo: version };
  return inOrder({ ...floored, commands: record.commands.map((known) => underFloor(known, floored)) });
}

/** An outcome shows a state as an observation does: one that an erasure took doesn't come back by it. */
function underFloor(known: KnownCommand, { erasedAt, erasedUpTo }: RecordFacts): KnownCommand {
  const { outcome } = known;
  if (erasedAt === undefined || !outcome || (!outcome.left && !outcome.before)) return known;
  const { version, changedAt = outcome.reportedAt, reportedAt } = outcome;
  const isBelow = version !== undefined && erasedUpTo !== undefined && !isAfter(version, erasedUpTo);
  if (!isBelow && saidAt({ changedAt, observedAt: reportedAt }) > erasedAt) return known;
  return { ...known, outcome: withoutStates(outcome) };
}

/** One version names one state. Should two claim it, the greater text stays, so that the order of arrival can't decide. */
function mergeObservations(a: Observation, b: Observation): Observation {
  const earliest = Date.parse(a.observedAt) <= Date.parse(b.observedAt) ? a.observedAt : b.observedAt;
  const rank = (o: Observation): string =>
    JSON.stringify([o.deleted ?? false, o.state ?? null, o.changedAt, o.createdAt ?? '']);
  const kept = rank(a) >= rank(b) ? a : b;
  return kept.observedAt === earliest ? kept : { ...kept, observedAt: earliest };
}

/**
 * Adds a command to the record that it writes or, a create, to the member that it was asked for and to the record that it made.
 * @param isStanding It is known that the summary doesn't cover it, whatever it was planned on.
 */
export function addCommand(record: RecordFacts, command: Command, isStanding = false): RecordFacts {
  const list = command.action === 'create' && command.createdFor === record.ref ? 'creates' : 'commands';
  const known = record[list].find((k) => k.command.id === command.id);
  if (known && !isOutcomeWithoutCommand(known)) return record;
  if (isCovered(record, command)) return record;
  // Whatever stood open at the horizon is among the known ones: this one ended long ago and was forgotten.
  if (!isStanding && command.action !== 'create' && record.horizon && isAfter(record.horizon, baseOf({ command })))
    return { ...record, late: record.late + 1 };
  const entry: KnownCommand = known?.outcome ? { command, outcome: known.outcome } : { command };
  return { ...record, [list]: insertById(record[list], redact(entry, record.erasedAt)) };
}

/**
 * An outcome may come before its command is known (a rebuild reads topics side by side): it waits under a bare id. One that names another
 * record (a create that was tried twice and found two) says that nothing was applied to this one.
 */
export function addOutcome(record: RecordFacts, reported: Outcome, list: 'commands' | 'creates'): RecordFacts {
  const { command: id, system, reportedAt, ref } = reported;
  const isOthers = list === 'commands' && ref !== undefined && ref !== record.ref;
  const outcome: Outcome = isOthers ? { command: id, system, status: 'not-applied', reportedAt } : reported;
  const known = record[list].find((k) => k.command.id === id);
  if (known?.outcome && compareOutcomes(known.outcome, outcome) >= 0) return record;
  if (!known && record.summary?.answered.some((a) => a.command === id)) return { ...record, late: record.late + 1 };
  const entry = redact({ command: known?.command ?? bareCommand(outcome), outcome }, record.erasedAt);
  // What a create made is another record, with a floor of its own.
  const kept = list === 'commands' ? underFloor(entry, record) : entry;
  return { ...record, [list]: insertById(record[list], kept) };
}

/**
 * For which member the hub had this record made. Undefined too for a record that a create only found: one that was seen before the create
 * was asked for stood there on its own, maybe with an e-mail that we had written, and is nobody's copy.
 */
export function madeFor(record: RecordFacts): { ref: string; command: string } | undefined {
  const { createdFor } = record;
  if (!createdFor || createdFor.found) return undefined;
  const known = record.commands.find((k) => k.command.id === createdFor.command);
  return known && seenBefore(known, record) !== null ? undefined : createdFor;
}

/** The last version that was seen before a create was asked for: what stood then isn't its doing. Null: none. */
export function seenBefore({ command }: KnownCommand, record: RecordFacts): Version | null {
  if (command.action !== 'create') return null;
  const issuedAt = Date.parse(command.issuedAt);
  const seen = record.observations.findLast((o) => Date.parse(o.observedAt) < issuedAt)?.version;
  const { summary, horizon } = record;
  return seen ?? (summary && horizon && (summary.firstSeen ?? Infinity) < issuedAt ? horizon : null);
}

/** Version of the state at the horizon. Unknown (undefined) where an earlier version of the software summarised a deletion. */
export function stoodAt({ summary }: RecordFacts): Version | undefined {
  return summary?.deleted ? summary.stood : summary?.version;
}

/** Whether a record was deleted at this version by a command of ours, or, while that is open, may have been (SYNC sections 2.3 and 2.4). */
export function isOurDeletion({ commands }: RecordFacts, at: Version): boolean {
  return commands.some((known) => {
    const { command, outcome } = known;
    if (command.action !== 'delete') return false;
    if (isOpen(known)) return isAfter(at, command.base);
    if (outcome?.status !== 'applied' || !outcome.version || isAfter(at, outcome.version)) return false;
    return compareVersions(at, outcome.version) === 0 || (!outcome.exact && isAfter(at, outcome.pre ?? command.base));
  });
}

/** Of several makers of one record the one with the least id stays; that it found the record there is not unlearnt. */
export function bindCreated(record: RecordFacts, createdFor: NonNullable<RecordFacts['createdFor']>): RecordFacts {
  const known = record.createdFor;
  const isFoundNow = known?.command === createdFor.command && !known.found && createdFor.found === true;
  if (known && known.command <= createdFor.command && !isFoundNow) return record;
  return inOrder({ ...record, createdFor });
}

/**
 * Forgets what was said up to a time, for ever (SYNC section 6.3). Of our own writes it keeps that there were any: one that is still
 * under way must not come back as the system's own statement, and a record that we made must not be made again.
 */
export function erase(record: RecordFacts, at: number): RecordFacts {
  if (record.erasedAt !== undefined && record.erasedAt >= at) return record;
  const { horizon, summary: _, ...rest } = record;
  const floored: RecordFacts = {
    ...rest,
    commands: record.commands.map((k) => underFloor(redact(k, at), { ...record, erasedAt: at })),
    creates: record.creates.map((k) => redact(k, at)),
    erasedAt: at,
  };
  const gone = record.observations.filter((o) => saidAt(o) <= at).map((o) => o.version);
  return inOrder((horizon ? [horizon, ...gone] : gone).reduce(raiseFloor, floored));
}

/** Whether what was said then is gone. */
export function isErasedBy({ erasedAt }: Pick<RecordFacts, 'erasedAt'>, saidAt: number): boolean {
  return erasedAt !== undefined && saidAt <= erasedAt;
}

/** A command and its outcome without the values that an erasure takes. */
export function redact(known: KnownCommand, erasedAt: number | undefined): KnownCommand {
  const { command, outcome } = known;
  if (erasedAt === undefined || Date.parse(command.issuedAt) > erasedAt) return known;
  const bare: KnownCommand = { command: withoutValues(command), redacted: true };
  if (outcome) bare.outcome = withoutStates(outcome);
  return bare;
}

function withoutValues(command: Command): Command {
  if (command.action === 'reply') return { ...command, text: '' };
  if (command.action !== 'update' && command.action !== 'create') return command;
  const set = Object.entries(command.set).map(([attribute, { asOf }]) => [attribute, { value: null, asOf }] as const);
  return { ...command, set: Object.fromEntries(set) };
}

function withoutStates(outcome: Outcome): Outcome {
  const { before: _, left: __, ...rest } = outcome;
  return rest;
}

function isOutcomeWithoutCommand(known: KnownCommand): boolean {
  return known.command.deadline === '';
}

function bareCommand(outcome: Outcome): Command {
  return {
    id: outcome.command,
    system: outcome.system,
    cause: { kind: 'plan' },
    issuedAt: outcome.reportedAt,
    deadline: '',
    attempt: 0,
    action: 'update',
    ref: outcome.ref ?? '',
    base: outcome.pre ?? { major: 0, minor: 0 },
    set: {},
  };
}

function isCovered(record: RecordFacts, command: Command): boolean {
  return record.summary?.answered.some((a) => a.command === command.id) ?? false;
}

const OUTCOME_RANK: Record<Outcome['status'], number> = {
  applied: 4,
  rejected: 3,
  conflict: 2,
  'not-applied': 1,
  uncertain: 0,
};

/** Where one command has several outcomes: applied > rejected, conflict > not-applied > uncertain; ties by text. */
export function compareOutcomes(a: Outcome, b: Outcome): number {
  const rank = OUTCOME_RANK[a.status] - OUTCOME_RANK[b.status];
  if (rank !== 0) return rank;
  // The write's own answer says more than a reading afterwards.
  const own = (o: Outcome): number => Number(o.exact ?? o.status !== 'applied');
  if (own(a) !== own(b)) return own(a) - own(b);
  // Of two read-backs the earlier one leaves others less time to be taken for the write.
  if (a.version && b.version && !a.exact && compareVersions(a.version, b.version) !== 0)
    return compareVersions(b.version, a.version);
  // The states come last, so that an erasure, which takes them, leaves the order as it was.
  const text = (o: Outcome): string => JSON.stringify([withoutStates(o), o.before ?? null, o.left ?? null]);
  const [x, y] = [text(a), text(b)];
  return x < y ? 1 : x > y ? -1 : 0;
}

/** Version before the first one of any record. */
export const BEFORE_ALL: Version = { major: -1, minor: 0 };

/** The version that a command was planned on. */
export function baseOf({ command }: Pick<KnownCommand, 'command'>): Version {
  return command.action === 'update' || command.action === 'delete' ? command.base : BEFORE_ALL;
}

/** A command is open while it has no outcome, or an uncertain one (SYNC section 2.4). */
export function isOpen(known: KnownCommand): boolean {
  if (known.outcome === undefined) return true;
  return known.outcome.status === 'uncertain' && !isOutcomeWithoutCommand(known);
}

function insertById(list: readonly KnownCommand[], entry: KnownCommand): KnownCommand[] {
  const kept = list.filter((k) => k.command.id !== entry.command.id);
  const at = kept.findIndex((k) => k.command.id > entry.command.id);
  kept.splice(at < 0 ? kept.length : at, 0, entry);
  return kept;
}

function lowerBound(list: readonly Observation[], version: Version): number {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const entry = list[middle];
    if (entry && compareVersions(entry.version, version) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
