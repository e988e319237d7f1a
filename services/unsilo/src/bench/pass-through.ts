import { Kafka, logLevel } from 'kafkajs';
import type { PreparedMessage } from './corpus.js';
import { APPEND } from './feeding.js';
import { seconds } from './figures.js';

/**
 * The same bytes through Kafka and kafkajs alone: read by one group, each message written to another topic, acknowledged by all replicas.
 * @returns messages a second, from the first one that was read to the last one that was acknowledged
 */
export async function passThrough(
  brokers: readonly string[],
  partitions: number,
  messages: readonly PreparedMessage[],
): Promise<number> {
  const kafka = new Kafka({ clientId: 'unsilo-bench', brokers: [...brokers], logLevel: logLevel.NOTHING });
  const name = `unsilo-bench-${process.pid}-${Date.now()}`;
  const [from, to] = [`${name}-from`, `${name}-to`];
  const admin = kafka.admin();
  const producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1 });
  const consumer = kafka.consumer({ groupId: name, maxWaitTimeInMs: 100 });
  await admin.connect();
  await producer.connect();
  await consumer.connect();
  try {
    await admin.createTopics({ topics: [from, to].map((topic) => ({ topic, numPartitions: partitions })) });
    for (let at = 0; at < messages.length; at += APPEND)
      await producer.send({
        topic: from,
        acks: -1,
        messages: messages.slice(at, at + APPEND).map(({ key, value }) => ({ key, value })),
      });
    await consumer.subscribe({ topics: [from], fromBeginning: true });
    let passed = 0;
    let began: bigint | undefined;
    const rate = await new Promise<number>((resolve, reject) => {
      consumer
        .run({
          eachBatch: async ({ batch }) => {
            began ??= process.hrtime.bigint();
            for (let at = 0; at < batch.messages.length; at += APPEND)
              await producer.send({
                topic: to,
                acks: -1,
                messages: batch.messages.slice(at, at + APPEND).map(({ key, value }) => ({ key, value })),
              });
            passed += batch.messages.length;
            if (passed >= messages.length) resolve(messages.length / seconds(began));
          },
        })
        .catch(reject);
    });
    return rate;
  } finally {
    await consumer.disconnect();
    await producer.disconnect();
    await admin.deleteTopics({ topics: [from, to] }).catch(() => undefined);
    await admin.deleteGroups([name]).catch(() => undefined);
    await admin.disconnect();
  }
}
