import {
  deadLetterSettledEvent,
  parseEvent,
  topicName,
  type DeadLetter,
  type DeadLetterSettled,
  type UnsiloEvent,
} from '@unsilo/schemas';
import { ServiceError, type DeadLetterState, type DeadLetterView, type Page, type ReplayResult } from '../service.js';
import { append } from './actions.js';
import { read, readMany, type ServiceContext } from './context.js';
import { listNewest } from './stream.js';

/**
 * What became of dead letters is said on their topic; the state only keeps it at hand. Whoever asks takes in first what the topic has
 * beyond this mark (next offset by partition), so that a state that was lost, or set back, is made good from there.
 */
const TAKEN_IN = 'dead-letters-read';
const PAGE = 500;
const MOST_ATTEMPTS = 100;

interface StateRow {
  state: DeadLetterState;
  reason?: string;
}

export async function listDeadLetters(
  context: ServiceContext,
  query: { state?: DeadLetterState; code?: string; cursor?: string; limit: number },
): Promise<Page<DeadLetterView>> {
  const page: Page<DeadLetterView> = { items: [] };
  let { cursor } = query;
  await takeIn(context);
  do {
    const found = await listNewest(context, topicName('dead-letters'), cursor, query.limit);
    const letters = found.items.filter(isParked).map((e) => e.data as DeadLetter);
    const states = await readMany<StateRow>(
      context,
      'dead-letters',
      letters.map((l) => l.id),
    );
    const seen = new Set(page.items.map((i) => i.id));
    for (const [i, letter] of letters.entries()) {
      const view = viewOf(letter, states[i]);
      if ((query.state ?? view.state) !== view.state || (query.code ?? view.code) !== view.code || seen.has(view.id))
        continue;
      page.items.push(view);
    }
    cursor = found.next;
  } while (cursor !== undefined && page.items.length === 0);
  if (cursor !== undefined) page.next = cursor;
  return page;
}

function viewOf(letter: DeadLetter, state: StateRow | undefined): DeadLetterView {
  const instead = insteadOfReplay(letter);
  const view: DeadLetterView = { ...letter, state: state?.state ?? 'open', replayable: instead === undefined };
  if (instead !== undefined) view.instead = instead;
  if (state?.reason !== undefined) view.stateReason = state.reason;
  if (letter.at.system !== undefined) view.system = letter.at.system;
  return view;
}

/** What a connector could not read is a row, an entry, a field: no mending of it makes it an event. Undefined: it came as a message of the log. */
function insteadOfReplay({ at }: DeadLetter): string | undefined {
  if (at.topic !== undefined) return undefined;
  const system = at.system ?? 'the connector';
  if (at.file !== undefined)
    return `Mend the file and drop it again: ${system} reads a file anew when it changes. Then discard this.`;
  if (at.ref !== undefined)
    return `Mend the record in ${system}, which is read again when it changes. Then discard this.`;
  return `Mend it where it comes from: ${system} reads it again from there. Then discard this.`;
}

export async function findDeadLetter(context: ServiceContext, id: string): Promise<DeadLetterView> {
  let cursor: string | undefined;
  await takeIn(context);
  do {
    const found = await listNewest(context, topicName('dead-letters'), cursor, PAGE);
    const hit = found.items.find((e) => isParked(e) && (e.data as DeadLetter).id === id);
    if (hit) return viewOf(hit.data as DeadLetter, await read<StateRow>(context, 'dead-letters', id));
    cursor = found.next;
  } while (cursor !== undefined);
  throw new ServiceError('not-found', 'UNSILO_NO_DEAD_LETTER', 'There is no dead letter with this id.', {
    hint: 'It may be older than the topic retains.',
  });
}

