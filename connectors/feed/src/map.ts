import { createHash } from 'node:crypto';
import type { InteractionState } from '@unsilo/schemas';
import { timestamp, wellFormed } from '@unsilo/connector-sdk';
import { parseFeedDate } from './dates.js';
import { withoutGoogleRedirect } from './google-alerts.js';
import { cleanHtml, htmlToText, looksLikeHtml, shorten } from './html.js';
import type { EntryDirection, EntryKind } from './options.js';
import type { Content, ParsedEntry } from './parsed.js';

/** What an entry takes from its feed and from the configuration. */
export interface FeedFacts {
  /** Short name of the feed, in which ids that are unique only there are kept apart. */
  key: string;
  /** Shown with the entries. */
  name?: string;
  /** A feed of Google Alerts. */
  alerts: boolean;
  /** Ids of entries can't be relied on: some feeds give one id to all. */
  weakIds: boolean;
  kind: EntryKind;
  direction: EntryDirection;
}

/** Times in epoch milliseconds. */
export interface EntryTimes {
  /** Stands for the date of publication where there is none: when the entry was first known to exist. */
  firstKnown: number;
  now: number;
}

const SUBJECT_LIMIT = 10_000;
const EXTRA_LIMIT = 10_000;
/** Older dates are zeros and placeholders: feeds are younger than this. */
const EARLIEST = Date.UTC(1990, 0, 1);
/** Clocks differ, and time zones are written wrongly: a day ahead is still believed. */
const AHEAD_MS = 86_400_000;

/**
 * The permanent id of an entry within its system: a hash, since guids and addresses may hold personal data, control characters or a token.
 * Made of the guid; for Google Alerts of the address behind the redirect, since the same find has another guid in each alert; without
 * a guid of the address, else of title and date. Guids that are addresses or URNs mean the same entry in every feed; others only in theirs.
 */
export function entryId(entry: ParsedEntry, feed: FeedFacts): string {
  const url = addressOf(entry);
  let identity: string[];
  if (feed.alerts && url !== undefined) identity = ['address', url];
  else if (entry.id !== undefined && feed.weakIds)
    identity = ['weak', feed.key, entry.id, url ?? '', titleOf(entry.title) ?? '', entry.published ?? ''];
  else if (entry.id !== undefined)
    identity = /^[a-z][a-z0-9+.-]*:\S/i.test(entry.id) ? ['id', entry.id] : ['id', feed.key, entry.id];
  else if (url !== undefined) identity = ['address', url];
  else if (titleOf(entry.title) !== undefined)
    identity = ['title', feed.key, titleOf(entry.title)!, entry.published ?? ''];
  else identity = ['text', feed.key, entry.content?.value ?? entry.summary?.value ?? '', entry.media[0]?.url ?? ''];
  return createHash('sha256')
    .update(wellFormed(identity.join('\n')))
    .digest('base64url')
    .slice(0, 27);
}

/** What the hub gets to know of an entry. Never throws, whatever the entry holds. */
export function entryState(entry: ParsedEntry, feed: FeedFacts, times: EntryTimes): InteractionState {
  const url = addressOf(entry);
  const subject = titleOf(entry.title);
  const body = bodyOf(entry.content) ?? bodyOf(entry.summary);
  const published = entryPublished(entry, times.now);
  const authors = entry.authors
    .map(({ name, email, uri }) => name ?? email ?? uri)
    .filter((name) => name !== undefined);
  const authorName = shorten([...new Set(authors.map(plain))].join(', '), SUBJECT_LIMIT);
  const language = languageTag(entry.language);
  const undated = published === undefined && entryUpdated(entry, times.now) === undefined;
  const extra = extraOf(entry, feed, undated);
  return {
    kind: feed.kind,
    direction: feed.direction,
    visibility: 'public',
    ...(authorName === '' ? {} : { authorName }),
    ...(subject === undefined ? {} : { subject }),
    ...(body?.text === undefined ? {} : { text: body.text }),
    ...(body?.html === undefined ? {} : { html: body.html }),
    ...(url === undefined ? {} : { url }),
    ...(language === undefined ? {} : { language }),
    publishedAt: timestamp(published ?? times.firstKnown),
    ...(Object.keys(extra).length === 0 ? {} : { extra }),
  };
}

