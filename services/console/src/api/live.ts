import { signal } from '@preact/signals';
import { sessionEnded } from './client.js';
import type { LiveEvent, Problem } from './types.js';

/** The stream of all that flows: kept open while somebody is logged in, resumed where it broke. */
export type Connection = 'connecting' | 'live' | 'interrupted';
export const connection = signal<Connection>('connecting');
/** Newest first. */
export const recent = signal<readonly LiveEvent[]>([]);
/** Events that the server left out of the stream because there were too many. */
export const skipped = signal(0);

const KEPT = 200;
/** What people can't follow anyway isn't sent. */
const PER_SECOND = 40;
const REDRAW_MS = 200;

let source: EventSource | undefined;
let cursor: string | undefined;
let attempts = 0;
let retry: ReturnType<typeof setTimeout> | undefined;
let drawing: ReturnType<typeof setTimeout> | undefined;
let arrived: LiveEvent[] = [];
const listeners = new Set<(event: LiveEvent) => void>();

export function startLive(): void {
  if (source || retry) return;
  open();
}

export function stopLive(): void {
  source?.close();
  source = undefined;
  clearTimeout(retry);
  retry = undefined;
  cursor = undefined;
  attempts = 0;
  arrived = [];
  recent.value = [];
  skipped.value = 0;
  connection.value = 'connecting';
}

/** Calls for every event until the function that it answers is called. */
export function onLive(listener: (event: LiveEvent) => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Puts events behind those that the stream brought: what flowed before the page was opened. */
export function putBehind(past: readonly LiveEvent[]): void {
  const known = new Set([...recent.value, ...arrived].map(({ id }) => id));
  const older = past.filter(({ id }) => !known.has(id)).sort((a, b) => Date.parse(b.at) - Date.parse(a.at));
  recent.value = [...recent.value, ...older].slice(0, KEPT);
}

function open(): void {
  const query = new URLSearchParams({ rate: String(PER_SECOND) });
  if (cursor !== undefined) query.set('after', cursor);
  const stream = new EventSource(`/v1/live?${query}`);
  source = stream;
  stream.addEventListener('open', () => {
    attempts = 0;
    connection.value = 'live';
  });
  stream.addEventListener('message', ({ data, lastEventId }: MessageEvent<string>) => {
    if (lastEventId !== '') cursor = lastEventId;
    take(JSON.parse(data) as LiveEvent);
  });
  stream.addEventListener('skipped', ({ data }: MessageEvent<string>) => {
    skipped.value += (JSON.parse(data) as { count: number }).count;
  });
  stream.addEventListener('problem', ({ data }: MessageEvent<string>) => {
    // A cursor that the server doesn't know any more: go on from now.
    if ((JSON.parse(data) as Problem).status < 500) cursor = undefined;
    again();
  });
  // The browser would try again by itself after broken connections, but not after refusals, and with the first cursor.
  stream.addEventListener('error', again);
}

function again(): void {
  if (!source) return;
  source.close();
  source = undefined;
  connection.value = 'interrupted';
  const wait = Math.min(500 * 2 ** attempts, 15_000);
  attempts += 1;
  retry = setTimeout(() => void resume(), wait);
}

/** A stream doesn't say why it was refused; the session does. */
async function resume(): Promise<void> {
  const answer = await fetch('/v1/session').catch(() => undefined);
  if (retry === undefined) return;
  retry = undefined;
  if (answer?.status === 401) sessionEnded.value = true;
  else open();
}

function take(event: LiveEvent): void {
  for (const listener of listeners) listener(event);
  arrived.push(event);
  drawing ??= setTimeout(() => {
    drawing = undefined;
    recent.value = [...arrived.reverse(), ...recent.value].slice(0, KEPT);
    arrived = [];
  }, REDRAW_MS);
}