/** The payload, mended if need be, becomes an event again. What a connector could not read must be made an event first. */
export async function replayDeadLetter(
  context: ServiceContext,
  id: string,
  request: { payload?: string; dryRun: boolean },
): Promise<ReplayResult> {
  const letter = await findDeadLetter(context, id);
  const payload =
    request.payload ?? (letter.encoding === 'base64' ? Buffer.from(letter.payload, 'base64') : letter.payload);
  if (request.payload === undefined && letter.truncated && letter.replayable) {
    return { status: 'invalid', errors: [{ path: '', message: 'was kept in part only: give the whole payload' }] };
  }
  const parsed = parseEvent(payload);
  if (!parsed.ok && letter.instead !== undefined)
    throw new ServiceError(
      'invalid',
      'UNSILO_NOT_AN_EVENT',
      'A connector could not read this: it is no event to replay.',
      {
        hint: letter.instead,
        details: request.payload === undefined ? [] : parsed.errors,
      },
    );
  if (!parsed.ok) return { status: 'invalid', errors: parsed.errors };
  const event: UnsiloEvent = parsed.event;
  if (event.tenant !== context.core.tenant)
    return { status: 'invalid', errors: [{ path: '/tenant', message: 'is not the tenant of this hub' }] };
  if (request.dryRun) return { status: 'would-append', event: event.id };
  await append(context, [event]);
  await settle(context, { id, state: 'replayed' });
  return { status: 'appended', event: event.id };
}

export async function discardDeadLetter(context: ServiceContext, id: string, reason: string): Promise<DeadLetterView> {
  const letter = await findDeadLetter(context, id);
  await settle(context, { id, state: 'discarded', reason });
  return { ...letter, state: 'discarded', stateReason: reason };
}

function isParked({ type }: { type: string }): boolean {
  return type === 'unsilo.dead-letter.parked';
}

async function settle(context: ServiceContext, settled: Omit<DeadLetterSettled, 'settledAt'>): Promise<void> {
  const settledAt = new Date(context.core.now()).toISOString();
  await append(context, [deadLetterSettledEvent(context.core.tenant, { ...settled, settledAt })]);
  await takeIn(context);
}

/** Brings what became of dead letters from the topic into the state, as far as it is not there yet. */
async function takeIn(context: ServiceContext): Promise<void> {
  for (let attempt = 1; attempt <= MOST_ATTEMPTS; attempt += 1) if (await takeInOnce(context)) return;
  throw new Error('What became of dead letters keeps being taken in by others.');
}

/** Answers whether nobody came between. */
async function takeInOnce({ core, log, store }: ServiceContext): Promise<boolean> {
  const { tenant } = core;
  for (const { topic, partition, first, next: end } of await log.ends([topicName('dead-letters')])) {
    for (;;) {
      const [mark] = await store.getMany(tenant, 'progress', [TAKEN_IN]);
      const reached = JSON.parse(mark?.value ?? '{}') as Record<string, number>;
      const known = reached[partition] ?? 0;
      if (known === end) break;
      // A mark beyond the end belongs to another log.
      const from = known > end ? first : Math.max(first, known);
      const page = await log.read({ topic, partition, from, limit: PAGE, until: end });
      const rows = new Map<string, StateRow>();
      for (const { value } of page.messages) {
        const parsed = value === null ? undefined : parseEvent(value);
        if (parsed?.ok !== true || parsed.event.tenant !== tenant || parsed.event.type !== 'unsilo.dead-letter.settled')
          continue;
        const { id, state, reason } = parsed.event.data;
        rows.set(id, { state, ...(reason === undefined ? {} : { reason }) });
      }
      reached[partition] = Math.min(end, page.next ?? end);
      const { ok } = await store.commit(tenant, {
        expect: [{ table: 'progress', key: TAKEN_IN, revision: mark?.revision ?? null }],
        put: [
          { table: 'progress', key: TAKEN_IN, value: JSON.stringify(reached) },
          ...[...rows].map(([key, row]) => ({ table: 'dead-letters', key, value: JSON.stringify(row) })),
        ],
      });
      if (!ok) return false;
    }
  }
  return true;
}
