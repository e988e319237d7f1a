import type { SimulatedField } from './fields.js';

/**
 * What SuiteCRM 7.14 on MySQL makes of texts, as observed: HTML entities decoded, markup purified on every save, varchars trimmed, cut to the
 * column's length without a word, and characters beyond U+FFFF lost where the connection is three-byte utf8.
 */
export type Charset = 'utf8mb3' | 'utf8mb4';

const NAMED: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  nbsp: '\u00a0',
  copy: '©',
  eacute: 'é',
  auml: 'ä',
  ouml: 'ö',
  uuml: 'ü',
  euro: '€',
};
const ALLOWED = new Set(['b', 'i', 'em', 'strong', 'u', 'p', 'br', 'div', 'span', 'ul', 'ol', 'li', 'a']);

/** The text that a field holds after a save. */
export function stored(value: string, field: SimulatedField, charset: Charset): string {
  if (field.type === 'bool') return /^(?:1|true|on|yes)$/i.test(value) ? '1' : '0';
  if (field.type === 'date') return storedDate(value);
  if (field.type === 'datetime') return value;
  if (field.type === 'float') return value.trim() === '' || Number.isNaN(Number(value)) ? '' : String(Number(value));
  const trimmed = field.type === 'varchar' ? value.replace(/^[ \t\n\r\0\v]+|[ \t\n\r\0\v]+$/g, '') : value;
  const clean = purified(trimmed);
  const kept = charset === 'utf8mb4' ? clean : clean.replace(/[\u{10000}-\u{10ffff}]/gu, '????');
  return field.length === undefined ? kept : [...kept].slice(0, field.length).join('');
}

function purified(value: string): string {
  const decoded = decodeEntities(decodeEntities(decodeEntities(value)));
  return decoded
    .replace(/\r\n?/g, '\n')
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\ufffe\uffff]/g, '')
    .replace(/<(script|style|title|head)\b[^>]*>[\s\S]*?<\/\1\s*>/gi, '')
    .split(/(<[A-Za-z/!][^>]*(?:>|$))/)
    .reduce(balanced, [{ tag: '', text: '' }])
    .reduceRight((inner, { tag, text }) => element(tag, text + inner), '');
}

/** Open elements, the outermost first, with the text in each so far. */
type Open = { tag: string; text: string }[];

/** Allowed elements are closed where they were left open, and dropped where they are empty; all other tags go. */
function balanced(open: Open, piece: string, index: number): Open {
  const last = open.at(-1)!;
  const [, closing, name = ''] = /^<(\/?)([A-Za-z]\w*)/.exec(piece) ?? [];
  const tag = name.toLowerCase();
  if (index % 2 === 0) last.text += piece;
  else if (tag === 'br') last.text += '<br />';
  else if (ALLOWED.has(tag) && closing === '') open.push({ tag, text: '' });
  else if (ALLOWED.has(tag) && last.tag === tag) {
    open.pop();
    open.at(-1)!.text += element(tag, last.text);
  }
  return open;
}

function element(tag: string, text: string): string {
  if (tag === '') return text;
  return text.trim() === '' ? '' : `<${tag}>${text}</${tag}>`;
}

function decodeEntities(value: string): string {
  return value.replace(/&(#\d+|#[xX][0-9A-Fa-f]+|[A-Za-z][A-Za-z0-9]*);/g, (entity, name: string) => {
    if (!name.startsWith('#')) return NAMED[name] ?? entity;
    const code = /^#[xX]/.test(name) ? Number.parseInt(name.slice(2), 16) : Number(name.slice(1));
    return code > 0 && code < 0x110000 && !(code >= 0xd800 && code < 0xe000) ? String.fromCodePoint(code) : entity;
  });
}

/** ISO, or as the user's settings have it (m/d/Y). A day that doesn't exist is stored as none. */
function storedDate(value: string): string {
  const [, month, day, year] = /^(\d{2})\/(\d{2})\/(\d{4})$/.exec(value.trim()) ?? [];
  const iso = year === undefined ? value.trim().slice(0, 10) : `${year}-${month}-${day}`;
  const date = new Date(`${iso}T00:00:00Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().slice(0, 10) === iso ? iso : '';
}

/** How answers write a text (`to_html`): four characters as entities, the ampersand as it is. */
export function answered(value: string): string {
  return value.replaceAll('"', '&quot;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll("'", '&#039;');
}
