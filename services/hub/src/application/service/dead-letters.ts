import { parseEvent, topicName, type DeadLetter, type UnsiloEvent } from '@unsilo/schemas';
import { ServiceError, type DeadLetterState, type DeadLetterView, type Page, type ReplayResult } from '../service.js';
import { append } from './actions.js';
import { read, readMany, type ServiceContext } from './context.js';
import { listNewest } from './stream.js';

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
  do {
    const found = await listNewest(context, topicName('dead-letters'), cursor, query.limit);
    const letters = found.items.map((e) => e.data as DeadLetter);
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
  const view: DeadLetterView = { ...letter, state: state?.state ?? 'open' };
  if (state?.reason !== undefined) view.stateReason = state.reason;
  if (letter.at.system !== undefined) view.system = letter.at.system;
  return view;
}

export async function findDeadLetter(context: ServiceContext, id: string): Promise<DeadLetterView> {
  let cursor: string | undefined;
  do {
    const found = await listNewest(context, topicName('dead-letters'), cursor, 500);
    const hit = found.items.find((e) => (e.data as DeadLetter).id === id);
    if (hit) return viewOf(hit.data as DeadLetter, await read<StateRow>(context, 'dead-letters', id));
    cursor = found.next;
  } while (cursor !== undefined);
  throw new ServiceError('not-found', 'UNSILO_NO_DEAD_LETTER', 'There is no dead letter with this id.', {
    hint: 'It may be older than the topic retains.',
  });
}

/** The payload, mended if need be, becomes an event again. What a connector could not read must be mended into an event first. */
export async function replayDeadLetter(
  context: ServiceContext,
  id: string,
  request: { payload?: string; dryRun: boolean },
): Promise<ReplayResult> {
  const letter = await findDeadLetter(context, id);
  const payload =
    request.payload ?? (letter.encoding === 'base64' ? Buffer.from(letter.payload, 'base64') : letter.payload);
  if (request.payload === undefined && letter.truncated) {
    return { status: 'invalid', errors: [{ path: '', message: 'was kept in part only: give the whole payload' }] };
  }
  const parsed = parseEvent(payload);
  if (!parsed.ok) return { status: 'invalid', errors: parsed.errors };
  const event: UnsiloEvent = parsed.event;
  if (event.tenant !== context.core.tenant)
    return { status: 'invalid', errors: [{ path: '/tenant', message: 'is not the tenant of this hub' }] };
  if (request.dryRun) return { status: 'would-append', event: event.id };
  await append(context, [event]);
  await setState(context, id, { state: 'replayed' });
  return { status: 'appended', event: event.id };
}

export async function discardDeadLetter(context: ServiceContext, id: string, reason: string): Promise<DeadLetterView> {
  const letter = await findDeadLetter(context, id);
  await setState(context, id, { state: 'discarded', reason });
  return { ...letter, state: 'discarded', stateReason: reason };
}

async function setState(context: ServiceContext, id: string, row: StateRow): Promise<void> {
  await context.store.commit(context.core.tenant, {
    put: [{ table: 'dead-letters', key: id, value: JSON.stringify(row) }],
  });
}
