import type { StateStore } from '@unsilo/state-store';
import { clusterComponent, type Attempt, type LocalEdge } from '../domain/linkage/clustering.js';
import { floors, isContradiction, LARGEST_COMPONENT } from '../domain/linkage/crowds.js';
import { toWeight } from '../domain/linkage/matcher.js';
import { createProfile, type Profile } from '../domain/linkage/profile.js';
import { compareText } from '../domain/linkage/text.js';
import { pairDecisions } from '../domain/decisions.js';
import { linkageRecord, printOfRecord } from '../domain/matching.js';
import type { Core } from './core.js';
import { matchRow, pairKey, weighAnew, type Statement } from './evidence.js';
import type { ComponentRow, MatchRow } from './matching-rows.js';
import { recordRow, type Touched } from './record-row.js';
import type { Evaluations } from './evaluations.js';
import type { CustomerRow, RecordRow } from './rows.js';
import { Weights } from './weights.js';
import { NOBODY, subjectOfCluster, subjectOfComponent, subjectOfCustomer } from './parts.js';
import type { Workspace } from './workspace.js';

export interface Assignment {
  /** Clusters of every component that the batch touched. */
  clusters: string[][];
  /** Ids of the customers that their members had before. */
  before: Set<string>;
}

/**
 * Who is who, for everything that the batch touched and nothing else (DESIGN section 5.6): compares what states something new, finds the
 * components and clusters them. Reads in rounds, one a step outwards.
 */
export async function resolveIdentity(
  workspace: Workspace,
  store: StateStore,
  touched: Touched,
  evaluations: Evaluations,
  core: Core,
): Promise<Assignment> {
  const seeds = new Set(touched.identity);
  const statements = await statedAnew(workspace, touched.facts, evaluations, core, seeds);
  const weighed = await weighAnew(workspace, store, statements, core);
  for (const ref of weighed.touched) seeds.add(ref);
  if (seeds.size === 0) return { clusters: [], before: new Set() };
  const assignment = await components(workspace, seeds, core);
  const isToBeNoted = (ref: string, other: string): boolean =>
    touched.identity.has(ref) || weighed.pairs.has(pairKey(ref, other));
  for (const refs of workspace.each(assignment.clusters, subjectOfCluster)) noteOpenPairs(workspace, refs, isToBeNoted);
  return assignment;
}

/**
 * The records that say something else to matching than before. A record counts while it says something: one that was never seen, or was erased, does
 * not.
 * @param unassigned Gets those that belong to nobody yet.
 */
export async function statedAnew(
  workspace: Workspace,
  refs: Iterable<string>,
  evaluations: Evaluations,
  core: Core,
  unassigned: Set<string>,
): Promise<Statement[]> {
  const found: { ref: string; record: ReturnType<typeof linkageRecord> | undefined }[] = [];
  for (const ref of workspace.each(refs, (r) => r)) {
    const row = recordRow(workspace, ref);
    const evaluation = evaluations.of(row.facts);
    const record = evaluation.version === undefined ? undefined : linkageRecord(evaluation, core.policy.kinds);
    const matched = record ? printOfRecord(record) : '';
    if (row.customer === undefined) unassigned.add(ref);
    if (row.matched === matched) continue;
    workspace.set('records', ref, { ...row, matched } satisfies RecordRow);
    found.push({ ref, record });
  }
  await workspace.load(
    'matching',
    found.map((f) => f.ref),
  );
  const statements: Statement[] = [];
  for (const { ref, record } of workspace.each(found, (f) => f.ref)) {
    const profile = record && createProfile(record, core.matching.options);
    const known = matchRow(workspace, ref)?.profile;
    // Another spelling of the same is nothing new.
    if (JSON.stringify(profile) !== JSON.stringify(known)) statements.push({ ref, profile });
  }
  return statements;
}

