import type { Content, ParsedAuthor, ParsedEntry, ParsedFeed, ParseProblem } from './parsed.js';
import { given, SAYS_NOTHING, saysNothing, webAddress } from './xml-feed.js';

type Json = Record<string, unknown>;

/**
 * Reads JSON Feed 1.0 and 1.1.
 * @returns undefined when the value is no feed
 * @throws SyntaxError when the text isn't JSON
 */
export function parseJsonFeed(document: string, address: string | undefined): ParsedFeed | undefined {
  const feed: unknown = JSON.parse(withLongNumbersAsText(document));
  if (!isObject(feed)) return undefined;
  const items = feed['items'];
  const named = typeof feed['version'] === 'string' && feed['version'].includes('jsonfeed.org');
  if (!Array.isArray(items)) return named ? empty() : undefined;
  if (!named && feed['title'] === undefined && !items.some((item) => isObject(item) && item['id'] !== undefined))
    return undefined;
  const authors = authorsOf(feed, address);
  const language = text(feed['language']);
  const entries: ParsedEntry[] = [];
  const problems: ParseProblem[] = [];
  items.forEach((item: unknown, index) => {
    const entry = isObject(item) ? entryOf(item, address, authors, language) : undefined;
    if (entry !== undefined && !saysNothing(entry)) entries.push(entry);
    else if (entry !== undefined) problems.push({ ...SAYS_NOTHING, payload: JSON.stringify(item) });
    else
      problems.push({
        code: 'UNSILO_FEED_ENTRY_INVALID',
        message: `items[${index}] is no object`,
        payload: JSON.stringify(item) ?? 'null',
      });
  });
  const title = text(feed['title']);
  const hubs = Array.isArray(feed['hubs']) ? feed['hubs'] : [];
  return {
    format: 'json',
    entries,
    problems,
    hubs: hubs.flatMap((hub) =>
      isObject(hub) && /^websub$/i.test(text(hub['type']) ?? '') ? (webAddress(text(hub['url']), address) ?? []) : [],
    ),
    ...given('title', title === undefined ? undefined : ({ value: title, form: 'text' } as const)),
    ...given('url', webAddress(text(feed['home_page_url']), address)),
    ...given('self', webAddress(text(feed['feed_url']), address)),
    ...given('language', language),
  };
}

function empty(): ParsedFeed {
  return { format: 'json', entries: [], problems: [], hubs: [] };
}

function entryOf(
  item: Json,
  base: string | undefined,
  fallback: ParsedAuthor[],
  language: string | undefined,
): ParsedEntry {
  const content = (name: string, form: Content['form']): Content | undefined => {
    const value = text(item[name]);
    return value === undefined ? undefined : { value, form, ...given('base', base) };
  };
  const own = authorsOf(item, base);
  const attachments = Array.isArray(item['attachments']) ? item['attachments'] : [];
  return {
    authors: own.length > 0 ? own : fallback,
    categories: (Array.isArray(item['tags']) ? item['tags'] : []).flatMap((tag) => text(tag) ?? []),
    media: attachments.flatMap((attachment) => {
      const url = isObject(attachment) ? webAddress(text(attachment['url']), base) : undefined;
      return url === undefined ? [] : [{ url, ...given('type', text((attachment as Json)['mime_type'])) }];
    }),
    ...given('id', text(item['id'])),
    ...given('url', webAddress(text(item['url']) ?? text(item['external_url']), base)),
    ...given('title', content('title', 'text')),
    ...given('summary', content('summary', 'text')),
    ...given('content', content('content_html', 'html') ?? content('content_text', 'text')),
    ...given('published', text(item['date_published'])),
    ...given('updated', text(item['date_modified'])),
    ...given('language', text(item['language']) ?? language),
  };
}

/** `authors` of 1.1 and `author` of 1.0. */
function authorsOf(owner: Json, base: string | undefined): ParsedAuthor[] {
  const list = Array.isArray(owner['authors'])
    ? owner['authors']
    : owner['author'] === undefined
      ? []
      : [owner['author']];
  return list.flatMap((author: unknown) => {
    if (typeof author === 'string' && author.trim() !== '') return [{ name: author.trim() }];
    if (!isObject(author)) return [];
    const url = text(author['url']);
    const email = url?.startsWith('mailto:') === true ? url.slice('mailto:'.length) : undefined;
    const found = {
      ...given('name', text(author['name'])),
      ...given('uri', webAddress(url, base)),
      ...given('email', email),
    };
    return Object.keys(found).length === 0 ? [] : [found];
  });
}

/** Text with something in it; numbers are written out, since ids often are numbers. */
function text(value: unknown): string | undefined {
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' && value.trim() !== '' ? value : undefined;
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Whole numbers past 2^53 would lose digits, and two ids become one. */
function withLongNumbersAsText(document: string): string {
  if (!/\d{16}/.test(document)) return document;
  const token = /"|-?\d{16,}(?![\d.eE])/g;
  let out = '';
  let from = 0;
  for (let match = token.exec(document); match !== null; match = token.exec(document)) {
    if (match[0] === '"') {
      token.lastIndex = endOfString(document, match.index + 1);
      continue;
    }
    out += `${document.slice(from, match.index)}"${match[0]}"`;
    from = token.lastIndex;
  }
  return out + document.slice(from);
}

/** Offset behind the quote that ends a string. */
function endOfString(document: string, start: number): number {
  for (let quote = document.indexOf('"', start); quote >= 0; quote = document.indexOf('"', quote + 1)) {
    let backslashes = 0;
    while (document[quote - 1 - backslashes] === '\\') backslashes += 1;
    if (backslashes % 2 === 0) return quote + 1;
  }
  return document.length;
}
