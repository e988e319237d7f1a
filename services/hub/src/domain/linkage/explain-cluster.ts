import { inMean, type Attempt } from './clustering.js';
import { bitsOf } from './explain.js';
import { toWeight } from './matcher.js';

/** One pair of records and what it says for one party, in bits. */
export interface WeighedPair {
  a: string;
  b: string;
  bits: number;
}

/** A step of clustering: two parts of a cluster that became one, by the pair `a`, `b`. */
export interface ClusterJoin extends WeighedPair {
  /** `decision`: a steward linked the pair. `creation`: the hub made the one record for the other. */
  by: 'evidence' | 'decision' | 'creation';
  /** Records that `a` was with by then, and those that `b` was with. */
  left: string[];
  right: string[];
  /** Mean bits over `pairs`, each counted for 20 at most, either way; the guard is a floor of it where evidence joins. 0 where there are none. */
  between: number;
  /** Pairs between records of the two parts that state something, and those among them that speak against one party. */
  pairs: number;
  against: number;
  /** Of evidence: had the pair said so many bits less, it would not have joined the two. */
  margin?: number;
}

/** A cluster that stayed outside, by the strongest pair that tried to bring it in. */
export interface ClusterRefusal extends WeighedPair {
  /** A steward's word, an exclusive identifier, or the mean between the parts as they stood then. */
  reason: 'apart' | 'exclusive' | 'guard';
  between: number;
}

/** Why the records of a cluster are together, and others are not with them. */
export interface ClusterReasons {
  /** In the order in which clustering made them. */
  joins: ClusterJoin[];
  /** Place in `joins` of the join of evidence with the least margin. */
  weakest?: number;
  /** Pairs of the cluster's records that state something, and those among them that speak against one party: the strongest contradictions first. */
  pairs: number;
  against: WeighedPair[];
  refusals: ClusterRefusal[];
}

/** A component after clustering; places are those of `clusterComponent`. */
export interface Clustered {
  refs: readonly string[];
  attempts: readonly Attempt[];
  /** 1/1024 bit. */
  weightOf(a: number, b: number): number;
  isSilent(a: number): boolean;
  /** From this weight on edges counted, 1/1024 bit. */
  floor: number;
  /** Bits. */
  guard: number;
}

const BY = { 0: 'evidence', 1: 'creation', 2: 'decision' } as const;

/** What clustering itself did, told of one of the clusters that it found. */
export function explainCluster(component: Clustered, cluster: readonly string[]): ClusterReasons {
  const { refs, attempts, weightOf, isSilent } = component;
  const inside = new Set(cluster);
  const ref = (place: number): string => refs[place] ?? '';
  const joins: ClusterJoin[] = [];
  const refusals: ClusterRefusal[] = [];
  for (const attempt of attempts) {
    const { edge, outcome, between, pairs } = attempt;
    const [a, b] = [ref(edge.a), ref(edge.b)];
    if (inside.has(a) && inside.has(b)) {
      if (outcome === 'joined') joins.push(joinOf(attempt, component));
    } else if (inside.has(a) !== inside.has(b) && outcome !== 'joined') {
      const bits = bitsOf(weightOf(edge.a, edge.b));
      refusals.push({ a, b, bits, reason: outcome, between: meanOf(between, pairs) });
    }
  }
  const places = refs.flatMap((one, place) => (inside.has(one) && !isSilent(place) ? [place] : []));
  const against: WeighedPair[] = [];
  let pairs = 0;
  for (const [i, a] of places.entries())
    for (const b of places.slice(i + 1)) {
      pairs += 1;
      const weight = weightOf(a, b);
      if (weight < 0) against.push({ a: ref(a), b: ref(b), bits: bitsOf(weight) });
    }
  against.sort((x, y) => x.bits - y.bits);
  const reasons: ClusterReasons = { joins, pairs, against, refusals };
  const weakest = weakestOf(joins);
  if (weakest !== undefined) reasons.weakest = weakest;
  return reasons;
}

function meanOf(sum: number, pairs: number): number {
  return pairs === 0 ? 0 : bitsOf(sum / pairs);
}

function joinOf({ edge, left, right, between, pairs }: Attempt, component: Clustered): ClusterJoin {
  const { refs, weightOf, isSilent, floor, guard } = component;
  const names = (places: readonly number[]): string[] => places.map((place) => refs[place] ?? '').sort();
  const speaking = (places: readonly number[]): number[] => places.filter((place) => !isSilent(place));
  const weight = weightOf(edge.a, edge.b);
  const join: ClusterJoin = {
    by: BY[edge.authority ?? 0],
    a: refs[edge.a] ?? '',
    b: refs[edge.b] ?? '',
    bits: bitsOf(weight),
    left: names(left),
    right: names(right),
    between: meanOf(between, pairs),
    pairs,
    against: speaking(left).reduce((sum, a) => sum + speaking(right).filter((b) => weightOf(a, b) < 0).length, 0),
  };
  if (join.by === 'evidence') {
    // What a pair says beyond its limit in the mean can go before the mean falls.
    const toGuard = weight - inMean(weight) + between - toWeight(guard) * pairs;
    join.margin = bitsOf(Math.min(weight - floor, toGuard));
  }
  return join;
}

function weakestOf(joins: readonly ClusterJoin[]): number | undefined {
  let [found, least]: [number | undefined, number] = [undefined, Infinity];
  for (const [place, { margin = Infinity }] of joins.entries()) if (margin < least) [found, least] = [place, margin];
  return found;
}
