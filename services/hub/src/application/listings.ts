import type { StateStore } from '@unsilo/state-store';
import type { ListingRow } from './matching-rows.js';
import { SEPARATOR } from './rows.js';
import type { Workspace } from './workspace.js';

/** Who stands under a key; who stands with a value. */
export type ListingTable = 'postings' | 'shared';

/** Refs of a listing that stand in one row: a small one's do, a large one's stand one a row in `overflow`, and between the two it stays as it is. */
export interface Sizes {
  small: number;
  large: number;
}

export const EMPTY_LISTING: ListingRow = { refs: {} };

/** One ref that enters a listing, leaves it (`mark` undefined) or stands there with another mark. */
export interface Movement {
  key: string;
  ref: string;
  /** It stands there now. */
  wasListed: boolean;
  mark: string | undefined;
}

/** How many refs stand under a key. */
export function sizeOf(row: ListingRow): number {
  return row.overflow ?? Object.keys(row.refs).length;
}

export function listing(workspace: Workspace, table: ListingTable, key: string): ListingRow {
  return workspace.get<ListingRow>(table, key) ?? EMPTY_LISTING;
}

/** What a listing was before a batch, and is after it. */
export interface ListingChange {
  key: string;
  /** One of those that entered it or left it. */
  by: string;
  before: ListingRow;
  after: ListingRow;
}

/** Carries out movements and answers what became of each listing. */
export async function moveListings(
  workspace: Workspace,
  store: StateStore,
  table: ListingTable,
  movements: readonly Movement[],
  sizes: Sizes,
): Promise<ListingChange[]> {
  await workspace.load(
    table,
    movements.map((m) => m.key),
  );
  const before = new Map<string, { by: string; was: ListingRow }>();
  for (const movement of workspace.each(movements, (m) => m.ref)) {
    const row = listing(workspace, table, movement.key);
    if (!before.has(movement.key)) before.set(movement.key, { by: movement.ref, was: row });
    workspace.set(table, movement.key, moved(workspace, table, row, movement, sizes.large));
  }
  const changes: ListingChange[] = [];
  for (const [key, { by, was }] of workspace.each(before, ([, { by: ref }]) => ref)) {
    const row = listing(workspace, table, key);
    if (row.overflow !== undefined && row.overflow <= sizes.small) await fold(workspace, store, table, key);
    const after = listing(workspace, table, key);
    if (sizeOf(after) === 0) workspace.remove(table, key);
    changes.push({ key, by, before: was, after });
  }
  return changes;
}

function overflowKey(table: ListingTable, key: string, ref: string): string {
  return `${table}${SEPARATOR}${key}${SEPARATOR}${ref}`;
}

function moved(
  workspace: Workspace,
  table: ListingTable,
  row: ListingRow,
  movement: Movement,
  large: number,
): ListingRow {
  const { key, ref, wasListed, mark } = movement;
  if (row.overflow !== undefined) {
    workspace.overwrite('overflow', overflowKey(table, key, ref), mark);
    return { refs: {}, overflow: row.overflow + Number(mark !== undefined) - Number(wasListed) };
  }
  if (mark === undefined) {
    const { [ref]: _, ...refs } = row.refs;
    return { refs };
  }
  const refs = { ...row.refs, [ref]: mark };
  const size = Object.keys(refs).length;
  if (size <= large) return { refs };
  for (const [other, itsMark] of Object.entries(refs))
    workspace.overwrite('overflow', overflowKey(table, key, other), itsMark);
  return { refs: {}, overflow: size };
}

/** Brings a listing that shrank back into its row. */
async function fold(workspace: Workspace, store: StateStore, table: ListingTable, key: string): Promise<void> {
  const prefix = overflowKey(table, key, '');
  await workspace.beforeIsCommitted();
  const refs: Record<string, string> = {};
  for (let from: string | undefined = prefix; from !== undefined;) {
    const stored = await store.range(workspace.tenant, 'overflow', { from, to: `${prefix}\u{10ffff}`, limit: 1000 });
    await workspace.load(
      'overflow',
      stored.map((entry) => entry.key),
    );
    from = stored.length < 1000 ? undefined : `${stored.at(-1)?.key}\u0000`;
  }
  for (const [stood, mark] of workspace.withPrefix<string>('overflow', prefix)) {
    refs[stood.slice(prefix.length)] = mark;
    workspace.remove('overflow', stood);
  }
  workspace.set(table, key, { refs });
}
