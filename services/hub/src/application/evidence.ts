import type { StateStore } from '@unsilo/state-store';
import { isGenericValue, isRetired, MOST_HOLDERS } from '../domain/linkage/crowds.js';
import { hash53 } from '../domain/linkage/hash.js';
import { blockingKeys, isRich, proposes, sharedValues } from '../domain/linkage/keys.js';
import { toWeight } from '../domain/linkage/matcher.js';
import type { PartModel } from '../domain/linkage/model.js';
import { nameSign, type Profile } from '../domain/linkage/profile.js';
import type { Core } from './core.js';
import { listing, moveListings, sizeOf, type ListingChange, type Movement } from './listings.js';
import type { ListingRow, MatchRow } from './matching-rows.js';
import { SEPARATOR } from './rows.js';
import { Weights } from './weights.js';
import type { Workspace } from './workspace.js';

const SHARED_SIZES = { small: MOST_HOLDERS, large: MOST_HOLDERS };

/** One record of which matching sees something else than before; `profile` undefined: it says nothing any more. */
export interface Statement {
  ref: string;
  profile: Profile | undefined;
}

/**
 * Brings the index and the edges up to date with what some records state now: keys, values that turned generic or ceased to be, pairs above the
 * threshold. What stands afterwards is a function of all records' profiles and the model.
 * @returns Refs whose components must be found again, and the pairs (`pairKey`) that came about or weigh something else than before.
 */
export async function weighAnew(
  workspace: Workspace,
  store: StateStore,
  statements: readonly Statement[],
  core: Core,
): Promise<{ touched: Set<string>; pairs: Set<string> }> {
  const edges = new Edges(workspace, core);
  await workspace.load(
    'matching',
    statements.map((s) => s.ref),
  );
  const postings: Movement[] = [];
  const shared: Movement[] = [];
  for (const { ref, profile } of workspace.each(statements, (s) => s.ref)) {
    const before = matchRow(workspace, ref);
    const after = profile && rowOf(profile, before);
    postings.push(...movements(ref, keysOf(before), keysOf(after), richMark(before), richMark(after), isLooseKey));
    const [sign, newSign] = [before?.sign ?? '', after?.sign ?? ''];
    shared.push(...movements(ref, sharedKeys(before), sharedKeys(after), sign, newSign, () => true));
    edges.begin(ref, before, after);
  }
  const sharedChanges = await moveListings(workspace, store, 'shared', shared, SHARED_SIZES);
  await edges.markGeneric(sharedChanges);
  const small = Math.max(core.model.person.keyLimit, core.model.organization.keyLimit);
  const postingChanges = await moveListings(workspace, store, 'postings', postings, { small, large: small * 2 });
  await edges.weigh();
  await edges.followKeys(postingChanges);
  return edges;
}

/** Of a pair in the table `review`. */
export function pairKey(a: string, b: string): string {
  return a < b ? `${a}${SEPARATOR}${b}` : `${b}${SEPARATOR}${a}`;
}

export function matchRow(workspace: Workspace, ref: string): MatchRow | undefined {
  return workspace.get<MatchRow>('matching', ref);
}

function rowOf(profile: Profile, before: MatchRow | undefined): MatchRow {
  const kind = profile.kind === 'person' ? 'p' : 'o';
  const keys = blockingKeys(profile).map((key) => `${kind}${(key >>> 0).toString(36)}`);
  const row: MatchRow = { profile, keys: keys.join(' '), sign: nameSign(profile), edges: before?.edges ?? {} };
  if (isRich(profile)) row.rich = true;
  if (before?.component !== undefined) row.component = before.component;
  return row;
}

export function keysOf(row: MatchRow | undefined): string[] {
  return row === undefined || row.keys === '' ? [] : row.keys.split(' ');
}

export function numberOfKey(key: string): number {
  return Number.parseInt(key.slice(1), 36) | 0;
}

function isLooseKey(key: string): boolean {
  return !proposes(numberOfKey(key), true, true);
}

function richMark(row: MatchRow | undefined): string {
  return row?.rich ? '+' : '';
}

/** Hashed. */
function sharedKeys(row: MatchRow | undefined): string[] {
  return row === undefined ? [] : sharedValues(row.profile).map((value) => sharedKey(row.profile, value));
}

export function sharedKey(profile: Pick<Profile, 'kind'>, value: string): string {
  return `${profile.kind === 'person' ? 'p' : 'o'}${hash53(value).toString(36)}`;
}

/** @param tellsMark Does the listing under this key tell the mark? */
function movements(
  ref: string,
  before: readonly string[],
  after: readonly string[],
  oldMark: string,
  mark: string,
  tellsMark: (key: string) => boolean,
): Movement[] {
  const old = new Set(before);
  const moves: Movement[] = [];
  for (const key of after) {
    const wasListed = old.delete(key);
    const told = tellsMark(key);
    if (!wasListed || (told && oldMark !== mark)) moves.push({ key, ref, wasListed, mark: told ? mark : '' });
  }
  for (const key of old) moves.push({ key, ref, wasListed: true, mark: undefined });
  return moves;
}

