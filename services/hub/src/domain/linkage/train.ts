import { defaultAttribute } from './default-model.js';
import {
  householdCaps,
  movedBits,
  pointedShares,
  probability,
  sharesOf,
  weighRows,
  type Estimate,
} from './estimate.js';
import { countFrequencies, round, valuesOf } from './frequencies.js';
import { hash53 } from './hash.js';
import type { Kind } from './kinds.js';
import type { Label } from './labels.js';
import { createMatcher, type Prepared } from './matcher.js';
import type { AttributeModel, PartModel } from './model.js';
import { candidatePairs, comparePairs, compress, randomPairs, type PairTable } from './pair-table.js';
import { createPopulation } from './population.js';
import type { Profile } from './profile.js';
import { compareText } from './text.js';

export interface TrainingOptions {
  kinds?: Readonly<Record<string, Kind>>;
  /** Pairs of refs that a person judged, none of which contradicts another (`soundLabels`). Those of records that are not there are left out. */
  labels?: readonly Label[];
  /** Records that are looked at, chosen by a hash of their ref, besides those that labels name; the rest only counts for frequencies. */
  sample?: number;
  onProgress?: (step: string) => void;
}

export interface TrainingReport {
  records: number;
  sampled: number;
  candidatePairs: number;
  /** Pairs that are one party, as far as the model can tell. */
  expectedMatches: number;
  rounds: number;
  /** Of the pairs in one cluster: the share that no key proposes, so that only a third record joins them. */
  blockingLoss: number;
  /** Matching pairs that have the attribute, by attribute: what m rests on. */
  support: Record<string, number>;
  warnings: string[];
}

const MOST_SAMPLED = 12_000;
const MOST_CANDIDATES = 200_000;
const MOST_RANDOM = 60_000;
const MOST_ROUNDS = 40;
/** Matches' and pairs' worth of the shipped shares. */
const PSEUDO_MATCHES = 20;
const PSEUDO_RANDOM = 100;
/** Times that the guarded clusters are taken for the truth and m is counted again. */
const CLUSTER_ROUNDS = 1;

/**
 * Estimates one part of a model from records without labels: u from random pairs, m by expectation maximisation over candidate pairs from
 * the shipped shares, then from the pairs inside the guarded clusters. A function of the set of records, whatever their order.
 */
export function trainPart(
  profiles: readonly Profile[],
  start: PartModel,
  options: TrainingOptions = {},
): { part: PartModel; report: TrainingReport } {
  const tell = options.onProgress ?? (() => undefined);
  const sorted = [...profiles].sort((a, b) => compareText(a.ref, b.ref));
  const labels = options.labels ?? [];
  const sample = sampleOf(sorted, options.sample ?? MOST_SAMPLED, labels);
  tell('counting values');
  let part = withFrequencies(sorted, start, options.kinds ?? {});
  const matcher = createMatcher(part, options.kinds);
  const records = sample.map((profile) => matcher.prepare(profile));
  tell('comparing pairs');
  const random = compress(comparePairs(randomPairs(records, MOST_RANDOM), matcher));
  const { pairs, found } = candidatePairs(records, part.keyLimit, MOST_CANDIDATES);
  const labelled = labelledPairs(records, labels);
  const unlabelled = pairs.filter(([a, b]) => !labelled.keys.has(keyOf(a, b)));
  const candidates = comparePairs([...unlabelled, ...labelled.pairs], matcher, [
    ...unlabelled.map(() => undefined),
    ...labelled.labels,
  ] as (0 | 1)[]);
  const scale = pairs.length === 0 ? 1 : found / pairs.length;
  const totalPairs = Math.max(1, (records.length * (records.length - 1)) / 2);
  const first: Estimate = {
    slots: matcher.attributes.map(({ attribute, kind }) => {
      const model = part.attributes[attribute] ?? defaultAttribute(attribute, kind);
      return { attribute, kind, m: model.m, u: model.u, byRarity: model.frequencies !== undefined };
    }),
    prior: Math.log2(1 / Math.max(20, records.length)),
    household: start.household,
  };
  tell('estimating');
  const { estimate, rounds, matches } = maximise(candidates, random, first, scale, totalPairs);
  part = withEstimate(part, estimate);
  const report: TrainingReport = {
    records: sorted.length,
    sampled: records.length,
    candidatePairs: found,
    expectedMatches: Math.round(matches),
    rounds,
    blockingLoss: 0,
    support: {},
    warnings: [],
  };
  for (let i = 0; i < CLUSTER_ROUNDS; i += 1) {
    tell(`clustering, ${i + 1} of ${CLUSTER_ROUNDS}`);
    const again = fromClusters(sample, part, { estimate, first, random }, options, totalPairs);
    if (again === undefined) break;
    part = again.part;
    report.blockingLoss = again.blockingLoss;
    report.support = again.support;
  }
  report.warnings = warningsOf(report, part, sorted);
  return { part, report };
}