async function components(workspace: Workspace, seeds: ReadonlySet<string>, core: Core): Promise<Assignment> {
  const before = new Set<string>();
  const clusters: string[][] = [];
  const done = new Set<string>();
  const waiting = new Set(seeds);
  const oldComponents = new Set<string>();
  const newComponents = new Map<string, ComponentRow>();
  const lowest = toWeight(Math.min(core.model.person.threshold, core.model.organization.threshold));
  while (waiting.size > 0) {
    // One walk reads what most of the components need; each is then found among rows that are here already.
    for (const all of workspace.each([waiting], () => NOBODY))
      await explore(workspace, all, lowest, LARGEST_COMPONENT * waiting.size);
    const starts = [...waiting];
    waiting.clear();
    const met = new Set<string>();
    const left = new Set<string>();
    const across = new Map<string, number>();
    for (const ref of workspace.each(starts, (r) => r)) {
      if (done.has(ref)) continue;
      const { component, floor } = await componentOf(workspace, ref, core);
      for (const member of component) {
        done.add(member);
        const { customer } = recordRow(workspace, member);
        if (customer !== undefined) {
          workspace.tie(subjectOfCustomer(customer));
          if (!before.has(customer)) met.add(customer);
        }
        const old = matchRow(workspace, member)?.component;
        if (old !== undefined) {
          workspace.tie(subjectOfComponent(old));
          if (!oldComponents.has(old)) left.add(old);
        }
      }
      const found = clusterRefs(workspace, component, floor, core);
      clusters.push(...found);
      noteComponent(workspace, component, found, newComponents);
      noteFloor(workspace, component, floor, core, across);
    }
    // Old members count as touched: what the batch parts must be found on both sides.
    await workspace.load('customers', met);
    await workspace.load('components', left);
    const meet = (refs: readonly string[]): void => {
      for (const ref of refs) {
        workspace.tie(ref);
        if (!done.has(ref)) waiting.add(ref);
      }
    };
    for (const id of workspace.each(met, subjectOfCustomer)) {
      before.add(id);
      meet(workspace.get<CustomerRow>('customers', id)?.members ?? []);
    }
    for (const key of workspace.each(left, subjectOfComponent)) {
      oldComponents.add(key);
      meet(workspace.get<ComponentRow>('components', key)?.members ?? []);
    }
    // A crowd is one for all who stand in it: who was looked at when it was none yet is looked at again.
    await workspace.load('matching', across.keys());
    for (const [ref, weight] of workspace.each(across, ([r]) => r))
      if ((matchRow(workspace, ref)?.floor ?? -Infinity) <= weight) meet([ref]);
  }
  for (const key of workspace.each(oldComponents, subjectOfComponent))
    if (!newComponents.has(key)) workspace.remove('components', key);
  await workspace.load('components', newComponents.keys());
  for (const [key, row] of workspace.each(newComponents, ([first]) => first)) workspace.set('components', key, row);
  return { clusters, before };
}

/**
 * Pairs of a cluster's members with others, for a steward to look at; and those that were such a pair, and are in one cluster now. A pair that weighs
 * what it weighed, of two who were two customers before, stands there already: most pairs that a batch meets are such.
 * @param isToBeNoted Is it, whatever was there before? So it is when records are looked at again.
 */
function noteOpenPairs(
  workspace: Workspace,
  cluster: readonly string[],
  isToBeNoted: (ref: string, other: string) => boolean,
): void {
  for (const ref of cluster) {
    const edges = matchRow(workspace, ref)?.edges ?? {};
    const { customer } = recordRow(workspace, ref);
    const companions = customer === undefined ? undefined : workspace.get<CustomerRow>('customers', customer)?.members;
    for (const other in edges) {
      if (!cluster.includes(other)) {
        if (companions === undefined || companions.includes(other) || isToBeNoted(ref, other))
          workspace.overwrite('review', pairKey(ref, other), edges[other]);
      } else if (ref < other && (customer === undefined || customer !== recordRow(workspace, other).customer))
        workspace.overwrite('review', pairKey(ref, other), undefined);
    }
  }
}

