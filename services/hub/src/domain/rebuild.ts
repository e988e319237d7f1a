import type { Command, RecordSummary, Version } from '@unsilo/schemas';
import {
  addCommand,
  addObservation,
  addOutcome,
  baseOf,
  bindCreated,
  erase,
  raiseFloor,
  type RecordFacts,
} from './facts.js';
import { SUMMARY_FORMAT, type Summary } from './compaction.js';
import { unpackState } from './packing.js';
import { isAfter } from './version.js';

/** What a rebuild needs to know of one record, as it stands in the `records` topic (SYNC section 3). */
export function toSummary(facts: RecordFacts): RecordSummary {
  const known = [...facts.commands, ...facts.creates];
  const summary: RecordSummary = {
    ref: facts.ref,
    observations: facts.observations.map((o) => ({
      ref: facts.ref,
      version: o.version,
      changedAt: o.changedAt,
      observedAt: o.observedAt,
      ...(o.createdAt === undefined ? {} : { createdAt: o.createdAt }),
      ...(o.state === undefined ? { deleted: true as const } : { state: o.state }),
    })),
    commands: known.map((k) => k.command).filter((c) => c.deadline !== ''),
    outcomes: known.flatMap((k) => k.outcome ?? []),
  };
  if (facts.horizon) summary.horizon = facts.horizon;
  if (facts.summary) summary.summary = { ...facts.summary };
  if (facts.createdFor) summary.createdFor = facts.createdFor;
  if (facts.erasedAt !== undefined)
    summary.erased = { at: facts.erasedAt, ...(facts.erasedUpTo && { upTo: facts.erasedUpTo }) };
  return summary;
}

/**
 * Whether a published summary is of the form that is known here and holds together. Its schema leaves its content to the hub, but another
 * version may write the same topic, and so may a stranger.
 */
export function canAbsorb({ summary }: RecordSummary): boolean {
  if (!summary) return true;
  const { format, version, state, answered, asOf } = summary as unknown as Summary;
  if (format !== SUMMARY_FORMAT) return false;
  try {
    unpackState(state);
    const answers = answered.every(
      ({ command, base, sent, left }) => typeof command === 'string' && isVersion(base) && sent && left,
    );
    return answers && isVersion(version) && new Map(asOf).size === asOf.length;
  } catch {
    return false;
  }
}

function isVersion({ major, minor }: Version): boolean {
  return Number.isInteger(major) && Number.isInteger(minor);
}

/**
 * Adds what the topic says of a record to what is known already. Idempotent, in any order with the facts themselves. Older publications of
 * the same record change nothing either: a topic is compacted late, so that they are read as well, before the last one.
 */
export function absorb(facts: RecordFacts, published: RecordSummary): RecordFacts {
  let record = beginWith(withFloor(facts, published), published);
  for (const party of published.observations) {
    if (!record.horizon || isAfter(party.version, record.horizon)) record = addObservation(record, party);
  }
  const creates = new Set<string>();
  const forgotten = new Set<string>();
  for (const command of published.commands) {
    const { id } = command;
    const isOwn = command.action === 'create' && command.createdFor === record.ref;
    if (isOwn) creates.add(id);
    else if (isSummedUp(command, record, published) && !record.commands.some((k) => k.command.id === id)) {
      forgotten.add(id);
      continue;
    } else if (command.action === 'create') record = bindCreated(record, { ref: command.createdFor, command: id });
    record = addCommand(record, command, true);
  }
  for (const outcome of published.outcomes)
    if (!forgotten.has(outcome.command))
      record = addOutcome(record, outcome, creates.has(outcome.command) ? 'creates' : 'commands');
  return published.createdFor ? bindCreated(record, published.createdFor) : record;
}

/** What was published before an erasure is below its floor with all that it sums up: nobody can tell any more when that was said. */
function withFloor(facts: RecordFacts, { horizon, summary, erased }: RecordSummary): RecordFacts {
  let record = erased ? erase(facts, erased.at) : facts;
  if (erased?.upTo) record = raiseFloor(record, erased.upTo);
  return horizon && summary && record.erasedAt !== erased?.at ? raiseFloor(record, horizon) : record;
}

/** The later one of two summaries, and of what is known otherwise all that was not summed up, or erased after it had been. */
function beginWith(record: RecordFacts, published: RecordSummary): RecordFacts {
  const { horizon, summary, erased } = published;
  if (record.erasedAt !== erased?.at) return record;
  const listed = new Set(published.commands.map(({ id }) => id));
  const isErased = (command: Command): boolean =>
    erased?.upTo !== undefined &&
    isAfter(erased.upTo, baseOf({ command })) &&
    Date.parse(command.issuedAt) <= erased.at;
  const commands = record.commands.filter(
    ({ command }) => listed.has(command.id) || !(isSummedUp(command, published, record) || isErased(command)),
  );
  if (!horizon || !summary || (record.horizon && !isAfter(horizon, record.horizon))) return { ...record, commands };
  return {
    ...record,
    horizon,
    summary: summary as unknown as Summary,
    observations: record.observations.filter((o) => isAfter(o.version, horizon)),
    commands,
  };
}

/**
 * Whether a command that is not known where the horizon is later has ended below that, and was forgotten. Of a create that tells only what
 * it made: it was planned before all versions, and may be news to a record that was summed up long ago.
 */
function isSummedUp(
  command: Command,
  { horizon, createdFor }: Pick<RecordFacts, 'horizon' | 'createdFor'>,
  than: Pick<RecordFacts, 'horizon'>,
): boolean {
  if (!horizon || (than.horizon && !isAfter(horizon, than.horizon))) return false;
  if (command.action === 'create') return createdFor !== undefined && createdFor.command <= command.id;
  return isAfter(horizon, baseOf({ command }));
}
