import { setTimeout as sleep } from 'node:timers/promises';

/** Shorter than the time limit of a test, so that a test that waits in vain ends what it started. */
const LONGEST_MS = 50_000;

/** Looks until something is there. */
export async function eventually<Result>(
  look: () => Promise<Result | undefined> | Result | undefined,
): Promise<Result> {
  const until = performance.now() + LONGEST_MS;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (performance.now() > until) throw new Error(`It has not come within ${LONGEST_MS / 1000} s: ${look.toString()}`);
    await sleep(20);
  }
}
