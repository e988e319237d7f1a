import type { Decision } from '@unsilo/schemas';
import { pairDecisions, pairKey, standingAboutPairs } from '../../domain/decisions.js';
import { explainCluster, type ClusterJoin, type ClusterRefusal } from '../../domain/linkage/explain-cluster.js';
import { bitsOf } from '../../domain/linkage/explain.js';
import { matchRow } from '../evidence.js';
import { traceComponent, type Trace } from '../identity.js';
import type { MatchRow } from '../matching-rows.js';
import { recordRow } from '../record-row.js';
import type { CustomerRow } from '../rows.js';
import { ServiceError, type CustomerEvidence, type CustomerJoin, type Explanation, type NearMiss } from '../service.js';
import { Weights } from '../weights.js';
import { Workspace } from '../workspace.js';
import type { ServiceContext } from './context.js';
import { currentCustomer } from './customers.js';
import { customerInWords } from './customer-in-words.js';
import { compareRows, isProposed, meanOf } from './explain-pair.js';
import { nearby } from './near-misses.js';

/** How often a reading is repeated whose parts a commit came between. */
const ATTEMPTS = 3;
/** Contradictions and near misses that are told. */
const MOST_AGAINST = 10;
const MOST_NEAR = 10;
/** Pairs between two customers whose mean is worked out for a near miss, at most. */
const MOST_BETWEEN = 2500;

/** What the hub computed when it put a customer's records together, computed once more and told. */
export async function explainCustomer(context: ServiceContext, id: string): Promise<Explanation<CustomerEvidence>> {
  const { workspace, customer, members, trace } = await traced(context, id);
  const { core } = context;
  const byRef = new Map(trace.parties.map((party) => [party.ref, party]));
  const at = (place: number): MatchRow => (trace.parties[place] as (typeof trace.parties)[number]).match;
  const kind = trace.parties[0]?.match.profile.kind ?? 'person';
  const { threshold, review, guard } = core.model[kind];
  const weights = new Weights(core);
  const reasons = explainCluster(
    {
      refs: trace.parties.map(({ ref }) => ref),
      attempts: trace.attempts,
      weightOf: (a, b) => weights.between(at(a), at(b)),
      isSilent: (a) => weights.isSilent(at(a)),
      floor: trace.floor,
      guard,
    },
    members,
  );
  const joins = await Promise.all(
    reasons.joins.map(async (join): Promise<CustomerJoin> => {
      const [x, y] = [byRef.get(join.a)?.match, byRef.get(join.b)?.match];
      if (!x || !y) throw new Error('a join names a record that was not clustered');
      const proposed = x.edges[join.b] !== undefined || (await isProposed(context, x, y));
      const decision = join.by === 'decision' ? decisionAbout(workspace, join) : undefined;
      const comparison = compareRows(context, x, y, { proposed, between: join.between });
      return { ...join, comparison, ...(decision && { decision }) };
    }),
  );
  const { nearMisses, isComplete } = await nearMissesOf(context, workspace, members, reasons.refusals);
  const detail: CustomerEvidence = {
    customer,
    members,
    model: core.model.version,
    ...(trace.floor === Infinity ? {} : { floor: bitsOf(trace.floor) }),
    threshold,
    review,
    guard,
    joins,
    ...(reasons.weakest === undefined ? {} : { weakest: reasons.weakest }),
    pairs: reasons.pairs,
    against: { count: reasons.against.length, strongest: reasons.against.slice(0, MOST_AGAINST) },
    nearMisses,
    isComplete,
  };
  return { words: customerInWords(detail), detail };
}

interface Traced {
  workspace: Workspace;
  customer: string;
  members: string[];
  trace: Trace;
}

/** The customer and what clustering says of it, both of one moment. */
async function traced(context: ServiceContext, id: string): Promise<Traced> {
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    const { customer } = await currentCustomer(context, id);
    const workspace = new Workspace(context.store, context.core.tenant);
    const members = [...customer.members].sort();
    const [first = ''] = members;
    const trace = await traceComponent(workspace, first, context.core);
    const found = trace.clusters.find((refs) => refs.includes(first));
    if (found !== undefined && [...found].sort().join('\n') === members.join('\n'))
      return { workspace, customer: customer.id, members, trace };
  }
  throw new ServiceError('unavailable', 'UNSILO_CUSTOMER_CHANGING', 'This customer is being computed at the moment.', {
    hint: 'Ask again in a moment.',
  });
}

