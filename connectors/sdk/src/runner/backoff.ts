/** How long to wait before the next try: random up to a bound that doubles, at least what the system asked for. */
export interface Backoff {
  /** Milliseconds before the try after this failure. */
  next(retryAfterMs: number | undefined): number;
  reset(): void;
}

export function backoff(options: { baseMs: number; maxMs: number; random: () => number }): Backoff {
  let failures = 0;
  return {
    next(retryAfterMs) {
      const bound = Math.min(options.maxMs, options.baseMs * 2 ** Math.min(failures, 30));
      failures += 1;
      // Half of the bound at least: a system that just failed gets some rest even with an unlucky draw.
      const drawn = bound / 2 + (options.random() * bound) / 2;
      return Math.ceil(Math.max(drawn, retryAfterMs ?? 0));
    },
    reset: () => void (failures = 0),
  };
}
