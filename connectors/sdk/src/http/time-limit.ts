/** Ends an exchange when its time is up or somebody aborts it. */
export interface TimeLimit {
  signal: AbortSignal;
  expired(): boolean;
  /** Begins anew with another limit; undefined: none. */
  restart(ms: number | undefined): void;
  end(): void;
}

/** Aborts after `ms` or with any of the signals. Listeners are taken off again: signals outlive requests. */
export function timeLimit(ms: number, signals: readonly (AbortSignal | undefined)[]): TimeLimit {
  const controller = new AbortController();
  let expired = false;
  let timer: NodeJS.Timeout | undefined;
  const restart = (limit: number | undefined) => {
    clearTimeout(timer);
    if (limit === undefined || !Number.isFinite(limit)) return;
    timer = setTimeout(() => {
      expired = true;
      controller.abort();
    }, limit);
  };
  const given = signals.filter((signal) => signal !== undefined);
  const listeners = given.map((signal) => () => controller.abort(signal.reason));
  given.forEach((signal, index) => {
    if (signal.aborted) controller.abort(signal.reason);
    else signal.addEventListener('abort', listeners[index]!, { once: true });
  });
  restart(ms);
  return {
    signal: controller.signal,
    expired: () => expired,
    restart,
    end: () => {
      clearTimeout(timer);
      given.forEach((signal, index) => signal.removeEventListener('abort', listeners[index]!));
    },
  };
}
