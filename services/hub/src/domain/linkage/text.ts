import anyAscii from 'any-ascii';

/** Longer values are cut: comparing costs the square of the length, and nobody's name is told apart behind it. */
export const LONGEST_VALUE = 120;
/** Words of one value that are looked at. */
const MOST_WORDS = 16;

const PLAIN = /^[a-z0-9]+(?: [a-z0-9]+)*$/;
const NOT_WORD = /[^\p{L}\p{M}\p{N}]+/gu;
const MARKS = /\p{M}+/gu;
const LETTERS_ONLY_ASCII = /^[\u0000-\u007f]*$/;

/**
 * Words in lower case Latin letters and digits, one space between: accents dropped, other scripts transliterated. Two values that
 * differ in spelling conventions alone are equal here.
 */
export function fold(text: string): string {
  const cut = text.length > LONGEST_VALUE ? text.slice(0, LONGEST_VALUE) : text;
  const lower = cut.toLowerCase();
  if (PLAIN.test(lower)) return lower;
  const plain = lower
    .normalize('NFKD')
    .replace(/['’`´]/g, '')
    .replace(NOT_WORD, ' ')
    .replace(MARKS, '')
    .trim();
  if (LETTERS_ONLY_ASCII.test(plain)) return plain;
  // Soft and hard signs and the like become marks inside of a word.
  return anyAscii(plain)
    .toLowerCase()
    .replace(/['"`]/g, '')
    .replace(/[^a-z0-9]+/g, ' ')
    .trim()
    .slice(0, LONGEST_VALUE);
}

/** Is the value written in another script than Latin? Then its spelling in Latin letters is a guess. */
export function isTransliterated(text: string): boolean {
  return /[^\p{Script=Latin}\p{Script=Common}\p{Script=Inherited}]/u.test(text.slice(0, LONGEST_VALUE));
}

export function words(folded: string): string[] {
  if (folded === '') return [];
  if (!folded.includes(' ')) return [folded];
  const found = folded.split(' ');
  return found.length > MOST_WORDS ? found.slice(0, MOST_WORDS) : found;
}

/**
 * What is left of a word when spellings of one sound are made equal and vowels (and h, w, y) are dropped behind the first letter: `philip`,
 * `filipp` → `flp`. For keys and for transliterated names; no language's own phonetics.
 */
export function skeleton(word: string): string {
  const sounds = word
    .replace(/ph/g, 'f')
    .replace(/(?:ck|qu|q|c(?=[aou]|$|[^eiyhaou]))/g, 'k')
    .replace(/(?:sch|sh|ch|c)/g, 's')
    .replace(/[zx]/g, 's')
    .replace(/[jg](?=[eiy])/g, 'j')
    .replace(/v/g, 'f')
    .replace(/d(?=t)/g, '');
  const first = sounds.charAt(0);
  const rest = sounds.slice(1).replace(/[aeiouyhw]/g, '');
  return `${/[aeiouy]/.test(first) ? 'a' : first}${rest}`.replace(/(.)\1+/g, '$1');
}

export function compareText(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
