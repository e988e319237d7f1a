import { setTimeout as delay } from 'node:timers/promises';

/** Time as connectors and the runner see it; tests give a virtual one. */
export interface Clock {
  /** Epoch milliseconds. */
  now(): number;
  /** Resolves after `ms`; rejects with the signal's reason when it aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** Longest delay that timers take (2^31 - 1 ms); a longer one would fire at once. */
const LONGEST_TIMER_MS = 2_147_483_647;

export const systemClock: Clock = {
  now: () => Date.now(),
  sleep: async (ms, signal) => {
    signal?.throwIfAborted();
    try {
      await delay(Math.min(Math.max(0, ms), LONGEST_TIMER_MS), undefined, signal === undefined ? {} : { signal });
    } catch (error) {
      signal?.throwIfAborted();
      throw error;
    }
  },
};

/** RFC 3339 with milliseconds in UTC. */
export function timestamp(epochMs: number): string {
  return new Date(epochMs).toISOString();
}

/** A time of the system's clock as ours would have shown it: what `changedAt` carries (SYNC section 2.6). */
export function correctedTime(systemEpochMs: number, clockOffsetMs: number | undefined): string {
  return timestamp(systemEpochMs - (clockOffsetMs ?? 0));
}
