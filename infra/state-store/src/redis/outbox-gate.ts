import { StorageError, type EventLog } from '@unsilo/event-log';
import type { OutboxMessage } from '../port.js';

/** What a message takes in the log beside key, value and headers, at most. */
const OVERHEAD_BYTES = 200;

/** Lets messages into the outbox that the log will take: what it refused later would stand in the way of all that follow. */
export class OutboxGate {
  private readonly log: EventLog;
  private readonly topics = new Set<string>();

  constructor(log: EventLog) {
    this.log = log;
  }

  /** @throws UNSILO_LOG_UNKNOWN_TOPIC, UNSILO_LOG_MESSAGE_TOO_LARGE */
  async check(messages: readonly OutboxMessage[]): Promise<void> {
    const { maxMessageBytes } = this.log.capabilities;
    for (const { topic, key, value, headers } of messages) {
      const length = key.length + (value?.length ?? 0) + (headers?.traceparent?.length ?? 0);
      // A text has at most three bytes for each of its units.
      if (3 * length + OVERHEAD_BYTES <= maxMessageBytes) continue;
      const bytes =
        Buffer.byteLength(key) +
        Buffer.byteLength(value ?? '') +
        Buffer.byteLength(headers?.traceparent ?? '') +
        OVERHEAD_BYTES;
      if (bytes <= maxMessageBytes) continue;
      throw new StorageError(
        'UNSILO_LOG_MESSAGE_TOO_LARGE',
        `A message for ${topic} has ${bytes} bytes; at most ${maxMessageBytes} are taken.`,
        { hint: 'Nothing of the commit was written.' },
      );
    }
    const unknown = new Set(messages.map(({ topic }) => topic).filter((topic) => !this.topics.has(topic)));
    if (unknown.size === 0) return;
    await this.log.ends([...unknown]);
    for (const topic of unknown) this.topics.add(topic);
  }
}
