import type { EventLog } from '@unsilo/event-log';
import type { PreparedMessage } from './corpus.js';
import type { BenchSystems } from './systems.js';

/** Messages of one append. */
export const APPEND = 1000;

/**
 * Appends what the sources have and, in between, what the systems answered; ends when the hub and the systems are quiet. The events are
 * made here, beside the work that is measured: that time counts too.
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
    pending = log.append([...batch, ...(systems?.take() ?? [])]);
    batch = [];
  }
  await pending;
  await log.append(batch);
  for (;;) {
    await hub.settled();
    await systems?.caughtUp();
    const answers = systems?.take() ?? [];
    if (answers.length === 0) return;
    await log.append(answers);
  }
}
