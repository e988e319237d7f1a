import type { Scope } from './scope.js';
import { keys } from './storage.js';

/** A clock that is off by less is as good as right: `Date` headers have whole seconds, and networks their delays. */
const TOLERATED_OFFSET_MS = 5000;
/** `Date` headers have whole seconds: what differs by less need not be kept anew with each answer. */
const KEPT_TO_MS = 1000;

/** What the clock of the system is ahead of ours, as its answers show it. */
export interface ClockOffset {
  /** As last measured, milliseconds; undefined until an answer had a `Date` header. */
  readonly lastMs: number | undefined;
  note(offsetMs: number): void;
}

/**
 * Kept over a restart: a system may call before it has been asked anything.
 * @param raise Tells of a clock that is off; 0: that it is right again.
 */
export async function followClock(
  { storage, system, logger, redact }: Scope,
  raise: (offsetMs: number) => void,
): Promise<ClockOffset> {
  const [stored] = await storage.getMany([keys.clockOffset]);
  let kept = typeof stored === 'number' ? stored : undefined;
  let lastMs = kept;
  let raised = 0;
  return {
    get lastMs() {
      return lastMs;
    },
    note(offsetMs) {
      lastMs = offsetMs;
      if (kept === undefined || Math.abs(offsetMs - kept) >= KEPT_TO_MS) {
        kept = offsetMs;
        storage.set({ [keys.clockOffset]: offsetMs }).catch((error: unknown) => {
          logger.warn({ system }, `The offset of the clock could not be kept: ${redact(String(error))}`);
        });
      }
      if (Math.abs(offsetMs - raised) < TOLERATED_OFFSET_MS) return;
      raised = Math.abs(offsetMs) < TOLERATED_OFFSET_MS ? 0 : offsetMs;
      raise(offsetMs);
    },
  };
}
