import { Parser } from 'htmlparser2';
import sanitize from 'sanitize-html';
import { words } from './words.js';

/** Markup beyond this is shown as text only: cleaning it would take longer than it is worth. */
const LONGEST_HTML = 1_000_000;
const MOST_TAGS = 50_000;

const TEXT_LIMIT = 1_000_000;

const CELLS = ['colspan', 'rowspan', 'headers', 'scope', 'abbr'];

const CLEAN: sanitize.IOptions = {
  allowedTags: words(`
    a abbr acronym address article aside b bdi bdo big blockquote br caption center cite code col colgroup dd del details dfn div dl dt
    em figcaption figure footer h1 h2 h3 h4 h5 h6 header hr i img ins kbd li main mark ol p pre q rp rt ruby s samp section small span
    strike strong sub summary sup table tbody td tfoot th thead time tr tt u ul var wbr
  `),
  allowedAttributes: {
    '*': ['dir', 'lang', 'title'],
    a: ['href', 'hreflang'],
    img: ['src', 'alt', 'width', 'height'],
    td: CELLS,
    th: CELLS,
    ol: ['start', 'type', 'reversed'],
    li: ['value'],
    time: ['datetime'],
    blockquote: ['cite'],
    q: ['cite'],
    del: ['datetime'],
    ins: ['datetime'],
  },
  allowedSchemes: ['http', 'https', 'mailto', 'tel'],
  allowedSchemesByTag: { img: ['http', 'https'] },
  allowedSchemesAppliedToAttributes: ['href', 'src', 'cite'],
  allowProtocolRelative: false,
  disallowedTagsMode: 'discard',
  nonTextTags: words('script style textarea option noscript template iframe object applet xmp title'),
  enforceHtmlBoundary: false,
  nestingLimit: 100,
};

/**
 * Markup that is harmless to show: no scripts, frames, forms, styles or event handlers; links and pictures with absolute http(s) addresses.
 * @param rewrite another address for a link, such as the target of a redirect
 * @returns undefined when there is too much of it
 */
export function cleanHtml(
  html: string,
  base: string | undefined,
  rewrite: (address: string) => string = (address) => address,
): string | undefined {
  if (isTooMuch(html)) return undefined;
  const absolute = (attribs: Record<string, string>, name: string, change: (address: string) => string) => {
    const value = attribs[name];
    if (value === undefined) return;
    const address = absoluteAddress(value, base);
    if (address === undefined) delete attribs[name];
    else attribs[name] = change(address);
  };
  const clean = sanitize(html, {
    ...CLEAN,
    transformTags: {
      a: (tagName, attribs) => {
        absolute(attribs, 'href', rewrite);
        return { tagName, attribs };
      },
      img: (tagName, attribs) => {
        absolute(attribs, 'src', (address) => address);
        return { tagName, attribs };
      },
    },
  }).trim();
  return clean.length > LONGEST_HTML ? undefined : clean;
}

function absoluteAddress(value: string, base: string | undefined): string | undefined {
  try {
    return new URL(value.trim(), base).href;
  } catch {
    return undefined;
  }
}

function isTooMuch(html: string): boolean {
  if (html.length > LONGEST_HTML) return true;
  let tags = 0;
  for (let at = html.indexOf('<'); at >= 0; at = html.indexOf('<', at + 1)) if ((tags += 1) > MOST_TAGS) return true;
  return false;
}

const HIDDEN: ReadonlySet<string> = new Set(
  words('script style template noscript iframe object applet head xmp select textarea svg'),
);
const PARAGRAPHS: ReadonlySet<string> = new Set(
  words('p blockquote pre ul ol dl table h1 h2 h3 h4 h5 h6 figure hr article section header footer aside main'),
);
const LINES: ReadonlySet<string> = new Set(
  words('div li tr dt dd br caption figcaption address details summary center option'),
);

/** What a person reads of some markup: paragraphs apart by an empty line, items by `- `, cells by tabs, pictures by their descriptions. */
export function htmlToText(html: string): string {
  if (isTooMuch(html))
    return shorten(
      html
        .replace(/<[^<>]{0,10000}>/g, ' ')
        .replace(/\s+/g, ' ')
        .trim(),
      TEXT_LIMIT,
    );
  let out = '';
  let hidden = 0;
  let preformatted = 0;
  let owed: '' | ' ' | '\n' | '\n\n' = '';

  const owe = (space: typeof owed) => {
    if (space.length > owed.length || (space === '\n' && owed === ' ')) owed = space;
  };
  const write = (text: string) => {
    out += out === '' ? '' : owed;
    owed = '';
    out += text;
  };
  const parser = new Parser(
    {
      onopentag(name, attributes) {
        if (HIDDEN.has(name)) hidden += 1;
        if (hidden > 0) return;
        if (PARAGRAPHS.has(name)) owe('\n\n');
        else if (LINES.has(name)) owe('\n');
        else if ((name === 'td' || name === 'th') && owed === '' && out !== '') write('\t');
        if (name === 'pre') preformatted += 1;
        if (name === 'li') write('- ');
        if (name === 'img' && attributes['alt'] !== undefined && attributes['alt'].trim() !== '')
          write(attributes['alt'].trim());
      },
      ontext(text) {
        if (hidden > 0) return;
        if (preformatted > 0) return write(text);
        const words = text.replace(/[ \t\n\r\f\u00a0]+/g, ' ');
        if (words.startsWith(' ')) owe(' ');
        const core = words.trim();
        if (core === '') return;
        write(core);
        if (words.endsWith(' ')) owe(' ');
      },
      onclosetag(name) {
        if (HIDDEN.has(name)) hidden = Math.max(0, hidden - 1);
        if (hidden > 0) return;
        if (PARAGRAPHS.has(name)) owe('\n\n');
        else if (LINES.has(name)) owe('\n');
        if (name === 'pre') preformatted = Math.max(0, preformatted - 1);
      },
    },
    { decodeEntities: true, lowerCaseTags: true },
  );
  parser.end(html);
  return shorten(
    out
      .replaceAll('\u00a0', ' ')
      .replace(/[ \t]+\n/g, '\n')
      .trim(),
    TEXT_LIMIT,
  );
}

/** Whether a text that may be either is markup: it has an end tag, an entity, or elements of HTML only. */
export function looksLikeHtml(text: string): boolean {
  const tags = [...text.matchAll(/<\/?([a-z][a-z0-9]*)(?:\s[^<>]*)?\/?>/gi)].map(([, name]) => name!.toLowerCase());
  if (tags.length > 0) return tags.every((name) => KNOWN.has(name));
  return /&(?:#\d{1,7}|#x[0-9a-f]{1,6}|[a-z][a-z0-9]{1,30});/i.test(text);
}

const KNOWN: ReadonlySet<string> = new Set([
  ...(CLEAN.allowedTags as string[]),
  ...HIDDEN,
  ...words(`font blink marquee embed link meta form input button video audio source nobr`),
]);

/** Cut to so many code points, with an ellipsis where something is missing. */
export function shorten(text: string, limit: number): string {
  if (text.length <= limit) return text;
  const points = Array.from(text.slice(0, limit * 2));
  return points.length <= limit ? points.join('') : `${points.slice(0, limit - 1).join('')}…`;
}
