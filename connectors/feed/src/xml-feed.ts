import type { Content, ParsedAuthor, ParsedEntry, ParsedFeed, ParseProblem } from './parsed.js';
import { child, childrenNamed, childText, readXml, type XmlElement } from './xml.js';

/**
 * Reads RSS 0.9x to 2.0, RSS 1.0 and Atom 0.3 and 1.0.
 * @returns undefined and the name of the outermost element when the document is none of these
 */
export function parseXmlFeed(
  document: string,
  address: string | undefined,
): { feed: ParsedFeed } | { feed: undefined; first: string | undefined } {
  const { root, first } = readXml(document, address);
  if (root === undefined) return { feed: undefined, first };
  const atom = root.name === 'feed';
  const channel = atom ? root : (child(root, 'channel') ?? root);
  const elements = atom
    ? childrenNamed(root, 'entry')
    : [...childrenNamed(channel, 'item'), ...(channel === root ? [] : childrenNamed(root, 'item'))];
  const lineOf = lineCounter(document);
  const entries: ParsedEntry[] = [];
  const problems: ParseProblem[] = [];
  const site = links(channel).site;
  const fallback = { authors: authorsOf(channel, atom), language: languageOf(channel) ?? languageOf(root) };
  for (const element of elements) {
    const line = lineOf(element.start);
    if (element.cut)
      problems.push({
        code: 'UNSILO_FEED_ENTRY_CUT',
        message: 'The document ends in the middle of this entry',
        hint: 'The feed was cut off on its way or is written wrongly; the entry is read again with the next version of the feed.',
        line,
        payload: document.slice(element.start, element.end),
      });
    else {
      const entry = entryOf(element, atom, fallback);
      if (saysNothing(entry))
        problems.push({ ...SAYS_NOTHING, line, payload: document.slice(element.start, element.end) });
      else entries.push({ ...entry, line });
    }
  }
  const { self, hubs } = links(channel);
  const title = contentOf(child(channel, 'title'), atom);
  const ttlMs = timeToLive(channel);
  return {
    feed: {
      format: atom ? 'atom' : 'rss',
      entries,
      problems,
      hubs,
      ...given('title', title),
      ...given('id', childText(channel, 'id')),
      ...given('url', site),
      ...given('self', self),
      ...given('language', fallback.language),
      ...given('ttlMs', ttlMs),
    },
  };
}

export const SAYS_NOTHING = {
  code: 'UNSILO_FEED_ENTRY_EMPTY',
  message: 'The entry has no id, address, title or text',
} as const;

/** Whether there is nothing that a person could read or follow, nor anything to know the entry again by. */
export function saysNothing({ id, url, title, summary, content, media }: ParsedEntry): boolean {
  const texts = [id, url, title?.value, summary?.value, content?.value];
  return media.length === 0 && texts.every((text) => text === undefined || text.trim() === '');
}

type Fallback = { authors: ParsedAuthor[]; language: string | undefined };

function entryOf(element: XmlElement, atom: boolean, fallback: Fallback): ParsedEntry {
  const { address, enclosures } = links(element);
  const guid = child(element, 'guid');
  const guidText = guid?.text.trim();
  const permalink =
    guidText !== undefined && guid?.attributes['ispermalink']?.toLowerCase() !== 'false' && /^https?:/i.test(guidText)
      ? guidText
      : undefined;
  const id =
    childText(element, 'id', 'guid', 'atom:id') ??
    element.attributes['rdf:about'] ??
    childText(element, 'dc:identifier');
  const source = child(element, 'source');
  const own = authorsOf(element, atom);
  const borrowed = source === undefined ? [] : authorsOf(source, true);
  const content = bodyOf(element, atom, 'content', 'content:encoded', 'xhtml:body', 'body', 'fullitem', 'atom:content');
  const media = childrenNamed(element, 'media:content', 'media:group').flatMap((part) =>
    part.name === 'media:group' ? childrenNamed(part, 'media:content') : [part],
  );
  const group = child(element, 'media:group');
  const summary =
    bodyOf(element, atom, 'summary', 'description', 'atom:summary', 'dc:description', 'itunes:summary') ??
    bodyOf(element, atom, 'media:description') ??
    (group === undefined ? undefined : bodyOf(group, atom, 'media:description'));
  return {
    authors: own.length > 0 ? own : borrowed.length > 0 ? borrowed : fallback.authors,
    categories: childrenNamed(element, 'category', 'dc:subject')
      .map(({ attributes, text }) => (attributes['label'] ?? attributes['term'] ?? text).trim())
      .filter((name) => name !== ''),
    media: [...enclosures, ...media.flatMap(mediaOf)],
    ...given('id', id),
    ...given('url', childText(element, 'feedburner:origlink') ?? address ?? permalink),
    ...given('title', contentOf(child(element, 'title'), atom)),
    ...given('summary', summary),
    ...given('content', content),
    ...given(
      'published',
      childText(
        element,
        'published',
        'issued',
        'pubdate',
        'dc:date',
        'dcterms:issued',
        'created',
        'dcterms:created',
        'atom:published',
      ),
    ),
    ...given('updated', childText(element, 'updated', 'modified', 'atom:updated', 'dcterms:modified')),
    ...given('language', languageOf(element) ?? fallback.language),
    ...given('comments', webAddress(childText(element, 'comments'), element.base)),
    ...given('source', source === undefined ? undefined : (childText(source, 'title') ?? nonEmpty(source.text))),
  };
}

