import { hash53 } from './hash.js';
import { blockingKeys, isRich, proposes } from './keys.js';
import type { Matcher, Prepared } from './matcher.js';

/** Compared pairs in rows: what estimation goes over again and again. */
export interface PairTable {
  rows: number;
  slots: number;
  /** Level by row and slot; -1 where a value is missing. */
  levels: Int8Array;
  /** Of exact agreements on a value with a frequency: bits that its rarity adds; 0 otherwise. */
  rarity: Float32Array;
  /** 1 or 0 where a person said whether the pair is one party, else -1. */
  labels: Int8Array;
  /** How many pairs a row stands for; one where it is absent. */
  repeats?: Float64Array;
}

/** The same pairs with equal rows made one: most random pairs differ in everything. */
export function compress(table: PairTable): PairTable {
  const { slots, levels, rarity } = table;
  const rowOf = new Map<string, number>();
  const kept: number[] = [];
  const counts: number[] = [];
  for (let row = 0; row < table.rows; row += 1) {
    let sign = '';
    for (let at = row * slots; at < (row + 1) * slots; at += 1)
      sign += `${String.fromCharCode(98 + (levels[at] ?? -1))}${rarity[at] === 0 ? '' : Math.round((rarity[at] ?? 0) * 64)}`;
    const known = rowOf.get(sign);
    if (known === undefined) {
      rowOf.set(sign, kept.length);
      kept.push(row);
      counts.push(1);
    } else counts[known] = (counts[known] ?? 0) + 1;
  }
  const small: PairTable = {
    rows: kept.length,
    slots,
    levels: new Int8Array(kept.length * slots),
    rarity: new Float32Array(kept.length * slots),
    labels: new Int8Array(kept.length).fill(-1),
    repeats: Float64Array.from(counts),
  };
  for (const [to, from] of kept.entries()) {
    small.levels.set(levels.subarray(from * slots, (from + 1) * slots), to * slots);
    small.rarity.set(rarity.subarray(from * slots, (from + 1) * slots), to * slots);
  }
  return small;
}

export function comparePairs(
  pairs: readonly (readonly [Prepared, Prepared])[],
  matcher: Matcher,
  labels?: readonly (0 | 1)[],
): PairTable {
  const { attributes, part } = matcher;
  const slots = attributes.length;
  const table: PairTable = {
    rows: pairs.length,
    slots,
    levels: new Int8Array(pairs.length * slots),
    rarity: new Float32Array(pairs.length * slots),
    labels: new Int8Array(pairs.length).fill(-1),
  };
  const rarities = attributes.map(({ attribute }) => {
    const { frequencies, unseen } = part.attributes[attribute] ?? {};
    if (frequencies === undefined || unseen === undefined) return undefined;
    const bits = new Map(Object.entries(frequencies).map(([value, share]) => [value, -Math.log2(share)]));
    const rarest = -Math.log2(unseen);
    return (value: string): number => bits.get(value) ?? rarest;
  });
  for (const [row, [a, b]] of pairs.entries()) {
    const { levels, left } = matcher.compare(a, b);
    table.levels.set(levels, row * slots);
    for (let slot = 0; slot < slots; slot += 1)
      if (levels[slot] === 0) table.rarity[row * slots + slot] = rarities[slot]?.(left[slot]?.text ?? '') ?? 0;
    table.labels[row] = labels?.[row] ?? -1;
  }
  return table;
}

/** Pairs that share a key, each once; every `step`th key-sharing pair, chosen by a hash of the two refs, when there are more than `most`. */
export function candidatePairs(
  records: readonly Prepared[],
  keyLimit: number,
  most: number,
): { pairs: (readonly [Prepared, Prepared])[]; found: number; pairsPerRecord: number } {
  const postings = new Map<number, number[]>();
  const keysOf = records.map(({ profile }) => blockingKeys(profile));
  const rich = records.map(({ profile }) => isRich(profile));
  for (const [index, keys] of keysOf.entries())
    for (const key of keys) {
      const posting = postings.get(key);
      if (posting) posting.push(index);
      else postings.set(key, [index]);
    }
  const each = (visit: (a: number, b: number) => void): void => {
    const met = new Int32Array(records.length).fill(-1);
    for (const [index, keys] of keysOf.entries())
      for (const key of keys) {
        const posting = postings.get(key) ?? [];
        if (posting.length > keyLimit) continue;
        for (const other of posting) {
          if (other >= index || met[other] === index) continue;
          if (!proposes(key, rich[index] ?? false, rich[other] ?? false)) continue;
          met[other] = index;
          visit(other, index);
        }
      }
  };
  let found = 0;
  each(() => (found += 1));
  const step = Math.max(1, Math.ceil(found / most));
  const pairs: (readonly [Prepared, Prepared])[] = [];
  each((a, b) => {
    const [x, y] = [records[a], records[b]];
    if (!x || !y) return;
    if (step > 1 && hash53(`${x.ref}\u001f${y.ref}`) % step !== 0) return;
    pairs.push([x, y]);
  });
  return { pairs, found, pairsPerRecord: records.length === 0 ? 0 : found / records.length };
}

/** Pairs taken at random from records in the order of their refs; all pairs where these are few. */
export function randomPairs(records: readonly Prepared[], most: number): (readonly [Prepared, Prepared])[] {
  const pairs: (readonly [Prepared, Prepared])[] = [];
  const n = records.length;
  if ((n * (n - 1)) / 2 <= most) {
    for (const [i, a] of records.entries()) for (const b of records.slice(i + 1)) pairs.push([a, b]);
    return pairs;
  }
  let state = 0x9e3779b9;
  const next = (): number => {
    // xorshift: the same pairs for the same records, always.
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % n;
  };
  while (pairs.length < most) {
    const [a, b] = [records[next()], records[next()]];
    if (a && b && a !== b) pairs.push([a, b]);
  }
  return pairs;
}
