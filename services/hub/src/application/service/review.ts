import { mergeCustomer } from '../../domain/customer.js';
import { erasedSystems, pairDecisions } from '../../domain/decisions.js';
import { isContradiction } from '../../domain/linkage/crowds.js';
import { BIT, toWeight } from '../../domain/linkage/matcher.js';
import { plan } from '../../domain/plan.js';
import { writePolicy } from '../../domain/policy.js';
import { systemOf } from '../../domain/ref.js';
import type { Core } from '../core.js';
import { Evaluations } from '../evaluations.js';
import type { MatchRow } from '../matching-rows.js';
import { membersOf, planContext } from '../merge-cluster.js';
import { SEPARATOR, type CustomerRow, type RecordRow } from '../rows.js';
import type { ReviewItem, ReviewQueue } from '../service.js';
import { readMany, readRecords, type ServiceContext } from './context.js';

/** Pairs that are looked at, at most, and pairs of which it is worked out what a link would write. */
const LOOKED_AT = 2000;
const WORKED_OUT = 100;

/**
 * Pairs of records of two customers that a steward should look at: in the review band, or above the threshold and yet not joined. Those come
 * first where a decision would change most. Pairs that somebody has decided about are not asked again.
 */
export async function reviewQueue(context: ServiceContext, limit: number): Promise<ReviewQueue> {
  const { core, store } = context;
  const entries = await store.range(core.tenant, 'review', { limit: LOOKED_AT + 1 });
  const pairs = entries.slice(0, LOOKED_AT).flatMap(({ key, value }) => {
    const [a, b] = key.split(SEPARATOR);
    return a === undefined || b === undefined ? [] : [{ a, b, weight: JSON.parse(value) as number }];
  });
  const refs = [...new Set(pairs.flatMap(({ a, b }) => [a, b]))];
  const [records, matches] = await Promise.all([
    readMany<RecordRow>(context, 'records', refs),
    readMany<MatchRow>(context, 'matching', refs),
  ]);
  const rowOf = new Map(refs.map((ref, i) => [ref, { record: records[i], match: matches[i] }]));
  const ids = [...new Set(records.flatMap((row) => row?.customer ?? []))];
  const customers = await readMany<CustomerRow>(context, 'customers', ids);
  const membersBy = new Map(ids.map((id, i) => [id, customers[i]?.members ?? []]));
  const asked = new Map<string, ReviewItem>();
  const decided = new Set<string>();
  for (const { a, b, weight } of pairs) {
    const [x, y] = [rowOf.get(a), rowOf.get(b)];
    const [one, other] = [x?.record?.customer, y?.record?.customer];
    if (!x?.record || !y?.match || !x.match || one === undefined || other === undefined || one === other) continue;
    const key = one < other ? `${one} ${other}` : `${other} ${one}`;
    if (isDecided(x.record, a, b)) decided.add(key);
    const item: ReviewItem = {
      a,
      b,
      customers: [one, other],
      bits: Number((weight / BIT).toFixed(3)),
      reason: reasonOf(x.match, y.match, weight, core),
      effect: {
        records: (membersBy.get(one)?.length ?? 0) + (membersBy.get(other)?.length ?? 0),
        customers: 2,
        writes: 0,
      },
    };
    // One question for two customers: the pair that says most.
    const known = asked.get(key);
    if (!known || known.bits < item.bits) asked.set(key, item);
  }
  // Who is kept apart from one record of a customer is kept apart from all of it.
  for (const key of decided) asked.delete(key);
  const items = [...asked.values()].sort(byRecords).slice(0, Math.max(limit, WORKED_OUT));
  for (const item of items.slice(0, WORKED_OUT)) {
    const members = item.customers.flatMap((id) => membersBy.get(id) ?? []);
    item.effect.writes = await writesOf(context, members);
  }
  items.sort((x, y) => y.effect.writes - x.effect.writes || byRecords(x, y));
  return { items: items.slice(0, limit), waiting: asked.size, isComplete: entries.length <= LOOKED_AT };
}

function byRecords(x: ReviewItem, y: ReviewItem): number {
  return y.effect.records - x.effect.records || y.bits - x.bits || (x.a < y.a ? -1 : 1);
}

function isDecided(record: RecordRow, a: string, b: string): boolean {
  const { links, cannotLink } = pairDecisions(record.decisions ?? []);
  return [...links, ...cannotLink].some((pair) => pair.includes(a) && pair.includes(b));
}

function reasonOf(x: MatchRow, y: MatchRow, weight: number, core: Core): ReviewItem['reason'] {
  const part = core.model[x.profile.kind];
  if (isContradiction(x.profile, y.profile, part)) return 'exclusive';
  return weight < toWeight(part.threshold) ? 'unsure' : 'contradicted';
}

/** Records that would be written if these were one customer. */
export async function writesOf(context: ServiceContext, refs: readonly string[]): Promise<number> {
  const { core } = context;
  const { members, decisions } = membersOf(await readRecords(context, refs), new Evaluations(core));
  if (members.length === 0) return 0;
  const { golden } = mergeCustomer(core.tenant, members, decisions, core.policy, core.normaliser, core.digest);
  const writable = [...core.profiles.values()]
    .filter(({ system, kinds }) => kinds.some(({ kind }) => writePolicy(core.policy, system, kind) !== undefined))
    .map(({ system }) => system);
  const options = { snapshotsComplete: true, writable: writable.sort(), now: core.now() };
  const { commands } = plan('', members, golden, planContext(core, options), erasedSystems(decisions));
  return commands.filter((command) =>
    writable.includes(systemOf('ref' in command ? command.ref : `${command.system}/`)),
  ).length;
}
