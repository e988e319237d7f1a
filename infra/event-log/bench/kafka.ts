/**
 * What the adapter costs: the same messages consumed from one topic and produced to another, once by kafkajs as it is and once through
 * the event log, in turns. Needs a broker; leaves its topics there.
 * `npx tsx --conditions=@unsilo/source infra/event-log/bench/kafka.ts --brokers localhost:9092 [--messages N] [--bytes N] [--compression none]`
 */
import { parseArgs } from 'node:util';
import { Kafka, logLevel, type KafkaMessage } from 'kafkajs';
import type { LogBatch } from '@unsilo/event-log';
import { openKafkaEventLog, type Compression } from '@unsilo/event-log/kafka';

const { values } = parseArgs({
  options: {
    brokers: { type: 'string', default: process.env['KAFKA_BROKERS'] ?? 'localhost:9092' },
    messages: { type: 'string', default: '100000' },
    bytes: { type: 'string', default: '600' },
    partitions: { type: 'string', default: '4' },
    rounds: { type: 'string', default: '2' },
    compression: { type: 'string', default: 'none' },
  },
});
const brokers = values.brokers.split(',');
const MESSAGES = Number(values.messages);
const partitions = Number(values.partitions);
const compression = values.compression as Compression;
const COMPRESSION = { none: 0, gzip: 1, lz4: 3, zstd: 4 }[compression];
const run = Date.now().toString(36);
const source = `bench-source-${run}`;

const log = await openKafkaEventLog({ brokers, compression });

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

function value(n: number): string {
  const start = `{"id":"sugarcrm-emea/contact/${n}","name":"Christina Möller ${n}","filling":"`;
  return `${start.padEnd(Number(values.bytes) - 2, 'abcdefghij'.slice(n % 7))}"}`;
}

async function measure(name: string, work: () => Promise<void>): Promise<number> {
  const cpu = process.cpuUsage();
  const start = performance.now();
  await work();
  const ms = performance.now() - start;
  const { user, system } = process.cpuUsage(cpu);
  const rate = (MESSAGES / ms) * 1000;
  say(
    `${name.padEnd(40)} ${Math.round(rate).toLocaleString('en').padStart(9)} /s   ${((user + system) / 1000 / ms).toFixed(2)} cores`,
  );
  return rate;
}

await log.declare([{ name: source, partitions, cleanup: 'delete' }]);
await measure('append, 1,000 at a time, 4 at once', async () => {
  let from = 0;
  await Promise.all(
    Array.from({ length: 4 }, async () => {
      while (from < MESSAGES) {
        const first = from;
        from += 1000;
        await log.append(
          Array.from({ length: Math.min(1000, MESSAGES - first) }, (_, n) => ({
            topic: source,
            key: `tenant/sugarcrm/contact/${(first + n) % 10_007}`,
            value: value(first + n),
          })),
        );
      }
    }),
  );
});

async function bare(target: string): Promise<void> {
  const kafka = new Kafka({ brokers, logLevel: logLevel.NOTHING, retry: { retries: 50 } });
  const producer = kafka.producer({ idempotent: true, allowAutoTopicCreation: false });
  const consumer = kafka.consumer({
    groupId: target,
    maxBytesPerPartition: 2 * 1024 * 1024,
    maxWaitTimeInMs: 250,
    allowAutoTopicCreation: false,
  });
  await Promise.all([producer.connect(), consumer.connect()]);
  await consumer.subscribe({ topic: source, fromBeginning: true });
  let count = 0;
  let done: () => void = () => undefined;
  const all = new Promise<void>((resolve) => (done = resolve));
  const send = async (messages: readonly KafkaMessage[], compressed: number): Promise<void> => {
    await producer.send({
      topic: target,
      acks: -1,
      compression: compressed,
      messages: messages.map(({ key, value: body }) => ({ key, value: body })),
    });
  };
  await consumer.run({
    eachBatchAutoResolve: false,
    eachBatch: async ({ batch, resolveOffset, heartbeat, commitOffsetsIfNecessary }) => {
      for (let from = 0; from < batch.messages.length; from += 1000) {
        const chunk = batch.messages.slice(from, from + 1000);
        await send(chunk, COMPRESSION);
        resolveOffset(chunk.at(-1)!.offset);
        await heartbeat();
        await commitOffsetsIfNecessary();
        count += chunk.length;
      }
      if (count >= MESSAGES) done();
    },
  });
  await all;
  await Promise.all([producer.disconnect(), consumer.disconnect()]);
}

async function through(target: string): Promise<void> {
  const subscription = await log.subscribe({
    group: target,
    topics: [source],
    start: 'earliest',
    onBatch: async ({ messages }: LogBatch) => {
      await log.append(messages.map(({ key, value: body }) => ({ topic: target, key, value: body })));
    },
  });
  await subscription.caughtUp();
  await subscription.close();
}

for (let round = 1; round <= Number(values.rounds); round++) {
  const targets = [`bench-bare-${run}-${round}`, `bench-log-${run}-${round}`] as const;
  await log.declare(targets.map((name) => ({ name, partitions, cleanup: 'delete' })));
  const kafkajs = (): Promise<number> =>
    measure(`kafkajs, consume and produce (round ${round})`, () => bare(targets[0]));
  // Whoever comes second finds a broker that is still busy with the first, so they take turns.
  const before = round % 2 === 1 ? await kafkajs() : undefined;
  const ours = await measure(`event log, subscribe and append (round ${round})`, () => through(targets[1]));
  say(`  event log / kafkajs = ${(ours / (before ?? (await kafkajs()))).toFixed(2)}`);
}
const times: number[] = [];
let handled: () => void = () => undefined;
const topic = `bench-latency-${run}`;
await log.declare([{ name: topic, partitions: 1, cleanup: 'delete' }]);
const subscription = await log.subscribe({
  group: topic,
  topics: [topic],
  start: 'earliest',
  maxWaitMs: 0,
  onBatch: async () => handled(),
});
for (let n = 0; n < 200; n++) {
  const start = performance.now();
  const done = new Promise<void>((resolve) => (handled = resolve));
  await log.append([{ topic, key: 'k', value: value(n) }]);
  await done;
  times.push(performance.now() - start);
}
await subscription.close();
times.sort((a, b) => a - b);
say(`append to handled, one at a time: p50 ${times[100]?.toFixed(1)} ms, p99 ${times[198]?.toFixed(1)} ms`);
await log.close();
