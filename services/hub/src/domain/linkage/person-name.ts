import { areForms, isForeignForm } from './nicknames.js';
import { isAlike, isOneEdit, isWithinEdits } from './similarity.js';
import { fold, isTransliterated, LONGEST_VALUE, skeleton, words } from './text.js';

/** A person's name in parts, folded; an absent part is empty. */
export interface NameParts {
  given: string;
  middle: string;
  surname: string;
  /** Generation: `jr`, `sr`, `ii`; credentials and titles are dropped. */
  suffix: string;
  /** Written in another script: its spelling here is a guess. */
  guess?: true;
}

const TITLES: ReadonlySet<string> = new Set(
  'mr mrs ms miss mx dr prof professor sir dame lord lady rev reverend hon herr frau monsieur madame mme mlle senor senora don dona ing dipl mag'.split(
    ' ',
  ),
);
const GENERATIONS: Readonly<Record<string, string>> = {
  jr: 'jr',
  junior: 'jr',
  jnr: 'jr',
  sr: 'sr',
  senior: 'sr',
  snr: 'sr',
  ii: 'ii',
  iii: 'iii',
  iv: 'iv',
  '2nd': 'ii',
  '3rd': 'iii',
  '4th': 'iv',
};
const CREDENTIALS: ReadonlySet<string> = new Set(
  'phd md mba esq dds cpa msc bsc ba ma bt bart obe mbe cbe kc qc mp'.split(' '),
);
const PARTICLES: ReadonlySet<string> = new Set(
  'van von der den de del della di da do dos das du la le las los el al bin ibn ben bint abu zu zum zur ter ten af av y e st saint san mac mc o'.split(
    ' ',
  ),
);

export interface StatedName {
  full?: string;
  given?: string;
  middle?: string;
  surname?: string;
  suffix?: string;
}

/** Parts that are stated win over those that a whole name is taken apart into. */
export function nameParts(stated: StatedName): NameParts | undefined {
  const whole = stated.full === undefined ? undefined : partsOfWhole(stated.full);
  const surname = splitSuffix(words(fold(stated.surname ?? '')));
  const given = splitSuffix(words(fold(stated.given ?? '')).filter((word, i) => i > 0 || !TITLES.has(word)));
  const parts: NameParts = {
    given: given.rest.join(' '),
    middle: fold(stated.middle ?? ''),
    surname: surname.rest.join(' '),
    suffix: generation(stated.suffix) || surname.suffix || given.suffix,
  };
  if (whole && parts.given === '' && parts.surname === '') {
    Object.assign(parts, whole, { suffix: parts.suffix || whole.suffix });
  }
  if (parts.given === '' && parts.middle !== '') {
    parts.given = parts.middle;
    parts.middle = '';
  }
  // "Mary Ann" in one field is a given and a middle name.
  if (parts.middle === '') {
    const [first = '', ...others] = words(parts.given);
    if (others.length > 0 && !PARTICLES.has(first)) {
      parts.given = first;
      parts.middle = others.join(' ');
    }
  }
  if (parts.given === '' && parts.surname === '') return undefined;
  if (isTransliterated(`${stated.full ?? ''}${stated.given ?? ''}${stated.surname ?? ''}`)) parts.guess = true;
  return parts;
}

function generation(text: string | undefined): string {
  if (text === undefined) return '';
  for (const word of words(fold(text))) if (GENERATIONS[word] !== undefined) return GENERATIONS[word];
  return '';
}

/** Takes generation and credentials from the end; a name never becomes empty by it. */
function splitSuffix(all: readonly string[]): { rest: string[]; suffix: string } {
  const rest = [...all];
  let suffix = '';
  while (rest.length > 1) {
    const last = rest.at(-1) ?? '';
    if (GENERATIONS[last] !== undefined) suffix = GENERATIONS[last];
    else if (!CREDENTIALS.has(last)) break;
    rest.pop();
  }
  return { rest, suffix };
}

/** What stands between spaces: a double-barrelled name is one. */
function namesIn(text: string): string[] {
  const cut = text.slice(0, LONGEST_VALUE);
  return cut
    .split(/\s+/)
    .map(fold)
    .filter((name) => name !== '');
}

