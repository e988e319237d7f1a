import { setTimeout as sleep } from 'node:timers/promises';

/** Looks until something is there; what never comes fails the test by its own time limit. */
export async function eventually<Result>(
  look: () => Promise<Result | undefined> | Result | undefined,
): Promise<Result> {
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    await sleep(20);
  }
}
