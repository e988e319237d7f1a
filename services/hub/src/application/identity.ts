import type { StateStore } from '@unsilo/state-store';
import { cluster, type Edge } from '../domain/cluster.js';
import { pairDecisions, type OrderedDecision } from '../domain/decisions.js';
import { blockingKeys, evidence, matchProfile, weigh, type MatchProfile } from '../domain/matching.js';
import { hash53 } from '../domain/hash.js';
import type { Core } from './core.js';
import { candidates, foldOverflow, hashedKeys, isGeneric, loadPostings, reindex, type Flips } from './postings.js';
import { recordRow } from './record-row.js';
import type { Evaluations, Touched } from './records.js';
import type { CustomerRow, PostingRow, RecordRow } from './rows.js';
import type { Workspace } from './workspace.js';

/** A component larger than this is taken again from stronger evidence alone, so that no update touches a crowd. */
const LARGEST_COMPONENT = 300;
/** By so much the floor is raised, 1/1024 bit. */
const FLOOR_STEP = 2 * 1024;

export interface Assignment {
  /** Clusters of every component that the batch touched. */
  clusters: string[][];
  /** Ids of the customers that their members had before. */
  before: Set<string>;
}

/**
 * Who is who, for everything that the batch touched and nothing else (DESIGN section 5.6): moves the index, finds the components and
 * clusters them. Reads in rounds, one a step outwards.
 */
export async function resolveIdentity(
  workspace: Workspace,
  store: StateStore,
  touched: Touched,
  evaluations: Evaluations,
  core: Core,
): Promise<Assignment> {
  const seeds = new Set(touched.identity);
  const flips: Flips = { keys: new Set(), refs: new Set() };
  const moves: {
    ref: string;
    row: RecordRow;
    matched: string;
    after: { keys: string[]; kinds: string[]; name: string };
  }[] = [];
  for (const ref of touched.facts) {
    const row = recordRow(workspace, ref);
    const evaluation = evaluations.of(row.facts);
    const profile = evaluation.version === undefined ? undefined : matchProfile(evaluation);
    const matched = profile ? hash53(JSON.stringify(profile)).toString(36) : '';
    if (row.matched === matched && row.customer !== undefined) continue;
    seeds.add(ref);
    moves.push({ ref, row, matched, after: indexEntry(profile, core) });
  }
  await loadPostings(
    workspace,
    moves.flatMap(({ ref, row, after }) => [...row.keys, ...after.keys].map((key) => [ref, key] as const)),
  );
  for (const { ref, row, matched, after } of moves) {
    reindex(workspace, ref, row, after, core.model, flips);
    workspace.set('records', ref, { ...row, keys: after.keys, name: after.name, matched });
  }
  await foldOverflow(workspace, store, flips);
  for (const ref of flips.refs) seeds.add(ref);
  return seeds.size === 0 ? { clusters: [], before: new Set() } : components(workspace, seeds, evaluations, core);
}

/** A record counts among the candidates while it says something: one that was never seen, or was erased, does not. */
function indexEntry(profile: MatchProfile | undefined, core: Core): { keys: string[]; kinds: string[]; name: string } {
  if (!profile) return { keys: [], kinds: [], name: '' };
  return {
    ...hashedKeys(core, blockingKeys(profile)),
    name: profile.name === '' ? '' : core.digest(profile.name).slice(0, 8),
  };
}

async function components(
  workspace: Workspace,
  seeds: ReadonlySet<string>,
  evaluations: Evaluations,
  core: Core,
): Promise<Assignment> {
  const before = new Set<string>();
  const clusters: string[][] = [];
  const done = new Set<string>();
  const waiting = new Set(seeds);
  while (waiting.size > 0) {
    // One walk reads what most of the components need; each is then found among rows that are here already.
    await explore(workspace, waiting, core, 0, LARGEST_COMPONENT * waiting.size);
    await workspace.load('records', waiting);
    const starts = [...waiting];
    waiting.clear();
    const met = new Set<string>();
    for (const ref of starts) {
      if (done.has(ref)) continue;
      const component = await componentOf(workspace, ref, core);
      for (const member of component) {
        done.add(member);
        const { customer } = recordRow(workspace, member);
        if (customer !== undefined && !before.has(customer)) met.add(customer);
      }
      clusters.push(...clusterComponent(workspace, component, evaluations, core));
    }
    // Old members count as touched: what the batch parts must be found on both sides.
    await workspace.load('customers', met);
    for (const id of met) {
      before.add(id);
      for (const ref of workspace.get<CustomerRow>('customers', id)?.members ?? [])
        if (!done.has(ref)) waiting.add(ref);
    }
  }
  return { clusters, before };
}

