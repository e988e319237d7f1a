import type { EventLog } from '@unsilo/event-log';
import type { PreparedMessage } from './corpus.js';
import type { BenchSystems } from './systems.js';

/** Messages of one append. */
export const APPEND = 1000;

/**
 * Appends what the sources have; ends when the hub and the systems, which answer meanwhile, are quiet. The events are made here, beside
 * the work that is measured: that time counts too.
 */
export async function feed(
  log: EventLog,
  messages: Iterable<PreparedMessage>,
  hub: { settled(): Promise<void> },
  systems?: BenchSystems,
  fed?: PreparedMessage[],
): Promise<void> {
  let batch: PreparedMessage[] = [];
  let pending: Promise<unknown> = Promise.resolve();
  for (const message of messages) {
    batch.push(message);
    fed?.push(message);
    if (batch.length < APPEND) continue;
    // One append under way while the next batch is put together: a busy connector does the same.
    await pending;
    pending = log.append(batch);
    batch = [];
  }
  await pending;
  await log.append(batch);
  for (;;) {
    const before = systems?.commands;
    await hub.settled();
    await systems?.caughtUp();
    if (systems?.commands === before) return;
  }
}
