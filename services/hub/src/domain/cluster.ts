import { exclusiveIdentifiers, type MatchProfile, type Model } from './matching.js';

/** Why two records may be one: a steward's word, a record that the hub made for the other, or shared evidence. */
export interface Edge {
  a: string;
  b: string;
  /** Steward's link above created-for above evidence. */
  authority: 2 | 1 | 0;
  /** Whole number of 1/1024 bit. */
  weight: number;
}

export interface ClusterInput {
  profiles: readonly MatchProfile[];
  edges: readonly Edge[];
  /** Pairs that a steward keeps apart. */
  cannotLink: readonly (readonly [string, string])[];
  model: Model;
  /** Weight of any pair, whether it shares a key or not. */
  weightOf: (a: MatchProfile, b: MatchProfile) => number;
}

const CLIP = 20 * 1024;

/** Descending by authority and weight; ties by the refs, so that equal sets give equal clusters. */
export function byStrength(x: Edge, y: Edge): number {
  return y.authority - x.authority || y.weight - x.weight || compareText(x.a, y.a) || compareText(x.b, y.b);
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

/**
 * Constrained clustering of one component (DESIGN section 5.6): edges in descending order join two clusters unless that breaks a
 * cannot-link decision, an exclusive identifier or, for evidence, the guard.
 * @returns Clusters of refs, each sorted, in order of their first ref.
 */
export function cluster(input: ClusterInput): string[][] {
  const { profiles, model } = input;
  const profileOf = new Map(profiles.map((p) => [p.ref, p]));
  const clusterOf = new Map<string, Set<string>>();
  for (const { ref } of profiles) clusterOf.set(ref, new Set([ref]));
  const apart = new Map<string, Set<string>>();
  for (const [a, b] of input.cannotLink) {
    addTo(apart, a, b);
    addTo(apart, b, a);
  }
  for (const edge of [...input.edges].sort(byStrength)) {
    if (edge.authority === 0 && edge.weight < model.matchAt) continue;
    const x = clusterOf.get(edge.a);
    const y = clusterOf.get(edge.b);
    if (!x || !y || x === y) continue;
    const [small, large] = x.size <= y.size ? [x, y] : [y, x];
    if (isKeptApart(small, large, apart)) continue;
    if (edge.authority < 2 && contradicts(small, large, profileOf, model)) continue;
    if (edge.authority === 0 && meanWeight(small, large, profileOf, input.weightOf) < model.guard) continue;
    for (const ref of small) {
      large.add(ref);
      clusterOf.set(ref, large);
    }
  }
  return [...new Set(clusterOf.values())]
    .map((refs) => [...refs].sort(compareText))
    .sort((a, b) => compareText(a[0] ?? '', b[0] ?? ''));
}

function addTo(map: Map<string, Set<string>>, key: string, value: string): void {
  const set = map.get(key);
  if (set) set.add(value);
  else map.set(key, new Set([value]));
}

function isKeptApart(
  small: ReadonlySet<string>,
  large: ReadonlySet<string>,
  apart: ReadonlyMap<string, ReadonlySet<string>>,
): boolean {
  for (const ref of small) for (const other of apart.get(ref) ?? []) if (large.has(other)) return true;
  return false;
}

function contradicts(
  small: ReadonlySet<string>,
  large: ReadonlySet<string>,
  profileOf: ReadonlyMap<string, MatchProfile>,
  model: Model,
): boolean {
  if (model.exclusiveIssuers.length === 0) return false;
  const values = new Map<string, string>();
  for (const ref of large) {
    const profile = profileOf.get(ref);
    if (profile) for (const [issuer, value] of exclusiveIdentifiers(profile, model)) values.set(issuer, value);
  }
  for (const ref of small) {
    const profile = profileOf.get(ref);
    if (!profile) continue;
    for (const [issuer, value] of exclusiveIdentifiers(profile, model))
      if (values.has(issuer) && values.get(issuer) !== value) return true;
  }
  return false;
}

function meanWeight(
  small: ReadonlySet<string>,
  large: ReadonlySet<string>,
  profileOf: ReadonlyMap<string, MatchProfile>,
  weightOf: ClusterInput['weightOf'],
): number {
  let sum = 0;
  for (const a of small) {
    for (const b of large) {
      const [x, y] = [profileOf.get(a), profileOf.get(b)];
      if (x && y) sum += Math.max(-CLIP, Math.min(CLIP, weightOf(x, y)));
    }
  }
  return sum / (small.size * large.size);
}
