import type { Decision } from '@unsilo/schemas';
import { pairDecisions, standingAboutPairs } from '../../domain/decisions.js';
import { inMean } from '../../domain/linkage/clustering.js';
import { bitsOf, explainPair as compare, type HouseholdReason } from '../../domain/linkage/explain.js';
import { isRetired } from '../../domain/linkage/crowds.js';
import { proposes, sharedValue } from '../../domain/linkage/keys.js';
import { toWeight } from '../../domain/linkage/matcher.js';
import type { Core } from '../core.js';
import { keysOf, numberOfKey } from '../evidence.js';

import type { ListingRow, MatchRow } from '../matching-rows.js';
import type { RecordRow } from '../rows.js';
import type { Comparison, Explanation, PairEvidence } from '../service.js';
import { Weights } from '../weights.js';
import { read, readMany, readRecords, type ServiceContext } from './context.js';
import { currentCustomer } from './customers.js';
import { recordOf } from './explain.js';

export async function explainPair(context: ServiceContext, a: string, b: string): Promise<Explanation<PairEvidence>> {
  const [left, right] = [await recordOf(context, a), await recordOf(context, b)];
  const isAboutBoth = (d: Decision): boolean => 'refs' in d && d.refs.includes(a) && d.refs.includes(b);
  const decisions = (left.decisions ?? []).map((d) => d.decision).filter(isAboutBoth);
  const standing = standingAboutPairs(left.decisions ?? []).filter(isAboutBoth);
  const sameCustomer = left.customer !== undefined && left.customer === right.customer;
  const path = sameCustomer ? await connection(context, a, b, left.customer ?? '') : [];
  const [x, y] = await readMany<MatchRow>(context, 'matching', [a, b]);
  const detail: PairEvidence = { a, b, sameCustomer, path, decisions, standing };
  if (x && y && x.profile.kind === y.profile.kind && a !== b)
    detail.comparison = await comparisonOf(context, x, y, sameCustomer ? undefined : [left, right]);
  return { words: inWords(detail, x, y), detail };
}

async function comparisonOf(
  context: ServiceContext,
  x: MatchRow,
  y: MatchRow,
  apart: [RecordRow, RecordRow] | undefined,
): Promise<Comparison> {
  const between = apart && (await meanBetween(context, ...apart));
  return compareRows(context, x, y, { proposed: await isProposed(context, x, y), between });
}

/** A pair as a waterfall. */
export function compareRows(
  { core: { matching, model } }: ServiceContext,
  x: MatchRow,
  y: MatchRow,
  { proposed, between }: { proposed: boolean; between: number | undefined },
): Comparison {
  const part = model[x.profile.kind];
  const left = matching.prepare(x.profile, x.generic);
  const right = matching.prepare(y.profile, y.generic);
  const isGeneric = (attribute: string, value: string): boolean =>
    x.generic?.includes(sharedValue(attribute, value)) ?? false;
  const { a: _, b: __, ...comparison } = compare(left, right, matching.matcher(x.profile.kind), isGeneric);
  const result: Comparison = {
    model: model.version,
    ...comparison,
    review: part.review,
    guard: part.guard,
    proposed,
  };
  if (between !== undefined) result.between = between;
  return result;
}

/** Do the two share a key that proposes candidates? */
export async function isProposed(context: ServiceContext, x: MatchRow, y: MatchRow): Promise<boolean> {
  const theirs = new Set(keysOf(y));
  const common = keysOf(x).filter(
    (key) => theirs.has(key) && proposes(numberOfKey(key), x.rich === true, y.rich === true),
  );
  const rows = await readMany<ListingRow>(context, 'postings', common);
  const part = context.core.model[x.profile.kind];
  return rows.some((row) => row && row.overflow === undefined && !isRetired(part, Object.keys(row.refs).length));
}

/** Mean bits over all pairs between the two customers. */
async function meanBetween(context: ServiceContext, a: RecordRow, b: RecordRow): Promise<number | undefined> {
  if (a.customer === undefined || b.customer === undefined) return undefined;
  const [ours, theirs] = await Promise.all([a.customer, b.customer].map((id) => matchRowsOf(context, id)));
  return ours && theirs && meanOf(ours, theirs, context.core);
}

/** Mean bits over all pairs between the two, as clustering takes it: of those that state something. */
export function meanOf(ours: readonly MatchRow[], theirs: readonly MatchRow[], core: Core): number | undefined {
  const weights = new Weights(core);
  const [left, right] = [ours, theirs].map((rows) => rows.filter((row) => !weights.isSilent(row))) as [
    MatchRow[],
    MatchRow[],
  ];
  const pairs = left.length * right.length;
  if (pairs === 0) return undefined;
  let sum = 0;
  for (const one of left) for (const other of right) sum += inMean(weights.between(one, other));
  return bitsOf(sum / pairs);
}

async function matchRowsOf(context: ServiceContext, id: string): Promise<MatchRow[]> {
  const row = await read<{ members: string[] }>(context, 'customers', id);
  const rows = await readMany<MatchRow>(context, 'matching', row?.members ?? []);
  return rows.filter((one) => one !== undefined);
}

