/**
 * The statuses that are looked at again for edits, deletions and replies: the API tells of none of these but in the stream, which may
 * miss them. How often depends on their age. Part of the checkpoint, hence written as a row.
 */
export interface Watched {
  id: string;
  /** Id of the first status of its conversation. */
  thread: string;
  /** Id of its author's account. */
  author: string;
  /** Order of its last known state. */
  order: number;
  /** Epoch milliseconds. */
  created: number;
  /** When to look again, epoch milliseconds. */
  due: number;
}
export type WatchedRow = [id: string, thread: string, author: string, order: number, created: number, due: number];

export interface WatchLimits {
  days: number;
  max: number;
  recheckMs: number;
}

const LONGEST_WAIT_MS = 6 * 3600_000;
const DAY_MS = 86_400_000;

export interface WatchList {
  get(id: string): Watched | undefined;
  /** Adds or updates; due again later. One that is too old is left out. */
  seen(status: Omit<Watched, 'due'>, now: number): void;
  remove(id: string): void;
  /** At most `limit` of those due, and those that `hinted` names, the longest due first. */
  due(now: number, limit: number, hinted: ReadonlySet<string>): Watched[];
  rows(): WatchedRow[];
}

export function watchList(rows: readonly WatchedRow[], limits: WatchLimits): WatchList {
  const watched = new Map<string, Watched>();
  for (const [id, thread, author, order, created, due] of rows)
    watched.set(id, { id, thread, author, order, created, due });

  const isTooOld = (created: number, now: number) => now - created > limits.days * DAY_MS;

  /** A tenth of its age, so that a lively conversation is followed closely and an old one costs nearly nothing. */
  function waitOf(created: number, now: number): number {
    return Math.max(limits.recheckMs, Math.min((now - created) / 10, LONGEST_WAIT_MS));
  }

  function trim(now: number): void {
    for (const { id, created } of watched.values()) if (isTooOld(created, now)) watched.delete(id);
    if (watched.size <= limits.max) return;
    const oldest = [...watched.values()].sort((a, b) => a.created - b.created).slice(0, watched.size - limits.max);
    for (const { id } of oldest) watched.delete(id);
  }

  return {
    get: (id) => watched.get(id),
    seen(status, now) {
      if (isTooOld(status.created, now)) return void watched.delete(status.id);
      // With no time to wait it is due at every look, even if the clock is put back.
      const wait = limits.recheckMs === 0 ? 0 : waitOf(status.created, now);
      watched.set(status.id, { ...status, due: wait === 0 ? 0 : Math.round(now + wait) });
      if (watched.size > limits.max * 1.2 + 10) trim(now);
    },
    remove: (id) => void watched.delete(id),
    due(now, limit, hinted) {
      trim(now);
      return [...watched.values()]
        .filter(({ id, due }) => hinted.has(id) || due <= now || due > now + LONGEST_WAIT_MS + limits.recheckMs)
        .sort((a, b) => Number(hinted.has(b.id)) - Number(hinted.has(a.id)) || a.due - b.due)
        .slice(0, limit);
    },
    rows: () =>
      [...watched.values()].map(({ id, thread, author, order, created, due }) => [
        id,
        thread,
        author,
        order,
        created,
        due,
      ]),
  };
}
