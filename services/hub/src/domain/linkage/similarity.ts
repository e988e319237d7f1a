import { distance } from 'fastest-levenshtein';

/**
 * Similarity of strings. All symmetric: where the method is not so by itself, the pair is put in order first, since equal sets of
 * records must give equal weights whatever came first.
 */

const MOST = 128;
const usedA = new Uint8Array(MOST);
const usedB = new Uint8Array(MOST);

/**
 * Jaro similarity with Winkler's bonus for a common beginning (up to 4 characters, 0.1 each): 0 to 1.
 * @param least What is surely less alike than this is taken for 0, as soon as that shows.
 */
export function jaroWinkler(x: string, y: string, least = 0): number {
  if (x === y) return 1;
  const [a, b] = x.length < y.length || (x.length === y.length && x < y) ? [x, y] : [y, x];
  const m = Math.min(a.length, MOST);
  const n = Math.min(b.length, MOST);
  if (m === 0) return 0;
  let prefix = 0;
  while (prefix < 4 && prefix < m && a.charCodeAt(prefix) === b.charCodeAt(prefix)) prefix += 1;
  const leastJaro = (least - prefix * 0.1) / (1 - prefix * 0.1);
  // Less than this even if all matches stand in order; the margin is for rounding.
  const misses = m - (3 * leastJaro - 1) / (1 / m + 1 / n) + 1e-6;
  if (misses < 0) return 0;
  const reach = Math.max(0, (n >> 1) - 1);
  usedA.fill(0, 0, m);
  usedB.fill(0, 0, n);
  let matches = 0;
  for (let i = 0; i < m; i += 1) {
    if (i - matches > misses) return 0;
    const code = a.charCodeAt(i);
    const to = Math.min(n, i + reach + 1);
    for (let j = Math.max(0, i - reach); j < to; j += 1) {
      if (usedB[j] === 1 || b.charCodeAt(j) !== code) continue;
      usedA[i] = 1;
      usedB[j] = 1;
      matches += 1;
      break;
    }
  }
  if (matches === 0) return 0;
  let swapped = 0;
  for (let i = 0, j = 0; i < m; i += 1) {
    if (usedA[i] !== 1) continue;
    while (usedB[j] !== 1) j += 1;
    if (a.charCodeAt(i) !== b.charCodeAt(j)) swapped += 1;
    j += 1;
  }
  const jaro = (matches / m + matches / n + (matches - swapped / 2) / matches) / 3;
  return jaro + prefix * 0.1 * (1 - jaro);
}

/** Are the two at least so much alike, by Jaro and Winkler? */
export function isAlike(x: string, y: string, least: number): boolean {
  return jaroWinkler(x, y, least) >= least;
}

/** At most one insertion, removal, replacement, or swap of neighbours. */
export function isOneEdit(x: string, y: string): boolean {
  const [a, b] = x.length <= y.length ? [x, y] : [y, x];
  if (b.length - a.length > 1) return false;
  let start = 0;
  while (start < a.length && a.charCodeAt(start) === b.charCodeAt(start)) start += 1;
  let endA = a.length;
  let endB = b.length;
  while (endA > start && a.charCodeAt(endA - 1) === b.charCodeAt(endB - 1)) {
    endA -= 1;
    endB -= 1;
  }
  const left = endB - start;
  if (left <= 1) return true;
  return (
    left === 2 &&
    endA - start === 2 &&
    a.charCodeAt(start) === b.charCodeAt(start + 1) &&
    a.charCodeAt(start + 1) === b.charCodeAt(start)
  );
}

/** Levenshtein distance of at most `most`. */
export function isWithinEdits(a: string, b: string, most: number): boolean {
  return Math.abs(a.length - b.length) <= most && distance(a, b) <= most;
}
