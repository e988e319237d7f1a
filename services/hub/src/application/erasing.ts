import { decisionEvent, type Decision } from '@unsilo/schemas';
import type { OrderedDecision } from '../domain/decisions.js';
import { isErasedBy, redact, type RecordFacts } from '../domain/facts.js';
import type { Core } from './core.js';
import { message } from './outbox.js';
import { recordRow } from './record-row.js';
import { keyOfDecision, type CommandRow, type SummarisedRow } from './rows.js';
import type { Workspace } from './workspace.js';

/** What a steward pinned of a record says as much of a person as the record does: it goes with it, in any order of arrival. */
export function isErasedKeep({ decision, seq }: OrderedDecision, facts: RecordFacts): boolean {
  return decision.kind === 'keep' && isErasedBy(facts, seq);
}

/** That somebody decided stays; what it was is forgotten here, and in the compacted topic. */
export function eraseKeeps(workspace: Workspace, ref: string, core: Core): void {
  const row = recordRow(workspace, ref);
  const gone = row.decisions?.filter((entry) => isErasedKeep(entry, row.facts)) ?? [];
  if (gone.length === 0) return;
  workspace.set('records', ref, { ...row, decisions: row.decisions?.filter((entry) => !gone.includes(entry)) });
  for (const { decision } of gone) {
    const bare = withoutValue(decision);
    workspace.overwrite('decisions', keyOfDecision(decision), bare);
    workspace.say(message(decisionEvent(core.tenant, bare)));
  }
}

export function withoutValue(decision: Decision): Decision {
  if (decision.kind !== 'keep') return decision;
  const { reason: _, ...rest } = decision;
  return { ...rest, value: null };
}

/** What the hub wrote to records that are erased, and found there, is as personal as what they said. */
export async function eraseCommands(workspace: Workspace, refs: readonly string[]): Promise<void> {
  await workspace.load('summarised', refs);
  const ids = refs.map((ref) => {
    const { commands, creates } = recordRow(workspace, ref).facts;
    const { commands: earlier = [] } = workspace.get<SummarisedRow>('summarised', ref) ?? {};
    return [...[...commands, ...creates].map((k) => k.command.id), ...earlier];
  });
  await workspace.load('commands', ids.flat());
  for (const [i, ref] of refs.entries()) {
    for (const id of ids[i] ?? []) eraseCommand(workspace, id, recordRow(workspace, ref).facts.erasedAt);
    if (workspace.has('summarised', ref)) workspace.remove('summarised', ref);
  }
}

export function eraseCommand(workspace: Workspace, id: string, erasedAt: number | undefined): void {
  const row = workspace.get<CommandRow>('commands', id);
  if (!row?.command || erasedAt === undefined) return;
  const { command, outcome } = redact({ ...row, command: row.command }, erasedAt);
  const each = row.each?.map((known) => redact({ command, outcome: known }, erasedAt).outcome ?? known);
  const erased: CommandRow = { ...row, command, ...(outcome && { outcome }), ...(each && { each }) };
  workspace.set('commands', id, erased);
}

/** Commands that a record's own row no longer names: an erasure has to find them. */
export async function noteSummarised(workspace: Workspace, ref: string, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  await workspace.load('summarised', [ref]);
  const { commands = [] } = workspace.get<SummarisedRow>('summarised', ref) ?? {};
  const all = [...new Set([...commands, ...ids])].sort();
  if (all.length > commands.length) workspace.set('summarised', ref, { commands: all } satisfies SummarisedRow);
}