/** The first of these that has a text. */
function bodyOf(element: XmlElement, atom: boolean, ...names: string[]): Content | undefined {
  for (const name of names)
    for (const found of childrenNamed(element, name)) {
      const content = contentOf(found, atom);
      if (content !== undefined && content.value.trim() !== '') return content;
    }
  return undefined;
}

/**
 * Atom says what a text is (RFC 4287 section 3.1, for 0.3 by `type` and `mode`). In RSS bodies are markup; titles and texts without
 * any markup are what they look like.
 */
function contentOf(element: XmlElement | undefined, atom: boolean): Content | undefined {
  if (element === undefined) return undefined;
  const { attributes, markup, name } = element;
  const content = (value: string, form: Content['form']): Content => ({ value, form, ...given('base', element.base) });
  if (markup) return content(element.text, 'html');
  const type = attributes['type']?.trim().toLowerCase();
  if (!atom && !name.startsWith('atom:')) {
    const body = name === 'content:encoded' || name === 'xhtml:body';
    return content(element.text, body ? 'html' : 'either');
  }
  if (type === undefined || type === 'text' || type === 'text/plain') return content(element.text, 'text');
  if (attributes['mode']?.toLowerCase() === 'base64') return decodedContent(element, type);
  if (type === 'html' || type === 'xhtml' || type.includes('html') || /[/+]xml$/.test(type))
    return content(element.text, 'html');
  if (type.startsWith('text/')) return content(element.text, 'text');
  return decodedContent(element, type);
}

