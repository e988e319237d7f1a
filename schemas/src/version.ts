import type { Version } from './generated/types.js';

/** Order of two states of one ref: below zero when `a` is older, above when newer, zero when they are one state. */
export function compareVersions(a: Version, b: Version): number {
  return a.major - b.major || a.minor - b.minor;
}
