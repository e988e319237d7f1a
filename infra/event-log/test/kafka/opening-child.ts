import type { EventLog } from '@unsilo/event-log';
import { openKafkaEventLog, type KafkaOptions } from '@unsilo/event-log/kafka';

/** Opens the log of another process; the argument is its options as JSON. */
export function openLog(argument: string): Promise<EventLog> {
  return openKafkaEventLog(JSON.parse(argument) as KafkaOptions);
}