function sampleOf(sorted: readonly Profile[], most: number, labels: readonly Label[]): readonly Profile[] {
  if (sorted.length <= most) return sorted;
  const taken = new Set(labels.flatMap(({ a, b }) => [a, b]));
  const ranked = sorted
    .map(({ ref }) => ({ ref, rank: hash53(ref) }))
    .sort((a, b) => a.rank - b.rank || compareText(a.ref, b.ref));
  for (const { ref } of ranked.slice(0, most)) taken.add(ref);
  return sorted.filter(({ ref }) => taken.has(ref));
}

function withFrequencies(
  profiles: readonly Profile[],
  start: PartModel,
  kinds: Readonly<Record<string, Kind>>,
): PartModel {
  const attributes: Record<string, AttributeModel> = {};
  const all = new Map(Object.entries(start.attributes).map(([name, { kind }]) => [name, kind]));
  for (const [name, kind] of Object.entries(kinds)) if (!all.has(name)) all.set(name, kind);
  for (const profile of profiles)
    for (const name of Object.keys(profile.values)) if (name.startsWith('identifiers:')) all.set(name, 'identifier');
  for (const [name, kind] of [...all].sort(([a], [b]) => compareText(a, b))) {
    const shipped = start.attributes[name] ?? defaultAttribute(name, kind);
    attributes[name] = { ...shipped, ...countFrequencies(profiles, name, kind, shipped) };
  }
  return { ...start, attributes };
}

const keyOf = (a: Prepared, b: Prepared): string =>
  a.ref < b.ref ? `${a.ref}\u001f${b.ref}` : `${b.ref}\u001f${a.ref}`;

function labelledPairs(
  records: readonly Prepared[],
  labels: readonly Label[],
): { pairs: (readonly [Prepared, Prepared])[]; keys: Set<string>; labels: (0 | 1)[] } {
  const byRef = new Map(records.map((record) => [record.ref, record]));
  const result: ReturnType<typeof labelledPairs> = { pairs: [], keys: new Set(), labels: [] };
  const sorted = labels
    .map(({ a, b, same }) => (a < b ? { a, b, same } : { a: b, b: a, same }))
    .sort((x, y) => compareText(x.a, y.a) || compareText(x.b, y.b));
  for (const { a, b, same } of sorted) {
    const [x, y] = [byRef.get(a), byRef.get(b)];
    if (!x || !y) continue;
    result.pairs.push([x, y]);
    result.keys.add(keyOf(x, y));
    result.labels.push(same ? 1 : 0);
  }
  return result;
}

function maximise(
  candidates: PairTable,
  random: PairTable,
  first: Estimate,
  scale: number,
  totalPairs: number,
): { estimate: Estimate; rounds: number; matches: number } {
  let estimate = first;
  const ofCandidates = new Float64Array(candidates.rows);
  const ofRandom = new Float64Array(random.rows);
  const others = new Float64Array(candidates.rows);
  const labelledMatches = candidates.labels.reduce((sum, label) => sum + Number(label === 1), 0);
  let matches = 0;
  let rounds = 0;
  for (; rounds < MOST_ROUNDS; rounds += 1) {
    weighRows(candidates, estimate, ofCandidates, { others });
    weighRows(random, estimate, ofRandom);
    const { prior } = estimate;
    const pointed = pointedShares(candidates, estimate, ofCandidates, others);
    matches = 0;
    for (let row = 0; row < candidates.rows; row += 1) {
      const label = candidates.labels[row] ?? -1;
      const share = label >= 0 ? label : probability((ofCandidates[row] ?? 0) + prior);
      ofCandidates[row] = share;
      if (label < 0) matches += share;
    }
    for (let row = 0; row < random.rows; row += 1) ofRandom[row] = 1 - probability((ofRandom[row] ?? 0) + prior);
    matches = matches * scale + labelledMatches;
    const share = Math.min(0.5, Math.max(0.5 / totalPairs, matches / totalPairs));
    const counted = estimate.slots.map((slot, index) => ({
      ...slot,
      m: sharesOf(candidates, index, (row) => ofCandidates[row] ?? 0, first.slots[index]?.m ?? slot.m, PSEUDO_MATCHES)
        .shares,
      u: sharesOf(random, index, (row) => ofRandom[row] ?? 0, first.slots[index]?.u ?? slot.u, PSEUDO_RANDOM).shares,
    }));
    const slots = counted.map((slot, index) => {
      const exact = pointed[index]?.u[0];
      const isPointed = exact !== undefined && exact !== estimate.slots[index]?.u[0];
      return isPointed ? { ...slot, u: [exact, ...slot.u.slice(1)] } : slot;
    });
    const next: Estimate = { slots, prior: Math.log2(share / (1 - share)), household: estimate.household };
    next.household = {
      ...householdCaps(candidates, next, others),
      namesake: first.household.namesake,
      moved: movedBits(candidates, random, slots, (row) => ofCandidates[row] ?? 0, first.household.moved),
    };
    const change = Math.max(
      ...slots.flatMap(({ m }, index) =>
        m.map((share, level) => Math.abs(share - (estimate.slots[index]?.m[level] ?? 0))),
      ),
    );
    const isDone = Math.abs(next.prior - prior) < 0.01 && change < 0.002;
    estimate = next;
    if (isDone) break;
  }
  return { estimate, rounds, matches };
}

