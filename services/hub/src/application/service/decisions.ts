import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { decisionEvent, topicName, validate, type Decision } from '@unsilo/schemas';
import { keepsNothing, problemOfDecision } from '../../domain/attribute-value.js';
import { inOrder } from '../../domain/decisions.js';
import { kindOf, systemOf } from '../../domain/ref.js';
import { idsThatStand, standingAlike } from '../../domain/standing.js';
import type { MatchRow } from '../matching-rows.js';
import { keyOfDecision, type CustomerRow, type RecordRow } from '../rows.js';
import {
  ServiceError,
  type Actor,
  type Decided,
  type DecisionList,
  type DecisionRequest,
  type Patience,
} from '../service.js';
import { append } from './actions.js';
import { read, readMany, type ServiceContext } from './context.js';
import { currentCustomer } from './customers.js';
import { decodeCursor, encodeCursor, isText } from './cursor.js';

/** Decisions of one hub are told apart by their time: no two get the same. */
let lastDecision = 0;

/** As the schema has it. */
const MOST_COMPANIONS = 10_000;

/** So often it is looked whether a decision is in effect. */
const LOOK_MS = 20;

export async function decide(
  context: ServiceContext,
  actor: Actor,
  request: DecisionRequest,
  patience?: Patience,
): Promise<Decided> {
  const refs = request.kind === 'keep' ? [request.ref] : request.refs;
  const records = await readMany<RecordRow>(context, 'records', refs);
  for (const [i, ref] of refs.entries()) {
    if (records[i]) continue;
    throw new ServiceError('not-found', 'UNSILO_NO_RECORD', 'A decision names a record that the hub has never seen.', {
      hint: 'Refs are written system/kind/id.',
      details: [
        {
          path: request.kind === 'keep' ? '/ref' : `/refs/${i}`,
          message: `${systemOf(ref)}/${kindOf(ref)}/… is unknown`,
        },
      ],
    });
  }
  if (request.kind === 'link' || request.kind === 'unlink') await refuseWithoutEffect(context, request);
  lastDecision = Math.max(lastDecision + 1, context.core.now());
  const companions = request.kind === 'erase' ? await companionsOf(context, request.refs, records) : [];
  const said = {
    ...request,
    ...(companions.length > 0 && { companions }),
    id: randomUUID(),
    author: actor.name,
    decidedAt: new Date(lastDecision).toISOString(),
  } as Decision;
  const taken = await takenBack(context, said);
  const decision = taken ? after(taken, said) : said;
  const checked = validate('decision', decision);
  if (!checked.ok)
    throw new ServiceError('invalid', 'UNSILO_INVALID', 'The decision is not valid.', { details: checked.errors });
  const problem = problemOfDecision(checked.value);
  if (problem)
    throw new ServiceError('invalid', 'UNSILO_INVALID', 'No record could hold this value.', { details: [problem] });
  if (keepsNothing(checked.value))
    throw new ServiceError('invalid', 'UNSILO_INVALID', 'Of a list, each element is kept for itself.', {
      hint: 'An element that is wrong is removed in the system that states it.',
      details: [{ path: '/value', message: 'must have at least one element' }],
    });
  await append(context, [decisionEvent(context.core.tenant, checked.value)]);
  return { decision: checked.value, inEffect: await isInEffect(context, checked.value, patience) };
}

/**
 * The decision that is taken back. Undefined: some wait for the hub, or several are meant, and it is settled when this takes effect.
 * @throws UNSILO_NOTHING_TO_UNDO
 */
async function takenBack(context: ServiceContext, undo: Decision): Promise<Decision | undefined> {
  if (undo.kind === 'erase' || !undo.undo) return undefined;
  // Asked first: what no longer waits then is in the rows that are read afterwards.
  const isWaiting = await someWait(context);
  const rows = await readMany<RecordRow>(context, 'records', undo.kind === 'keep' ? [undo.ref] : undo.refs);
  const known = rows.flatMap((row) => row?.decisions ?? []);
  const alike = standingAlike(known, undo, context.core.normaliser);
  const { undoes } = undo;
  if (undoes === undefined && isWaiting) return undefined;
  const [latest] = alike.map((ids) => ids.at(-1));
  const isOne = alike.every((ids) => ids.at(-1) === latest);
  const meant = undoes === undefined ? (isOne ? latest : undefined) : alike.flat().find((id) => id === undoes);
  if (meant !== undefined) return known.find(({ decision }) => decision.id === meant)?.decision;
  if (!isWaiting && alike.length > 0 && (undoes !== undefined || isOne))
    throw new ServiceError('conflict', 'UNSILO_NOTHING_TO_UNDO', 'No such decision still stands.', {
      hint: 'Somebody may have taken it back. The decisions say which of them stand.',
    });
  return undefined;
}

