import type { Command, Outcome } from '@unsilo/schemas';
import {
  RetryableError,
  retiredAfterWrite,
  timestamp,
  type ConnectorContext,
  type Retired,
  type WriteResult,
} from '@unsilo/connector-sdk';
import { exportSoon } from './export.js';
import { csvMap, type CsvMap } from './map.js';
import type { CsvOptions } from './options.js';
import { equal, versionOf, writeRow, type Row, type RowWrite, type Values } from './row.js';
import { tableOf, type Table } from './table.js';

type RowCommand = Extract<Command, { action: 'update' | 'create' | 'delete' }>;

/** Carries out one command on the table. The answer is exact: the table is the record of truth, and one change sees what the one before left. */
export async function write(context: ConnectorContext<CsvOptions>, command: Command): Promise<WriteResult> {
  const { options } = context;
  if (options.out === undefined)
    return rejected('UNSILO_CSV_READ_ONLY', 'No folder is configured to write to; set the option out');
  if (command.action !== 'update' && command.action !== 'create' && command.action !== 'delete')
    return rejected('UNSILO_CSV_ACTION', `A table of rows knows no ${command.action}`);
  if (command.action === 'delete' && options.out.rows !== 'all')
    return rejected(
      'UNSILO_CSV_NO_DELETE',
      'A file of changed rows can’t say that one is gone; only with out.rows: all rows are deleted',
    );
  const table = tableOf(context.memory);
  const map = csvMap(context.tenant, context.system, options);
  const result = await table.write((current) => change(context, current, map, command));
  // Also after a repeat: the process may have ended between the change and the file.
  if (result.status === 'applied') exportSoon(context);
  return result;
}

async function change(
  context: ConnectorContext<CsvOptions>,
  table: Table,
  map: CsvMap,
  command: RowCommand,
): Promise<WriteResult> {
  // What a row says is being told anew, and the command was planned on what it said before.
  if ((await table.state()).mapping !== map.meaning)
    throw new RetryableError('UNSILO_CSV_MAPPING_CHANGED', 'The rows are yet to be read under the present mapping', {
      mayHaveApplied: false,
    });
  const id = command.action === 'create' ? newId(command.externalKey) : map.idIn(command.ref);
  if (id === undefined) return rejected('UNSILO_CSV_FOREIGN_REF', 'The ref names no row of this system');
  const [row] = await table.rows([id]);
  const earlier = row?.writes?.find((write) => write.command === command.id);
  if (earlier !== undefined) return applied(map, id, row?.retired, earlier);

  if (command.action === 'create') {
    if (map.newIdColumn === undefined)
      return rejected(
        'UNSILO_CSV_NO_CREATE',
        'Rows can’t be made here, since their id is made of several columns or of personal data',
      );
    // The same key again is the same record: made before, by a command that was given up.
    if (row !== undefined && row.deleted !== true && row.erased === undefined) return found(map, id, row);
    return assign(context, table, map, command, id, undefined, { [map.newIdColumn]: id });
  }
  if (row === undefined) return rejected('UNSILO_CSV_NO_ROW', 'There is no row with this id');
  if (row.erased !== undefined) return rejected('UNSILO_CSV_ROW_ERASED', 'The row has been erased by a steward');
  const { base } = command;
  if (row.version[0] !== base.major || row.version[1] !== base.minor)
    return { status: 'conflict', ref: map.ref(id), version: versionOf(row.version) };
  if (command.action === 'delete') return save(context, table, map, command, id, row, undefined);
  if (row.deleted === true) return rejected('UNSILO_CSV_ROW_DELETED', 'The row has been deleted');
  return assign(context, table, map, command, id, row, row.values);
}

async function assign(
  context: ConnectorContext<CsvOptions>,
  table: Table,
  map: CsvMap,
  command: RowCommand & { action: 'update' | 'create' },
  id: string,
  row: Row | undefined,
  values: Values,
): Promise<WriteResult> {
  const set = Object.fromEntries(Object.entries(command.set).map(([path, { value }]) => [path, value]));
  const assigned = map.assign(values, set);
  if ('refused' in assigned) {
    const { code, message, attribute } = assigned.refused;
    return { status: 'rejected', error: { code, message, field: attribute } };
  }
  const fixed = row === undefined ? Object.entries(context.options.mapping.write ?? {}) : [];
  const whole = { ...assigned.values, ...Object.fromEntries(fixed.map(([column, value]) => [column, String(value)])) };
  const known = row?.retired ?? {};
  const retired = retiredAfterWrite(known, set, map.state(whole).state);
  const isSettled = JSON.stringify(retired) === JSON.stringify(known);
  // Nothing to change is a change that has been made: the record keeps its version.
  if (row !== undefined && isSettled && equal(whole, row.values)) return unchanged(map, id, row);
  return save(context, table, map, command, id, row, whole, isSettled ? undefined : retired);
}

async function save(
  { clock }: ConnectorContext<CsvOptions>,
  table: Table,
  map: CsvMap,
  command: RowCommand,
  id: string,
  row: Row | undefined,
  values: Values | undefined,
  retired?: Retired,
): Promise<WriteResult> {
  const next = writeRow(row, values, command.id, Math.floor(clock.now()), retired);
  await table.saveWrite(id, next, row === undefined, Object.keys(values ?? {}));
  return applied(map, id, next.retired, next.writes![0]!);
}

/** Takes erased rows out of the table and, soon, out of the file that is written. */
export async function forget(context: ConnectorContext<CsvOptions>, refs: readonly string[]): Promise<void> {
  const map = csvMap(context.tenant, context.system, context.options);
  const ids = refs.flatMap((ref) => map.idIn(ref) ?? []);
  if (await tableOf(context.memory).erase(ids)) exportSoon(context);
}

/** A key that no spreadsheet takes for a number or a formula. */
function newId(externalKey: string): string {
  return `u-${externalKey.replaceAll(/[^A-Za-z0-9_-]/g, '').slice(0, 40)}`;
}

function applied(
  map: CsvMap,
  id: string,
  retired: Retired | undefined,
  { pre, before, left, version, changedAt, retired: known = retired }: RowWrite,
): WriteResult {
  return {
    status: 'applied',
    ref: map.ref(id),
    version: versionOf(version),
    changedAt: timestamp(changedAt),
    ...(pre === undefined ? {} : { pre: versionOf(pre) }),
    ...(before === undefined ? {} : { before: map.state(before, known).state }),
    ...(left === undefined ? {} : { left: map.state(left, retired).state }),
    exact: true,
  };
}

function unchanged(map: CsvMap, id: string, row: Row): WriteResult {
  const { state } = map.state(row.values, row.retired);
  const version = versionOf(row.version);
  const changedAt = timestamp(row.changedAt);
  return {
    status: 'applied',
    ref: map.ref(id),
    version,
    changedAt,
    pre: version,
    before: state,
    left: state,
    exact: true,
  };
}

function found(map: CsvMap, id: string, row: Row): WriteResult {
  return {
    status: 'applied',
    ref: map.ref(id),
    version: versionOf(row.version),
    changedAt: timestamp(row.changedAt),
    left: map.state(row.values, row.retired).state,
    exact: false,
  };
}

function rejected(code: string, message: string): WriteResult & { error: NonNullable<Outcome['error']> } {
  return { status: 'rejected', error: { code, message } };
}
