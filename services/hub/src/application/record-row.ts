import { emptyRecord, type RecordFacts } from '../domain/facts.js';
import type { RecordRow } from './rows.js';
import type { Workspace } from './workspace.js';

/** Refs whose facts changed, and those whose place among the customers must be found again whatever their values. */
export interface Touched {
  facts: Set<string>;
  identity: Set<string>;
}

/** Reads a record's row; a ref that is new has an empty one. */
export function recordRow(workspace: Workspace, ref: string): RecordRow {
  return workspace.get<RecordRow>('records', ref) ?? { facts: emptyRecord(ref) };
}

/** Writes a record's row where its facts change. The row of whom it was made for must be loaded. */
export function update(
  workspace: Workspace,
  touched: Touched,
  ref: string,
  change: (facts: RecordFacts) => RecordFacts,
): void {
  const row = recordRow(workspace, ref);
  const facts = change(row.facts);
  if (facts === row.facts) return;
  workspace.set('records', ref, { ...row, facts });
  touched.facts.add(ref);
  // Below an erasure's floor lies nothing: maybe it was the last that was known.
  if (facts.erasedUpTo !== row.facts.erasedUpTo) touched.identity.add(ref);
  const maker = facts.createdFor?.ref;
  if (maker === undefined || maker === row.facts.createdFor?.ref) return;
  touched.identity.add(ref);
  noteMade(workspace, maker, ref);
}

/** A create that was tried twice may have made two records, of which its own outcome names one. */
function noteMade(workspace: Workspace, maker: string, ref: string): void {
  const row = recordRow(workspace, maker);
  const { made = [] } = row;
  if (!made.includes(ref)) workspace.set('records', maker, { ...row, made: [...made, ref].sort() });
}
