import { emptyRecord } from '../domain/facts.js';
import type { RecordRow } from './rows.js';
import type { Workspace } from './workspace.js';

/** Reads a record's row; a ref that is new has an empty one. */
export function recordRow(workspace: Workspace, ref: string): RecordRow {
  return workspace.get<RecordRow>('records', ref) ?? { facts: emptyRecord(ref) };
}
