import { signal } from '@preact/signals';
import { sessionEnded } from './client.js';
import type { LiveEvent, Problem } from './types.js';

/**
 * The stream of all that flows: kept open while somebody is logged in, resumed where it broke. Where none gets through (a proxy that keeps answers
 * until they end), what flowed lately is asked for again and again meanwhile.
 */
export type Connection = 'connecting' | 'live' | 'asking' | 'interrupted';
export const connection = signal<Connection>('connecting');
/** Newest first. */
export const recent = signal<readonly LiveEvent[]>([]);
/** Events that the server left out of the stream because there were too many. */
export const skipped = signal(0);

const KEPT = 200;
/** What comes by several ways is listed once: so many events are known again. */
const REMEMBERED = 2000;
/** What people can't follow anyway isn't sent. */
const PER_SECOND = 40;
const REDRAW_MS = 200;
/** A server begins to answer at once; whoever stands between may not pass it on. */
const OPENS_WITHIN_MS = 10_000;
/** So many tries come before the first question. */
const TRIES_ALONE = 3;
const ASK_EVERY_MS = 5000;

let source: EventSource | undefined;
let cursor: string | undefined;
let attempts = 0;
let retry: ReturnType<typeof setTimeout> | undefined;
let drawing: ReturnType<typeof setTimeout> | undefined;
let opening: ReturnType<typeof setTimeout> | undefined;
let asking: ReturnType<typeof setInterval> | undefined;
let lately: () => Promise<readonly LiveEvent[]> = () => Promise.resolve([]);
let arrived: LiveEvent[] = [];
const seen = new Set<string>();
const listeners = new Set<(event: LiveEvent) => void>();
const restored = new Set<() => void>();

/** @param askLately Answers what flowed lately, in any order; rejects when nobody answers. */
export function startLive(askLately: typeof lately): void {
  lately = askLately;
  if (source || retry) return;
  open();
}

export function stopLive(): void {
  source?.close();
  source = undefined;
  clearTimeout(opening);
  clearTimeout(retry);
  retry = undefined;
  stopAsking();
  cursor = undefined;
  attempts = 0;
  arrived = [];
  seen.clear();
  recent.value = [];
  skipped.value = 0;
  connection.value = 'connecting';
}

/** Calls when the stream is back after it was lost, since more than its events may have been missed, until the function that it answers is called. */
export function onRestored(listener: () => void): () => void {
  restored.add(listener);
  return () => restored.delete(listener);
}

/** Calls for every event until the function that it answers is called. */
export function onLive(listener: (event: LiveEvent) => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Puts events behind those that the stream brought: what flowed before the page was opened. */
export function putBehind(past: readonly LiveEvent[]): void {
  const older = past.filter(isNews).sort((a, b) => Date.parse(b.at) - Date.parse(a.at));
  recent.value = [...recent.value, ...older].slice(0, KEPT);
}

function open(): void {
  const query = new URLSearchParams({ rate: String(PER_SECOND) });
  if (cursor !== undefined) query.set('after', cursor);
  const stream = new EventSource(`/v1/live?${query}`);
  source = stream;
  opening = setTimeout(again, OPENS_WITHIN_MS);
  stream.addEventListener('open', () => {
    clearTimeout(opening);
    stopAsking();
    const wasLost = attempts > 0;
    attempts = 0;
    connection.value = 'live';
    if (wasLost) for (const listener of restored) listener();
  });
  stream.addEventListener('message', ({ data, lastEventId }: MessageEvent<string>) => {
    if (lastEventId !== '') cursor = lastEventId;
    const event = JSON.parse(data) as LiveEvent;
    if (isNews(event)) take(event);
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
  clearTimeout(opening);
  if (asking === undefined) connection.value = 'interrupted';
  if (attempts + 1 >= TRIES_ALONE) startAsking();
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

function startAsking(): void {
  if (asking !== undefined) return;
  asking = setInterval(() => void ask(), ASK_EVERY_MS);
  void ask();
}

function stopAsking(): void {
  clearInterval(asking);
  asking = undefined;
}

async function ask(): Promise<void> {
  const events = await lately().catch(() => undefined);
  if (asking === undefined) return;
  connection.value = events === undefined ? 'interrupted' : 'asking';
  const fresh = (events ?? []).filter(isNews);
  for (const event of fresh.sort((a, b) => Date.parse(a.at) - Date.parse(b.at))) take(event);
}

/** True the first time that it is asked about an event. */
function isNews({ topic, id }: LiveEvent): boolean {
  const name = `${topic} ${id}`;
  if (seen.has(name)) return false;
  seen.add(name);
  const [oldest] = seen;
  if (seen.size > REMEMBERED && oldest !== undefined) seen.delete(oldest);
  return true;
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
