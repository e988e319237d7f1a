import type { Clock } from '../clock.js';
import { RetryableError } from '../errors.js';

export interface LimiterOptions {
  system: string;
  concurrency: number;
  rate?: { requests: number; perMs: number };
  /** A wait beyond this is refused at once, so that the caller can do something else meanwhile. */
  longestWaitMs: number;
  clock: Clock;
}

/** Lets the requests of one system through: so many at once, so many in a stretch of time, none while the server asks for quiet. */
export interface Limiter {
  /**
   * Resolves with the release, in order of arrival.
   * @throws RetryableError UNSILO_HTTP_RATE_LIMITED when the server's quiet lasts longer than `longestWaitMs`
   */
  acquire(signal?: AbortSignal): Promise<() => void>;
  /** No request begins before this time (epoch milliseconds). */
  holdUntil(epochMs: number): void;
  /** Rejects everything that waits. */
  close(): void;
}

interface Waiter {
  admit(release: () => void): void;
  refuse(error: unknown): void;
}

export function createLimiter(options: LimiterOptions): Limiter {
  const { clock, concurrency, rate } = options;
  const waiting: Waiter[] = [];
  const starts: number[] = [];
  const closing = new AbortController();
  let running = 0;
  let quietUntil = 0;
  let pumping = false;

  const waitMs = (): number => {
    const now = clock.now();
    let until = quietUntil;
    if (rate !== undefined && starts.length >= rate.requests) until = Math.max(until, starts[0]! + rate.perMs);
    return Math.max(0, until - now);
  };
  const tooLong = (): RetryableError | undefined => {
    const ms = Math.max(0, quietUntil - clock.now());
    if (ms <= options.longestWaitMs) return undefined;
    return new RetryableError(
      'UNSILO_HTTP_RATE_LIMITED',
      `${options.system} asked for no requests for ${Math.ceil(ms / 1000)} s`,
      {
        retryAfterMs: ms,
        mayHaveApplied: false,
      },
    );
  };
  const start = (waiter: Waiter) => {
    running += 1;
    if (rate !== undefined) {
      starts.push(clock.now());
      if (starts.length > rate.requests) starts.shift();
    }
    let released = false;
    waiter.admit(() => {
      if (released) return;
      released = true;
      running -= 1;
      void pump();
    });
  };

  async function pump(): Promise<void> {
    if (pumping) return;
    pumping = true;
    try {
      while (waiting.length > 0 && running < concurrency) {
        const error = tooLong();
        if (error !== undefined) {
          for (const waiter of waiting.splice(0)) waiter.refuse(error);
          return;
        }
        const ms = waitMs();
        if (ms > 0) await clock.sleep(ms, closing.signal);
        else start(waiting.shift()!);
      }
    } catch (error) {
      for (const waiter of waiting.splice(0)) waiter.refuse(error);
    } finally {
      pumping = false;
    }
  }

  return {
    acquire(signal) {
      signal?.throwIfAborted();
      closing.signal.throwIfAborted();
      return new Promise((resolve, reject) => {
        const onAbort = () => {
          const index = waiting.indexOf(waiter);
          if (index < 0) return;
          waiting.splice(index, 1);
          reject(signal!.reason as Error);
        };
        const settled = () => signal?.removeEventListener('abort', onAbort);
        const waiter: Waiter = {
          admit: (release) => {
            settled();
            resolve(release);
          },
          refuse: (error) => {
            settled();
            reject(error);
          },
        };
        signal?.addEventListener('abort', onAbort, { once: true });
        waiting.push(waiter);
        void pump();
      });
    },
    holdUntil(epochMs) {
      quietUntil = Math.max(quietUntil, epochMs);
    },
    close() {
      closing.abort(
        new RetryableError('UNSILO_HTTP_CLOSED', `The HTTP client of ${options.system} is closed`, {
          mayHaveApplied: false,
        }),
      );
      const error = closing.signal.reason as unknown;
      for (const waiter of waiting.splice(0)) waiter.refuse(error);
    },
  };
}