const KINDS = { person: 'a person', organization: 'an organization' } as const;

function inWords(detail: PairEvidence, x: MatchRow | undefined, y: MatchRow | undefined): string[] {
  const words = [detail.sameCustomer ? 'Both records are one customer.' : 'The records are two customers.'];
  if (x && y && x.profile.kind !== y.profile.kind)
    words.push(`One is ${KINDS[x.profile.kind]}, the other ${KINDS[y.profile.kind]}: those are never joined.`);
  const { comparison } = detail;
  if (comparison) words.push(...comparisonInWords(comparison, detail.sameCustomer));
  if (detail.path.length > 2) words.push(`They are joined through ${detail.path.slice(1, -1).join(', ')}.`);
  for (const d of detail.decisions)
    words.push(
      `${d.author} decided to ${'undo' in d && d.undo ? `undo ${d.kind}` : d.kind} on ${d.decidedAt}${d.reason === undefined ? '' : `: ${d.reason}`}.`,
    );
  return words;
}

/** Bits with their sign. */
export function signed(value: number, digits = 1): string {
  return `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(digits)}`;
}

/** A weight is told to the thousandth of a bit. */
const MOST_DIGITS = 3;

/** Digits behind the point that it takes to tell bits from the marks that they are held against: rounded alike, below would read as at it. */
export function digitsToTell(bits: number, ...marks: readonly number[]): number {
  let digits = 1;
  const isBlurred = (mark: number): boolean => mark !== bits && mark.toFixed(digits) === bits.toFixed(digits);
  while (digits < MOST_DIGITS && marks.some(isBlurred)) digits += 1;
  return digits;
}

const HOUSEHOLD: Readonly<Record<HouseholdReason, string>> = {
  shared: 'people share addresses, phones, family names and mailboxes, so together these count for less',
  names: 'nothing but the names agrees, and others have them too, so they count for less',
  moved: 'who moves changes all of an address at once, so that counts for less',
};

function comparisonInWords(comparison: Comparison, sameCustomer: boolean): string[] {
  const { prior, evidence, household, householdBy, bits, threshold, review, guard, between, proposed, generic } =
    comparison;
  const words = evidence.map((e) => `${signed(e.bits)} bits: ${e.words}.`);
  if (householdBy !== undefined) words.push(`${signed(household)} bits: ${HOUSEHOLD[householdBy]}.`);
  for (const value of generic) words.push(`They share ${value}, but it stands with too many names to say anything.`);
  const digits = digitsToTell(bits, threshold, review);
  words.push(
    `With ${signed(prior)} bits for any two records that is ${signed(bits, digits)} bits; from ${signed(threshold, digits)} on they are one, from ${signed(review, digits)} on a steward is asked.`,
  );
  if (sameCustomer || bits < threshold) return words;
  if (!proposed) words.push('They share no key under which candidates are found, and no third record joins them.');
  else if (between !== undefined && between < guard) {
    const needed = digitsToTell(between, guard);
    words.push(
      `The pair agrees, but their customers contradict each other: ${signed(between, needed)} bits on average, and ${signed(guard, needed)} would be needed.`,
    );
  } else words.push('A decision, an exclusive identifier or stronger evidence for others keeps them apart.');
  return words;
}

/** Shortest chain of records of one customer, each with evidence for the next, or tied to it by a decision or a creation. */
async function connection(context: ServiceContext, a: string, b: string, customer: string): Promise<string[]> {
  const { customer: row } = await currentCustomer(context, customer);
  const rows = await readRecords(context, row.members);
  const edges = new Map<string, MatchRow['edges']>();
  for (const match of await readMany<MatchRow>(context, 'matching', row.members))
    if (match) edges.set(match.profile.ref, match.edges);
  const threshold = toWeight(context.core.model[row.kind].threshold);
  const links = pairDecisions(rows.flatMap((r) => r.decisions ?? [])).links;
  const tied = (x: RecordRow, y: RecordRow): boolean =>
    (edges.get(x.facts.ref)?.[y.facts.ref] ?? -Infinity) >= threshold ||
    x.facts.createdFor?.ref === y.facts.ref ||
    y.facts.createdFor?.ref === x.facts.ref ||
    links.some(([p, q]) => (p === x.facts.ref && q === y.facts.ref) || (p === y.facts.ref && q === x.facts.ref));
  const cameFrom = new Map<string, string>([[a, a]]);
  const queue = rows.filter((r) => r.facts.ref === a);
  for (let current = queue.shift(); current; current = queue.shift()) {
    for (const next of rows) {
      if (cameFrom.has(next.facts.ref) || !tied(current, next)) continue;
      cameFrom.set(next.facts.ref, current.facts.ref);
      queue.push(next);
    }
  }
  if (!cameFrom.has(b)) return [a, b];
  const path = [b];
  for (let at = b; at !== a;) {
    at = cameFrom.get(at) ?? a;
    path.unshift(at);
  }
  return path;
}