/** `Dr. Ada M. Lovelace`, `Lovelace, Ada M.`, `Ludwig van Beethoven`: the last word, with the particles before it, is the family name. */
function partsOfWhole(text: string): { given: string; middle: string; surname: string; suffix: string } {
  const comma = text.indexOf(',');
  const [before, behind] = comma < 0 ? [text, ''] : [text.slice(0, comma), text.slice(comma + 1)];
  const behindWords = namesIn(behind);
  const isInverted = behindWords.some((w) => GENERATIONS[w] === undefined && !CREDENTIALS.has(w));
  if (isInverted) {
    const { rest, suffix } = splitSuffix(behindWords.filter((w) => !TITLES.has(w)));
    const family = splitSuffix(words(fold(before)));
    return {
      given: rest[0] ?? '',
      middle: rest.slice(1).join(' '),
      surname: family.rest.join(' '),
      suffix: suffix || family.suffix,
    };
  }
  const all = namesIn(before);
  let first = 0;
  while (first < all.length - 1 && TITLES.has(all[first] ?? '')) first += 1;
  const { rest, suffix } = splitSuffix([...all.slice(first), ...behindWords]);
  if (rest.length <= 1) return { given: '', middle: '', surname: rest[0] ?? '', suffix };
  let start = rest.length - 1;
  while (start > 1 && PARTICLES.has(rest[start - 1] ?? '')) start -= 1;
  return { given: rest[0] ?? '', middle: rest.slice(1, start).join(' '), surname: rest.slice(start).join(' '), suffix };
}

/** Levels of `given`, by index. */
export const GIVEN = {
  exact: 0,
  nickname: 1,
  initial: 2,
  close: 3,
  fuzzy: 4,
  swapped: 5,
  cross: 6,
  differs: 7,
} as const;
export const SURNAME = { exact: 0, close: 1, part: 2, fuzzy: 3, differs: 4 } as const;

function isClose(a: string, b: string): boolean {
  return (Math.min(a.length, b.length) >= 4 && isOneEdit(a, b)) || isAlike(a, b, 0.94);
}

function isFuzzy(a: string, b: string): boolean {
  const short = Math.min(a.length, b.length);
  if (short <= 3) return isOneEdit(a, b) && short >= 2;
  return (short >= 5 && isWithinEdits(a, b, 2)) || isAlike(a, b, 0.86);
}

/** Two given names, folded, `a` before `b` in text order. */
export function compareGiven(a: string, b: string): number {
  if (a === b) return GIVEN.exact;
  if (areForms(a, b)) return isForeignForm(a, b) ? GIVEN.fuzzy : GIVEN.nickname;
  const [short, long] = a.length <= b.length ? [a, b] : [b, a];
  if (long.startsWith(short) && (short.length === 1 || short.length >= 3) && long.length - short.length >= 2)
    return GIVEN.initial;
  if (isClose(a, b)) return GIVEN.close;
  if (isFuzzy(a, b)) return GIVEN.fuzzy;
  return GIVEN.differs;
}

export function compareMiddle(a: string, b: string): number {
  if (a === b) return 0;
  const [short, long] = a.length <= b.length ? [a, b] : [b, a];
  if (long.startsWith(short) || initials(long) === short.replaceAll(' ', '')) return 1;
  return isClose(a, b) || areForms(a, b) ? 2 : 3;
}

function initials(text: string): string {
  return words(text)
    .map((word) => word.charAt(0))
    .join('');
}

export function compareSurname(a: string, b: string): number {
  if (a === b) return SURNAME.exact;
  const [x, y] = [a.replaceAll(' ', ''), b.replaceAll(' ', '')];
  if (x === y) return SURNAME.exact;
  if (isClose(x, y)) return SURNAME.close;
  if (x !== a || y !== b) {
    const theirs = words(b).filter((word) => !PARTICLES.has(word) && word.length > 2);
    const isPart = words(a).some(
      (word) => word.length > 2 && theirs.some((other) => other === word || isClose(word, other)),
    );
    if (isPart) return SURNAME.part;
  }
  return isFuzzy(x, y) ? SURNAME.fuzzy : SURNAME.differs;
}

/** Names of which one is a guess at another script's spelling are alike when their consonants are. */
export function soundAlike(a: string, b: string): boolean {
  const sounds = skeleton(a.replaceAll(' ', ''));
  return sounds.length >= 2 && sounds === skeleton(b.replaceAll(' ', ''));
}

/** Words of a family name that are names, not particles. */
export function familyNames(surname: string): string[] {
  const all = words(surname);
  const names = all.filter((word) => !PARTICLES.has(word));
  return names.length > 0 ? names : all;
}
