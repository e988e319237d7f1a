import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { decisionEvent, validate, type Decision } from '@unsilo/schemas';
import { keepsNothing, problemOfDecision } from '../../domain/attribute-value.js';
import { kindOf, systemOf } from '../../domain/ref.js';
import type { MatchRow } from '../matching-rows.js';
import { keyOfDecision, type CustomerRow, type RecordRow } from '../rows.js';
import { ServiceError, type Actor, type Decided, type DecisionRequest, type Page, type Patience } from '../service.js';
import { append } from './actions.js';
import { read, readMany, type ServiceContext } from './context.js';
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
  const decision = {
    ...request,
    ...(companions.length > 0 && { companions }),
    id: randomUUID(),
    author: actor.name,
    decidedAt: new Date(lastDecision).toISOString(),
  } as Decision;
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
  query: { cursor?: string; limit: number },
): Promise<Page<Decision>> {
  const before = decodeCursor(query.cursor, isText);
  const entries = await context.store.range(context.core.tenant, 'decisions', {
    ...(before === undefined ? {} : { to: before }),
    reverse: true,
    limit: query.limit + 1,
  });
  const shown = entries.slice(0, query.limit);
  const page: Page<Decision> = { items: shown.map((e) => JSON.parse(e.value) as Decision) };
  const last = shown.at(-1);
  if (entries.length > query.limit && last) page.next = encodeCursor(last.key);
  return page;
}
