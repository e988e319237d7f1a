import { Parser } from 'htmlparser2';
import sanitize from 'sanitize-html';

/** Posts have a few thousand characters; what is longer by far is an attack on whoever reads it. */
const LONGEST_HTML = 500_000;
const MOST_TAGS = 20_000;

const CLEAN: sanitize.IOptions = {
  allowedTags: [
    'p',
    'br',
    'a',
    'span',
    'b',
    'strong',
    'i',
    'em',
    'u',
    's',
    'del',
    'sub',
    'sup',
    'small',
    'code',
    'pre',
  ].concat(['blockquote', 'ul', 'ol', 'li', 'h1', 'h2', 'h3', 'h4', 'h5', 'h6', 'hr', 'ruby', 'rt', 'rp']),
  allowedAttributes: {
    a: ['href', 'translate'],
    span: ['lang'],
    p: ['lang'],
    ol: ['start', 'reversed'],
    li: ['value'],
  },
  allowedSchemes: ['http', 'https', 'mailto', 'xmpp', 'gemini'],
  allowProtocolRelative: false,
  disallowedTagsMode: 'discard',
  nestingLimit: 50,
};

/** Markup that is harmless to show; undefined when there is too much of it. */
export function cleanHtml(html: string): string | undefined {
  return isTooMuch(html) ? undefined : sanitize(html, CLEAN).trim();
}

/** Parsers of markup take long for very deep nesting. */
function isTooMuch(html: string): boolean {
  if (html.length > LONGEST_HTML) return true;
  let tags = 0;
  for (let at = html.indexOf('<'); at >= 0; at = html.indexOf('<', at + 1)) if ((tags += 1) > MOST_TAGS) return true;
  return false;
}

const PARAGRAPHS: ReadonlySet<string> = new Set([
  'p',
  'blockquote',
  'pre',
  'ul',
  'ol',
  'h1',
  'h2',
  'h3',
  'h4',
  'h5',
  'h6',
  'hr',
]);
const LINES: ReadonlySet<string> = new Set(['br', 'div', 'li']);
const HIDDEN: ReadonlySet<string> = new Set(['script', 'style', 'template', 'iframe', 'noscript']);

/** What a person reads: paragraphs apart by an empty line; links and mentions in full, since servers hide parts of them by styles only. */
export function htmlToText(html: string): string {
  if (isTooMuch(html))
    return html
      .replace(/<[^<>]{0,2000}>/g, ' ')
      .replace(/\s+/g, ' ')
      .trim();
  let out = '';
  let hidden = 0;
  let preformatted = 0;
  let owed = '';
  const owe = (space: string) => {
    if (space.length > owed.length || owed === ' ') owed = space;
  };
  const write = (text: string) => {
    out += (out === '' ? '' : owed) + text;
    owed = '';
  };
  new Parser({
    onopentag(name) {
      if (HIDDEN.has(name)) hidden += 1;
      if (PARAGRAPHS.has(name)) owe('\n\n');
      // Each line break counts: people write verses with them.
      else if (name === 'br') owed = `${owed.replace(/ $/, '')}\n`;
      else if (LINES.has(name)) owe('\n');
      if (name === 'pre') preformatted += 1;
      if (name === 'li') write('- ');
    },
    ontext(text) {
      if (hidden > 0) return;
      if (preformatted > 0) return write(text);
      const words = text.replace(/[ \t\r\n\f\u00a0]+/g, ' ');
      if (words.startsWith(' ') && owed === '') owed = ' ';
      const core = words.trim();
      if (core === '') return;
      write(core);
      if (words.endsWith(' ')) owed = ' ';
    },
    onclosetag(name) {
      if (HIDDEN.has(name)) hidden = Math.max(0, hidden - 1);
      if (PARAGRAPHS.has(name)) owe('\n\n');
      else if (name !== 'br' && LINES.has(name)) owe('\n');
      if (name === 'pre') preformatted = Math.max(0, preformatted - 1);
    },
  }).end(html);
  return out.trim();
}

/** The address of a text that is one link and nothing else, such as a field of a profile. */
export function onlyLink(html: string): string | undefined {
  if (html.length > 10_000) return undefined;
  let href: string | undefined;
  let inside = '';
  let outside = '';
  let depth = 0;
  new Parser({
    onopentag(name, attributes) {
      if (name !== 'a') return;
      depth += 1;
      href = href === undefined ? attributes['href'] : '';
    },
    ontext(text) {
      if (depth > 0) inside += text;
      else outside += text;
    },
    onclosetag(name) {
      if (name === 'a') depth -= 1;
    },
  }).end(html);
  const target = href ?? (inside === '' ? outside.trim() : undefined);
  if (target === undefined || (href !== undefined && outside.trim() !== '')) return undefined;
  try {
    const url = new URL(target);
    return url.protocol === 'https:' || url.protocol === 'http:' ? url.href : undefined;
  } catch {
    return undefined;
  }
}
