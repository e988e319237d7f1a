import type { EventLog } from '@unsilo/event-log';
import type { ConnectorStorage } from '../runner/storage.js';

/**
 * Lets a number of durable steps (appends, sets) happen and then nothing more, as if the process had been killed: the step that is hit
 * either still takes effect or doesn't, and nobody hears of it.
 */
export interface Crash {
  hit(): boolean;
  /** Begins to count, where it was made to wait. */
  arm(): void;
  wrap(parts: { log: EventLog; storage: ConnectorStorage }): { log: EventLog; storage: ConnectorStorage };
}

export function crashAt(step: number, lastTakesEffect: boolean, when: 'now' | 'armed' = 'now'): Crash {
  let left = step;
  let crashed = false;
  let isArmed = when === 'now';
  const silence = () => new Promise<never>(() => undefined);
  const guarded = async <T>(work: () => Promise<T>): Promise<T> => {
    if (crashed) return silence();
    if (!isArmed) return work();
    left -= 1;
    if (left > 0) return work();
    crashed = true;
    if (lastTakesEffect) await work();
    return silence();
  };
  return {
    hit: () => crashed,
    arm: () => void (isArmed = true),
    wrap: ({ log, storage }) => ({
      log: Object.assign(Object.create(log) as EventLog, {
        append: (messages: Parameters<EventLog['append']>[0]) => guarded(() => log.append(messages)),
      }),
      storage: {
        getMany: (keys) => storage.getMany(keys),
        set: (entries) => guarded(() => storage.set(entries)),
      },
    }),
  };
}
