import { createHash } from 'node:crypto';
import type { Version } from '@unsilo/schemas';
import type { Retired } from '@unsilo/connector-sdk';
import { plainName } from './header.js';

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
  /**
   * By column: what commands put there and no file has confirmed yet, oldest first, each with its time. The other side may take such a value
   * in late, when another one stands here again.
   */
  awaited?: Readonly<Record<string, readonly Awaited[]>>;
  /** The last commands that wrote the row, newest first, for the answer to a repeat. */
  writes?: readonly RowWrite[];
  /** What it said last of attributes that the mapping no longer has. */
  retired?: Retired;
  /** A steward has erased it: digests of what files may still say of it without that being news. No other values are left. */
  erased?: readonly string[];
}
type Awaited = readonly [value: string, at: number];
export interface RowWrite {
  command: string;
  before?: Values;
  pre?: readonly [number, number];
  left?: Values;
  version: readonly [number, number];
  changedAt: number;
  /** What was retired before, where the write has changed that. */
  retired?: Retired;
}

/** How many commands of a row are remembered. */
const REMEMBERED_WRITES = 3;
/** How many values of a column are awaited, and how long: who types such a value after that means it. */
const MOST_AWAITED = 8;
const AWAITED_MS = 7 * 86_400_000;

export interface FileRow {
  /** By column; columns that the file doesn't have are missing, empty ones are ''. */
  cells: ReadonlyMap<string, string>;
  file: { version: number; key: string };
  line: number;
  changedAt: number;
  createdAt?: number;
}

export type Merged =
  | {
      kind: 'changed' | 'same';
      row: Row;
      /** The other side has taken in an earlier file of ours, and needs what stands here once more. */
      late?: true;
    }
  /** A newer file had the row already. */
  | { kind: 'stale' }
  /** The file has two rows with this id that say different things. */
  | { kind: 'duplicate'; line: number };

/**
 * What a file's row makes of the table's. A value is an edit if it differs from what the last file said: a file that repeats what it
 * said before doesn't take back what was written here meanwhile. And if it is none that was written here: the other side may have
 * taken in an earlier file of ours, and that is no statement of its own.
 */
export function mergeRow(known: Row | undefined, incoming: FileRow): Merged {
  const { file } = incoming;
  if (known?.erased !== undefined && isErasedState(known.erased, Object.fromEntries(incoming.cells)))
    return isOlder(known, file) ? { kind: 'stale' } : { kind: 'same', row: { ...known, seen: seenIn(incoming) } };
  const row = known === undefined ? undefined : withoutErasure(known);
  const said = row === undefined ? null : row.said === undefined ? row.values : row.said;
  const differing = [...incoming.cells].filter(([column, value]) => (said?.[column] ?? '') !== value);
  const edits = differing.filter(([column, value]) => !isAwaited(row, column, value, file.version));
  if (row?.seen !== undefined) {
    const [version, key, line] = row.seen;
    if (isOlder(row, file)) return { kind: 'stale' };
    const isSameFile = file.version === version && file.key === key;
    if (isSameFile && incoming.line !== line && differing.length > 0) return { kind: 'duplicate', line };
  }
  const seen = seenIn(incoming);
  const isBack = row?.deleted === true && (said === null || edits.length > 0);
  const values = edited(row === undefined || (isBack && said === null) ? {} : row.values, edits);
  const nowSaid = edited(said ?? {}, differing);
  const late = edits.length < differing.length && !equal(nowSaid, values) ? ({ late: true } as const) : {};
  const isChanged = row === undefined || isBack || !equal(values, row.values);
  const awaited = stillAwaited(row, differing, file.version);
  if (!isChanged) return { kind: 'same', row: withSaid(withAwaited({ ...row, seen }, awaited), nowSaid), ...late };
  const { deleted: _, ...kept } = row ?? { writes: undefined };
  const next: Row = {
    ...('version' in kept ? kept : {}),
    values,
    version: row === undefined ? [file.version, 0] : versionAfter(row.version, file.version),
    changedAt: incoming.changedAt,
    seen,
    ...(incoming.createdAt === undefined ? {} : { createdAt: incoming.createdAt }),
  };
  return { kind: 'changed', row: withSaid(withAwaited(next, awaited), nowSaid), ...late };
}

function isOlder({ seen }: Row, file: FileRow['file']): boolean {
  return seen !== undefined && file.version < seen[0];
}

function seenIn({ file, line }: FileRow): NonNullable<Row['seen']> {
  return [file.version, file.key, line];
}

/**
 * The row after its erasure. The next file says again what the last one said, or what was written out meanwhile: neither is a new statement,
 * and both must be known without being kept.
 */
export function eraseRow({ values, said, erased, version, changedAt, createdAt, deleted, seen }: Row): Row {
  const known = [values, said ?? {}].filter((part) => Object.keys(part).length > 0).map(digestOf);
  return {
    values: {},
    version,
    changedAt,
    ...(createdAt === undefined ? {} : { createdAt }),
    ...(deleted === undefined ? {} : { deleted }),
    ...(seen === undefined ? {} : { seen }),
    erased: [...new Set([...known, ...(erased ?? [])])],
  };
}

/** An erased row about which something new is said: nothing of what was erased takes part. */
function withoutErasure({ erased, ...row }: Row): Row {
  return erased === undefined ? row : { ...row, values: {} };
}

function isErasedState(erased: readonly string[], values: Values): boolean {
  return erased.includes(digestOf(values)) || erased.includes(digestAsSpelled(values));
}

