import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { ApiError } from '../api/client.js';
import { onRestored } from '../api/live.js';
import type { Problem } from '../api/types.js';

export interface Loaded<T> {
  data: T | undefined;
  problem: Problem | undefined;
  busy: boolean;
  reload(): void;
}

/**
 * Loads when `key` changes and when asked to. Late answers to old questions are dropped.
 * @param version Another one asks again, and what was there stays until the new answer is: whoever writes in it goes on.
 */
export function useLoad<T>(key: string, load: () => Promise<T>, version: string | number = ''): Loaded<T> {
  const [state, setState] = useState<{ key: string; data?: T; problem?: Problem; busy: boolean }>({ key, busy: true });
  const latest = useRef(0);
  const current = useRef(load);
  current.current = load;
  const reload = useCallback(() => {
    const turn = ++latest.current;
    setState((before) => (before.key === key ? { ...before, busy: true } : { key, busy: true }));
    current.current().then(
      (data) => turn === latest.current && setState({ key, data, busy: false }),
      (error: unknown) =>
        turn === latest.current &&
        setState((before) => ({
          key,
          ...(before.key === key && before.data !== undefined && { data: before.data }),
          problem: problemOf(error),
          busy: false,
        })),
    );
  }, [key]);
  useEffect(() => {
    reload();
    return () => {
      latest.current += 1;
    };
  }, [reload, version]);
  useEffect(() => onRestored(reload), [reload]);
  const fresh = state.key === key;
  return {
    data: fresh ? state.data : undefined,
    problem: fresh ? state.problem : undefined,
    busy: fresh ? state.busy : true,
    reload,
  };
}

/** What to show of anything that went wrong. */
export function problemOf(error: unknown): Problem {
  if (error instanceof ApiError) return error.problem;
  return {
    type: '',
    title: 'This page made a mistake',
    status: 0,
    code: 'PAGE',
    detail: error instanceof Error ? error.message : String(error),
    hint: 'Reload the page; report it if it happens again.',
    requestId: '',
  };
}
