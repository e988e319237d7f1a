import type { EventLog, LogBatch, LogMessage, SubscribeOptions, Subscription } from '../port.js';
import { values } from './factory.js';

/** A subscription that notes what it was given. */
export interface Collector {
  readonly batches: LogBatch[];
  messages(): LogMessage[];
  values(): (string | null)[];
  readonly subscription: Subscription;
}

export async function collect(
  log: EventLog,
  options: Pick<SubscribeOptions, 'group' | 'topics'> & Partial<SubscribeOptions>,
): Promise<Collector> {
  const batches: LogBatch[] = [];
  const subscription = await log.subscribe({
    start: 'earliest',
    ...options,
    onBatch: async (batch, signal) => {
      batches.push(batch);
      await options.onBatch?.(batch, signal);
    },
  });
  const messages = (): LogMessage[] => batches.flatMap((batch) => batch.messages);
  return { batches, messages, values: () => values(messages()), subscription };
}
