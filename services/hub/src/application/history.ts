import type { StateStore } from '@unsilo/state-store';
import { moveCheckpoint, wholeRecord, type HistoryChunk } from '../domain/checkpoint.js';
import { compact, nextHorizon } from '../domain/compaction.js';
import { withKeysOf } from '../domain/packing.js';
import { kindProfile, type Core } from './core.js';
import { noteSummarised } from './erasing.js';
import { recordRow } from './record-row.js';
import { SEPARATOR, type RecordRow } from './rows.js';
import type { Workspace } from './workspace.js';

/** Keys of the rows that hold what lies below a record's checkpoint. */
function chunkKeys(ref: string, row: RecordRow): string[] {
  return Array.from({ length: row.past?.chunks ?? 0 }, (_, n) => `${ref}${SEPARATOR}${n}`);
}

/** Brings the past of these records back, so that facts can be added to it. One round trip. */
export async function recall(workspace: Workspace, refs: Iterable<string>): Promise<string[]> {
  const asked = [...new Set(refs)];
  const recalled = workspace.glance(() => asked.filter((ref) => recordRow(workspace, ref).past !== undefined));
  await workspace.load(
    'history',
    workspace.glance(() => recalled.flatMap((ref) => chunkKeys(ref, recordRow(workspace, ref)))),
  );
  for (const ref of workspace.each(recalled, (r) => r)) {
    const { past: _, ...row } = recordRow(workspace, ref);
    const keys = chunkKeys(ref, recordRow(workspace, ref));
    const chunks = keys.flatMap((key) => workspace.get<HistoryChunk>('history', key) ?? []);
    for (const key of keys) workspace.remove('history', key);
    workspace.set('records', ref, { ...row, facts: wholeRecord(row.facts, chunks) });
  }
  return recalled;
}

/** The same rows with all their facts, for readers. */
export async function withPast(store: StateStore, tenant: string, rows: readonly RecordRow[]): Promise<RecordRow[]> {
  const keys = rows.map((row) => chunkKeys(row.facts.ref, row));
  const flat = keys.flat();
  if (flat.length === 0) return [...rows];
  const texts = new Map<string, string>();
  for (const [i, entry] of (await store.getMany(tenant, 'history', flat)).entries())
    if (entry) texts.set(flat[i] ?? '', entry.value);
  return rows.map((row, i) => {
    const chunks = (keys[i] ?? []).map((key) => JSON.parse(texts.get(key) ?? 'null') as HistoryChunk | null);
    return {
      ...row,
      facts: wholeRecord(
        row.facts,
        chunks.filter((c) => c !== null),
      ),
    };
  });
}

/** Facts by the dozen are summarised for good once they are old enough (SYNC section 3). */
export async function compactOld(workspace: Workspace, refs: Iterable<string>, core: Core): Promise<string[]> {
  const { horizon: policy } = core.policy;
  // Looking for a horizon at every event would cost more than what it saves: only from twice the kept versions on, and not again
  // before there are half as many more.
  const due: string[] = [];
  for (const ref of workspace.each(refs, (r) => r)) {
    const { facts, past } = recordRow(workspace, ref);
    const versions = facts.observations.length + (past?.versions ?? 0);
    if (versions >= Math.max(policy.versions * 2, (past?.lookedAt ?? 0) * 1.5)) due.push(ref);
  }
  const recalled = await recall(workspace, due);
  for (const ref of workspace.each(due, (r) => r)) {
    const row = recordRow(workspace, ref);
    const horizon = nextHorizon(row.facts, policy);
    if (!horizon) continue;
    const context = { normaliser: core.normaliser, profile: kindProfile(core, ref) };
    const facts = compact(row.facts, horizon, context);
    workspace.set('records', ref, { ...row, facts });
    const held = new Set(facts.commands.map((k) => k.command.id));
    const ended = row.facts.commands.map((k) => k.command.id).filter((id) => !held.has(id));
    await noteSummarised(workspace, ref, ended);
  }
  return recalled;
}

/**
 * Makes the checkpoints of these records anew, since their system's profile or the country in which numbers are read has changed: a summary
 * holds values as they were read when it was made. Of what lies below the horizon proper only the forms are left.
 */
export async function summariseAnew(workspace: Workspace, refs: readonly string[], core: Core): Promise<void> {
  await recall(workspace, refs);
  for (const ref of workspace.each(refs, (r) => r)) {
    const row = recordRow(workspace, ref);
    const { summary } = row.facts;
    if (!summary) continue;
    const state = withKeysOf(core.normaliser, summary.state);
    workspace.set('records', ref, { ...row, facts: { ...row.facts, summary: { ...summary, state } } });
  }
  moveCheckpoints(workspace, refs, core);
}

/** Moves what was learnt and settled out of the rows that every event reads. */
export function moveCheckpoints(workspace: Workspace, refs: Iterable<string>, core: Core): void {
  for (const ref of workspace.each(refs, (r) => r)) {
    const row = recordRow(workspace, ref);
    const context = { normaliser: core.normaliser, profile: kindProfile(core, ref) };
    const moved = moveCheckpoint(row.facts, row.past === undefined, context);
    if (!moved) continue;
    const { record, chunk } = moved;
    const { chunks, versions, lookedAt } = row.past ?? { chunks: 0, versions: 0, lookedAt: chunk.observations.length };
    workspace.overwrite('history', `${ref}${SEPARATOR}${chunks}`, chunk);
    const past = { chunks: chunks + 1, versions: versions + chunk.observations.length, lookedAt };
    workspace.set('records', ref, { ...row, facts: record, past });
  }
}
