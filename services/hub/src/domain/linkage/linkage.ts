import { inMean } from './clustering.js';
import { bitsOf, explainPair, type PairExplanation } from './explain.js';
import type { Kind } from './kinds.js';
import { createMatcher, type Matcher, type Prepared } from './matcher.js';
import type { LinkageModel } from './model.js';
import { createPopulation, type Population, type PopulationReport } from './population.js';
import { createProfile, type LinkageRecord } from './profile.js';
import { compareText } from './text.js';

export interface LinkageOptions {
  /** ISO 3166 code that phone numbers without a country code are read in. */
  country?: string;
  /** What attributes outside the canonical model are compared as: `{'extra.gender': 'code'}`. */
  kinds?: Readonly<Record<string, Kind>>;
}

export interface Explanation extends PairExplanation {
  /** Are the two in one cluster? */
  together: boolean;
  /** Do they share a key under which candidates are found? Without one they meet through a third record only. */
  proposed: boolean;
  /** Mean bits over all pairs between the two clusters; where it is below the guard, no single pair joins them. */
  between: number | undefined;
  /** The outcome in one sentence. */
  why: string;
}

/**
 * Who is who among a set of records, kept up to date as they come, change and go. A pure function of the set: its clusters don't depend
 * on the order of the calls.
 */
export interface Linkage {
  upsert(record: LinkageRecord): void;
  remove(ref: string): void;
  /** A steward's word about a pair; `undefined` takes it back. */
  decide(a: string, b: string, word: 'link' | 'apart' | undefined): void;
  /** Brings the clusters up to date with everything said so far. */
  settle(): void;
  clusterOf(ref: string): readonly string[];
  clusters(): string[][];
  explain(a: string, b: string): Explanation | undefined;
  report(): { person: PopulationReport; organization: PopulationReport };
}

export function createLinkage(model: LinkageModel, options: LinkageOptions = {}): Linkage {
  const matchers: Record<LinkageRecord['kind'], Matcher> = {
    person: createMatcher(model.person, options.kinds),
    organization: createMatcher(model.organization, options.kinds),
  };
  const populations: Record<LinkageRecord['kind'], Population> = {
    person: createPopulation(matchers.person),
    organization: createPopulation(matchers.organization),
  };
  const kindOf = new Map<string, LinkageRecord['kind']>();
  const populationOf = (ref: string): Population | undefined => {
    const kind = kindOf.get(ref);
    return kind === undefined ? undefined : populations[kind];
  };
  const remove = (ref: string): void => {
    populationOf(ref)?.remove(ref);
    kindOf.delete(ref);
  };
  return {
    upsert(record) {
      if (kindOf.has(record.ref) && kindOf.get(record.ref) !== record.kind) remove(record.ref);
      kindOf.set(record.ref, record.kind);
      populations[record.kind].upsert(createProfile(record, options));
    },
    remove,
    decide(a, b, word) {
      for (const population of Object.values(populations)) population.decide(a, b, word);
    },
    settle() {
      for (const population of Object.values(populations)) population.settle();
    },
    clusterOf: (ref) => populationOf(ref)?.clusterOf(ref) ?? [],
    clusters: () =>
      [...populations.person.clusters(), ...populations.organization.clusters()].sort(([a = ''], [b = '']) =>
        compareText(a, b),
      ),
    explain(a, b) {
      const [ours, theirs] = [kindOf.get(a), kindOf.get(b)];
      if (ours === undefined || ours !== theirs || a === b) return undefined;
      return explain(a, b, matchers[ours], populations[ours]);
    },
    report: () => ({ person: populations.person.report(), organization: populations.organization.report() }),
  };
}

function explain(a: string, b: string, matcher: Matcher, population: Population): Explanation | undefined {
  const [x, y] = [population.get(a), population.get(b)];
  if (!x || !y) return undefined;
  const pair = explainPair(x, y, matcher, population.isGeneric);
  const together = population.clusterOf(a).includes(b);
  const proposed = population.isProposed(a, b);
  const between = together ? undefined : meanBetween(population, matcher, a, b);
  const { guard } = matcher.part;
  const why = together
    ? pair.verdict === 'match'
      ? 'One party: the evidence is above the threshold.'
      : 'One party through other records of the cluster, though this pair alone would not be.'
    : pair.bits < pair.threshold
      ? `Not one party: ${pair.bits} bits are below the threshold of ${pair.threshold}.`
      : !proposed
        ? 'Not one party: the two share no key under which candidates are found, and no third record joins them.'
        : between !== undefined && between < guard
          ? `Not one party: the pair agrees, but their clusters contradict each other (${between} bits on average, the guard is ${guard}).`
          : 'Not one party: an exclusive identifier, a steward or stronger evidence for others keeps them apart.';
  return { ...pair, together, proposed, between, why };
}

/** Undefined where all that one of the two has states nothing. */
function meanBetween(population: Population, matcher: Matcher, a: string, b: string): number | undefined {
  let sum = 0;
  const [ours, theirs] = [a, b].map((ref) =>
    population
      .clusterOf(ref)
      .flatMap((one) => population.get(one) ?? [])
      .filter(({ isSilent }) => !isSilent),
  ) as [Prepared[], Prepared[]];
  for (const one of ours) for (const other of theirs) sum += inMean(matcher.weight(one, other));
  const pairs = ours.length * theirs.length;
  return pairs === 0 ? undefined : bitsOf(sum / pairs);
}
