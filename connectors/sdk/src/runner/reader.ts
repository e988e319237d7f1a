import { PauseError, RetryableError, TerminalError } from '../errors.js';
import type { Connector, ConnectorContext, ReadItem } from '../connector.js';
import { backoff } from './backoff.js';
import type { Intake } from './intake.js';
import { toldReason } from './reasons.js';
import type { Scope } from './scope.js';
import type { Reason } from './status.js';
import { keys } from './storage.js';
import { tracedReading } from './tracing.js';

export interface ReaderSettings {
  /** Milliseconds between two readings of a source that was exhausted. */
  intervalMs: number;
  /** Items that are appended at once at most. */
  batchItems: number;
  /** How long items wait for more to be appended with, milliseconds. */
  lingerMs: number;
  retryBaseMs: number;
  retryMaxMs: number;
}

export interface ReaderEvents {
  /** A reading works: something came, or it ended well. */
  onWell(): void;
  onBehind(reason: Reason): void;
  onPause(reason: Reason): void;
  onSnapshot(): void;
  onAppended(): void;
}

/** Reads a source again and again until `signal` aborts. */
export interface Reader {
  /** Ends when the signal aborts or the system must pause. */
  run(signal: AbortSignal): Promise<void>;
  /** Reads at once instead of at the next interval. */
  poke(): void;
}

export function createReader<Options>(
  connector: Connector<Options>,
  contextFor: (signal: AbortSignal) => ConnectorContext<Options>,
  intake: Intake,
  scope: Scope,
  settings: ReaderSettings,
  events: ReaderEvents,
): Reader {
  const { clock, storage, logger, redact, system } = scope;
  let poked = false;
  let wake: (() => void) | undefined;

  /** Waits, unless poked. */
  async function rest(ms: number, signal: AbortSignal): Promise<void> {
    if (poked) return;
    const waiting = new AbortController();
    const end = () => waiting.abort();
    wake = end;
    signal.addEventListener('abort', end, { once: true });
    if (signal.aborted) end();
    try {
      await clock.sleep(ms, waiting.signal);
    } catch (error) {
      if (!waiting.signal.aborted) throw error;
    } finally {
      wake = undefined;
      signal.removeEventListener('abort', end);
    }
  }

  async function commit(buffer: ReadItem[]): Promise<void> {
    if (buffer.length === 0) return;
    // Kept until it is durable: a batch that failed is given again before anything that came after it.
    const taken = await tracedReading(system, buffer.length, () => intake.take(buffer));
    buffer.length = 0;
    events.onWell();
    if (taken.appended > 0) events.onAppended();
    if (taken.snapshotCompleted) events.onSnapshot();
  }

  /** One reading, to its end. */
  async function readOnce(signal: AbortSignal): Promise<void> {
    const [checkpoint] = await storage.getMany([keys.checkpoint]);
    const context = Object.assign(contextFor(signal), { checkpoint });
    const iterator = connector.read!(context)[Symbol.asyncIterator]();
    const buffer: ReadItem[] = [];
    let failure: { error: unknown } | undefined;
    try {
      for (let next = iterator.next(); ;) {
        // What is there goes to the log when nothing more comes for a moment: a stream may be silent for hours.
        if (buffer.length > 0 && !(await settlesWithin(next, settings.lingerMs, clock))) await commit(buffer);
        const { done, value } = await untilAborted(next, signal);
        if (done === true) break;
        buffer.push(value);
        if (buffer.length >= settings.batchItems) await commit(buffer);
        next = iterator.next();
      }
    } catch (error) {
      failure = { error };
    }
    // What came before a failure is good and need not be read again.
    await commit(buffer);
    // The connector's own last step ends before anybody reads again; one that never ends is left behind by the runner's grace time.
    if (failure !== undefined) await iterator.return?.().catch(() => undefined);
    if (failure !== undefined) throw failure.error;
  }

  async function run(signal: AbortSignal): Promise<void> {
    const waits = backoff({ baseMs: settings.retryBaseMs, maxMs: settings.retryMaxMs, random: scope.random });
    while (!signal.aborted) {
      poked = false;
      let restMs = settings.intervalMs;
      try {
        await readOnce(signal);
        scope.counts.readings += 1;
        waits.reset();
        events.onWell();
      } catch (error) {
        if (signal.aborted) return;
        const reason = toldReason(error, scope);
        if (error instanceof PauseError) return events.onPause(reason);
        if (error instanceof TerminalError) await parkFailure(reason);
        restMs = waits.next(error instanceof RetryableError ? error.retryAfterMs : undefined);
        logger.warn({ system, code: reason.code, retryInMs: restMs }, `Reading failed: ${reason.message}`);
        events.onBehind(reason);
        // A poke doesn't shorten the rest of a system that fails.
        await rest(restMs, signal);
        continue;
      }
      await rest(restMs, signal);
    }
  }

  /** What can't be read at all is told once among the dead letters, with where it was. */
  async function parkFailure(reason: Reason): Promise<void> {
    await intake.park({ ...reason, at: {}, payload: '' }).catch((error: unknown) => {
      logger.warn({ system, code: 'UNSILO_RUNNER_PARK_FAILED' }, redact(String(error)));
    });
  }

  return {
    run,
    poke() {
      poked = true;
      wake?.();
    },
  };
}

/** Turns of the microtask queue that a value which is ready takes at most to come out of a few nested generators. */
const READY_TURNS = 16;

async function settlesWithin(promise: Promise<unknown>, ms: number, clock: Scope['clock']): Promise<boolean> {
  let done = false;
  const settled = promise.then(
    () => (done = true),
    () => (done = true),
  );
  // Most items are ready: a timer for each would cost more than the rest of the reading.
  for (let turns = 0; turns < READY_TURNS && !done; turns += 1) await Promise.resolve();
  if (done) return true;
  const waiting = new AbortController();
  const slept = clock.sleep(ms, waiting.signal).then(
    () => false,
    () => false,
  );
  try {
    return await Promise.race([settled, slept]);
  } finally {
    waiting.abort();
  }
}

/** A connector that doesn't heed its signal must not hold up the end. */
async function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  let onAbort: (() => void) | undefined;
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(signal.reason as Error);
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort!);
    promise.catch(() => undefined);
  }
}
