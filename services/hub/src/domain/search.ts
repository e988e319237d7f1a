import type { PartyState } from '@unsilo/schemas';
import { fold as inLatin } from './linkage/text.js';
import { fold, type Normaliser } from './normalise.js';

/** Lengths at which the beginning of a word is indexed besides the whole word. */
export const PREFIXES = [3, 5] as const;

const ASCII = /^[\u0000-\u007f]*$/;
const APOSTROPHES = /['’`´]/g;
const UMLAUTS = /[äöüåø]/g;
const WRITTEN_OUT: Readonly<Record<string, string>> = { ä: 'ae', ö: 'oe', ü: 'ue', å: 'aa', ø: 'oe' };

/** A folded word in Latin letters without accents: nobody types all of them. What has no such form stays as it is. */
function plain(word: string): string {
  return ASCII.test(word) ? word : inLatin(word).replaceAll(' ', '') || word;
}

/** How a word may be asked for: `müller` as `muller` and `mueller`, and `mueller` as `muller` too, since that is what `müller` is asked for as. */
function formsOf(word: string): string[] {
  const writtenOut = plain(word.replace(UMLAUTS, (letter) => WRITTEN_OUT[letter] ?? letter));
  return [plain(word), writtenOut, writtenOut.replace(/([aou])e/g, '$1')];
}

/** The words under which a customer can be found: of names, organizations, e-mail addresses, phone numbers and handles. */
export function searchWords(state: PartyState, normaliser: Normaliser): string[] {
  const words = new Set<string>();
  const text = (value: string | undefined): void => {
    if (!value) return;
    // `O'Brien` is asked for by `brien` and by `obrien`.
    for (const spelling of new Set([value, value.replace(APOSTROPHES, '')]))
      for (const word of fold(spelling).split(' ')) if (word) for (const form of formsOf(word)) words.add(form);
  };
  for (const part of Object.values(state.name ?? {})) text(part);
  for (const { name } of state.organizations ?? []) text(name);
  for (const { address } of state.emails ?? []) {
    const canonical = normaliser.email(address);
    words.add(canonical);
    text(canonical.split('@')[0]);
  }
  for (const { number } of state.phones ?? []) words.add(normaliser.phone(number));
  for (const { user } of state.onlineServices ?? []) {
    if (!user) continue;
    words.add(user.toLowerCase());
    text(user.split('@')[0]);
  }
  return [...words];
}

/** Index tokens of a customer: whole words, and their beginnings. Hashed before they become keys. */
export function searchTokens(indexed: readonly string[]): string[] {
  const tokens = new Set<string>();
  for (const word of indexed) {
    tokens.add(`=${word}`);
    const letters = [...word];
    for (const length of PREFIXES) if (letters.length >= length) tokens.add(`^${letters.slice(0, length).join('')}`);
  }
  return [...tokens].sort();
}

/** The words asked for, and the token to look each up by: whole where shorter than any indexed beginning. */
export function queryTokens(text: string, normaliser: Normaliser): { word: string; token: string }[] {
  const asPhone = /^[+\d][\d\s()./-]{5,}$/.test(text.trim()) ? [normaliser.phone(text)] : undefined;
  const words =
    asPhone ??
    text
      .trim()
      .toLowerCase()
      .split(/\s+/)
      .flatMap((w) => (w.includes('@') ? [w.replace(/^@/, '')] : fold(w).split(' ').map(plain)))
      .filter(Boolean);
  return words.map((word) => {
    const letters = [...word];
    const length = [...PREFIXES].reverse().find((n) => letters.length >= n);
    return { word, token: length === undefined ? `=${word}` : `^${letters.slice(0, length).join('')}` };
  });
}
