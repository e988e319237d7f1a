import { endsWithin } from '@unsilo/event-log';

/** All of a stop, milliseconds: whoever asked for it waits ten seconds, and the process has to end as well. */
const STOP_MS = 9000;

interface Step {
  what: string;
  end: () => Promise<unknown>;
  reservedMs: number;
}

/**
 * How to end what has been opened so far: last first, each whatever became of the others. A step may take whatever time the others leave;
 * what takes longer is left behind, and told.
 */
export class Ending {
  readonly #steps: Step[] = [];
  readonly #left: string[] = [];
  readonly #stopMs: number;
  #all: Promise<readonly string[]> | undefined;

  constructor(stopMs = STOP_MS) {
    this.#stopMs = stopMs;
  }

  /**
   * @param what As the log names it: "the hub's work".
   * @param reservedMs What the steps before leave for it, however long they would like to take.
   */
  add(what: string, end: () => Promise<unknown>, reservedMs = 200): void {
    this.#steps.push({ what, end, reservedMs });
  }

  /** Something that a step could not bring to its end, though it ended itself. */
  leave(what: string): void {
    this.#left.push(what);
  }

  get begun(): boolean {
    return this.#all !== undefined;
  }

  /** What was left undone, in words; never rejects. Repeats are harmless. */
  all(): Promise<readonly string[]> {
    this.#all ??= this.#run();
    return this.#all;
  }

  async #run(): Promise<readonly string[]> {
    const over = performance.now() + this.#stopMs;
    const steps = this.#steps.splice(0).reverse();
    for (const [index, { what, end, reservedMs }] of steps.entries()) {
      const reserved = steps.slice(index + 1).reduce((sum, step) => sum + step.reservedMs, 0);
      const limitMs = Math.max(reservedMs, over - performance.now() - reserved);
      const failure = await failureWithin(end, limitMs);
      if (failure !== undefined) this.#left.push(`${what}: ${failure}`);
    }
    return this.#left;
  }
}

/** What went wrong, if anything did. */
async function failureWithin(end: () => Promise<unknown>, limitMs: number): Promise<string | undefined> {
  let failure: string | undefined;
  const ended = end().catch((error: unknown) => (failure = error instanceof Error ? error.message : String(error)));
  return (await endsWithin(ended, limitMs)) ? failure : `did not end within ${(limitMs / 1000).toFixed(1)} s`;
}
