import type { EventLog } from '@unsilo/event-log';
import type { StateStore } from '@unsilo/state-store';
import type { Core } from '../core.js';
import { withPast } from '../history.js';
import type { RecordRow } from '../rows.js';
import type { SystemsPort } from '../service.js';
import type { Table } from '../workspace.js';

/** What the parts of the service share. */
export interface ServiceContext {
  core: Core;
  log: EventLog;
  store: StateStore;
  systems: SystemsPort;
  group: string;
  isReady: () => boolean;
  /** Runs between batches. */
  inTurn: <Result>(work: () => Promise<Result>) => Promise<Result>;
}

export async function read<Value>(
  context: ServiceContext,
  table: Table | 'dead-letters' | 'idempotency',
  key: string,
): Promise<Value | undefined> {
  const [value] = await readMany<Value>(context, table, [key]);
  return value;
}

export async function readMany<Value>(
  context: ServiceContext,
  table: Table | 'dead-letters' | 'idempotency',
  keys: readonly string[],
): Promise<(Value | undefined)[]> {
  if (keys.length === 0) return [];
  const entries = await context.store.getMany(context.core.tenant, table, keys);
  return entries.map((entry) => (entry === undefined ? undefined : (JSON.parse(entry.value) as Value)));
}

/** Records with all their facts, those that stand, in the order of the refs. */
export async function readRecords(context: ServiceContext, refs: readonly string[]): Promise<RecordRow[]> {
  const rows = await readMany<RecordRow>(context, 'records', refs);
  return withPast(
    context.store,
    context.core.tenant,
    rows.filter((row) => row !== undefined),
  );
}
