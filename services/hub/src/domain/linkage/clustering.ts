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
  /** Members that state nothing: all that a pair with one of them could count for is the odds of any two records, so none is counted. */
  isSilent(a: number): boolean;
  /** Pairs that a steward keeps apart. Undefined: none. */
  isApart: ((a: number, b: number) => boolean) | undefined;
  /** Pairs that exclusive identifiers keep apart, unless a steward links them. Undefined: none. */
  isContradiction: ((a: number, b: number) => boolean) | undefined;
  /** Bits. */
  guard: number;
}

/** No single pair counts for more than this in the mean between two clusters, 1/1024 bit. */
const MOST_OF_PAIR = 20 * BIT;

/** What a pair's weight counts for in the mean between two clusters, 1/1024 bit. */
export function inMean(weight: number): number {
  return Math.max(-MOST_OF_PAIR, Math.min(MOST_OF_PAIR, weight));
}

/** An edge in its turn, and what came of it. Edges within one cluster aren't tried. */
export interface Attempt {
  edge: Readonly<LocalEdge>;
  /** Members, as they stood then, of the cluster that `edge.a` was in, and of the one that `edge.b` was in. */
  left: readonly number[];
  right: readonly number[];
  /** Sum over all pairs between the two, but for members that state nothing, of what they count for, 1/1024 bit; and how many pairs that are. */
  between: number;
  pairs: number;
  /** `joined`, or what forbade it: a steward's word, an exclusive identifier or the guard. */
  outcome: 'joined' | 'apart' | 'exclusive' | 'guard';
}

interface Cluster {
  id: number;
  members: number[];
  /** How many of them state something. */
  speaking: number;
  /** The two that it was joined from. */
  of: [Cluster, Cluster] | undefined;
}

/**
 * Edges in descending order join two clusters unless a steward or an exclusive identifier keeps them apart or the mean weight over all pairs
 * between them is below the guard: what contradicts a cluster counts, not just the pair. A member that states nothing neither joins nor parts
 * others.
 * @param size Members of the component.
 * @param tell Gets every attempt in order; hearing them changes nothing.
 * @returns Clusters of places, each in order.
 */
export function clusterComponent(
  size: number,
  edges: LocalEdge[],
  constraints: Constraints,
  tell?: (attempt: Attempt) => void,
): number[][] {
  const clusterOf: Cluster[] = [];
  for (let i = 0; i < size; i += 1)
    clusterOf.push({ id: i, members: [i], speaking: constraints.isSilent(i) ? 0 : 1, of: undefined });
  let nextId = size;
  const sums = new Map<number, number>();
  const span = size * 2;
  const sumBetween = (x: Cluster, y: Cluster): number => {
    if (x.speaking * y.speaking === 0) return 0;
    const [low, high] = x.id < y.id ? [x, y] : [y, x];
    const key = low.id * span + high.id;
    let sum = sums.get(key);
    if (sum !== undefined) return sum;
    if (high.of === undefined) {
      const [a = 0] = low.members;
      const [b = 0] = high.members;
      sum = inMean(constraints.weightOf(a, b));
    } else sum = sumBetween(low, high.of[0]) + sumBetween(low, high.of[1]);
    sums.set(key, sum);
    return sum;
  };
  const someBetween = (x: Cluster, y: Cluster, holds: Constraints['isApart']): boolean =>
    holds !== undefined && x.members.some((a) => y.members.some((b) => holds(a, b)));
  const guard = constraints.guard * BIT;
  const outcomeOf = (x: Cluster, y: Cluster, authority: 0 | 1 | 2): Attempt['outcome'] => {
    if (someBetween(x, y, constraints.isApart)) return 'apart';
    if (authority < 2 && someBetween(x, y, constraints.isContradiction)) return 'exclusive';
    const isGuarded = authority === 0 && sumBetween(x, y) < guard * x.speaking * y.speaking;
    return isGuarded ? 'guard' : 'joined';
  };
  edges.sort((x, y) => (y.authority ?? 0) - (x.authority ?? 0) || y.weight - x.weight || x.a - y.a || x.b - y.b);
  for (const edge of edges) {
    const { a, b, authority = 0 } = edge;
    const [x, y] = [clusterOf[a], clusterOf[b]];
    if (x === undefined || y === undefined || x === y) continue;
    const outcome = outcomeOf(x, y, authority);
    const pairs = x.speaking * y.speaking;
    tell?.({ edge, left: [...x.members], right: [...y.members], between: sumBetween(x, y), pairs, outcome });
    if (outcome !== 'joined') continue;
    const joined: Cluster = {
      id: nextId,
      members: [...x.members, ...y.members],
      speaking: x.speaking + y.speaking,
      of: [x, y],
    };
    nextId += 1;
    for (const member of joined.members) clusterOf[member] = joined;
  }
  return [...new Set(clusterOf)].map(({ members }) => members.sort((a, b) => a - b));
}
