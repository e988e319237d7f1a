import { join } from 'node:path';
import type { EventLog } from '@unsilo/event-log';
import { openKafkaEventLog, type KafkaOptions } from '@unsilo/event-log/kafka';
import type { EventLogFactory } from '@unsilo/event-log/suite';
import { connectAdmin } from './bare-admin.js';
import type { TestBroker } from './broker.js';

/** Small messages are large enough for the suite, and members are to hear of each other soon. */
export function quick(broker: TestBroker): KafkaOptions {
  return {
    brokers: broker.brokers,
    maxMessageBytes: 1024 * 1024,
    heartbeatIntervalMs: 100,
    sessionTimeoutMs: 6000,
  };
}

export function kafkaFactory(broker: () => TestBroker): EventLogFactory {
  return {
    capabilities: { transactionalOutbox: false, distributed: true, maxMessageBytes: 1024 * 1024 },
    cleansAtOnce: false,
    histories: 5,
    create: async () => {
      const options = quick(broker());
      const topics = new Set<string>();
      let opened: EventLog | undefined;
      const close = async (): Promise<void> => {
        await opened?.close();
        opened = undefined;
      };
      return {
        open: async () => {
          const log = await openKafkaEventLog(options);
          opened = log;
          const declare = log.declare.bind(log);
          log.declare = (specs) => {
            for (const { name } of specs) topics.add(name);
            return declare(specs);
          };
          return log;
        },
        close,
        remove: async () => {
          await close();
          // A broker that was given is left as it was.
          if (process.env['KAFKA_BROKERS'] !== undefined) await removeTopics(broker(), [...topics]);
        },
        child: { module: join(__dirname, 'opening-child.ts'), argument: JSON.stringify(options) },
      };
    },
  };
}

async function removeTopics(broker: TestBroker, topics: string[]): Promise<void> {
  const admin = await connectAdmin(broker);
  try {
    await admin.deleteTopics({ topics });
  } catch {
    // One of them was never made: that was its test.
  } finally {
    await admin.disconnect();
  }
}
