import { words } from './words.js';

/**
 * The elements that are read, by canonical name: without prefix for RSS (all versions) and Atom, with the usual prefix for modules,
 * whatever prefix the document uses. Everything else is passed over, so its depth, number and names can't do harm.
 */
export const ELEMENTS: ReadonlySet<string> = new Set(
  words(`
    rss rdf feed channel item entry title link guid id description summary content body fullitem pubdate published issued created
    modified updated author name uri url email managingeditor category enclosure source comments ttl language subtitle tagline info
    copyright rights atom:link atom:published atom:updated atom:summary atom:content atom:author atom:id dc:creator dc:date dc:subject
    dc:language dc:description dc:identifier dcterms:created dcterms:issued dcterms:modified content:encoded xhtml:body itunes:author
    itunes:summary media:group media:content media:description sy:updateperiod sy:updatefrequency feedburner:origlink
  `),
);

/** Elements whose whole content is one text, plain or marked up; what stands inside is never structure. */
export const TEXTS: ReadonlySet<string> = new Set(
  words(`
    title description summary content body fullitem subtitle tagline info copyright rights atom:summary atom:content dc:description
    content:encoded xhtml:body itunes:summary media:description
  `),
);

/** Attributes that are read. */
export const ATTRIBUTES: ReadonlySet<string> = new Set(
  words('href rel type url length term label ispermalink version mode src medium xml:base xml:lang rdf:about'),
);

export const XHTML = 'xhtml';

const ATOM = ['http://www.w3.org/2005/atom', 'http://purl.org/atom/ns'];
const BARE: ReadonlySet<string> = new Set([
  'http://purl.org/rss/1.0',
  'http://purl.org/net/rss1.1',
  'http://my.netscape.com/rdf/simple/0.9',
  'http://channel.netscape.com/rdf/simple/0.9',
  'http://my.netscape.com/publish/formats/rss-0.91.dtd',
  'http://blogs.law.harvard.edu/tech/rss',
]);
const PREFIXES: ReadonlyMap<string, string> = new Map([
  ['http://purl.org/dc/elements/1.1', 'dc'],
  ['http://purl.org/dc/elements/1.0', 'dc'],
  ['http://purl.org/dc/terms', 'dcterms'],
  ['http://purl.org/rss/1.0/modules/content', 'content'],
  ['http://purl.org/rss/1.0/modules/syndication', 'sy'],
  ['http://www.itunes.com/dtds/podcast-1.0.dtd', 'itunes'],
  ['http://search.yahoo.com/mrss', 'media'],
  ['https://search.yahoo.com/mrss', 'media'],
  ['http://rssnamespace.org/feedburner/ext/1.0', 'feedburner'],
  ['http://www.w3.org/1999/xhtml', XHTML],
  ['http://www.w3.org/1999/02/22-rdf-syntax-ns', 'rdf'],
  ['http://www.w3.org/xml/1998/namespace', 'xml'],
]);
const KNOWN_PREFIXES: ReadonlySet<string> = new Set([...PREFIXES.values(), 'atom']);

/**
 * Canonical name of an element. Namespaces decide where they are declared and known; feeds that forget to declare a usual prefix, or declare a
 * default namespace of their own, mean what they look like.
 * @param inAtom whether the document is an Atom feed: its elements have no prefix then, elsewhere `atom:`
 */
export function canonicalName(
  tag: string,
  namespaceOf: (prefix: string) => string | undefined,
  inAtom: boolean,
): string {
  const colon = tag.indexOf(':');
  const prefix = colon < 0 ? '' : tag.slice(0, colon).toLowerCase();
  const local = tag.slice(colon + 1).toLowerCase();
  const uri = namespaceOf(prefix)
    ?.trim()
    .toLowerCase()
    .replace(/[/#]+$/, '');
  const known = uri === undefined ? undefined : PREFIXES.get(uri);
  if (known === 'rdf' && local === 'rdf') return 'rdf';
  if (known !== undefined) return `${known}:${local}`;
  if (uri !== undefined && ATOM.includes(uri))
    return inAtom || prefix === '' || local === 'feed' ? local : `atom:${local}`;
  if (prefix === '' || (uri !== undefined && isBare(uri))) return local;
  if (prefix === 'rdf' && local === 'rdf') return 'rdf';
  return uri === undefined && KNOWN_PREFIXES.has(prefix) ? `${prefix}:${local}` : `?:${local}`;
}

function isBare(uri: string): boolean {
  return BARE.has(uri) || uri.startsWith('http://backend.userland.com/rss');
}