/** Whether there are decisions on the log that the hub has not come to yet. */
async function someWait({ log, group }: ServiceContext): Promise<boolean> {
  const topic = topicName('decisions');
  const committed = (await log.lag(group)).filter((one) => one.topic === topic);
  // A group says nothing of partitions that it has never read.
  return (await log.ends([topic])).some(
    ({ partition, first, next }) => next > (committed.find((one) => one.partition === partition)?.committed ?? first),
  );
}

/** What is taken back was said before, whatever the clock of the process says that hears of it. */
function after(taken: Decision, undo: Decision): Decision {
  lastDecision = Math.max(Date.parse(undo.decidedAt), Date.parse(taken.decidedAt) + 1);
  return { ...undo, undoes: taken.id, decidedAt: new Date(lastDecision).toISOString() } as Decision;
}

/** What could never take effect is not decided. One of old may be taken back, whatever it says. */
async function refuseWithoutEffect(
  context: ServiceContext,
  { kind, refs, undo }: Extract<DecisionRequest, { kind: 'link' | 'unlink' }>,
): Promise<void> {
  if (undo) return;
  if (refs[0] === refs[1])
    throw new ServiceError('invalid', 'UNSILO_SAME_RECORD', 'A link or a separation is about two records.', {
      hint: 'Name two different refs.',
      details: [{ path: '/refs/1', message: 'is the same as the first' }],
    });
  if (kind === 'unlink') return;
  const [one, other] = await readMany<MatchRow>(context, 'matching', refs);
  if (one && other && one.profile.kind !== other.profile.kind)
    throw new ServiceError('invalid', 'UNSILO_OTHER_KIND', 'A person and an organization are never one customer.', {
      hint: 'Link records of one kind. A person’s employer is told by the name of the organization in the record. What is of the wrong kind is mended in its system.',
      details: [{ path: '/refs', message: 'are a person and an organization' }],
    });
}

/**
 * Who was one customer with records that are erased, and stays: once they are, nothing else tells any more, in a state that is made anew least
 * of all.
 */
async function companionsOf(
  context: ServiceContext,
  erased: readonly string[],
  records: readonly (RecordRow | undefined)[],
): Promise<string[]> {
  const ids = new Set(records.flatMap((row) => row?.customer ?? []));
  const customers = await readMany<CustomerRow>(context, 'customers', [...ids]);
  const members = new Set(customers.flatMap((row) => row?.members ?? []));
  for (const ref of erased) members.delete(ref);
  // An erasure must go through, however many they are.
  return [...members].sort().slice(0, MOST_COMPANIONS);
}

/** A decision's own row is committed together with all that follows from it. */
async function isInEffect(
  context: ServiceContext,
  decision: Decision,
  { withinMs, signal }: Patience = { withinMs: 0 },
): Promise<boolean> {
  const key = keyOfDecision(decision);
  const until = performance.now() + withinMs;
  for (;;) {
    if (await read<Decision>(context, 'decisions', key)) return true;
    if (performance.now() >= until || signal?.aborted) return false;
    await sleep(LOOK_MS, undefined, signal && { signal }).catch(() => undefined);
  }
}

export async function listDecisions(
  context: ServiceContext,
  query: { customer?: string; cursor?: string; limit: number },
): Promise<DecisionList> {
  const before = decodeCursor(query.cursor, isText);
  const entries =
    query.customer === undefined
      ? await latestDecisions(context, before, query.limit + 1)
      : await decisionsAbout(context, query.customer, before);
  const items = entries.slice(0, query.limit);
  const list: DecisionList = { items, standing: await standingAmong(context, items) };
  const last = items.at(-1);
  if (entries.length > query.limit && last) list.next = encodeCursor(keyOfDecision(last));
  return list;
}

async function latestDecisions(
  context: ServiceContext,
  before: string | undefined,
  limit: number,
): Promise<Decision[]> {
  const entries = await context.store.range(context.core.tenant, 'decisions', {
    ...(before === undefined ? {} : { to: before }),
    reverse: true,
    limit,
  });
  return entries.map((entry) => JSON.parse(entry.value) as Decision);
}

/** Those about a customer's records, newest first. */
async function decisionsAbout(context: ServiceContext, id: string, before: string | undefined): Promise<Decision[]> {
  const { customer } = await currentCustomer(context, id);
  const rows = await readMany<RecordRow>(context, 'records', customer.members);
  return inOrder(rows.flatMap((row) => row?.decisions ?? []))
    .map(({ decision }) => decision)
    .filter((decision) => before === undefined || keyOfDecision(decision) < before)
    .reverse();
}

async function standingAmong(context: ServiceContext, decisions: readonly Decision[]): Promise<string[]> {
  const refs = decisions.flatMap((decision) => (decision.kind === 'keep' ? decision.ref : decision.refs));
  const rows = await readMany<RecordRow>(context, 'records', [...new Set(refs)]);
  const left = idsThatStand(
    rows.flatMap((row) => row?.decisions ?? []),
    context.core.normaliser,
  );
  return decisions.map(({ id }) => id).filter((id) => left.has(id));
}
