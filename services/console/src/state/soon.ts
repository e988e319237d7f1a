const SETTLE_MS = 400;
const APART_MS = 2000;

/** Runs a moment after it is asked to: many asks at once are one run, and asks without an end are one run now and then. */
export function soon(run: () => void): { ask(): void; stop(): void } {
  let waiting: ReturnType<typeof setTimeout> | undefined;
  let last = 0;
  return {
    ask: () => {
      waiting ??= setTimeout(
        () => {
          waiting = undefined;
          last = Date.now();
          run();
        },
        Math.max(SETTLE_MS, last + APART_MS - Date.now()),
      );
    },
    stop: () => clearTimeout(waiting),
  };
}
