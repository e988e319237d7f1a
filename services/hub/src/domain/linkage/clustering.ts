import { BIT } from './matcher.js';

/** A pair within a component, by the members' places in it; places are in the order of the refs. */
export interface LocalEdge {
  a: number;
  b: number;
  /** 1/1024 bit. */
  weight: number;
  /** 2: a steward's link. 1: the one record was made for the other. Both come before all evidence and are not weighed. */
  authority?: 1 | 2;
}

export interface Constraints {
  /** Weight of any two members, whether blocking compared them or not. */
  weightOf(a: number, b: number): number;
  /** Pairs that a steward keeps apart. Undefined: none. */
  isApart: ((a: number, b: number) => boolean) | undefined;
  /** Pairs that exclusive identifiers keep apart, unless a steward links them. Undefined: none. */
  isContradiction: ((a: number, b: number) => boolean) | undefined;
  /** Bits. */
  guard: number;
}

/** No single pair counts for more than this in the mean, 1/1024 bit. */
const CLIP = 20 * BIT;

interface Cluster {
  id: number;
  members: number[];
  /** The two that it was joined from. */
  of: [Cluster, Cluster] | undefined;
}

/**
 * Edges in descending order join two clusters unless a steward or an exclusive identifier keeps them apart or the mean weight over all pairs
 * between them is below the guard: what contradicts a cluster counts, not just the pair.
 * @param size Members of the component.
 * @returns Clusters of places, each in order.
 */
export function clusterComponent(size: number, edges: LocalEdge[], constraints: Constraints): number[][] {
  const clusterOf: Cluster[] = [];
  for (let i = 0; i < size; i += 1) clusterOf.push({ id: i, members: [i], of: undefined });
  let nextId = size;
  const sums = new Map<number, number>();
  const span = size * 2;
  const sumBetween = (x: Cluster, y: Cluster): number => {
    const [low, high] = x.id < y.id ? [x, y] : [y, x];
    const key = low.id * span + high.id;
    let sum = sums.get(key);
    if (sum !== undefined) return sum;
    if (high.of === undefined) {
      const [a = 0] = low.members;
      const [b = 0] = high.members;
      sum = Math.max(-CLIP, Math.min(CLIP, constraints.weightOf(a, b)));
    } else sum = sumBetween(low, high.of[0]) + sumBetween(low, high.of[1]);
    sums.set(key, sum);
    return sum;
  };
  const someBetween = (x: Cluster, y: Cluster, holds: Constraints['isApart']): boolean =>
    holds !== undefined && x.members.some((a) => y.members.some((b) => holds(a, b)));
  const guard = constraints.guard * BIT;
  edges.sort((x, y) => (y.authority ?? 0) - (x.authority ?? 0) || y.weight - x.weight || x.a - y.a || x.b - y.b);
  for (const { a, b, authority = 0 } of edges) {
    const [x, y] = [clusterOf[a], clusterOf[b]];
    if (x === undefined || y === undefined || x === y || someBetween(x, y, constraints.isApart)) continue;
    if (authority < 2 && someBetween(x, y, constraints.isContradiction)) continue;
    if (authority === 0 && sumBetween(x, y) < guard * x.members.length * y.members.length) continue;
    const joined: Cluster = { id: nextId, members: [...x.members, ...y.members], of: [x, y] };
    nextId += 1;
    for (const member of joined.members) clusterOf[member] = joined;
  }
  return [...new Set(clusterOf)].map(({ members }) => members.sort((a, b) => a - b));
}