/** The component at the lowest floor at which it has at most `LARGEST_COMPONENT` members. */
async function componentOf(workspace: Workspace, ref: string, core: Core): Promise<string[]> {
  for (let floor = 0; ; floor += FLOOR_STEP) {
    const found = await explore(workspace, [ref], core, floor, LARGEST_COMPONENT);
    if (found) return [...found].sort();
    // Above every weight only decisions and bindings are left, and those are few.
    if (floor > Math.max(...Object.values(core.model.weights)))
      return [...((await explore(workspace, [ref], core, Infinity, Infinity)) ?? [ref])].sort();
  }
}

/** Breadth first along shared values above the floor, decisions and bindings. Undefined: more than `limit`. */
async function explore(
  workspace: Workspace,
  from: Iterable<string>,
  core: Core,
  floor: number,
  limit: number,
): Promise<Set<string> | undefined> {
  const seen = new Set(from);
  let frontier = [...seen];
  while (frontier.length > 0) {
    await workspace.load('records', frontier);
    const rows = frontier.map((ref) => recordRow(workspace, ref));
    await workspace.load(
      'postings',
      rows.flatMap((row) => row.keys),
    );
    const next: string[] = [];
    const visit = (ref: string): void => {
      if (seen.has(ref)) return;
      seen.add(ref);
      next.push(ref);
    };
    for (const row of rows) {
      for (const key of row.keys) {
        const posting = workspace.get<PostingRow>('postings', key);
        if (!posting || core.model.weights[posting.kind as keyof typeof core.model.weights] <= floor) continue;
        for (const ref of candidates(workspace, key, core.model)) visit(ref);
      }
      for (const ref of bound(row)) visit(ref);
    }
    if (seen.size > limit) return undefined;
    frontier = next;
  }
  return seen;
}

/** Refs that a decision or a creation ties to this one. */
function bound(row: RecordRow): string[] {
  const refs: string[] = [];
  for (const { decision } of row.decisions ?? []) if (decision.kind === 'link') refs.push(...decision.refs);
  if (row.facts.createdFor) refs.push(row.facts.createdFor.ref);
  for (const { outcome } of row.facts.creates)
    if (outcome?.status === 'applied' && outcome.ref !== undefined) refs.push(outcome.ref);
  return refs;
}

function clusterComponent(
  workspace: Workspace,
  component: readonly string[],
  evaluations: Evaluations,
  core: Core,
): string[][] {
  const profiles: MatchProfile[] = [];
  const rows: RecordRow[] = [];
  for (const ref of component) {
    const row = recordRow(workspace, ref);
    const evaluation = evaluations.of(row.facts);
    if (evaluation.version === undefined) continue;
    profiles.push(matchProfile(evaluation));
    rows.push(row);
  }
  if (profiles.length <= 1) return profiles.map((p) => [p.ref]);
  const decisions = pairDecisions(allDecisions(rows));
  const generic = new Map<string, boolean>();
  const isGenericKey = (key: string): boolean => {
    let known = generic.get(key);
    if (known === undefined) {
      const posting = workspace.get<PostingRow>('postings', core.digest(key));
      known = posting !== undefined && isGeneric(posting, core.model);
      generic.set(key, known);
    }
    return known;
  };
  const edges: Edge[] = decisions.links.map(([a, b]) => ({ a, b, authority: 2, weight: 0 }));
  for (const row of rows) {
    const made = row.facts.createdFor;
    if (made) edges.push({ ...pair(made.ref, row.facts.ref), authority: 1, weight: 0 });
  }
  edges.push(...evidenceEdges(profiles, core, isGenericKey));
  return cluster({
    profiles,
    edges,
    cannotLink: decisions.cannotLink,
    model: core.model,
    weightOf: (a, b) => weigh(evidence(a, b, core.model, isGenericKey)),
  });
}

function allDecisions(rows: readonly RecordRow[]): Iterable<OrderedDecision> {
  const byId = new Map<string, OrderedDecision>();
  for (const row of rows) for (const entry of row.decisions ?? []) byId.set(entry.decision.id, entry);
  return byId.values();
}

function pair(x: string, y: string): { a: string; b: string } {
  return x < y ? { a: x, b: y } : { a: y, b: x };
}

/** One edge for each pair that shares a value which isn't generic. */
function evidenceEdges(profiles: readonly MatchProfile[], core: Core, isGenericKey: (key: string) => boolean): Edge[] {
  const byKey = new Map<string, MatchProfile[]>();
  for (const profile of profiles) {
    for (const key of blockingKeys(profile)) {
      const list = byKey.get(key);
      if (list) list.push(profile);
      else byKey.set(key, [profile]);
    }
  }
  const edges = new Map<string, Edge>();
  for (const [key, sharing] of byKey) {
    if (sharing.length < 2 || isGenericKey(key)) continue;
    for (const [i, x] of sharing.entries()) {
      for (const y of sharing.slice(i + 1)) {
        const ends = pair(x.ref, y.ref);
        const id = `${ends.a}\u001f${ends.b}`;
        if (!edges.has(id))
          edges.set(id, { ...ends, authority: 0, weight: weigh(evidence(x, y, core.model, isGenericKey)) });
      }
    }
  }
  return [...edges.values()];
}
