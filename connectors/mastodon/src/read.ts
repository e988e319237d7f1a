import { urlForMessages, type ConnectorContext, type ReadingContext, type ReadItem } from '@unsilo/connector-sdk';
import { instant, readNotification, readStatus, type Status } from './api.js';
import { mastodonClient, type MastodonClient, type Page } from './client.js';
import { accountParty, goneInteraction, goneParty, orderOf, statusInteraction, type Seen } from './map.js';
import type { MastodonOptions } from './options.js';
import { listen, type Listener } from './listen.js';
import { watchList, type WatchedRow, type WatchList } from './watch.js';

/**
 * How far the reading came. Only what REST answered moves it; the stream just makes the reading begin sooner.
 */
interface Checkpoint {
  /** Own statuses up to this id need not be read again. */
  own: string;
  /** Notifications up to this id need not be read again. */
  notifications: string;
  watch: WatchedRow[];
  /** Everything has been read once. */
  complete?: boolean;
}

/** Ids are drawn before they are committed: a lower one may appear after a higher one. What is younger than this is read again. */
const OVERLAP_MS = 5 * 60_000;
const AFTER_HINT_MS = 5000;
/** Statuses looked at again in one reading, so that news don't wait for them. */
const CHECKS = 30;
/** What is newer than any id begins here; ids are compared as numbers or as texts, and this is below all of both. */
const BEGINNING = '0';

interface Reading {
  context: ReadingContext<MastodonOptions>;
  client: MastodonClient;
  selfId: string;
  domain: string;
  state: Checkpoint;
  watch: WatchList;
}

/** Reads what there is; with streaming, goes on until the signal aborts. */
export async function* readMastodon(context: ReadingContext<MastodonOptions>): AsyncGenerator<ReadItem> {
  const { options, clock, signal } = context;
  const client = mastodonClient(context);
  const self = await client.self();
  const instance = await client.instance();
  const state = checkpointOf(context.checkpoint);
  const reading: Reading = {
    context,
    client,
    selfId: self.id,
    domain: instance.domain ?? new URL(options.url).host,
    state,
    watch: watchList(state.watch, {
      days: options.watchDays,
      max: options.watchMax,
      recheckMs: options.recheckSeconds * 1000,
    }),
  };
  if (!options.streaming) return yield* readOnce(reading, new Set());
  const listener = listen(context, instance, reading.selfId);
  try {
    let fresh: ReadonlySet<string> | undefined;
    let again: ReadonlySet<string> = new Set();
    for (let first = true; !signal.aborted; first = false) {
      yield* readOnce(reading, new Set([...(fresh ?? []), ...again]));
      // Says that it works, even where nothing is new.
      if (first) yield checkpoint(reading);
      // What the stream tells may reach the database that REST reads a moment later: it is looked at twice.
      const waitMs = options.interval * 1000;
      again = fresh ?? new Set();
      fresh = await nextHints(listener, fresh === undefined ? waitMs : Math.min(waitMs, AFTER_HINT_MS), clock, signal);
    }
  } finally {
    listener.close();
  }
}

/** Waits for a hint, at most so long. @returns the statuses that hints were about; undefined when there was no hint */
async function nextHints(
  listener: Listener,
  waitMs: number,
  clock: ConnectorContext<MastodonOptions>['clock'],
  signal: AbortSignal,
): Promise<ReadonlySet<string> | undefined> {
  const waiting = new AbortController();
  const stop = AbortSignal.any([signal, waiting.signal]);
  const interval = clock.sleep(waitMs, stop).catch(() => undefined);
  await Promise.race([interval, listener.hint(stop)]);
  waiting.abort();
  return listener.take();
}