/** A component that falls into several clusters is remembered: who changes one of them touches all. */
function noteComponent(
  workspace: Workspace,
  component: readonly string[],
  clusters: readonly string[][],
  noted: Map<string, ComponentRow>,
): void {
  const [key = ''] = component;
  const isParted = clusters.length > 1;
  if (isParted) noted.set(key, { members: [...component] });
  for (const ref of component) {
    const row = matchRow(workspace, ref);
    if (!row || row.component === (isParted ? key : undefined)) continue;
    const { component: _, ...rest } = row;
    workspace.set('matching', ref, isParted ? { ...rest, component: key } : rest);
  }
}

/**
 * Notes the floor at which a component was found.
 * @param across Gets those beyond its edges that don't count because of the floor, each with the weight of the strongest.
 */
function noteFloor(
  workspace: Workspace,
  component: readonly string[],
  floor: number,
  core: Core,
  across: Map<string, number>,
): void {
  for (const ref of component) {
    const row = matchRow(workspace, ref);
    if (!row) continue;
    const lowest = toWeight(core.model[row.profile.kind].threshold);
    // JSON knows no infinity.
    const noted = floor === lowest ? undefined : Math.min(floor, Number.MAX_SAFE_INTEGER);
    if (row.floor !== noted) {
      const { floor: _, ...rest } = row;
      workspace.set('matching', ref, noted === undefined ? rest : { ...rest, floor: noted });
    }
    for (const other in row.edges) {
      const weight = row.edges[other] ?? 0;
      if (weight >= lowest && weight < floor) {
        workspace.tie(other);
        across.set(other, Math.max(weight, across.get(other) ?? weight));
      }
    }
  }
}

/** The component at the lowest floor at which it has at most `LARGEST_COMPONENT` members, in order of the refs. */
async function componentOf(
  workspace: Workspace,
  ref: string,
  core: Core,
): Promise<{ component: string[]; floor: number }> {
  const kind = matchRow(workspace, ref)?.profile.kind;
  // It says nothing: whom it was with is looked for from there.
  if (kind === undefined) return { component: [ref], floor: Infinity };
  for (const floor of floors(core.model[kind])) {
    const limit = floor === Infinity ? Infinity : LARGEST_COMPONENT;
    const found = await explore(workspace, [ref], floor, limit, kind);
    if (found) return { component: [...found].sort(compareText), floor };
  }
  return { component: [ref], floor: Infinity };
}

/**
 * Breadth first along edges at or above the floor, decisions and bindings. Undefined: more than `limit`.
 * @param kind Only records that are of this kind and say something: a decision may tie persons to organizations, which are never one.
 */
async function explore(
  workspace: Workspace,
  from: Iterable<string>,
  floor: number,
  limit: number,
  kind?: Profile['kind'],
): Promise<Set<string> | undefined> {
  const seen = new Set(from);
  let frontier = [...seen];
  while (frontier.length > 0) {
    await Promise.all([workspace.load('matching', frontier), workspace.load('records', frontier)]);
    if (kind !== undefined) {
      const others = frontier.filter((ref) => matchRow(workspace, ref)?.profile.kind !== kind);
      for (const ref of others) seen.delete(ref);
      if (others.length > 0) frontier = frontier.filter((ref) => seen.has(ref));
    }
    const next: string[] = [];
    const visit = (ref: string): void => {
      if (seen.has(ref)) return;
      seen.add(ref);
      next.push(ref);
    };
    for (const ref of frontier) {
      const edges = matchRow(workspace, ref)?.edges ?? {};
      for (const other in edges) if ((edges[other] ?? 0) >= floor) visit(other);
      for (const other of bound(recordRow(workspace, ref))) visit(other);
    }
    if (seen.size > limit) return undefined;
    frontier = next;
  }
  return seen;
}

