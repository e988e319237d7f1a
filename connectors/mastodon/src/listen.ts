import type { ConnectorContext } from '@unsilo/connector-sdk';
import type { Instance } from './api.js';
import { openStream, type Stream, type StreamHint } from './client.js';
import type { MastodonOptions } from './options.js';

/** Collects what the stream hints at, and opens it again when it ends. */
export interface Listener {
  /** Resolves when there is something to read, or the signal aborts. */
  hint(signal: AbortSignal): Promise<void>;
  /** The statuses that hints were about; undefined when there was no hint. Forgets them. */
  take(): ReadonlySet<string> | undefined;
  close(): void;
}

const FIRST_RETRY_MS = 1000;
const LONGEST_RETRY_MS = 300_000;
/** A stream that lasted this long worked: the next failure is a first one. */
const WORKED_MS = 60_000;

export function listen(context: ConnectorContext<MastodonOptions>, instance: Instance, selfId: string): Listener {
  const { clock, log, system } = context;
  const statuses = new Set<string>();
  const over = new AbortController();
  const stop = AbortSignal.any([context.signal, over.signal]);
  let pending = false;
  let wake: (() => void) | undefined;
  let stream: Stream | undefined;

  function onHint(hint: StreamHint): void {
    if (!matters(hint, selfId)) return;
    if (hint.statusId !== undefined) statuses.add(hint.statusId);
    pending = true;
    wake?.();
  }

  async function keepOpen(): Promise<void> {
    let failures = 0;
    while (!stop.aborted) {
      const began = clock.now();
      stream = openStream(context, instance, onHint);
      const end = () => stream?.close();
      stop.addEventListener('abort', end, { once: true });
      const reason = await stream.closed;
      stop.removeEventListener('abort', end);
      if (stop.aborted) return;
      failures = clock.now() - began >= WORKED_MS ? 1 : failures + 1;
      const waitMs = Math.min(FIRST_RETRY_MS * 2 ** (failures - 1), LONGEST_RETRY_MS);
      const fields = { system, code: 'UNSILO_MASTODON_STREAM', retryInMs: waitMs };
      const message = `The stream ended: ${reason}; reading goes on at its interval`;
      if (failures === 1) log.warn(fields, message);
      else log.debug(fields, message);
      await clock.sleep(waitMs, stop).catch(() => undefined);
    }
  }
  const done = keepOpen();
  // Without the stream everything works but later; nothing it does may end the reading.
  done.catch((error: unknown) => {
    const { code } = (error ?? {}) as { code?: unknown };
    log.warn(
      { system, code: String(code ?? 'UNSILO_MASTODON_STREAM') },
      'The stream is given up; reading goes on at its interval',
    );
  });

  return {
    hint: (signal) =>
      new Promise((resolve) => {
        const end = () => {
          signal.removeEventListener('abort', end);
          wake = undefined;
          resolve();
        };
        if (pending || signal.aborted) return end();
        wake = end;
        signal.addEventListener('abort', end, { once: true });
      }),
    take() {
      if (!pending) return undefined;
      pending = false;
      const taken = new Set(statuses);
      statuses.clear();
      return taken;
    },
    close: () => over.abort(),
  };
}

/** The stream carries the home timeline too, of which only our own statuses matter. Whatever was missed while it was closed does as well. */
function matters({ event, accountId }: StreamHint, selfId: string): boolean {
  if (event === 'update') return accountId === selfId;
  return event === 'notification' || event === 'delete' || event === 'status.update' || event === 'open';
}
