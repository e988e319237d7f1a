import { wellFormed } from '@unsilo/connector-sdk';

/**
 * Text as SuiteCRM 7 treats it. Answers carry four characters as HTML entities (`to_html`). What is written is decoded as HTML and purified
 * on every save (`SugarBean::cleanBean`): whatever looks like a tag or an entity would be lost or changed.
 */

/** Invisible (U+2060): behind `<` or `&` it keeps SuiteCRM from taking text for markup. Reading takes it out again. */
const JOINER = '\u2060';

const ENTITIES: Readonly<Record<string, string>> = { quot: '"', lt: '<', gt: '>', '#039': "'" };
const ENTITY = /&(quot|lt|gt|#039);/g;
const JOINED = new RegExp(`([<&])${JOINER}`, 'g');
const TAG_LIKE = /<(?=[A-Za-z/!?])/g;
const ENTITY_LIKE = /&(?=(?:#\d+|#[xX][0-9A-Fa-f]+|[A-Za-z][A-Za-z0-9]*);)/g;
/** Characters that HTML doesn't know; the purifier drops them. Line feed and tab stay. */
const NOT_IN_HTML = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\ufdd0-\ufdef\ufffe\uffff]/g;
const BEYOND_BMP = /[\u{10000}-\u{10ffff}]/gu;
const CONTROLS = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/g;

export type CharacterSet = 'bmp' | 'all';

/** What an answered text says. */
export function fromSuiteCrm(text: string): string {
  return withoutJoiners(decoded(text));
}

/** What a rich-text field says, as plain text. What was written as plain text stays as it is, angle brackets included. */
export function fromRichText(text: string): string {
  return withoutJoiners(plainText(decoded(text)));
}

function decoded(text: string): string {
  return wellFormed(text)
    .replace(ENTITY, (_, name: string) => ENTITIES[name]!)
    .replace(/\r\n?/g, '\n')
    .replace(CONTROLS, '');
}

function withoutJoiners(text: string): string {
  return text.replace(JOINED, '$1');
}

/**
 * The text to send so that `fromSuiteCrm` gives it back. Not kept: characters that HTML doesn't have (a space instead) and, with `bmp`, those
 * beyond U+FFFF (U+FFFD instead; MySQL's three-byte utf8 would make `????` of them).
 */
export function toSuiteCrm(text: string, characters: CharacterSet): string {
  const kept = wellFormed(text).replace(/\r\n?/g, '\n').replace(NOT_IN_HTML, ' ');
  const storable = characters === 'all' ? kept : kept.replace(BEYOND_BMP, '\ufffd');
  return storable.replace(TAG_LIKE, `<${JOINER}`).replace(ENTITY_LIKE, `&${JOINER}`);
}

/** Whether anything that people can read is left of a text. */
export function isReadable(text: string): boolean {
  return /[\p{L}\p{N}]/u.test(text);
}

const NAMED: Readonly<Record<string, string>> = { amp: '&', nbsp: ' ', quot: '"', lt: '<', gt: '>', apos: "'" };

function plainText(html: string): string {
  if (!/<\/?[A-Za-z][^>]*>/.test(html)) return html;
  return html
    .replace(/<(?:br|\/p|\/div|\/li|\/tr|\/h[1-6])\b[^>]*>/gi, '\n')
    .replace(/<(script|style)\b[^>]*>[\s\S]*?<\/\1\s*>/gi, '')
    .replace(/<\/?[A-Za-z!][^>]*>/g, '')
    .replace(/&(amp|nbsp|quot|lt|gt|apos);/g, (_, name: string) => NAMED[name]!)
    .replace(/[ \t]+\n/g, '\n')
    .replace(/\n{3,}/g, '\n\n')
    .trim();
}
