import type { BusinessObject, Command, Decision, Interaction, Outcome, SystemProfile } from '@unsilo/schemas';
import type { OrderedDecision } from '../domain/decisions.js';
import type { RecordFacts } from '../domain/facts.js';

/** One ref: what is known of it, and where it belongs. */
export interface RecordRow {
  facts: RecordFacts;
  /** What lies below the checkpoint stands in so many rows of `history`. Absent: all facts stand here. */
  past?: {
    chunks: number;
    /** Observations among it. */
    versions: number;
    /** How many there were when a horizon was last looked for. */
    lookedAt: number;
  };
  /** Hash of all that matching sees of it: while it stays, so do its keys and edges (`MatchRow`). */
  matched?: string;
  customer?: string;
  decisions?: OrderedDecision[];
  /** Refs of records that are said to have been created for this one, sorted: whoever looks at it finds them. */
  made?: string[];
  /** Keys of ours that it was seen to carry: they are in `external-keys`. */
  keys?: string[];
}

/**
 * A customer. Its merged record is not kept: it is what its members' records make, and is merged again for whoever reads it; the topic
 * `customers` has every state that it was in.
 */
export interface CustomerRow {
  revision: number;
  members: string[];
  /** Hash of the customer but for its revision and the time of its change: an equal one is not written again. */
  fingerprint: string;
  /** Under which it is found, sorted. */
  words: string[];
  changedAt: string;
}

/** An id that is no customer at present: should it become one again, its revisions go on and none is said twice. */
export interface RetiredRow {
  revision: number;
}

/** Under a key that a create gave its record. Either may come first. */
export interface ExternalKeyRow {
  /** Ids of the creates that gave it, sorted. */
  creates?: string[];
  /** Refs of the records that were seen to carry it, sorted; who has it for an id is not among them. */
  records?: string[];
  /** Earlier versions kept the create that came last alone. */
  command?: string;
}

/** A command and how it ended. Either may come first. */
export interface CommandRow {
  command?: Command;
  /** The best one known. */
  outcome?: Outcome;
  /** Those that came before the command, the best one for each record that is named: not applied yet. */
  early?: Outcome[];
  /** Of a create whose outcomes don't all name the same record: the best one for each. */
  each?: Outcome[];
}

export interface InteractionRow {
  /** Absent: no more than an answer to it was read so far (a rebuild reads topics side by side). */
  interaction?: Interaction;
  /** Commands that replied to it, oldest first. */
  replies: string[];
  /** An erasure emptied it; replies up to then are emptied as well (epoch milliseconds). */
  erasedAt?: number;
}

/** A ref that was erased: what it said up to then is gone and stays gone (epoch milliseconds). */
export interface ErasureRow {
  at: number;
}

/** Ids of the commands to a record that its facts no longer hold: they ended below the horizon. */
export interface SummarisedRow {
  commands: string[];
}

export interface ObjectRow {
  object: BusinessObject;
}

export interface SystemRow {
  snapshotCompletedAt?: string;
  /** Digest of the mapping under which it was complete, where the connector tells one. */
  snapshotMapping?: string;
}

/** Whether all that a system held at first has been read, and under its present mapping: other records may be told anew by then. */
export function isSnapshotComplete(row: SystemRow | undefined, { mapping }: Pick<SystemProfile, 'mapping'>): boolean {
  if (row?.snapshotCompletedAt === undefined) return false;
  return mapping === undefined || row.snapshotMapping === undefined || row.snapshotMapping === mapping;
}

export type TimelineRow = { type: 'interaction' | 'object'; ref: string };

/** Between the parts of a composed key; no ref, id or hash contains it. */
export const SEPARATOR = '\u001f';

/** In order of time. */
export function keyOfDecision({ decidedAt, id }: Pick<Decision, 'decidedAt' | 'id'>): string {
  return `${decidedAt}${SEPARATOR}${id}`;
}

/** Newest first in order of keys. */
export function timelineKey(party: string, at: string, ref: string): string {
  const inverted = (8.64e15 - Date.parse(at)).toString().padStart(17, '0');
  return `${party}${SEPARATOR}${inverted}${SEPARATOR}${ref}`;
}