function withEstimate(part: PartModel, { slots, prior, household }: Estimate): PartModel {
  const attributes: Record<string, AttributeModel> = {};
  for (const { attribute, kind, m, u } of slots) {
    const { frequencies, unseen } = part.attributes[attribute] ?? {};
    attributes[attribute] = {
      kind,
      m: m.map(round),
      u: u.map(round),
      ...(frequencies === undefined || unseen === undefined ? {} : { frequencies, unseen }),
    };
  }
  return {
    ...part,
    prior: Number(prior.toFixed(3)),
    household: {
      address: Number(household.address.toFixed(3)),
      family: Number(household.family.toFixed(3)),
      ...(household.contact !== undefined && { contact: Number(household.contact.toFixed(3)) }),
      namesake: household.namesake,
      moved: Number(household.moved.toFixed(3)),
    },
    attributes,
  };
}

/** Pairs within clusters that are compared, at most. */
const MOST_CLUSTER_PAIRS = 200_000;

/**
 * The guarded clusters taken for the truth: m counted over all pairs inside them, those that blocking never saw included. Labels hold in them as
 * a steward's decisions do in the hub.
 */
function fromClusters(
  sample: readonly Profile[],
  part: PartModel,
  { estimate, first, random }: { estimate: Estimate; first: Estimate; random: PairTable },
  { kinds, labels = [] }: TrainingOptions,
  totalPairs: number,
): { part: PartModel; blockingLoss: number; support: Record<string, number> } | undefined {
  const matcher = createMatcher(part, kinds);
  const population = createPopulation(matcher);
  for (const profile of sample) population.upsert(profile);
  for (const { a, b, same } of labels) population.decide(a, b, same ? 'link' : 'apart');
  population.settle();
  const pairs: (readonly [Prepared, Prepared])[] = [];
  let unproposed = 0;
  for (const cluster of population.clusters())
    for (const [i, a] of cluster.entries())
      for (const b of cluster.slice(i + 1)) {
        const [x, y] = [population.get(a), population.get(b)];
        if (!x || !y || pairs.length >= MOST_CLUSTER_PAIRS) continue;
        pairs.push([x, y]);
        if (!population.isProposed(a, b)) unproposed += 1;
      }
  if (pairs.length === 0) return undefined;
  const table = comparePairs(pairs, matcher);
  const support: Record<string, number> = {};
  const slots = estimate.slots.map((slot, index) => {
    const { shares, mass } = sharesOf(table, index, () => 1, first.slots[index]?.m ?? slot.m, PSEUDO_MATCHES);
    support[slot.attribute] = mass;
    return { ...slot, m: shares };
  });
  const share = Math.min(0.5, pairs.length / totalPairs);
  const prior = Math.log2(share / (1 - share));
  const shift = prior - estimate.prior;
  const { household } = estimate;
  return {
    part: withEstimate(part, {
      slots,
      prior,
      household: {
        address: household.address - shift,
        family: household.family - shift,
        ...(household.contact !== undefined && { contact: household.contact - shift }),
        namesake: household.namesake,
        moved: movedBits(table, random, slots, () => 1, first.household.moved),
      },
    }),
    blockingLoss: unproposed / pairs.length,
    support,
  };
}

/** With fewer matching pairs a share is more guess than count. */
const FEW_PAIRS = 30;

function warningsOf(report: TrainingReport, part: PartModel, profiles: readonly Profile[]): string[] {
  const warnings: string[] = [];
  if (report.expectedMatches < FEW_PAIRS)
    warnings.push(
      `Only ${report.expectedMatches} matching pairs were found: the shares are mostly those of the shipped model.`,
    );
  for (const [attribute, { m, u }] of Object.entries(part.attributes)) {
    const support = report.support[attribute] ?? 0;
    if (!profiles.some((profile) => valuesOf(profile, attribute).length > 0)) continue;
    if (support < FEW_PAIRS)
      warnings.push(
        `${attribute}: only ${support} matching pairs have it on both sides; its m leans on the shipped model.`,
      );
    else if ((m.at(-1) ?? 0) > 0.5)
      warnings.push(`${attribute}: differs more often than not within one party, and says little.`);
    if (support >= FEW_PAIRS && (m[0] ?? 0) <= (u[0] ?? 1))
      warnings.push(`${attribute}: agrees no more often within a party than by chance.`);
  }
  if (report.blockingLoss > 0.1)
    warnings.push(
      `${Math.round(report.blockingLoss * 100)}% of the pairs within clusters share no key: sparse records may be missed.`,
    );
  return warnings;
}
