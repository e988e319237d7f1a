/** A value as it is compared: its number stands for it where levels are remembered. */
export interface Word {
  readonly text: string;
  readonly id: number;
  /** Weight of an exact agreement on it, 1/1024 bit. */
  readonly exact: number;
}

/** Words that are kept for one attribute; beyond, all are forgotten and made anew, which costs time and changes nothing else. */
const MOST_WORDS = 500_000;

let nextId = 1;

/** The words of one attribute. @param exact Weight of an exact agreement on a value. */
export function createLexicon(exact: (text: string) => number): (text: string) => Word {
  const words = new Map<string, Word>();
  return (text) => {
    let word = words.get(text);
    if (word === undefined) {
      if (words.size >= MOST_WORDS) words.clear();
      word = { text, id: nextId, exact: exact(text) };
      nextId = nextId >= 0x3fffffff ? 1 : nextId + 1;
      words.set(text, word);
    }
    return word;
  };
}

const PLACE_BITS = 16;

/**
 * Remembers levels of pairs of words: names repeat, so most pairs have been compared before. A later pair takes the place of an earlier
 * one, so memory is bounded; the answers don't depend on what it remembers. The comparison is called with the texts in order.
 */
export function rememberLevels(compare: (a: string, b: string) => number): (a: Word, b: Word) => number {
  let low = new Int32Array(0);
  let high = new Int32Array(0);
  let levels = new Int8Array(0);
  return (x, y) => {
    const [a, b] = x.id < y.id ? [x.id, y.id] : [y.id, x.id];
    if (low.length === 0) {
      // Most attributes are never compared.
      low = new Int32Array(1 << PLACE_BITS);
      high = new Int32Array(1 << PLACE_BITS);
      levels = new Int8Array(1 << PLACE_BITS);
    }
    const place = (Math.imul(a, 0x9e3779b1) ^ Math.imul(b, 0x85ebca6b)) >>> (32 - PLACE_BITS);
    if (low[place] === a && high[place] === b) return levels[place] as number;
    const level = x.text < y.text ? compare(x.text, y.text) : compare(y.text, x.text);
    low[place] = a;
    high[place] = b;
    levels[place] = level;
    return level;
  };
}
