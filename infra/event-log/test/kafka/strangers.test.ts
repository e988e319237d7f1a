import { Kafka, logLevel, type Admin, type Producer } from 'kafkajs';
import type { EventLog, LogMessage } from '@unsilo/event-log';
import { openKafkaEventLog, type Compression } from '@unsilo/event-log/kafka';
import { until } from '@unsilo/event-log/suite';
import { connectAdmin } from './bare-admin.js';
import { describeWithKafka } from './broker.js';
import { quick } from './kafka-place.js';

const GZIP = 1;
const MIB = 1024 * 1024;

describeWithKafka('what others do to topics of Kafka', {}, (broker) => {
  let kafka: Kafka;
  let admin: Admin;
  let stranger: Producer;
  let log: EventLog;
  const made: string[] = [];
  beforeAll(async () => {
    kafka = new Kafka({ brokers: [...broker().brokers], logLevel: logLevel.NOTHING });
    admin = await connectAdmin(broker());
    stranger = kafka.producer({ allowAutoTopicCreation: false });
    log = await openKafkaEventLog(quick(broker()));
    await stranger.connect();
  });
  afterAll(async () => {
    if (made.length > 0) await admin.deleteTopics({ topics: made });
    await Promise.all([admin.disconnect(), stranger.disconnect(), log.close()]);
  });

  let names = 0;
  async function topicWith(settings: Record<string, string> = {}): Promise<string> {
    const topic = `stranger-${Date.now().toString(36)}-${names++}`;
    made.push(topic);
    await admin.createTopics({
      waitForLeaders: true,
      topics: [
        {
          topic,
          numPartitions: 1,
          configEntries: Object.entries(settings).map(([name, value]) => ({ name, value })),
        },
      ],
    });
    return topic;
  }

  /** What a group is given of a topic, and where its batches ended. */
  async function handled(topic: string): Promise<{ messages: LogMessage[]; batches: number[][] }> {
    const messages: LogMessage[] = [];
    const batches: number[][] = [];
    const subscription = await log.subscribe({
      group: `${topic}-${names++}`,
      topics: [topic],
      start: 'earliest',
      maxMessages: 2,
      onBatch: async (batch) => {
        messages.push(...batch.messages);
        batches.push([batch.first[0]!.offset, batch.next[0]!.offset]);
      },
    });
    await subscription.caughtUp();
    await subscription.close();
    return { messages, batches };
  }

  function texts(messages: readonly LogMessage[]): (string | null)[] {
    return messages.map(({ value }) => value?.toString() ?? null);
  }

  test('a message without key, with any bytes, any headers and gzip around it is delivered as it is', async () => {
    const topic = await topicWith();
    const bytes = Buffer.from([0xff, 0x00, 0xfe, 0x80]);
    await stranger.send({
      topic,
      compression: GZIP,
      messages: [
        { key: null, value: bytes, headers: { other: Buffer.from([0xff]), traceparent: ['00-a', '00-b'] } },
        { key: bytes, value: null },
        { value: 'not JSON {' },
      ],
    });
    const { messages } = await handled(topic);
    expect(messages).toMatchObject([
      { key: '', value: bytes, headers: { traceparent: '00-a' } },
      { key: '\ufffd\u0000\ufffd\ufffd', value: null },
      { key: '', value: Buffer.from('not JSON {') },
    ]);
    expect((await log.read({ topic, partition: 0, from: 0 })).messages).toEqual(messages);
  });

  test('of transactions only what was committed is delivered; their marks are no messages, and nobody waits at one', async () => {
    const topic = await topicWith();
    const producer = kafka.producer({ transactionalId: topic, maxInFlightRequests: 1, idempotent: true });
    await producer.connect();
    for (const [value, fate] of [
      ['kept', 'commit'],
      ['dropped', 'abort'],
      ['kept too', 'commit'],
      ['dropped at the end', 'abort'],
    ] as const) {
      const transaction = await producer.transaction();
      await transaction.send({ topic, messages: [{ key: 'k', value }] });
      await transaction[fate]();
    }
    await producer.disconnect();
    // The marks become visible a moment after the transaction.
    await until(async () => (await log.ends([topic]))[0]!.next === 8, 'the last mark');
    expect(texts((await handled(topic)).messages)).toEqual(['kept', 'kept too']);
    const forward = await log.read({ topic, partition: 0, from: 0, limit: 1 });
    expect(texts(forward.messages)).toEqual(['kept']);
    const rest = await log.read({ topic, partition: 0, from: forward.next! });
    expect(texts(rest.messages)).toEqual(['kept too']);
    expect(rest.next).toBeUndefined();
    const backward = await log.read({ topic, partition: 0, from: 100, limit: 1, reverse: true });
    expect(texts(backward.messages)).toEqual(['kept too']);
    expect(texts((await log.read({ topic, partition: 0, from: backward.next!, reverse: true })).messages)).toEqual([
      'kept',
    ]);
    await log.append([{ topic, key: 'k', value: 'ours' }]);
    expect(texts((await handled(topic)).messages)).toEqual(['kept', 'kept too', 'ours']);
  });

  test('an open transaction hides what stands behind it until it ends', async () => {
    const topic = await topicWith();
    const producer = kafka.producer({ transactionalId: topic, maxInFlightRequests: 1, idempotent: true });
    await producer.connect();
    const transaction = await producer.transaction();
    await transaction.send({ topic, messages: [{ key: 'k', value: 'open' }] });
    await log.append([{ topic, key: 'k', value: 'behind' }]);
    expect((await log.read({ topic, partition: 0, from: 0 })).messages).toEqual([]);
    expect((await handled(topic)).messages).toEqual([]);
    await transaction.commit();
    await producer.disconnect();
    await until(async () => (await log.ends([topic]))[0]!.next === 3, 'the mark');
    expect(texts((await handled(topic)).messages)).toEqual(['open', 'behind']);
  });

  test('where compaction left gaps, pages and groups go over them, and batches join', async () => {
    const topic = await topicWith({
      'cleanup.policy': 'compact',
      'segment.ms': '50',
      'min.cleanable.dirty.ratio': '0.001',
      'max.compaction.lag.ms': '50',
      'delete.retention.ms': '0',
    });
    for (let n = 0; n < 20; n++) await log.append([{ topic, key: `k${n % 3}`, value: String(n) }]);
    const left = async (): Promise<LogMessage[]> => (await log.read({ topic, partition: 0, from: 0 })).messages;
    // The segment that is written to is never compacted: something must come behind it.
    let more = 0;
    await until(
      async () => {
        await log.append([{ topic, key: 'later', value: String(more++) }]);
        await new Promise((done) => setTimeout(done, 100));
        return (await left()).filter(({ key }) => key !== 'later').length === 3;
      },
      'compaction',
      60_000,
    );
    const kept = (await left()).filter(({ key }) => key !== 'later');
    expect(kept.map(({ offset }) => offset)).toEqual([17, 18, 19]);
    expect(texts(kept)).toEqual(['17', '18', '19']);
    const page = await log.read({ topic, partition: 0, from: 3, limit: 2 });
    expect(page.messages.map(({ offset }) => offset)).toEqual([17, 18]);
    expect((await log.read({ topic, partition: 0, from: 18, limit: 2, reverse: true })).messages).toMatchObject([
      { offset: 18 },
      { offset: 17 },
    ]);
    expect((await log.read({ topic, partition: 0, from: 16, reverse: true })).messages).toEqual([]);
    expect((await log.read({ topic, partition: 0, from: 2, until: 17 })).messages).toEqual([]);
    const { messages, batches } = await handled(topic);
    expect(texts(messages.slice(0, 3))).toEqual(['17', '18', '19']);
    for (const [index, [first]] of batches.entries()) expect(first).toBe(index === 0 ? 0 : batches[index - 1]![1]);
  }, 90_000);

  test('a group that stands where retention has removed everything goes on at what is left', async () => {
    const topic = await topicWith();
    const seen: string[] = [];
    const options = {
      group: topic,
      topics: [topic],
      start: 'earliest' as const,
      maxMessages: 1,
      onBatch: async ({ messages }: { messages: LogMessage[] }) => void seen.push(...(texts(messages) as string[])),
    };
    await log.append([{ topic, key: 'k', value: 'first' }]);
    const before = await log.subscribe(options);
    await before.caughtUp();
    await before.close();
    await log.append(Array.from({ length: 9 }, (_, n) => ({ topic, key: 'k', value: String(n) })));
    // kafkajs deletes only where it has looked before.
    await admin.fetchTopicOffsets(topic);
    await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '8' }] });
    await until(async () => (await log.ends([topic]))[0]!.first === 8, 'the removal');
    const after = await log.subscribe(options);
    await after.caughtUp();
    await after.close();
    expect(seen).toEqual(['first', '7', '8']);
    expect(texts((await log.read({ topic, partition: 0, from: 0 })).messages)).toEqual(['7', '8']);
    expect(await log.lag(topic)).toEqual([{ topic, partition: 0, committed: 10, next: 10, lag: 0, lagMs: 0 }]);
  });

  test('a position beyond the end is refused instead of passing messages over', async () => {
    const topic = await topicWith();
    await log.append([{ topic, key: 'k', value: 'v' }]);
    const refused = log.subscribe({
      group: topic,
      topics: [topic],
      start: 'earliest',
      offsets: async (assigned) => assigned.map((place) => ({ ...place, offset: 1_000_000 })),
      onBatch: async () => undefined,
    });
    await expect(refused).rejects.toMatchObject({
      code: 'UNSILO_LOG_OFFSET_OUT_OF_RANGE',
      message: expect.stringContaining(`stands at offset 1000000 of ${topic}/0, which ends at 1`),
    });
  });

  test('a subscription whose positions can not be had is refused with that reason, and leaves the group as it was', async () => {
    const topic = await topicWith();
    const refused = log.subscribe({
      group: topic,
      topics: [topic],
      start: 'earliest',
      offsets: async () => {
        throw new Error('the state is away');
      },
      onBatch: async () => undefined,
    });
    await expect(refused).rejects.toThrow('the state is away');
    await log.append([{ topic, key: 'k', value: 'v' }]);
    expect(texts((await handled(topic)).messages)).toEqual(['v']);
  });

  test('a group that other software uses is refused', async () => {
    const topic = await topicWith();
    const other = kafka.consumer({ groupId: topic });
    await other.connect();
    await other.subscribe({ topic });
    const joined = new Promise((done) => other.on('consumer.group_join', done));
    await other.run({ eachMessage: async () => undefined });
    await joined;
    await expect(
      log.subscribe({ group: topic, topics: [topic], start: 'earliest', onBatch: async () => undefined }),
    ).rejects.toMatchObject({
      code: 'UNSILO_LOG_GROUP_TAKEN',
      message: expect.stringContaining('Stop it, or choose another group'),
    });
    await other.disconnect();
  });

  test('a message of 10 MB is refused before anything of its batch is written', async () => {
    const topic = await topicWith();
    await expect(
      log.append([
        { topic, key: 'small', value: 'v' },
        { topic, key: 'large', value: Buffer.alloc(10_000_000, 120) },
      ]),
    ).rejects.toMatchObject({
      code: 'UNSILO_LOG_MESSAGE_TOO_LARGE',
      message: expect.stringMatching(/has 10000005 bytes; at most 1048576 are taken.*Send less in one message/),
    });
    expect(await log.ends([topic])).toEqual([{ topic, partition: 0, first: 0, next: 0 }]);
  });

  test('a topic that takes less than we do: batches are split, and one message that is too large says so', async () => {
    const topic = await topicWith({ 'max.message.bytes': '2000' });
    const batch = Array.from({ length: 50 }, (_, n) => ({ topic, key: 'k', value: `${n}`.padEnd(300, noise(n)) }));
    const plain = await openKafkaEventLog({ ...quick(broker()), compression: 'none' });
    try {
      const positions = await plain.append(batch);
      expect(positions.map(({ offset }) => offset)).toEqual(batch.map((_, n) => n));
      await expect(plain.append([{ topic, key: 'k', value: noise(1, 3000) }])).rejects.toMatchObject({
        code: 'UNSILO_LOG_MESSAGE_TOO_LARGE',
        message: expect.stringMatching(/the topic takes less.*max.message.bytes/),
      });
      await plain.append([{ topic, key: 'k', value: 'goes on' }]);
    } finally {
      await plain.close();
    }
    const { messages } = await log.read({ topic, partition: 0, from: 0 });
    expect(texts(messages)).toEqual([...batch.map(({ value }) => value), 'goes on']);
  });

  test("a stranger's message of 10 MB, where the topic takes it, is delivered, and the partition moves on", async () => {
    const topic = await topicWith({ 'max.message.bytes': '12000000' });
    await log.append([{ topic, key: 'k', value: 'before' }]);
    await stranger.send({ topic, messages: [{ key: 'k', value: Buffer.alloc(10_000_000, 120) }] });
    await log.append([{ topic, key: 'k', value: 'after' }]);
    const { messages } = await handled(topic);
    expect(messages.map(({ value }) => value!.length)).toEqual([6, 10_000_000, 5]);
    expect((await log.read({ topic, partition: 0, from: 0 })).messages).toHaveLength(3);
  });

  test.each<Compression>(['none', 'gzip', 'lz4', 'zstd'])(
    'what is written with %s is read back',
    async (compression) => {
      const topic = await topicWith({
        'message.timestamp.type': 'LogAppendTime',
        'max.message.bytes': String(2 * MIB),
      });
      const writer = await openKafkaEventLog({ ...quick(broker()), compression });
      try {
        const values = Array.from({ length: 300 }, (_, n) => `${n} ${'Zoë 😀 '.repeat(n % 40)}`);
        await writer.append(values.map((value) => ({ topic, key: 'k', value })));
        expect(texts((await log.read({ topic, partition: 0, from: 0, limit: 1000 })).messages)).toEqual(values);
        expect(texts((await handled(topic)).messages)).toEqual(values);
      } finally {
        await writer.close();
      }
    },
  );
});

/** Text that nothing can make much shorter. */
function noise(seed: number, length = 300): string {
  let state = seed + 1;
  let text = '';
  while (text.length < length) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    text += state.toString(36);
  }
  return text.slice(0, length);
}