/** One reading: own statuses, notifications, then what is due to be looked at again. */
async function* readOnce(reading: Reading, hinted: ReadonlySet<string>): AsyncGenerator<ReadItem> {
  const { state, selfId, context } = reading;
  for await (const { items, safe } of upward(
    reading,
    `/api/v1/accounts/${encodeURIComponent(selfId)}/statuses`,
    state.own,
    {
      exclude_reblogs: 'true',
    },
  )) {
    for (const item of items) {
      const status = readStatus(item);
      if (status === undefined) yield unusable(context, 'status', item);
      else if (!status.isReblog) yield* tell(reading, status);
    }
    state.own = safe;
    yield checkpoint(reading);
  }
  const types: Record<string, string> = context.options.followers ? {} : { 'types[]': 'mention' };
  for await (const { items, safe } of upward(reading, '/api/v1/notifications', state.notifications, types)) {
    for (const item of items) yield* tellNotification(reading, item);
    state.notifications = safe;
    yield checkpoint(reading);
  }
  if (state.complete !== true) {
    state.complete = true;
    yield { type: 'snapshot-completed' };
    yield checkpoint(reading);
  }
  const due = reading.watch.due(context.clock.now(), CHECKS, hinted);
  for (const { id } of due) yield* lookAgain(reading, id);
  if (due.length > 0) yield checkpoint(reading);
}

/**
 * Pages from a cursor up, the oldest first: nothing that comes meanwhile can slip between two pages.
 * `safe` is the last entry that is old enough for no lower id to appear after it.
 */
async function* upward(
  { client, context }: Reading,
  path: string,
  from: string,
  query: Readonly<Record<string, string>>,
): AsyncGenerator<{ items: unknown[]; safe: string }> {
  let cursor = from;
  let safe = from;
  let settled = true;
  for (;;) {
    const { items, newer } = await readablePage(client, path, cursor, query);
    if (items.length === 0) return;
    const rising = [...items].reverse();
    const serverNow = context.clock.now() + (client.clockOffsetMs ?? 0);
    for (const item of rising) {
      const { id, created_at: created } = (item ?? {}) as { id?: unknown; created_at?: unknown };
      const at = instant(created);
      settled &&= at === undefined || at <= serverNow - OVERLAP_MS;
      if (settled && typeof id === 'string') safe = id;
    }
    yield { items: rising, safe };
    const { id: last } = (items[0] ?? {}) as { id?: unknown };
    const next = newer ?? (typeof last === 'string' ? last : cursor);
    if (next === cursor) return;
    cursor = next;
  }
}

/** Whoever goes past an entity that can't be read never sees it again, nor what hangs on it: the page is asked for twice before that. */
async function readablePage(
  client: MastodonClient,
  path: string,
  cursor: string,
  query: Readonly<Record<string, string>>,
): Promise<Page> {
  const page = await client.page(path, cursor, query);
  return page.items.every(isReadable) ? page : client.page(path, cursor, query);
}

function isReadable(item: unknown): boolean {
  const { status, type } = (item ?? {}) as { status?: unknown; type?: unknown };
  if (type === undefined) return readStatus(item) !== undefined;
  return readNotification(item) !== undefined && ((status ?? null) === null || readStatus(status) !== undefined);
}

async function* tellNotification(reading: Reading, item: unknown): AsyncGenerator<ReadItem> {
  const { context } = reading;
  const notification = readNotification(item);
  if (notification === undefined) return yield unusable(context, 'notification', item);
  const { type, status, account } = notification;
  if (type === 'mention') {
    if (status !== undefined) yield* tell(reading, status);
    // A status that was deleted since is left out of its notification.
    else if (((item as { status?: unknown }).status ?? null) !== null) yield unusable(context, 'notification', item);
  } else if (type === 'follow' && context.options.followers && account !== undefined)
    yield { type: 'party', change: accountParty(account, seen(reading)) };
}

/** A status and its author, unless that is us: the account that the token belongs to is nobody's customer. */
async function* tell(reading: Reading, status: Status, thread?: string): AsyncGenerator<ReadItem> {
  const { watch, context, selfId } = reading;
  const facts = {
    thread: thread ?? (await threadOf(reading, status)),
    ...(status.account.id === selfId ? await commandOf(reading, status.id) : {}),
  };
  if (status.account.id !== selfId) yield { type: 'party', change: accountParty(status.account, seen(reading)) };
  yield { type: 'interaction', change: statusInteraction(status, facts, seen(reading)) };
  const { id, createdAt: created, account } = status;
  watch.seen({ id, thread: facts.thread, author: account.id, order: orderOf(status), created }, context.clock.now());
}

