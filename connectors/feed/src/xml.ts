import { decodeHTMLStrict } from 'entities';
import { Tokenizer } from 'htmlparser2';
import { ATTRIBUTES, ELEMENTS, TEXTS, XHTML, canonicalName } from './vocabulary.js';
import { words } from './words.js';

/** An element of a feed, by its canonical name. */
export interface XmlElement {
  name: string;
  attributes: Readonly<Record<string, string>>;
  children: XmlElement[];
  /** Decoded once. Of an element with text content everything inside; otherwise only what stands directly in it. */
  text: string;
  /** There were elements inside: `text` is their markup. */
  markup: boolean;
  /** Address that relative ones inside are resolved against. */
  base: string | undefined;
  /** Offsets into the document, of `<` and behind the end tag's `>`. */
  start: number;
  end: number;
  /** The document ended inside it. */
  cut: boolean;
}

export interface XmlDocument {
  /** `rss`, `rdf` or `feed`; undefined when there is none. */
  root: XmlElement | undefined;
  /** The name of the first element of all: `html`. */
  first: string | undefined;
}

const ROOTS: ReadonlySet<string> = new Set(['rss', 'rdf', 'feed']);
const NAME = /^[A-Za-z_\u0080-\uffff][^<>"'=&]*$/;
/** Feeds are five levels deep; what is deeper than this is content, or an attack. */
const MAX_DEPTH = 100;
/** Deeper elements are not kept apart from what surrounds them. */
const MAX_KEPT = 1000;
/** How far from the top and from the bottom of the open elements an end tag finds its own. */
const REACH = 100;
/** XHTML elements without end tag. */
const VOID: ReadonlySet<string> = new Set(words('br hr img input area col embed source track wbr'));

/** What never stands in a text, and ends one that has lost its end tag. */
const ENDS_TEXT: ReadonlySet<string> = new Set(
  words(
    'item entry guid pubdate description published updated issued modified author enclosure content:encoded dc:creator dc:date',
  ),
);
/** The same for titles, which hold less than other texts. */
const ENDS_TITLE: ReadonlySet<string> = new Set(['link', 'id', 'category', 'summary', 'content', 'comments', 'title']);

type Namespaces = ReadonlyMap<string, string>;

interface Frame {
  tag: string;
  /** Absent: an element that isn't read. */
  element?: XmlElement;
  namespaces: Namespaces;
  /** In a text: the name under which its end is written. */
  markup?: string;
}

/**
 * Reads a document as leniently as feeds need it: undeclared namespaces, stray ampersands, wrong or missing end tags, sections that never
 * end. Declarations of entities are not read at all: entities of HTML and numbers are decoded, others stay as they are written, so nothing
 * is fetched and nothing expands. Time is linear in the length. Never throws.
 */
export function readXml(document: string, address: string | undefined): XmlDocument {
  const stack: Frame[] = [];
  let beyond = 0;
  let root: XmlElement | undefined;
  let first: string | undefined;
  let text: XmlElement | undefined;
  let textDepth = 0;
  let inAtom = false;
  let tag = '';
  let tagStart = 0;
  let attributes: [name: string, value: string][] = [];
  let value = '';

  const openElement = (): XmlElement | undefined => stack.at(-1)?.element;

  function open(selfClosing: boolean, end: number): void {
    if (!NAME.test(tag)) return characters(document.slice(tagStart, end + 1), true);
    first ??= tag.toLowerCase();
    const namespaces = stack.length < MAX_DEPTH ? declared(stack.at(-1)?.namespaces, attributes) : EMPTY;
    const name = canonicalName(tag, (prefix) => namespaces.get(prefix), inAtom);
    if (text !== undefined && (ENDS_TEXT.has(name) || (text.name === 'title' && ENDS_TITLE.has(name)))) closeText();
    if (text !== undefined) return openMarkup(selfClosing, namespaces);
    if (name === 'item' || name === 'entry') closeEntry(tagStart);
    const parent = openElement();
    const frame: Frame = { tag, namespaces };
    const reads = root === undefined ? ROOTS.has(name) : parent !== undefined && ELEMENTS.has(name);
    if (reads && stack.length < MAX_DEPTH) {
      const kept = read(attributes);
      const element: XmlElement = {
        name,
        attributes: kept,
        children: [],
        text: '',
        markup: false,
        base: resolved(kept['xml:base'], parent?.base ?? address),
        start: tagStart,
        end: end + 1,
        cut: false,
      };
      frame.element = element;
      if (root === undefined) {
        root = element;
        inAtom = name === 'feed';
      } else parent!.children.push(element);
      if (TEXTS.has(name) && !selfClosing) {
        text = element;
        textDepth = stack.length;
      }
    }
    if (!selfClosing) push(frame);
  }

  function push(frame: Frame): void {
    if (stack.length < MAX_KEPT) stack.push(frame);
    else beyond += 1;
  }

  /** An element inside a text is part of the text. */
  function openMarkup(selfClosing: boolean, namespaces: Namespaces): void {
    const inner = text!;
    if (!inner.markup) {
      inner.markup = true;
      inner.text = escapeMarkup(inner.text);
    }
    const name = localName(tag, namespaces);
    const written = attributes
      .filter(([attribute]) => !attribute.startsWith('xmlns') && !attribute.includes(':'))
      .map(([attribute, content]) => ` ${attribute}="${escapeMarkup(content)}"`);
    if (stack.length >= MAX_KEPT) {
      if (!selfClosing) beyond += 1;
      return;
    }
    inner.text += `<${name}${written.join('')}>`;
    if (VOID.has(name)) return;
    if (selfClosing) inner.text += `</${name}>`;
    else push({ tag, namespaces, markup: name });
  }

  function characters(content: string, decoded = false): void {
    const element = text ?? openElement();
    if (element === undefined || content === '') return;
    const plain = decoded || !content.includes('&') ? content : decodeHTMLStrict(content);
    element.text += element.markup ? escapeMarkup(plain) : plain;
  }

  function pop(end: number, cut: boolean): void {
    const frame = stack.pop()!;
    if (frame.markup !== undefined && text !== undefined) text.text += `</${frame.markup}>`;
    if (frame.element === undefined) return;
    frame.element.end = end;
    frame.element.cut = cut;
    if (frame.element === text) text = undefined;
  }

  function close(name: string, end: number): void {
    const from = stack.length - 1;
    for (let at = from; at >= 0; at -= 1) {
      if (at === from - REACH && at > REACH) at = REACH;
      const frame = stack[at]!;
      // Ends of elements that were not kept are told from those of kept ones by their names only.
      if (frame.tag !== name || (beyond > 0 && frame.element === undefined)) continue;
      while (stack.length > at) pop(end, false);
      beyond = 0;
      return;
    }
    if (beyond > 0) beyond -= 1;
  }

  /** The text has lost its end tag. */
  function closeText(): void {
    while (stack.length > textDepth) pop(tagStart, false);
  }

  /** An entry never stands in an entry: the one before has lost its end tag. */
  function closeEntry(end: number): void {
    if (stack.length >= MAX_DEPTH) return;
    const at = stack.findIndex(({ element }) => element?.name === 'item' || element?.name === 'entry');
    if (at >= 0) while (stack.length > at) pop(end, false);
  }

  const tokenizer = new Tokenizer(
    { xmlMode: true, decodeEntities: false },
    {
      onopentagname(start, end) {
        tag = document.slice(start, end);
        tagStart = start - 1;
        attributes = [];
      },
      onattribname(start, end) {
        attributes.push([document.slice(start, end).toLowerCase(), '']);
        value = '';
      },
      onattribdata: (start, end) => void (value += document.slice(start, end)),
      onattribend() {
        const last = attributes.at(-1);
        if (last !== undefined) last[1] = value.includes('&') ? decodeHTMLStrict(value) : value;
      },
      onopentagend: (end) => open(false, end),
      onselfclosingtag: (end) => open(true, end),
      onclosetag: (start, end) => close(document.slice(start, end).trimEnd(), document.indexOf('>', end) + 1 || end),
      ontext: (start, end) => characters(document.slice(start, end)),
      oncdata(start, end, offset) {
        characters(document.slice(start, end - offset), true);
      },
      onattribentity: ignore,
      ontextentity: ignore,
      oncomment: ignore,
      ondeclaration: ignore,
      onprocessinginstruction: ignore,
      onend: ignore,
    },
  );
  tokenizer.write(document);
  tokenizer.end();
  while (stack.length > 0) pop(document.length, true);
  return { root, first };
}

const EMPTY: Namespaces = new Map();

function ignore(): void {
  // Comments, declarations and instructions say nothing that is read.
}

function declared(outer: Namespaces | undefined, attributes: readonly [string, string][]): Namespaces {
  const own = attributes.filter(([name]) => name === 'xmlns' || name.startsWith('xmlns:'));
  if (own.length === 0) return outer ?? EMPTY;
  return new Map([...(outer ?? EMPTY), ...own.map(([name, uri]) => [name.slice(6), uri] as const)]);
}

function read(attributes: readonly [string, string][]): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const [name, value] of attributes) if (ATTRIBUTES.has(name) && kept[name] === undefined) kept[name] = value;
  return kept;
}

