import { over, type AppendMessage, type EventLog, type LogWriter } from '@unsilo/event-log';
import type { StateStore } from '@unsilo/state-store';

/** How often something was done, and how long it was waited for in all, milliseconds. */
export interface Meter {
  calls: number;
  ms: number;
  /** Keys read, rows written, messages sent. */
  things: number;
}

/** What one worker asked of its servers. */
export interface Meters {
  produce: Meter;
  consume: Meter;
  read: Meter;
  commit: Meter;
}

export function emptyMeters(): Meters {
  const none = (): Meter => ({ calls: 0, ms: 0, things: 0 });
  return { produce: none(), consume: none(), read: none(), commit: none() };
}

async function time<Result>(meter: Meter, things: number, work: () => Promise<Result>): Promise<Result> {
  const began = performance.now();
  try {
    return await work();
  } finally {
    meter.calls += 1;
    meter.things += things;
    meter.ms += performance.now() - began;
  }
}

/** `consume` is the handling of one batch, all else within it included. */
export function meteredLog(log: EventLog, meters: Meters): EventLog {
  const timed = (to: Pick<LogWriter, 'append'>) => (messages: readonly AppendMessage[]) =>
    time(meters.produce, messages.length, () => to.append(messages));
  const { openWriter } = log;
  return over(log, {
    append: timed(log),
    ...(openWriter && {
      openWriter: async (name) => {
        const writer = await openWriter.call(log, name);
        return over(writer, { append: timed(writer) });
      },
    }),
    subscribe: (options) =>
      log.subscribe({
        ...options,
        onBatch: (batch, signal) =>
          time(meters.consume, batch.messages.length, async () => options.onBatch(batch, signal)),
      }),
  });
}

export function meteredStore(store: StateStore, meters: Meters): StateStore {
  return over(store, {
    getMany: (tenant, table, keys) => time(meters.read, keys.length, () => store.getMany(tenant, table, keys)),
    range: (tenant, table, options) => time(meters.read, 1, () => store.range(tenant, table, options)),
    commit: (tenant, commit) =>
      time(meters.commit, (commit.put?.length ?? 0) + (commit.remove?.length ?? 0), () => store.commit(tenant, commit)),
  });
}
