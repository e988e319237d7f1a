import { createHash } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { refOf } from '@unsilo/schemas';
import { timestamp, urlForMessages, type ConnectorContext, type ReadItem } from '@unsilo/connector-sdk';
import { isGoogleAlert } from './google-alerts.js';
import { htmlToText } from './html.js';
import { entryId, entryPublished, entryState, entryUpdated, type FeedFacts } from './map.js';
import type { FeedOptions, FeedSource } from './options.js';
import type { ParsedEntry, ParsedFeed } from './parsed.js';

/** What is remembered of an entry. */
interface Remembered {
  /** The feed that speaks for it: the first that had it. */
  feed: string;
  /** Digest of its last state. */
  digest: string;
  /** Order of that state, as the feed gives it; 0 where it doesn't. */
  order: number;
  /** When it was first known to exist: updated or seen, and so for good. */
  firstKnown: number;
  changedAt: number;
}

export interface FeedReading {
  items: ReadItem[];
  /** The feed gives one id to several entries. */
  weakIds: boolean;
}

/**
 * The changes that a feed's document tells. Entries that are no longer in it are not deleted: feeds show their latest entries only.
 * An entry that several feeds of the system have is told by the first of them. What was noted here is durable before anything is told.
 * @param configured the keys of all feeds that the system still has
 */
export async function changesOf(
  context: ConnectorContext<FeedOptions>,
  source: FeedSource,
  feed: ParsedFeed,
  knownWeak: boolean,
  configured: ReadonlySet<string>,
): Promise<FeedReading> {
  const now = context.clock.now();
  const name = source.name ?? (feed.title === undefined ? undefined : titleText(feed.title));
  const facts: FeedFacts = {
    key: source.key,
    ...(name === undefined ? {} : { name }),
    alerts: isGoogleAlert(feed.id, feed.self ?? source.url.href),
    weakIds: knownWeak || givesOneIdToSeveral(feed.entries),
    kind: source.kind,
    direction: source.direction,
  };
  const entries = new Map<string, ParsedEntry>();
  for (const entry of feed.entries) {
    const id = entryId(entry, facts);
    // Feeds list the newest first: a second one of the same id is older.
    if (!entries.has(id)) entries.set(id, entry);
  }
  const ids = [...entries.keys()];
  const remembered = (await context.memory.getMany(ids.map(memoryKey))) as (Remembered | undefined)[];
  const noted: Record<string, Remembered> = {};
  const items: ReadItem[] = [];
  ids.forEach((id, index) => {
    const entry = entries.get(id)!;
    const before = remembered[index];
    if (before !== undefined && before.feed !== source.key && configured.has(before.feed)) return;
    const firstKnown = before?.firstKnown ?? Math.min(entryUpdated(entry, now) ?? now, now);
    const state = entryState(entry, facts, { firstKnown, now });
    const digest = digestOf(state);
    const after =
      digest === before?.digest
        ? { ...before, feed: source.key }
        : { feed: source.key, digest, firstKnown, ...changed(entry, before, now) };
    if (JSON.stringify(after) !== JSON.stringify(before)) noted[memoryKey(id)] = after;
    const published = entryPublished(entry, now);
    items.push({
      type: 'interaction',
      change: {
        ref: refOf(context.system, 'entry', id),
        version: { major: after.order, minor: 0 },
        ...(published === undefined ? {} : { createdAt: timestamp(published) }),
        changedAt: timestamp(after.changedAt),
        observedAt: timestamp(now),
        state,
      },
    });
  });
  if (Object.keys(noted).length > 0) await context.memory.set(noted);
  return { items, weakIds: facts.weakIds };
}

/** Order and time of a state not seen before. The order never falls: an edit whose date lies before that of the last one is an edit. */
function changed(
  entry: ParsedEntry,
  before: Remembered | undefined,
  now: number,
): Pick<Remembered, 'order' | 'changedAt'> {
  const updated = entryUpdated(entry, now);
  const order = Math.max(updated ?? 0, before?.order ?? 0);
  const stated = before === undefined ? (updated ?? entryPublished(entry, now)) : updated;
  const believed = stated !== undefined && (before === undefined || stated > before.changedAt) ? stated : now;
  return { order, changedAt: Math.min(believed, now) };
}

/** The pieces of a document that can't be used, with where they stood. */
export function problemsOf(source: FeedSource, feed: ParsedFeed, bytes: Buffer): ReadItem[] {
  return feed.problems.map(({ code, message, hint, line, payload }) => ({
    type: 'bad-input',
    code,
    message,
    ...(hint === undefined ? {} : { hint }),
    at: { ...placeOf(source), ...(line === undefined ? {} : { line }) },
    payload: payload ?? bytes,
  }));
}

/** Where a feed stands, for messages and dead letters: without credentials. */
export function placeOf(source: FeedSource): { file?: string; url?: string } {
  return source.url.protocol === 'file:' ? { file: fileURLToPath(source.url) } : { url: urlForMessages(source.url) };
}

function givesOneIdToSeveral(entries: readonly ParsedEntry[]): boolean {
  const addresses = new Map<string, string | undefined>();
  for (const { id, url } of entries) {
    if (id === undefined) continue;
    if (addresses.has(id) && addresses.get(id) !== url) return true;
    addresses.set(id, url);
  }
  return false;
}

function titleText({ value, form }: NonNullable<ParsedFeed['title']>): string {
  return (form === 'text' ? value : htmlToText(value)).replace(/\s+/g, ' ').trim();
}

function memoryKey(id: string): string {
  return `entry/${id}`;
}

function digestOf(state: unknown): string {
  return createHash('sha256').update(JSON.stringify(state)).digest('base64url').slice(0, 22);
}
