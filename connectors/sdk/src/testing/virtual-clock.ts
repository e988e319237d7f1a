import type { Clock } from '../clock.js';

/**
 * A clock that moves only when told to. With `auto`, waits of at most so many milliseconds pass by themselves as soon as nothing else
 * is ready: retries need no real time, while an interval still waits for `advance`.
 */
export interface VirtualClock extends Clock {
  /** Moves on by `ms`, waking sleepers in order and letting each run before the next. */
  advance(ms: number): Promise<void>;
  /** How many are asleep. */
  sleepers(): number;
  /** How many of them only `advance` will wake: their wait is too long to pass by itself. */
  waiting(): number;
  /** All waits asked for so far, milliseconds. */
  readonly waits: readonly number[];
}

interface Sleeper {
  at: number;
  passes: boolean;
  wake: () => void;
}

export function virtualClock(options: { start?: number; auto?: number } = {}): VirtualClock {
  let now = options.start ?? Date.UTC(2026, 2, 1, 9, 30);
  const asleep: Sleeper[] = [];
  const waits: number[] = [];
  const earliest = () =>
    asleep.reduce<Sleeper | undefined>((a, b) => (a === undefined || b.at < a.at ? b : a), undefined);
  const wake = (sleeper: Sleeper) => {
    asleep.splice(asleep.indexOf(sleeper), 1);
    now = Math.max(now, sleeper.at);
    sleeper.wake();
  };
  return {
    waits,
    now: () => now,
    sleepers: () => asleep.length,
    waiting: () => asleep.filter(({ passes }) => !passes).length,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason as Error);
        waits.push(ms);
        const onAbort = () => {
          asleep.splice(asleep.indexOf(sleeper), 1);
          reject(signal!.reason as Error);
        };
        const sleeper: Sleeper = {
          at: now + Math.max(0, ms),
          passes: ms <= (options.auto ?? -1),
          wake: () => {
            signal?.removeEventListener('abort', onAbort);
            resolve();
          },
        };
        signal?.addEventListener('abort', onAbort, { once: true });
        asleep.push(sleeper);
        if (sleeper.passes)
          setImmediate(() => {
            if (asleep.includes(sleeper)) wake(sleeper);
          });
      }),
    async advance(ms) {
      const until = now + ms;
      for (let next = earliest(); next !== undefined && next.at <= until; next = earliest()) {
        wake(next);
        await turn();
      }
      now = until;
      await turn();
    },
  };
}

/** Lets everything that is ready run, promises and finished input and output alike. */
export async function turn(): Promise<void> {
  await new Promise<void>((resolve) => setImmediate(resolve));
}
