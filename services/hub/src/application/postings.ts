import { isGenericPosting, kindOfKey, LONGEST_POSTING, type Model } from '../domain/matching.js';
import type { Core } from './core.js';
import { SEPARATOR, type PostingRow } from './rows.js';
import type { Workspace } from './workspace.js';
import type { StateStore } from '@unsilo/state-store';

/** What changed beyond the one ref: values that became generic or ceased to be, and the refs that this concerns. */
export interface Flips {
  keys: Set<string>;
  refs: Set<string>;
}

/** Moves one ref from its old index keys to its new ones. Posting rows must be loaded. */
export function reindex(
  workspace: Workspace,
  ref: string,
  before: { keys: readonly string[]; name: string },
  after: { keys: readonly string[]; kinds: readonly string[]; name: string },
  model: Model,
  flips: Flips,
): void {
  const old = new Set(before.keys);
  for (const [i, key] of after.keys.entries()) {
    const isOld = old.delete(key);
    if (isOld && before.name === after.name) continue;
    change(workspace, key, after.kinds[i] ?? '', model, flips, (row) => add(workspace, key, row, ref, after.name));
  }
  for (const key of old) change(workspace, key, '', model, flips, (row) => drop(workspace, key, row, ref));
}

function change(
  workspace: Workspace,
  key: string,
  kind: string,
  model: Model,
  flips: Flips,
  edit: (row: PostingRow) => PostingRow,
): void {
  const row = workspace.get<PostingRow>('postings', key) ?? { kind, refs: {} };
  const next = edit(row);
  if (isGeneric(next, model) !== isGeneric(row, model)) {
    flips.keys.add(key);
    for (const ref of [...Object.keys(row.refs), ...Object.keys(next.refs)]) flips.refs.add(ref);
  }
  const isEmpty = next.overflow === undefined && Object.keys(next.refs).length === 0;
  if (isEmpty) workspace.remove('postings', key);
  else workspace.set('postings', key, next);
}

function add(workspace: Workspace, key: string, row: PostingRow, ref: string, name: string): PostingRow {
  if (row.overflow !== undefined) {
    const overflowKey = `${key}${SEPARATOR}${ref}`;
    const isNew = !workspace.has('overflow', overflowKey);
    workspace.set('overflow', overflowKey, { name });
    return isNew ? { ...row, overflow: row.overflow + 1 } : row;
  }
  const refs = { ...row.refs, [ref]: name };
  const size = Object.keys(refs).length;
  if (size <= LONGEST_POSTING) return { ...row, refs };
  for (const [other, otherName] of Object.entries(refs))
    workspace.overwrite('overflow', `${key}${SEPARATOR}${other}`, { name: otherName });
  return { kind: row.kind, refs: {}, overflow: size };
}

function drop(workspace: Workspace, key: string, row: PostingRow, ref: string): PostingRow {
  if (row.overflow !== undefined) {
    const overflowKey = `${key}${SEPARATOR}${ref}`;
    if (!workspace.has('overflow', overflowKey)) return row;
    workspace.remove('overflow', overflowKey);
    return { ...row, overflow: row.overflow - 1 };
  }
  const { [ref]: _, ...refs } = row.refs;
  return { ...row, refs };
}

/** What must be loaded before `reindex` may touch these keys for these refs. */
export async function loadPostings(
  workspace: Workspace,
  wanted: Iterable<readonly [ref: string, key: string]>,
): Promise<void> {
  const pairs = [...wanted];
  const moving = new Map<string, number>();
  for (const [, key] of pairs) moving.set(key, (moving.get(key) ?? 0) + 1);
  await workspace.load('postings', moving.keys());
  // A value may outgrow its row in the course of the batch.
  const mayOverflow = (key: string): boolean => {
    const row = workspace.get<PostingRow>('postings', key);
    return (
      row?.overflow !== undefined || Object.keys(row?.refs ?? {}).length + (moving.get(key) ?? 0) > LONGEST_POSTING
    );
  };
  const large = new Set([...moving.keys()].filter(mayOverflow));
  await workspace.load(
    'overflow',
    pairs.filter(([, key]) => large.has(key)).map(([ref, key]) => `${key}${SEPARATOR}${ref}`),
  );
}

/** Brings values that shrank to the limit back into their row. */
export async function foldOverflow(workspace: Workspace, store: StateStore, flips: Flips): Promise<void> {
  for (const key of flips.keys) {
    const row = workspace.get<PostingRow>('postings', key);
    if (row?.overflow === undefined || row.overflow > LONGEST_POSTING) continue;
    const prefix = `${key}${SEPARATOR}`;
    await workspace.beforeIsCommitted();
    const stored = await store.range(workspace.tenant, 'overflow', {
      from: prefix,
      to: `${prefix}\u{10ffff}`,
      limit: LONGEST_POSTING * 4,
    });
    await workspace.load(
      'overflow',
      stored.map((e) => e.key),
    );
    const refs: Record<string, string> = {};
    for (const [overflowKey, value] of workspace.withPrefix<{ name: string }>('overflow', prefix)) {
      refs[overflowKey.slice(prefix.length)] = value.name;
      workspace.remove('overflow', overflowKey);
      flips.refs.add(overflowKey.slice(prefix.length));
    }
    workspace.set('postings', key, { kind: row.kind, refs });
  }
}

/** Refs that share the key; none while the value is generic. */
export function candidates(workspace: Workspace, key: string, model: Model): string[] {
  const row = workspace.get<PostingRow>('postings', key);
  return row && !isGeneric(row, model) ? Object.keys(row.refs) : [];
}

export function isGeneric(row: PostingRow, model: Model): boolean {
  if (row.overflow !== undefined && row.overflow > LONGEST_POSTING) return true;
  const names = Object.values(row.refs);
  return isGenericPosting(`x\u001f${row.kind}\u001f`, names, names.length, model);
}

/** Index keys in the form in which they are stored, with the kind of identifier of each. */
export function hashedKeys(core: Core, keys: readonly string[]): { keys: string[]; kinds: string[] } {
  return { keys: keys.map((key) => core.digest(key)), kinds: keys.map(kindOfKey) };
}
