import { createHash } from 'node:crypto';
import type { Version } from '@unsilo/schemas';

/** What is remembered of a ref's last states, newest first: major, minor, digest of the state. */
export type KnownVersions = readonly (readonly [major: number, minor: number, digest: string])[];

/** How many states of a ref are remembered, to tell late repeats of older ones. */
const REMEMBERED = 8;

export type Verdict =
  /** A state not seen before, with the version it gets. */
  | { kind: 'new'; version: Version; known: KnownVersions }
  /** Seen already, under this version. */
  | { kind: 'repeat'; version: Version }
  /** Older than all that is remembered: it changes nothing, and its counter could clash. */
  | { kind: 'forgotten' };

/**
 * Gives a state its version, so that one version names one state (SYNC section 1): the system's own order, and under one `major` a
 * counter that rises with each other state.
 */
export function judge(known: KnownVersions, given: Version, digest: string): Verdict {
  const same = known.filter(([major]) => major === given.major);
  const seen = same.find(([, , other]) => other === digest);
  // A counter of the connector's own that is known with this very state: the same event once more.
  if (given.minor > 0 && same.some(([, minor, other]) => minor === given.minor && other === digest))
    return { kind: 'repeat', version: given };
  // Within a major the newest state comes first: an older one of the same major that stands again is a new state of the record.
  const newest = known[0];
  if (seen !== undefined && (seen === same[0] || newest === undefined || given.major < newest[0]))
    return { kind: 'repeat', version: { major: seen[0], minor: seen[1] } };
  const oldest = known.at(-1);
  if (oldest !== undefined && known.length >= REMEMBERED && given.major < oldest[0]) return { kind: 'forgotten' };
  const last = same[0];
  const minor = last === undefined ? given.minor : Math.max(given.minor, last[1] + 1);
  const entry = [given.major, minor, digest] as const;
  const after = [...known, entry].sort((a, b) => b[0] - a[0] || b[1] - a[1]).slice(0, REMEMBERED);
  return { kind: 'new', version: { major: given.major, minor }, known: after };
}

/** Digest of a state whatever the order of its keys; short, since millions are kept. */
export function stateDigest(state: unknown): string {
  return createHash('sha256').update(sorted(state)).digest('base64url').slice(0, 22);
}

function sorted(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(sorted).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const parts = Object.entries(value)
    .filter(([, part]) => part !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    .map(([key, part]) => `${JSON.stringify(key)}:${sorted(part)}`);
  return `{${parts.join(',')}}`;
}

/** A stored value as known versions; anything else counts as nothing known. */
export function knownVersions(stored: unknown): KnownVersions {
  return Array.isArray(stored) ? (stored as KnownVersions) : [];
}