function localName(tag: string, namespaces: Namespaces): string {
  const colon = tag.indexOf(':');
  if (colon < 0) return tag.toLowerCase();
  const name = canonicalName(tag, (prefix) => namespaces.get(prefix), false);
  return name.startsWith(`${XHTML}:`) ? name.slice(XHTML.length + 1) : tag.slice(colon + 1).toLowerCase();
}

/** Text as it is written in markup. */
export function escapeMarkup(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

/** An address made absolute; the base itself when there is nothing to resolve, undefined where neither is one. */
export function resolved(address: string | undefined, base: string | undefined): string | undefined {
  if (address === undefined || address.trim() === '') return base;
  try {
    return new URL(address.trim(), base).href;
  } catch {
    return base;
  }
}

/** First child of that name with something in it, else the first one; names in order of preference. */
export function child(element: XmlElement | undefined, ...names: string[]): XmlElement | undefined {
  for (const name of names) {
    const found = childrenNamed(element, name);
    const filled = found.find(({ text, children }) => text.trim() !== '' || children.length > 0) ?? found[0];
    if (filled !== undefined) return filled;
  }
  return undefined;
}

export function childrenNamed(element: XmlElement | undefined, ...names: string[]): XmlElement[] {
  return element === undefined ? [] : element.children.filter(({ name }) => names.includes(name));
}

/** Trimmed text of the first of these children that has one. */
export function childText(element: XmlElement | undefined, ...names: string[]): string | undefined {
  for (const name of names)
    for (const found of childrenNamed(element, name)) {
      const text = found.text.trim();
      if (text !== '') return text;
    }
  return undefined;
}
