import type { Version } from '@unsilo/schemas';

export type Values = Readonly<Record<string, string>>;

/** One row of the system's own table, as it is kept. Empty values are left out. */
export interface Row {
  /** By column, as they stand. */
  values: Values;
  /** What the last file said, where that differs; null: no file had the row yet, or the last one removed it. */
  said?: Values | null;
  version: readonly [major: number, minor: number];
  /** Epoch milliseconds. */
  changedAt: number;
  createdAt?: number;
  deleted?: true;
  /** Version and key of the last file that had the row, and the line there. */
  seen?: readonly [version: number, key: string, line: number];
  /** The last commands that wrote the row, newest first, for the answer to a repeat. */
  writes?: readonly RowWrite[];
}
export interface RowWrite {
  command: string;
  before?: Values;
  pre?: readonly [number, number];
  left?: Values;
  version: readonly [number, number];
  changedAt: number;
}

/** How many commands of a row are remembered. */
const REMEMBERED_WRITES = 3;

export interface FileRow {
  /** By column; columns that the file doesn't have are missing, empty ones are ''. */
  cells: ReadonlyMap<string, string>;
  file: { version: number; key: string };
  line: number;
  changedAt: number;
  createdAt?: number;
}

export type Merged =
  | { kind: 'changed' | 'same'; row: Row }
  /** A newer file had the row already. */
  | { kind: 'stale' }
  /** The file has two rows with this id that say different things. */
  | { kind: 'duplicate'; line: number };

/**
 * What a file's row makes of the table's. A value is an edit if it differs from what the last file said: a file that repeats what it
 * said before doesn't take back what was written here meanwhile.
 */
export function mergeRow(row: Row | undefined, incoming: FileRow): Merged {
  const { file } = incoming;
  const said = row === undefined ? null : row.said === undefined ? row.values : row.said;
  const edits = [...incoming.cells].filter(([column, value]) => (said?.[column] ?? '') !== value);
  if (row?.seen !== undefined) {
    const [version, key, line] = row.seen;
    if (file.version < version) return { kind: 'stale' };
    const isSameFile = file.version === version && file.key === key;
    if (isSameFile && incoming.line !== line && edits.length > 0) return { kind: 'duplicate', line };
  }
  const seen = [file.version, file.key, incoming.line] as const;
  const isBack = row?.deleted === true && (said === null || edits.length > 0);
  const values = edited(row === undefined || (isBack && said === null) ? {} : row.values, edits);
  const nowSaid = edited(said ?? {}, edits);
  const isChanged = row === undefined || isBack || !equal(values, row.values);
  if (!isChanged) return { kind: 'same', row: withSaid({ ...row, seen }, nowSaid) };
  const { deleted: _, ...kept } = row ?? { writes: undefined };
  const next: Row = {
    ...('version' in kept ? kept : {}),
    values,
    version: row === undefined ? [file.version, 0] : versionAfter(row.version, file.version),
    changedAt: incoming.changedAt,
    seen,
    ...(incoming.createdAt === undefined ? {} : { createdAt: incoming.createdAt }),
  };
  return { kind: 'changed', row: withSaid(next, nowSaid) };
}

/** The row after a file that is the whole table came without it. */
export function removeRow(row: Row, file: number): Row {
  return { ...row, deleted: true, said: null, version: versionAfter(row.version, file), changedAt: file };
}

/** The row after a command. `values` undefined: deleted. */
export function writeRow(row: Row | undefined, values: Values | undefined, command: string, now: number): Row {
  const version = row === undefined ? ([now, 0] as const) : versionAfter(row.version, now);
  const write: RowWrite = {
    command,
    version,
    changedAt: now,
    ...(values === undefined ? {} : { left: values }),
    ...(row === undefined ? {} : { before: row.values, pre: row.version }),
  };
  const { deleted: _, ...kept } = row ?? {};
  const said = row === undefined ? null : row.said === undefined ? row.values : row.said;
  const next: Row = {
    ...kept,
    values: values ?? row?.values ?? {},
    version,
    changedAt: now,
    writes: [write, ...(row?.writes ?? [])].slice(0, REMEMBERED_WRITES),
    ...(row === undefined ? { createdAt: now } : {}),
    ...(values === undefined ? { deleted: true } : {}),
  };
  return said === null ? { ...next, said: null } : withSaid(next, said);
}

export function versionOf([major, minor]: readonly [number, number]): Version {
  return { major, minor };
}

/** The next version of a row: by time, with a counter where time stands still or has gone back. */
function versionAfter([major, minor]: Row['version'], time: number): Row['version'] {
  return time > major ? [time, 0] : [major, minor + 1];
}

/** Values with edits applied; empty ones go. */
export function edited(values: Values, edits: Iterable<readonly [string, string]>): Values {
  const result = new Map(Object.entries(values));
  for (const [column, value] of edits)
    if (value === '') result.delete(column);
    else result.set(column, value);
  return Object.fromEntries(result);
}

/** What a file said is kept only where it isn't what stands. */
function withSaid(row: Row, said: Values): Row {
  const { said: _, ...rest } = row;
  return equal(said, row.values) ? rest : { ...rest, said };
}

export function equal(a: Values, b: Values): boolean {
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => Object.hasOwn(b, name) && a[name] === b[name]);
}