/** Looks again at a status: edited, deleted, answered? */
async function* lookAgain(reading: Reading, id: string): AsyncGenerator<ReadItem> {
  const { watch, client, selfId } = reading;
  const known = watch.get(id);
  if (known === undefined) return;
  const status = await client.status(id);
  if (status === undefined) {
    yield { type: 'interaction', change: goneInteraction(id, known.order, seen(reading)) };
    watch.remove(id);
    if (known.author !== selfId) yield* lookAtAuthor(reading, known.author);
    return;
  }
  yield* tell(reading, status, known.thread);
  // Answers to our answer in a conversation of ours are found from its beginning.
  const isWithinOwn = known.thread !== id && watch.get(known.thread)?.author === selfId;
  if (known.author !== selfId || isWithinOwn) return;
  const conversation = await client.conversation(id);
  for (const item of conversation?.descendants ?? []) {
    const answer = readStatus(item);
    if (answer === undefined) yield unusable(reading.context, 'status', item);
    else yield* tell(reading, answer, known.thread);
  }
}

/** With a status its author may have gone: deleted, or suspended by the instance. */
async function* lookAtAuthor(reading: Reading, id: string): AsyncGenerator<ReadItem> {
  const account = await reading.client.account(id);
  const change = account === undefined ? goneParty(id, seen(reading)) : accountParty(account, seen(reading));
  yield { type: 'party', change };
}

/** The first status of a conversation, found once and kept: a parent that is deleted later must not move it. */
async function threadOf({ context, client, watch }: Reading, status: Status): Promise<string> {
  const { id, inReplyToId: parent } = status;
  const watched = watch.get(id)?.thread;
  if (watched !== undefined) return watched;
  const [own, ofParent] = await context.memory.getMany([
    threadKey(id),
    ...(parent === undefined ? [] : [threadKey(parent)]),
  ]);
  if (typeof own === 'string') return own;
  if (parent === undefined) return id;
  let thread = watch.get(parent)?.thread ?? ofParent;
  if (typeof thread !== 'string') {
    const conversation = await client.conversation(id);
    const { id: first } = (conversation?.ancestors[0] ?? {}) as { id?: unknown };
    thread = typeof first === 'string' ? first : parent;
  }
  await context.memory.set({ [threadKey(id)]: thread });
  return thread as string;
}

/** The command that made a status of ours, if one did. */
async function commandOf({ context }: Reading, id: string): Promise<{ command?: string }> {
  const command = await context.memory.get(commandKey(id));
  return typeof command === 'string' ? { command } : {};
}

/** Under this key stands the command that a status is the effect of. */
export function commandKey(statusId: string): string {
  return `reply/${statusId}`;
}

function threadKey(statusId: string): string {
  return `thread/${statusId}`;
}

function seen({ context, client, selfId, domain }: Reading): Seen {
  const { clockOffsetMs } = client;
  return {
    system: context.system,
    selfId,
    domain,
    now: context.clock.now(),
    ...(clockOffsetMs === undefined ? {} : { clockOffsetMs }),
  };
}

function unusable(context: ConnectorContext<MastodonOptions>, what: string, item: unknown): ReadItem {
  const { id } = (item ?? {}) as { id?: unknown };
  return {
    type: 'bad-input',
    code: 'UNSILO_MASTODON_BAD_ENTITY',
    message: `A ${what}${typeof id === 'string' ? ` (${id.slice(0, 60)})` : ''} has no usable id, author or time`,
    hint: 'The server does not keep to the client API here; its neighbours are read.',
    at: { url: urlForMessages(context.options.url) },
    payload: JSON.stringify(item) ?? 'undefined',
  };
}

function checkpoint({ state, watch }: Reading): ReadItem {
  return { type: 'checkpoint', value: { ...state, watch: watch.rows() } };
}

function checkpointOf(value: unknown): Checkpoint {
  const { own, notifications, watch, complete } = (value ?? {}) as Partial<Checkpoint>;
  return {
    own: own ?? BEGINNING,
    notifications: notifications ?? BEGINNING,
    watch: Array.isArray(watch) ? watch : [],
    ...(complete === true ? { complete } : {}),
  };
}