/** Refs that a decision or a creation ties to this one. */
export function bound(row: RecordRow): string[] {
  const refs: string[] = [];
  for (const { decision } of row.decisions ?? []) if (decision.kind === 'link') refs.push(...decision.refs);
  if (row.facts.createdFor) refs.push(row.facts.createdFor.ref);
  // States of earlier versions have no more than this of what was made.
  for (const { outcome } of row.facts.creates)
    if (outcome?.status === 'applied' && outcome.ref !== undefined) refs.push(outcome.ref);
  refs.push(...(row.made ?? []));
  return refs;
}

export interface Party {
  ref: string;
  match: MatchRow;
  row: RecordRow;
}

/** Clusters of one component; who says nothing is in none. */
function clusterRefs(workspace: Workspace, component: readonly string[], floor: number, core: Core): string[][] {
  return clusterParties(partiesOf(workspace, component), floor, core);
}

function partiesOf(workspace: Workspace, component: readonly string[]): Party[] {
  const parties: Party[] = [];
  for (const ref of component) {
    const match = matchRow(workspace, ref);
    if (match) parties.push({ ref, match, row: recordRow(workspace, ref) });
  }
  return parties;
}

/** A component as clustering takes it, and how it came to its clusters: attempts name parties by their places. */
export interface Trace {
  parties: readonly Party[];
  /** From this weight on its edges count, 1/1024 bit. */
  floor: number;
  clusters: string[][];
  attempts: Attempt[];
}

/** What the hub computes for the component of a record, step by step. Reads only. */
export async function traceComponent(workspace: Workspace, ref: string, core: Core): Promise<Trace> {
  await Promise.all([workspace.load('matching', [ref]), workspace.load('records', [ref])]);
  const { component, floor } = await componentOf(workspace, ref, core);
  const parties = partiesOf(workspace, component);
  const attempts: Attempt[] = [];
  const clusters = clusterParties(parties, floor, core, (attempt) => attempts.push(attempt));
  return { parties, floor, clusters, attempts };
}

function clusterParties(
  parties: readonly Party[],
  floor: number,
  core: Core,
  tell?: (attempt: Attempt) => void,
): string[][] {
  if (parties.length <= 1) return parties.map(({ ref }) => [ref]);
  const placeOf = new Map(parties.map(({ ref }, i) => [ref, i]));
  const decisions = pairDecisions(parties.flatMap(({ row }) => row.decisions ?? []));
  const edges: LocalEdge[] = [];
  const tie = (x: string, y: string, authority: 1 | 2): void => {
    const [a, b] = [placeOf.get(x), placeOf.get(y)];
    if (a !== undefined && b !== undefined && a !== b)
      edges.push({ a: Math.min(a, b), b: Math.max(a, b), weight: 0, authority });
  };
  for (const [a, b] of decisions.links) tie(a, b, 2);
  for (const [a, { match, row }] of parties.entries()) {
    if (row.facts.createdFor) tie(row.facts.createdFor.ref, row.facts.ref, 1);
    for (const other in match.edges) {
      const b = placeOf.get(other);
      const weight = match.edges[other] ?? 0;
      if (b !== undefined && a < b && weight >= floor) edges.push({ a, b, weight });
    }
  }
  const apart = new Set(decisions.cannotLink.map(([a, b]) => `${placeOf.get(a)}|${placeOf.get(b)}`));
  const at = (i: number): Party => parties[i] as Party;
  const [
    {
      match: { profile },
    },
  ] = parties as [Party];
  const part = core.model[profile.kind];
  const weights = new Weights(core);
  const constraints = {
    weightOf: (a: number, b: number) => weights.between(at(a).match, at(b).match),
    isSilent: (a: number) => weights.isSilent(at(a).match),
    isApart: apart.size > 0 ? (a: number, b: number) => apart.has(`${a}|${b}`) || apart.has(`${b}|${a}`) : undefined,
    isContradiction:
      part.exclusive.length > 0
        ? (a: number, b: number) => isContradiction(at(a).match.profile, at(b).match.profile, part)
        : undefined,
    guard: part.guard,
  };
  return clusterComponent(parties.length, edges, constraints, tell).map((places) =>
    places.map((place) => at(place).ref),
  );
}