/** What counts of all that was said about a pair. */
function decisionAbout(workspace: Workspace, { a, b }: Pick<ClusterJoin, 'a' | 'b'>): Decision | undefined {
  const decisions = recordRow(workspace, a).decisions ?? [];
  return standingAboutPairs(decisions).findLast(({ refs }) => pairKey(refs) === pairKey([a, b]));
}

/** Those outside that came closest: one for each customer, the nearest first. */
async function nearMissesOf(
  context: ServiceContext,
  workspace: Workspace,
  members: readonly string[],
  refusals: readonly ClusterRefusal[],
): Promise<{ nearMisses: NearMiss[]; isComplete: boolean }> {
  const { core } = context;
  const inside = new Set(members);
  const apart = keptApart(workspace, members);
  const { pairs, isComplete } = await nearby(context, workspace, members);
  const outside = new Set([...pairs.map(({ b }) => b), ...apart.map(([, b]) => b)]);
  for (const { a, b } of refusals) outside.add(inside.has(a) ? b : a);
  await Promise.all([workspace.load('matching', outside), workspace.load('records', outside)]);
  const customerOf = (ref: string): string => recordRow(workspace, ref).customer ?? ref;

  const found = new Map<string, Pick<NearMiss, 'a' | 'b' | 'reason'> & { bits: number; between?: number }>();
  const keep = (miss: Pick<NearMiss, 'a' | 'b' | 'reason'> & { bits: number; between?: number }): void => {
    const key = customerOf(miss.b);
    if (!found.has(key) && matchRow(workspace, miss.b) !== undefined) found.set(key, miss);
  };
  // What clustering itself refused comes first: that is why, whatever else there is between the two.
  for (const { a, b, bits, reason, between } of refusals) {
    const pair = inside.has(a) ? { a, b } : { a: b, b: a };
    keep({ ...pair, bits, between, reason: reason === 'apart' ? 'decision' : reason });
  }
  const weights = new Weights(core);
  for (const [a, b] of apart) {
    const [x, y] = [matchRow(workspace, a), matchRow(workspace, b)];
    if (x?.profile.kind === y?.profile.kind && x && y)
      keep({ a, b, bits: bitsOf(weights.between(x, y)), reason: 'decision' });
  }
  for (const { a, b, bits, reason } of pairs) keep({ a, b, bits, reason });

  const nearest = [...found.values()].sort((x, y) => y.bits - x.bits || (x.b < y.b ? -1 : 1)).slice(0, MOST_NEAR);
  const others = [...new Set(nearest.map(({ b }) => customerOf(b)))];
  await workspace.load('customers', others);
  const companions = (id: string): readonly string[] => workspace.get<CustomerRow>('customers', id)?.members ?? [];
  await workspace.load('matching', others.flatMap(companions));
  const rowsOf = (refs: readonly string[]): MatchRow[] => refs.flatMap((ref) => matchRow(workspace, ref) ?? []);
  const ours = rowsOf(members);
  const nearMisses: NearMiss[] = [];
  for (const { a, b, reason, between } of nearest) {
    const [x, y] = [matchRow(workspace, a), matchRow(workspace, b)];
    if (!x || !y) continue;
    const theirs = rowsOf(companions(customerOf(b)));
    const mean = between ?? (ours.length * theirs.length > MOST_BETWEEN ? undefined : meanOf(ours, theirs, core));
    const proposed = x.edges[b] !== undefined || (await isProposed(context, x, y));
    const { customer } = recordRow(workspace, b);
    const decision = reason === 'decision' ? apart.find(([, other]) => customerOf(other) === customerOf(b)) : undefined;
    nearMisses.push({
      a,
      b,
      ...(customer === undefined ? {} : { customer }),
      reason,
      comparison: compareRows(context, x, y, { proposed, between: mean }),
      ...(decision && { decision: decision[2] }),
    });
  }
  return { nearMisses, isComplete: isComplete && found.size <= MOST_NEAR };
}

/** What stewards keep apart from members: the member, the other record, and the decision. */
function keptApart(workspace: Workspace, members: readonly string[]): [string, string, Decision][] {
  const inside = new Set(members);
  return members.flatMap((ref) => {
    const decisions = recordRow(workspace, ref).decisions ?? [];
    return pairDecisions(decisions).cannotLink.flatMap(([x, y]): [string, string, Decision][] => {
      const other = x === ref ? y : x;
      const decision = decisionAbout(workspace, { a: ref, b: other });
      return inside.has(other) || decision === undefined ? [] : [[ref, other, decision]];
    });
  });
}
