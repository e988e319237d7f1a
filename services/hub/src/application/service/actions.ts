import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  commandEvent,
  decisionEvent,
  placeOf,
  validate,
  validateEvent,
  type Command,
  type Decision,
  type UnsiloEvent,
} from '@unsilo/schemas';
import { keepsNothing, problemOfDecision } from '../../domain/attribute-value.js';
import { kindOf, systemOf } from '../../domain/ref.js';
import { keyOfDecision, type CommandRow, type CustomerRow, type InteractionRow, type RecordRow } from '../rows.js';
import {
  ServiceError,
  type Actor,
  type CreateObjectRequest,
  type Decided,
  type DecisionRequest,
  type IngestResult,
  type Page,
  type Patience,
  type ReplyRequest,
} from '../service.js';
import { read, readMany, type ServiceContext } from './context.js';
import { currentCustomer } from './customers.js';
import { decodeCursor, encodeCursor, isText } from './cursor.js';

/** Only what a source says may come from outside: the hub's own topics are the hub's. */
const FROM_OUTSIDE: ReadonlySet<string> = new Set([
  'unsilo.party.changed',
  'unsilo.object.changed',
  'unsilo.interaction.changed',
]);

export async function ingest(context: ServiceContext, events: readonly unknown[]): Promise<IngestResult[]> {
  const accepted: UnsiloEvent[] = [];
  const results = events.map((event): IngestResult => {
    const id = idOf(event);
    const refuse = (code: string, errors: { path: string; message: string }[]): IngestResult => ({
      ...(id === undefined ? {} : { id }),
      status: 'rejected',
      code,
      errors,
    });
    const checked = validateEvent(event);
    if (!checked.ok) return refuse(checked.code, checked.errors);
    const { tenant } = context.core;
    if (checked.event.tenant !== tenant)
      return refuse('UNSILO_OTHER_TENANT', [{ path: '/tenant', message: 'is not the tenant of this key' }]);
    if (!FROM_OUTSIDE.has(checked.event.type))
      return refuse('UNSILO_NOT_FROM_OUTSIDE', [
        { path: '/type', message: `must be one of ${[...FROM_OUTSIDE].join(', ')}` },
      ]);
    accepted.push(checked.event);
    return { id: checked.event.id, status: 'accepted' };
  });
  await append(context, accepted);
  return results;
}

function idOf(event: unknown): string | undefined {
  const id = typeof event === 'object' && event !== null ? (event as { id?: unknown }).id : undefined;
  return typeof id === 'string' ? id.slice(0, 1024) : undefined;
}

export async function append(context: ServiceContext, events: readonly UnsiloEvent[]): Promise<void> {
  await context.log.append(events.map((event) => ({ ...placeOf(event), value: JSON.stringify(event) })));
}

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
      details: [{ path: '/refs', message: `${systemOf(ref)}/${kindOf(ref)}/… is unknown` }],
    });
  }
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

export async function reply(
  context: ServiceContext,
  actor: Actor,
  interaction: string,
  request: ReplyRequest,
): Promise<Command> {
  const row = await read<InteractionRow>(context, 'interactions', interaction);
  if (!row?.interaction?.state)
    throw new ServiceError('not-found', 'UNSILO_NO_INTERACTION', 'No interaction that can be answered has this ref.', {
      hint: 'It may have been deleted at its source.',
    });
  const system = systemOf(interaction);
  const limits = context.core.profiles.get(system)?.reply;
  if (!limits)
    throw new ServiceError('conflict', 'UNSILO_NO_REPLIES', `${system} takes no replies.`, {
      hint: 'Answer through a system whose connector can reply.',
    });
  const text = request.text.trim();
  const length = [...text].length;
  if (length === 0 || length > limits.maxLength) {
    throw new ServiceError(
      'invalid',
      'UNSILO_REPLY_LENGTH',
      `A reply on ${system} has 1 to ${limits.maxLength} characters; this one has ${length}.`,
      { details: [{ path: '/text', message: `has ${length} characters` }] },
    );
  }
  const visibility = request.visibility;
  return issue(context, actor, request.idempotencyKey ?? randomUUID(), system, interaction, {
    action: 'reply',
    inReplyTo: interaction,
    text,
    ...(visibility === undefined ? {} : { visibility }),
  });
}

export async function createObject(
  context: ServiceContext,
  actor: Actor,
  request: CreateObjectRequest,
): Promise<Command> {
  const { customer } = await currentCustomer(context, request.customer);
  const profile = context.core.profiles.get(request.system);
  if (!profile?.objects.includes(request.kind)) {
    throw new ServiceError('conflict', 'UNSILO_NO_SUCH_OBJECT', `${request.system} makes no ${request.kind}.`, {
      hint: `Systems that do: ${
        [...context.core.profiles.values()]
          .filter((p) => p.objects.includes(request.kind))
          .map((p) => p.system)
          .join(', ') || 'none'
      }.`,
    });
  }
  const parties = customer.members
    .filter((ref) => systemOf(ref) === request.system)
    .map((ref) => ({ ref, role: 'customer' }));
  const key = request.idempotencyKey ?? randomUUID();
  const object = {
    kind: request.kind,
    name: request.name,
    // No status: states have each system's own words, and each knows its first one.
    parties,
    ...(request.description === undefined ? {} : { description: request.description }),
    ...(request.priority === undefined ? {} : { priority: request.priority }),
    ...(request.interaction === undefined ? {} : { interaction: request.interaction }),
  };
  const externalKey = context.core.digest(`object ${request.system} ${key}`);
  return issue(context, actor, key, request.system, customer.id, {
    action: 'create-object',
    kind: request.kind,
    externalKey,
    object,
  });
}

type Asked =
  Extract<Command, { action: 'reply' | 'create-object' }> extends infer C
    ? C extends Command
      ? Omit<C, 'id' | 'system' | 'cause' | 'issuedAt' | 'deadline' | 'attempt'>
      : never
    : never;

/** A command that a person asked for. One idempotency key is one command, however often it is sent. */
async function issue(
  context: ServiceContext,
  actor: Actor,
  key: string,
  system: string,
  about: string,
  asked: Asked,
): Promise<Command> {
  const { core } = context;
  const id = core.digest(`asked ${actor.name} ${about} ${asked.action} ${key}`);
  const known = await read<CommandRow>(context, 'commands', id);
  if (known?.command) return known.command;
  const now = core.now();
  const command = {
    ...asked,
    id,
    system,
    cause: { kind: 'user', user: actor.name },
    issuedAt: new Date(now).toISOString(),
    deadline: new Date(now + core.policy.commandDeadlineMs).toISOString(),
    attempt: 1,
  } as Command;
  const checked = validate('command', command);
  if (!checked.ok)
    throw new ServiceError('invalid', 'UNSILO_INVALID', 'The request is not valid.', { details: checked.errors });
  await append(context, [commandEvent(core.tenant, checked.value)]);
  return checked.value;
}