/** Content of any other type is base64 (RFC 4287 section 4.1.3.3); only what turns out to be text is of use here. */
function decodedContent(element: XmlElement, type: string): Content | undefined {
  const bytes = Buffer.from(element.text, 'base64');
  if (bytes.length === 0 || /^(?:image|audio|video)\//.test(type)) return undefined;
  try {
    const value = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return value.includes('\0')
      ? undefined
      : { value, form: type.includes('html') ? 'html' : 'either', ...given('base', element.base) };
  } catch {
    return undefined;
  }
}

interface Links {
  /** Where a person reads it. */
  address?: string;
  site?: string;
  self?: string;
  hubs: string[];
  enclosures: { url: string; type?: string }[];
}

function links(element: XmlElement): Links {
  const all = childrenNamed(element, 'link', 'atom:link').map((link) => ({
    rel: (link.attributes['rel'] ?? 'alternate').trim().toLowerCase(),
    href: webAddress(link.attributes['href'] ?? nonEmpty(link.text), link.base),
    type: link.attributes['type']?.trim().toLowerCase(),
    own: link.name === 'link',
  }));
  const alternates = all.filter(({ rel, href }) => rel === 'alternate' && href !== undefined);
  const isPage = (type: string | undefined) => type === undefined || type.includes('html');
  const best =
    alternates.find(({ own, type }) => own && isPage(type)) ?? alternates.find(({ own }) => own) ?? alternates[0];
  const enclosures = [
    ...childrenNamed(element, 'enclosure').flatMap(mediaOf),
    ...all.filter(({ rel }) => rel === 'enclosure').flatMap(({ href, type }) => medium(href, type)),
  ];
  return {
    ...given('address', best?.href),
    ...given('site', best?.href),
    ...given('self', all.find(({ rel }) => rel === 'self')?.href),
    hubs: all.flatMap(({ rel, href }) => (rel === 'hub' && href !== undefined ? [href] : [])),
    enclosures,
  };
}

function mediaOf(element: XmlElement): { url: string; type?: string }[] {
  const { url, type, medium: kind } = element.attributes;
  return medium(webAddress(url, element.base), type ?? kind);
}

function medium(url: string | undefined, type: string | undefined): { url: string; type?: string }[] {
  return url === undefined ? [] : [{ url, ...given('type', type) }];
}

function authorsOf(element: XmlElement, atom: boolean): ParsedAuthor[] {
  const people = childrenNamed(element, 'author', 'atom:author');
  if (atom && people.length > 0)
    return people.flatMap((person) => {
      const author = {
        ...given('name', childText(person, 'name')),
        ...given('uri', webAddress(childText(person, 'uri', 'url'), person.base)),
        ...given('email', childText(person, 'email')),
      };
      if (Object.keys(author).length > 0) return [author];
      const bare = nonEmpty(person.text);
      return bare === undefined ? [] : [contact(bare)];
    });
  for (const name of ['dc:creator', 'author', 'itunes:author', 'managingeditor']) {
    const found = childrenNamed(element, name).flatMap((person) => {
      const text = nonEmpty(person.text) ?? childText(person, 'name');
      return text === undefined ? [] : [contact(text)];
    });
    if (found.length > 0) return found;
  }
  return [];
}

/** `Ada Lovelace`, `ada@example.com`, `ada@example.com (Ada Lovelace)`, `Ada Lovelace <ada@example.com>`, with an address or not. */
export function contact(text: string): ParsedAuthor {
  const email = /[^\s<>()[\],;:"]+@[^\s<>()[\],;:"]+\.[^\s<>()[\],;:"]+/.exec(text)?.[0];
  const uri = /https?:\/\/[^\s<>()"]+/i.exec(text)?.[0];
  let name = text;
  if (email !== undefined) name = name.replace(email, ' ').replace(/mailto:/i, ' ');
  if (uri !== undefined) name = name.replace(uri, ' ');
  if (name !== text) name = name.replace(/[<>()[\]]/g, ' ');
  name = name.replace(/\s+/g, ' ').trim();
  return {
    ...(name === '' ? {} : { name }),
    ...given('email', email?.replace(/^mailto:/i, '')),
    ...given('uri', uri),
  };
}

const PERIODS: ReadonlyMap<string, number> = new Map([
  ['hourly', 3600_000],
  ['daily', 86_400_000],
  ['weekly', 7 * 86_400_000],
  ['monthly', 30 * 86_400_000],
  ['yearly', 365 * 86_400_000],
]);

/** `ttl` in minutes (RSS 2.0), or the update period over its frequency (syndication module). */
function timeToLive(channel: XmlElement): number | undefined {
  const minutes = Number(childText(channel, 'ttl') ?? Number.NaN);
  if (Number.isFinite(minutes) && minutes > 0) return minutes * 60_000;
  const period = PERIODS.get(childText(channel, 'sy:updateperiod')?.toLowerCase() ?? '');
  if (period === undefined) return undefined;
  const frequency = Number(childText(channel, 'sy:updatefrequency') ?? 1);
  return Number.isFinite(frequency) && frequency >= 1 ? period / frequency : period;
}

function languageOf(element: XmlElement): string | undefined {
  return nonEmpty(element.attributes['xml:lang']) ?? childText(element, 'language', 'dc:language');
}

/** An http(s) address made absolute, else nothing. */
export function webAddress(text: string | undefined, base: string | undefined): string | undefined {
  if (text === undefined || text.trim() === '') return undefined;
  try {
    const url = new URL(text.trim(), base);
    return url.protocol === 'http:' || url.protocol === 'https:' ? url.href : undefined;
  } catch {
    return undefined;
  }
}

/** Lines of offsets; quick for offsets that rise, which those of entries do but for wild nesting. */
function lineCounter(document: string): (offset: number) => number {
  const nextAfter = (at: number) => {
    const found = document.indexOf('\n', at);
    return found < 0 ? Infinity : found;
  };
  const first = nextAfter(0);
  let line = 1;
  let before = 0;
  let next = first;
  return (offset) => {
    if (offset < before) [line, before, next] = [1, 0, first];
    while (next < offset) {
      line += 1;
      before = next;
      next = nextAfter(next + 1);
    }
    return line;
  };
}

function nonEmpty(text: string | undefined): string | undefined {
  const trimmed = text?.trim();
  return trimmed === '' ? undefined : trimmed;
}

/** A property only where there is a value. */
export function given<Name extends string, Value>(name: Name, value: Value | undefined): { [Key in Name]?: Value } {
  return value === undefined ? {} : ({ [name]: value } as { [Key in Name]: Value });
}
