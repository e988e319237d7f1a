import type { RecordSummary, Version } from '@unsilo/schemas';
import { addCommand, addObservation, addOutcome, type RecordFacts } from './facts.js';
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

/** Adds what the topic says of a record to what is known already. Idempotent, in any order with the facts themselves. */
export function absorb(facts: RecordFacts, published: RecordSummary): RecordFacts {
  let record = facts;
  const { horizon } = published;
  if (horizon && published.summary && (!record.horizon || isAfter(horizon, record.horizon))) {
    record = {
      ...record,
      horizon,
      summary: published.summary as unknown as Summary,
      observations: record.observations.filter((o) => isAfter(o.version, horizon)),
    };
  }
  for (const party of published.observations) {
    if (!record.horizon || isAfter(party.version, record.horizon)) record = addObservation(record, party);
  }
  const creates = new Set<string>();
  for (const command of published.commands) {
    const isOwn = command.action === 'create' && command.createdFor === record.ref;
    if (isOwn) creates.add(command.id);
    if (command.action === 'create' && !isOwn) {
      if (!record.commands.some((k) => k.command.id === command.id)) {
        record = {
          ...record,
          commands: [...record.commands, { command }].sort((a, b) => (a.command.id < b.command.id ? -1 : 1)),
          createdFor: { ref: command.createdFor, command: command.id },
        };
      }
    } else record = addCommand(record, command);
  }
  for (const outcome of published.outcomes)
    record = addOutcome(record, outcome, creates.has(outcome.command) ? 'creates' : 'commands');
  return record;
}