function isLive(row: ListingRow, part: PartModel): boolean {
  return row.overflow === undefined && !isRetired(part, sizeOf(row));
}

/** Edges are kept from the review band on: what lies below the threshold joins nobody, and waits for a steward. */
export function lowestEdge(part: PartModel): number {
  return toWeight(Math.min(part.review, part.threshold));
}

export function isGenericListing(row: ListingRow, part: PartModel): boolean {
  if (row.overflow !== undefined) return true;
  const signs = Object.values(row.refs);
  return isGenericValue(part, signs.length, new Set(signs.filter((sign) => sign !== '')).size);
}

/** The edges of the records that a batch is about, on their way from what they were to what they are. */
class Edges {
  readonly touched = new Set<string>();
  readonly pairs = new Set<string>();
  private readonly workspace: Workspace;
  private readonly core: Core;
  private readonly weights: Weights;
  /** Records that are compared with all their candidates again, and their edges as they will be. */
  private readonly fresh = new Map<string, Map<string, number>>();

  constructor(workspace: Workspace, core: Core) {
    this.workspace = workspace;
    this.core = core;
    this.weights = new Weights(core);
  }

  private touch(ref: string): void {
    this.workspace.tie(ref);
    this.touched.add(ref);
  }

  private row(ref: string): MatchRow | undefined {
    return matchRow(this.workspace, ref);
  }

  private partOf(key: string): PartModel {
    return key.startsWith('p') ? this.core.model.person : this.core.model.organization;
  }

  /** Takes in what a record states; its edges are still the old ones. */
  begin(ref: string, before: MatchRow | undefined, after: MatchRow | undefined): void {
    this.fresh.set(ref, new Map());
    this.touch(ref);
    if (after) this.workspace.set('matching', ref, after);
    else if (before) this.workspace.set('matching', ref, { ...before, keys: '', gone: true } satisfies MatchRow);
  }

  /** Values that turned generic, or ceased to be, change what all their holders say. */
  async markGeneric(changes: readonly ListingChange[]): Promise<void> {
    for (const { key, before, after } of this.workspace.each(changes, (c) => c.by)) {
      const part = this.partOf(key);
      if (isGenericListing(before, part) === isGenericListing(after, part)) continue;
      for (const ref of [...Object.keys(before.refs), ...Object.keys(after.refs)]) {
        this.workspace.tie(ref);
        if (!this.fresh.has(ref)) this.fresh.set(ref, new Map());
      }
    }
    await this.workspace.load('matching', this.fresh.keys());
    const keysBy = new Map<string, string[]>();
    for (const ref of this.workspace.each(this.fresh.keys(), (r) => r)) {
      const row = this.row(ref);
      if (row && !row.gone) keysBy.set(ref, sharedValues(row.profile));
    }
    await this.workspace.load(
      'shared',
      this.workspace.glance(() =>
        [...keysBy].flatMap(([ref, values]) => values.map((value) => sharedKey(this.profileOf(ref), value))),
      ),
    );
    for (const [ref, values] of this.workspace.each(keysBy, ([r]) => r)) {
      const row = this.row(ref);
      if (!row) continue;
      const { generic: before, ...rest } = row;
      const generic = values.filter((value) => this.isGeneric(sharedKey(row.profile, value)));
      if ((before ?? []).join() === generic.join()) continue;
      this.touch(ref);
      this.workspace.set('matching', ref, generic.length === 0 ? rest : { ...rest, generic });
    }
  }

  private profileOf(ref: string): Profile {
    const row = this.row(ref);
    if (!row) throw new Error(`${ref} has no profile`);
    return row.profile;
  }

  private isGeneric(key: string): boolean {
    return isGenericListing(listing(this.workspace, 'shared', key), this.partOf(key));
  }

  /** Compares every such record with all who share a key with it, and writes down what changed on both sides. */
  async weigh(): Promise<void> {
    const { workspace, fresh } = this;
    const keys = new Map<string, string[]>();
    for (const ref of workspace.each(fresh.keys(), (r) => r)) keys.set(ref, keysOf(this.row(ref)));
    await workspace.load('postings', [...keys.values()].flat());
    const candidates = new Map<string, Set<string>>();
    const wanted = new Set<string>();
    for (const [ref, its] of workspace.each(keys, ([r]) => r)) {
      const found = this.candidates(ref, its);
      candidates.set(ref, found);
      for (const other of found) wanted.add(other);
      for (const other of Object.keys(this.row(ref)?.edges ?? {})) wanted.add(other);
    }
    await workspace.load('matching', wanted);
    const done = new Set<string>();
    for (const [ref, found] of workspace.each(candidates, ([r]) => r)) {
      done.add(ref);
      const own = fresh.get(ref);
      for (const other of found) {
        if (done.has(other)) continue;
        const weight = this.weightAbove(ref, other);
        if (weight === undefined) continue;
        own?.set(other, weight);
        if (!fresh.has(other)) continue;
        workspace.tie(other);
        fresh.get(other)?.set(ref, weight);
      }
    }
    for (const [ref, edges] of workspace.each(fresh, ([r]) => r)) this.writeDown(ref, edges);
  }

