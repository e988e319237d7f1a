import { randomUUID } from 'node:crypto';
import {
  counted,
  commandEvent,
  placeOf,
  validate,
  validateEvent,
  type Command,
  type UnsiloEvent,
} from '@unsilo/schemas';
import { systemOf } from '../../domain/ref.js';
import type { CommandRow, InteractionRow } from '../rows.js';
import {
  ServiceError,
  type Actor,
  type CreateObjectRequest,
  type IngestResult,
  type ReplyRequest,
} from '../service.js';
import { read, type ServiceContext } from './context.js';
import { currentCustomer } from './customers.js';

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
      { details: [{ path: '/text', message: `has ${counted(length, 'character')}` }] },
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
