import { createHash } from 'node:crypto';
import { parseRef, type Version } from '@unsilo/schemas';
import type { ConnectorMemory, Retired } from '@unsilo/connector-sdk';

/**
 * What is remembered of each record. SuiteCRM's `date_modified` is cut to the minute in answers, can be set by writers, and doesn't move
 * when links change: it orders states only roughly. So the connector numbers the states that it sees: `major` never falls, and another
 * state under the same `major` raises `minor` (SYNC section 1).
 */
export interface Remembered {
  version: Version;
  /** Digest of the state, or `gone`. */
  digest: string;
  /** Epoch milliseconds, by our clock; repeats say the same. */
  changedAt: number;
  /** Objects: digest of the record itself, and the contacts that were linked to it when last looked. */
  links?: { record: string; contacts: string[] };
  /** Objects: the interaction that it was made from. */
  interaction?: string;
  /** Number of the last checkpoint when the deletion was found: later ones prove that it was passed on. */
  goneAfter?: number;
  /** Parties: digest of the mapping under which it was told. */
  mapping?: string;
  /** What it said last of fields that the mapping no longer has, and the digest of what it says besides. */
  retired?: Retired;
  own?: string;
  /** A steward has erased it: it is not told again until it says something else. */
  erased?: true;
}
export const GONE = 'gone';

export function stateDigest(state: unknown): string {
  return createHash('sha256').update(sorted(state)).digest('base64url').slice(0, 22);
}

function sorted(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(sorted).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const parts = Object.entries(value)
    .filter(([, part]) => part !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : Number(a > b)))
    .map(([key, part]) => `${JSON.stringify(key)}:${sorted(part)}`);
  return `{${parts.join(',')}}`;
}

/** The version of a state that follows what is remembered. */
export function nextVersion(known: Remembered | undefined, modifiedMs: number): Version {
  // Counting from 1: a repeat of a counted version is known as such in whatever order it comes.
  if (known === undefined || modifiedMs > known.version.major) return { major: modifiedMs, minor: 1 };
  return { major: known.version.major, minor: known.version.minor + 1 };
}

/** Ids known to be there, to find those that went away. */
const BUCKET = 3;
const SORTABLE = /^[0-9A-Za-z-]+$/;
/** Ids of other forms: their order is the database's own secret. */
export const ODD_BUCKET = 'odd';

export interface RecordMemory {
  get(refs: readonly string[]): Promise<Map<string, Remembered>>;
  /** Notes states; ids not known before join the list of those that are there. */
  put(entries: ReadonlyMap<string, Remembered>): Promise<void>;
  /** Known ids of a kind above `after` and up to `last` (both absent: from the first, to the last), and those of odd forms at the end. */
  known(kind: string, after: string | undefined, last: string | undefined): Promise<string[]>;
  /** Takes ids off the list of those that are there. */
  forget(refs: readonly string[]): Promise<void>;
  /** Takes away what tells something of people in these records; what they say is known by its digest. */
  erase(refs: readonly string[]): Promise<void>;
}

export function recordMemory(memory: ConnectorMemory): RecordMemory {
  async function withBuckets(
    refs: readonly string[],
    change: (ids: Set<string>, id: string) => void,
  ): Promise<Record<string, unknown>> {
    const byBucket = new Map<string, string[]>();
    for (const ref of refs) {
      const { kind, id } = parseRef(ref)!;
      const key = bucketKey(kind, bucketOf(id));
      byBucket.set(key, [...(byBucket.get(key) ?? []), id]);
    }
    const keys = [...byBucket.keys()];
    const stored = keys.length === 0 ? [] : await memory.getMany(keys);
    return Object.fromEntries(
      keys.map((key, index) => {
        const ids = new Set(idsIn(stored[index]));
        for (const id of byBucket.get(key)!) change(ids, id);
        return [key, ids.size === 0 ? undefined : [...ids].sort()];
      }),
    );
  }

  return {
    async get(refs) {
      const stored = refs.length === 0 ? [] : await memory.getMany(refs.map(stateKey));
      return new Map(
        refs.flatMap((ref, index) =>
          stored[index] === undefined ? [] : [[ref, stored[index] as Remembered] as const],
        ),
      );
    },

    async put(entries) {
      const refs = [...entries.keys()];
      const known = await this.get(refs);
      const fresh = refs.filter(
        (ref) => entries.get(ref)!.digest !== GONE && (known.get(ref)?.digest ?? GONE) === GONE,
      );
      const buckets = await withBuckets(fresh, (ids, id) => ids.add(id));
      const states = Object.fromEntries([...entries].map(([ref, entry]) => [stateKey(ref), entry]));
      await memory.set({ ...states, ...buckets });
    },

    async known(kind, after, last) {
      const low = sortable(after ?? '');
      const high = last === undefined ? undefined : sortable(last);
      const names = bucketNames(low, high);
      const stored = await memory.getMany(names.map((name) => bucketKey(kind, name)));
      return stored.flatMap(idsIn).filter((id) => {
        if (bucketOf(id) === ODD_BUCKET) return last === undefined;
        const place = sortable(id);
        return place > low && (high === undefined || place <= high);
      });
    },

    async erase(refs) {
      const standing = [...(await this.get(refs))].filter(([, { digest }]) => digest !== GONE);
      await this.put(new Map(standing.map(([ref, { retired: _, ...entry }]) => [ref, { ...entry, erased: true }])));
    },

    async forget(refs) {
      await memory.set(await withBuckets(refs, (ids, id) => ids.delete(id)));
    },
  };
}

function stateKey(ref: string): string {
  const { kind, id } = parseRef(ref)!;
  return `state/${kind}/${id}`;
}
function bucketKey(kind: string, bucket: string): string {
  return `ids/${kind}/${bucket}`;
}

/** Ids as the database compares them: its collations know no case, and keep the order of ASCII among letters, digits and hyphens. */
function sortable(id: string): string {
  return id.toUpperCase();
}

function bucketOf(id: string): string {
  if (!SORTABLE.test(id)) return ODD_BUCKET;
  const head = id.slice(0, BUCKET).toLowerCase();
  return /^[0-9a-f]{3}$/.test(head) ? head : ODD_BUCKET;
}

function bucketNames(low: string, high: string | undefined): string[] {
  const names: string[] = [];
  for (let number = 0; number < 16 ** BUCKET; number += 1) {
    const name = number.toString(16).padStart(BUCKET, '0');
    const place = name.toUpperCase();
    if (place < low.slice(0, BUCKET)) continue;
    if (high !== undefined && place > high.slice(0, BUCKET)) break;
    names.push(name);
  }
  return high === undefined ? [...names, ODD_BUCKET] : names;
}

function idsIn(stored: unknown): string[] {
  return Array.isArray(stored) ? (stored as string[]) : [];
}