  private candidates(ref: string, keys: readonly string[]): Set<string> {
    const found = new Set<string>();
    const isRichOne = this.row(ref)?.rich === true;
    for (const key of keys) {
      const row = listing(this.workspace, 'postings', key);
      if (!isLive(row, this.partOf(key))) continue;
      const skipsRich = isRichOne && isLooseKey(key);
      for (const other in row.refs) if (!skipsRich || row.refs[other] === '') found.add(other);
    }
    found.delete(ref);
    return found;
  }

  private weightAbove(a: string, b: string): number | undefined {
    const [x, y] = [this.row(a), this.row(b)];
    if (!x || !y || x.gone || y.gone) return undefined;
    return this.weights.from(lowestEdge(this.core.model[x.profile.kind]), x, y);
  }

  private writeDown(ref: string, edges: ReadonlyMap<string, number>): void {
    const row = this.row(ref);
    if (!row) return;
    let isChanged = row.gone === true;
    for (const other of Object.keys(row.edges)) {
      if (edges.has(other)) continue;
      isChanged = true;
      this.touch(other);
      if (this.fresh.has(other)) this.close(other, ref);
      else this.setEdge(other, ref, undefined);
    }
    for (const [other, weight] of edges) {
      if (row.edges[other] === weight) continue;
      isChanged = true;
      this.pairs.add(pairKey(ref, other));
      if (!this.fresh.has(other)) this.setEdge(other, ref, weight);
    }
    if (!isChanged) return;
    this.touch(ref);
    if (row.gone) this.workspace.remove('matching', ref);
    else this.workspace.set('matching', ref, { ...row, edges: Object.fromEntries(edges) });
  }

  private setEdge(ref: string, other: string, weight: number | undefined): void {
    if (weight === undefined) this.close(ref, other);
    const row = this.row(ref);
    if (!row) return;
    const { [other]: _, ...edges } = row.edges;
    if (weight !== undefined) edges[other] = weight;
    this.workspace.set('matching', ref, { ...row, edges });
  }

  /** No longer a pair for a steward. */
  private close(a: string, b: string): void {
    this.workspace.overwrite('review', pairKey(a, b), undefined);
  }

  /** Keys that passed their limit, and keys that came back below it: pairs of records that themselves say what they said. */
  async followKeys(changes: readonly ListingChange[]): Promise<void> {
    const crowds: { refs: string[]; key: string; by: string; retired: boolean }[] = [];
    for (const { key, by, before, after } of changes) {
      const part = this.partOf(key);
      const [was, is] = [isLive(before, part), isLive(after, part)];
      if (was === is) continue;
      const refs = Object.keys(was ? before.refs : after.refs).filter((ref) => !this.fresh.has(ref));
      if (refs.length > 1) crowds.push({ refs, key, by, retired: was });
    }
    await this.workspace.load(
      'matching',
      crowds.flatMap((c) => c.refs),
    );
    const parted: [a: string, b: string, by: string][] = [];
    for (const { refs, key, by, retired } of this.workspace.each(crowds, (c) => c.by)) {
      for (const [i, a] of refs.entries()) {
        for (const b of refs.slice(i + 1)) {
          const isJoined = this.row(a)?.edges[b] !== undefined;
          if (retired && isJoined) parted.push([a, b, by]);
          if (!retired && !isJoined && this.areProposedBy(key, a, b)) this.join(a, b, this.weightAbove(a, b));
        }
      }
    }
    await this.workspace.load(
      'postings',
      this.workspace.glance(() => parted.flatMap(([a, b]) => this.keysInCommon(a, b))),
    );
    for (const [a, b] of this.workspace.each(parted, ([, , by]) => by))
      if (!this.isProposed(a, b)) this.join(a, b, undefined);
  }

  private join(a: string, b: string, weight: number | undefined): void {
    if (this.row(a)?.edges[b] === weight) return;
    this.setEdge(a, b, weight);
    this.setEdge(b, a, weight);
    this.touch(a);
    this.touch(b);
    if (weight !== undefined) this.pairs.add(pairKey(a, b));
  }

  private keysInCommon(a: string, b: string): string[] {
    const theirs = new Set(keysOf(this.row(b)));
    return keysOf(this.row(a)).filter((key) => theirs.has(key));
  }

  private areProposedBy(key: string, a: string, b: string): boolean {
    return proposes(numberOfKey(key), this.row(a)?.rich === true, this.row(b)?.rich === true);
  }

  private isProposed(a: string, b: string): boolean {
    return this.keysInCommon(a, b).some(
      (key) => isLive(listing(this.workspace, 'postings', key), this.partOf(key)) && this.areProposedBy(key, a, b),
    );
  }
}
