import { toWeight } from './matcher.js';
import type { PartModel } from './model.js';
import type { Profile } from './profile.js';

/** What keeps the work for one record bounded, and holds wherever records are kept: in memory or in the hub's tables. */

/** A component larger than this is taken from stronger evidence alone, so that no update touches a crowd. */
export const LARGEST_COMPONENT = 100;
const FLOOR_STEP = toWeight(2);
const STEPS = 64;

/** A value with more holders than this is generic, whatever their names: nobody has so many records. */
export const MOST_HOLDERS = 300;

/** Floors for the edges of a component, 1/1024 bit, in the order in which they are tried; at the last one only decisions are left. */
export function* floors(part: PartModel): Generator<number> {
  const threshold = toWeight(part.threshold);
  for (let step = 0; step < STEPS; step += 1) yield threshold + step * FLOOR_STEP;
  yield Infinity;
}

/** Does a value say nothing because too many different names, or too many records, stand with it? */
export function isGenericValue(part: PartModel, holders: number, names: number): boolean {
  return names > part.genericAbove || holders > MOST_HOLDERS;
}

/** Does a key stand under so many records that it proposes none of them? */
export function isRetired(part: PartModel, holders: number): boolean {
  return holders > part.keyLimit;
}

/** Has each of the two a value of an attribute of which a party has exactly one, and none in common? */
export function isContradiction(a: Profile, b: Profile, part: PartModel): boolean {
  return part.exclusive.some((attribute) => {
    const [ours, theirs] = [a.values[attribute], b.values[attribute]];
    return ours !== undefined && theirs !== undefined && !ours.some((value) => theirs.includes(value));
  });
}