/** When the entry says that it was published, if that can be true. */
export function entryPublished(entry: ParsedEntry, now: number): number | undefined {
  return believable(entry.published, now);
}

/** When the entry says that it was last changed, if that can be true. */
export function entryUpdated(entry: ParsedEntry, now: number): number | undefined {
  return believable(entry.updated, now);
}

function believable(date: string | undefined, now: number): number | undefined {
  const at = date === undefined ? undefined : parseFeedDate(date);
  return at !== undefined && at >= EARLIEST && at <= now + AHEAD_MS ? at : undefined;
}

function addressOf(entry: ParsedEntry): string | undefined {
  if (entry.url === undefined) return undefined;
  const url = wellFormed(withoutGoogleRedirect(entry.url));
  return url.length <= 10_000 && /^https?:\/\/[^\s\u0000-\u001f\u007f-\u009f]+$/.test(url) ? url : undefined;
}

function titleOf(title: Content | undefined): string | undefined {
  if (title === undefined) return undefined;
  const html = title.form === 'html' || (title.form === 'either' && looksLikeHtml(title.value));
  const text = plain(html ? htmlToText(title.value) : title.value);
  return text === '' ? undefined : shorten(text, SUBJECT_LIMIT);
}

function bodyOf(content: Content | undefined): { text?: string; html?: string } | undefined {
  if (content === undefined) return undefined;
  const value = wellFormed(content.value);
  if (content.form === 'text' || (content.form === 'either' && !looksLikeHtml(value))) {
    const text = shorten(withoutControls(value).trim(), 1_000_000);
    return text === '' ? undefined : { text };
  }
  const text = withoutControls(htmlToText(value));
  const html = cleanHtml(value, content.base, withoutGoogleRedirect);
  if (text === '' && (html === undefined || html === '')) return undefined;
  return {
    ...(text === '' ? {} : { text }),
    ...(html === undefined || html === '' ? {} : { html: withoutControls(html) }),
  };
}

function extraOf(entry: ParsedEntry, feed: FeedFacts, undated: boolean): Record<string, string> {
  const categories = [...new Set(entry.categories.map(plain))].join(', ');
  const [enclosure] = entry.media;
  const email = entry.authors.find((author) => author.email !== undefined)?.email;
  const uri = entry.authors.find((author) => author.uri !== undefined)?.uri;
  const all: Record<string, string | undefined> = {
    feed: feed.name,
    source: entry.source,
    categories,
    enclosure: enclosure?.url,
    enclosureType: enclosure?.type,
    comments: entry.comments,
    authorEmail: email,
    authorUri: uri,
    // A date that doesn't exist says something all the same to who reads it.
    dateAsWritten: undated ? (entry.published ?? entry.updated) : undefined,
  };
  return Object.fromEntries(
    Object.entries(all).flatMap(([name, value]) => {
      const text = value === undefined ? '' : shorten(plain(value), EXTRA_LIMIT);
      return text === '' ? [] : [[name, text]];
    }),
  );
}

/** BCP 47 in its canonical form; `en_US` and the like are meant so. */
function languageTag(language: string | undefined): string | undefined {
  if (language === undefined || language.length > 100) return undefined;
  try {
    return Intl.getCanonicalLocales(language.trim().replaceAll('_', '-'))[0];
  } catch {
    return undefined;
  }
}

/** One line. */
function plain(text: string): string {
  return withoutControls(wellFormed(text)).replace(/\s+/g, ' ').trim();
}

function withoutControls(text: string): string {
  return text.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/g, '');
}