/** Of a whole row, empty values left out. The mapping may come to spell a column otherwise. */
function digestOf(values: Values): string {
  return digestAsSpelled(Object.fromEntries(Object.entries(values).map(([name, value]) => [plainName(name), value])));
}

/** As rows were erased that are older than `digestOf`. */
function digestAsSpelled(values: Values): string {
  const entries = Object.entries(values).filter(([, value]) => value !== '');
  const text = JSON.stringify(entries.sort(([a], [b]) => (a < b ? -1 : Number(a > b))));
  return createHash('sha256').update(text).digest('base64url').slice(0, 22);
}

/** The row after a file that is the whole table came without it. */
export function removeRow(row: Row, file: number): Row {
  const gone = {
    ...row,
    deleted: true,
    said: null,
    version: versionAfter(row.version, file),
    changedAt: file,
  } as const;
  return withAwaited(gone, {});
}

function isAwaited(row: Row | undefined, column: string, value: string, now: number): boolean {
  const awaited = row?.awaited !== undefined && Object.hasOwn(row.awaited, column) ? row.awaited[column]! : [];
  return awaited.some(([written, at]) => written === value && now - at < AWAITED_MS);
}

/**
 * A file that says something new of a column has confirmed what was written up to that value. An edit confirms nothing: an earlier file
 * of ours may still be taken in over it.
 */
function stillAwaited(
  row: Row | undefined,
  differing: readonly (readonly [string, string])[],
  now: number,
): Record<string, readonly Awaited[]> {
  const news = new Map(differing);
  const left = Object.entries(row?.awaited ?? {}).map(([column, list]) => {
    const value = news.get(column);
    const rest = value === undefined ? list : list.slice(list.findIndex(([written]) => written === value) + 1);
    return [column, rest.filter(([, at]) => now - at < AWAITED_MS)] as const;
  });
  return Object.fromEntries(left);
}

/** What a command changes is awaited from now on. */
function awaitedAfter(row: Row | undefined, values: Values, now: number): Record<string, readonly Awaited[]> {
  const before = row?.values ?? {};
  const columns = new Set([...Object.keys(before), ...Object.keys(values)]);
  const awaited: Record<string, readonly Awaited[]> = { ...row?.awaited };
  for (const column of columns) {
    const value = Object.hasOwn(values, column) ? values[column]! : '';
    if (value === (Object.hasOwn(before, column) ? before[column]! : '')) continue;
    const list = Object.hasOwn(awaited, column) ? awaited[column]! : [];
    awaited[column] = [...list, [value, now] as const].slice(-MOST_AWAITED);
  }
  return awaited;
}

function withAwaited(row: Row, awaited: Record<string, readonly Awaited[]>): Row {
  const { awaited: _, ...rest } = row;
  const left = Object.entries(awaited).filter(([, list]) => list.length > 0);
  return left.length === 0 ? rest : { ...rest, awaited: Object.fromEntries(left) };
}

/** The row after a command. `values` undefined: deleted; `retired` undefined: as before. */
export function writeRow(
  row: Row | undefined,
  values: Values | undefined,
  command: string,
  now: number,
  retired?: Retired,
): Row {
  const version = row === undefined ? ([now, 0] as const) : versionAfter(row.version, now);
  const write: RowWrite = {
    command,
    version,
    changedAt: now,
    ...(values === undefined ? {} : { left: values }),
    ...(row === undefined ? {} : { before: row.values, pre: row.version }),
    ...(retired === undefined ? {} : { retired: row?.retired ?? {} }),
  };
  const { deleted: _, erased: __, ...kept } = row ?? {};
  const said = row === undefined ? null : row.said === undefined ? row.values : row.said;
  const next: Row = {
    ...kept,
    ...(retired === undefined ? {} : { retired }),
    values: values ?? row?.values ?? {},
    version,
    changedAt: now,
    writes: [write, ...(row?.writes ?? [])].slice(0, REMEMBERED_WRITES),
    ...(row === undefined ? { createdAt: now } : {}),
    ...(values === undefined ? { deleted: true } : {}),
  };
  const written = withAwaited(next, values === undefined ? {} : awaitedAfter(row, values, now));
  return said === null ? { ...written, said: null } : withSaid(written, said);
}

/**
 * The row under another mapping, to be told anew: what it says now no earlier version has said. Its values and their time stay. The
 * `major` rises, since under the same one a state that is equal all the same would count as a repeat, and keep its earlier version.
 * @param names New names of columns, by the ones that they had.
 * @param retire What is retired now, by the values under their new names and what was retired before.
 */
export function tellAnew(
  row: Row,
  names: ReadonlyMap<string, string>,
  retire: (values: Values, known: Retired) => Retired,
  now: number,
): Row {
  const renamed = <T>(byColumn: Readonly<Record<string, T>>): Record<string, T> =>
    Object.fromEntries(Object.entries(byColumn).map(([column, what]) => [names.get(column) ?? column, what]));
  const { retired: known = {}, ...rest } = row;
  const { said, awaited, writes, version } = rest;
  const values = renamed(rest.values);
  const retired = retire(values, known);
  return {
    ...rest,
    ...(Object.keys(retired).length === 0 ? {} : { retired }),
    values,
    version: versionAfter(version, Math.max(now, version[0] + 1)),
    ...(said === undefined || said === null ? {} : { said: renamed(said) }),
    ...(awaited === undefined ? {} : { awaited: renamed(awaited) }),
    ...(writes === undefined
      ? {}
      : {
          writes: writes.map((write) => ({
            ...write,
            ...(write.before === undefined ? {} : { before: renamed(write.before) }),
            ...(write.left === undefined ? {} : { left: renamed(write.left) }),
          })),
        }),
  };
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
