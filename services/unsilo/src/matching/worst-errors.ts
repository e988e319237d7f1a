import type { Explanation, Linkage } from '@unsilo/hub/linkage';

export interface WrongPair extends Explanation {
  error: 'wrongly joined' | 'missed';
}

/** Pairs that are looked at, at most: the errors of a hopeless model need no list. */
const MOST_PAIRS = 200_000;

/** The most confident errors: pairs of two parties joined on the most evidence, and pairs of one party kept apart with the most against them. */
export function worstErrors(linkage: Linkage, truth: ReadonlyMap<string, string>, most: number): WrongPair[] {
  const known = (a: string, b: string): boolean => truth.has(a) && truth.has(b);
  const joined: [string, string][] = [];
  for (const cluster of linkage.clusters())
    addPairs(cluster, joined, (a, b) => known(a, b) && truth.get(a) !== truth.get(b));
  const parties = new Map<string, string[]>();
  for (const [ref, party] of truth) {
    const list = parties.get(party);
    if (list) list.push(ref);
    else parties.set(party, [ref]);
  }
  const missed: [string, string][] = [];
  for (const refs of parties.values()) addPairs(refs, missed, (a, b) => !linkage.clusterOf(a).includes(b));
  return [
    ...explained(linkage, joined, 'wrongly joined', most, (x, y) => y.bits - x.bits),
    ...explained(linkage, missed, 'missed', most, (x, y) => x.bits - y.bits),
  ];
}

function addPairs(
  refs: readonly string[],
  into: [string, string][],
  isWanted: (a: string, b: string) => boolean,
): void {
  for (const [i, a] of refs.entries())
    for (const b of refs.slice(i + 1)) {
      if (into.length >= MOST_PAIRS) return;
      if (isWanted(a, b)) into.push([a, b]);
    }
}

function explained(
  linkage: Linkage,
  pairs: readonly (readonly [string, string])[],
  error: WrongPair['error'],
  most: number,
  order: (x: Explanation, y: Explanation) => number,
): WrongPair[] {
  const all: WrongPair[] = [];
  for (const [a, b] of pairs) {
    const explanation = linkage.explain(a, b);
    if (explanation) all.push({ ...explanation, error });
  }
  return all.sort((x, y) => order(x, y) || (x.a + x.b < y.a + y.b ? -1 : 1)).slice(0, most);
}
