import type { Command, Outcome, Party, Version } from '@unsilo/schemas';
import { compact, type Summary } from './compaction.js';
import { BEFORE_ALL, baseOf, inOrder, isOpen, type KnownCommand, type Observation, type RecordFacts } from './facts.js';
import { undoneWindow } from './overtaken.js';
import type { EvaluationContext } from './testimony.js';
import { compareVersions, isAfter } from './version.js';

/**
 * Facts of one ref that lie below its checkpoint. A record that is written often would otherwise be read and written with its whole past
 * at every event: the record keeps a summary, exact for every fact above the checkpoint (SYNC section 3), and the past stands apart until
 * a fact arrives that belongs into it.
 */
export interface HistoryChunk {
  /** The horizon proper, and what stays of the facts below that; only in a first chunk. */
  horizon?: Version;
  summary?: Summary;
  observations: Observation[];
  commands: KnownCommand[];
  /** As it was said, where the checkpoint noted what came of it. */
  createdFor?: RecordFacts['createdFor'];
}

/** So many facts gather above a checkpoint before it moves up: reading a few again costs less than writing a summary each time. */
const GATHERED = 2;

/**
 * Moves the checkpoint of a record up as far as it may: never past the base of an open command, and not where an erasure or a create that is
 * under way has to see every fact.
 * @param isWhole No checkpoint yet: the record's horizon is the horizon proper.
 * @returns undefined while it stays where it is
 */
export function moveCheckpoint(
  record: RecordFacts,
  isWhole: boolean,
  context: EvaluationContext,
): { record: RecordFacts; chunk: HistoryChunk } | undefined {
  const closed = record.commands.reduce((count, known) => (isOpen(known) ? count : count + 1), 0);
  if (record.observations.length + closed < GATHERED || record.erasedAt !== undefined) return undefined;
  const at = highest(record);
  if (!at || !isAfter(at, record.horizon ?? BEFORE_ALL)) return undefined;
  const above = compact(record, at, context);
  if (above === record || above.commands.some((k) => k.command.action === 'create')) return undefined;
  const kept = new Set(above.commands);
  const chunk: HistoryChunk = {
    observations: record.observations.filter((o) => !isAfter(o.version, at)),
    commands: record.commands.filter((k) => !kept.has(k)),
  };
  if (isWhole && record.horizon) chunk.horizon = record.horizon;
  if (isWhole && record.summary) chunk.summary = record.summary;
  if (above.createdFor !== record.createdFor) chunk.createdFor = record.createdFor;
  return { record: above, chunk };
}

/** Of what was seen, and no write that nobody has seen yet: plans start from what was seen, and would lie below the checkpoint. */
function highest(record: RecordFacts): Version | undefined {
  let at = record.observations.at(-1)?.version;
  for (const { command, outcome } of record.commands) {
    const shows = outcome?.status === 'applied' && outcome.left !== undefined && command.action !== 'delete';
    if (shows && outcome.version && (!at || isAfter(outcome.version, at))) at = outcome.version;
  }
  if (!at) return undefined;
  for (const known of record.commands) if (isOpen(known) && isAfter(at, baseOf(known))) at = baseOf(known);
  return belowWindows(at, record);
}

/**
 * A state that is yet to come may show a write that a reading found undone: then what lies in the window of that reading is an echo, below
 * the state that shows it as well (ADR 0006). Where the horizon proper has passed the window's beginning it is too late for that.
 */
function belowWindows(at: Version, record: RecordFacts): Version {
  for (const known of record.commands) {
    const window = undoneWindow(known);
    if (!window || !isAfter(window.version, at) || !isAfter(at, window.pre)) continue;
    // Below this one it may lie in another.
    if (!record.horizon || !isAfter(record.horizon, window.pre)) return belowWindows(window.pre, record);
  }
  return at;
}

/** All facts of a record again: the horizon is the horizon proper. */
export function wholeRecord(record: RecordFacts, chunks: readonly HistoryChunk[]): RecordFacts {
  if (chunks.length === 0) return record;
  const { horizon: _, summary: __, ...rest } = record;
  const base = chunks[0];
  const createdFor = chunks.find((c) => c.createdFor)?.createdFor ?? record.createdFor;
  return inOrder({
    ...rest,
    ...(base?.horizon && { horizon: base.horizon }),
    ...(base?.summary && { summary: base.summary }),
    ...(createdFor && { createdFor }),
    observations: [...chunks.flatMap((c) => c.observations), ...record.observations].sort((a, b) =>
      compareVersions(a.version, b.version),
    ),
    commands: [...chunks.flatMap((c) => c.commands), ...record.commands].sort((a, b) =>
      a.command.id < b.command.id ? -1 : Number(a.command.id > b.command.id),
    ),
  });
}

/** Whether a fact belongs below the checkpoint, or may: then the whole record must be at hand before it is added. */
export const belongsBelow = {
  observation(record: RecordFacts, party: Pick<Party, 'version'>): boolean {
    return record.horizon !== undefined && !isAfter(party.version, record.horizon);
  },

  command(record: RecordFacts, command: Command): boolean {
    if (record.horizon === undefined || record.commands.some((k) => k.command.id === command.id)) return false;
    return isAfter(record.horizon, baseOf({ command }));
  },

  outcome(record: RecordFacts, outcome: Outcome): boolean {
    const { horizon } = record;
    if (horizon === undefined) return false;
    const known = record.commands.find((k) => k.command.id === outcome.command);
    if (!known) return true;
    // What takes the place of an outcome that landed below the checkpoint takes it there, and so does the end of a window from below it.
    return [outcome, known.outcome].some(
      (o) =>
        o !== undefined &&
        ((o.version !== undefined && !isAfter(o.version, horizon)) || isAfter(horizon, o.pre ?? baseOf(known))),
    );
  },
};
