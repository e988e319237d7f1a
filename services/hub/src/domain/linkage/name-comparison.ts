import type { Word } from './lexicon.js';
import { GIVEN, soundAlike, SURNAME } from './person-name.js';
import { isOneEdit } from './similarity.js';

/** A person's name laid out for comparing; absent parts are undefined. */
export interface NameWords {
  given: Word | undefined;
  middle: Word | undefined;
  surname: Word | undefined;
  suffix: Word | undefined;
  /** Written in another script: its spelling is a guess. */
  guess: boolean;
}

interface Comparers {
  given(a: Word, b: Word): number;
  middle(a: Word, b: Word): number;
  surname(a: Word, b: Word): number;
}

/** Slots of `NAME_ATTRIBUTES`. */
const SLOT = { given: 0, middle: 1, surname: 2, suffix: 3 } as const;

/**
 * Levels of all parts of two names: part by part, and where nothing agrees crosswise, since forms swap given and family name and lists
 * know one name only.
 * @param put Takes the levels; what isn't put has none.
 */
export function compareNames(
  a: NameWords,
  b: NameWords,
  compare: Comparers,
  put: (slot: number, level: number, a: Word, b: Word) => void,
): void {
  let given = -1;
  let surname = -1;
  if (a.given && b.given)
    given = a.given.text === b.given.text ? GIVEN.exact : compareGivenNames(a, b, a.given, b.given, compare);
  if (a.surname && b.surname) {
    surname = a.surname.text === b.surname.text ? SURNAME.exact : compare.surname(a.surname, b.surname);
    if (surname === SURNAME.differs && a.guess !== b.guess && soundAlike(a.surname.text, b.surname.text))
      surname = SURNAME.fuzzy;
  }
  const isApart = (given === -1 || given === GIVEN.differs) && (surname === -1 || surname === SURNAME.differs);
  const crossed = isApart ? crosswise(a, b) : undefined;
  if (crossed !== undefined) put(SLOT.given, crossed, whole(a), whole(b));
  else {
    if (a.given && b.given) put(SLOT.given, given, a.given, b.given);
    if (a.surname && b.surname) put(SLOT.surname, surname, a.surname, b.surname);
  }
  if (a.middle && b.middle && crossed !== GIVEN.cross)
    put(SLOT.middle, a.middle.text === b.middle.text ? 0 : compare.middle(a.middle, b.middle), a.middle, b.middle);
  if (a.suffix && b.suffix) put(SLOT.suffix, a.suffix.text === b.suffix.text ? 0 : 1, a.suffix, b.suffix);
}

function compareGivenNames(a: NameWords, b: NameWords, x: Word, y: Word, compare: Comparers): number {
  const level = compare.given(x, y);
  if (level !== GIVEN.differs) return level;
  if (a.guess !== b.guess && soundAlike(x.text, y.text)) return GIVEN.fuzzy;
  // Some go by their middle name.
  return a.middle?.text === y.text || b.middle?.text === x.text ? GIVEN.fuzzy : level;
}

function crosswise(a: NameWords, b: NameWords): number | undefined {
  const forth = a.given && b.surname ? isSame(a.given.text, b.surname.text) : undefined;
  const back = a.surname && b.given ? isSame(a.surname.text, b.given.text) : undefined;
  if (forth === true && back === true) return GIVEN.swapped;
  return (forth === true && back === undefined) || (back === true && forth === undefined) ? GIVEN.cross : undefined;
}

function isSame(a: string, b: string): boolean {
  return a === b || (a.length >= 4 && b.length >= 4 && isOneEdit(a, b));
}

function whole({ given, surname }: NameWords): Word {
  return { text: `${given?.text ?? ''} ${surname?.text ?? ''}`.trim(), id: 0, exact: 0 };
}
