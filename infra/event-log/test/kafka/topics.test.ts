import type { Admin } from 'kafkajs';
import { applyTopics, openKafkaEventLog, planTopics, type KafkaOptions } from '@unsilo/event-log/kafka';
import type { TopicSpec } from '@unsilo/event-log';
import { until } from '@unsilo/event-log/suite';
import { connectAdmin } from './bare-admin.js';
import { describeWithKafka } from './broker.js';
import { quick } from './kafka-place.js';

const CONFIG_OF_TOPICS = 2;

describeWithKafka('topics of a Kafka cluster', {}, (broker) => {
  let options: KafkaOptions;
  let admin: Admin;
  const run = Date.now().toString(36);
  const parties: TopicSpec = { name: `parties-${run}`, partitions: 3, cleanup: 'delete', retentionMs: 3_600_000 };
  const records: TopicSpec = { name: `records-${run}`, partitions: 2, cleanup: 'compact' };
  const forEver: TopicSpec = { name: `for-ever-${run}`, partitions: 1, cleanup: 'delete' };

  beforeAll(async () => {
    options = quick(broker());
    admin = await connectAdmin(broker());
  });
  afterAll(async () => {
    await admin.deleteTopics({ topics: [parties.name, records.name, forEver.name] });
    await admin.disconnect();
  });

  async function configOf(topic: string): Promise<Record<string, string>> {
    const { resources } = await admin.describeConfigs({
      includeSynonyms: false,
      resources: [{ type: CONFIG_OF_TOPICS, name: topic }],
    });
    return Object.fromEntries(
      resources[0]!.configEntries.map(({ configName, configValue }) => [configName, configValue]),
    );
  }

  test('a plan says what is missing and changes nothing; applying makes it, and then there is nothing left to do', async () => {
    const plan = await planTopics(options, [parties, records, forEver]);
    expect(plan).toEqual({ create: [parties, records, forEver], change: [], refused: [], same: [] });
    expect(await admin.listTopics()).not.toContain(parties.name);
    expect(await applyTopics(options, [parties, records, forEver])).toEqual(plan);
    expect(await configOf(parties.name)).toMatchObject({
      'cleanup.policy': 'delete',
      'retention.ms': '3600000',
      'message.timestamp.type': 'LogAppendTime',
      'max.message.bytes': String(1024 * 1024 + 1024),
    });
    expect(await configOf(records.name)).toMatchObject({ 'cleanup.policy': 'compact' });
    expect(await configOf(forEver.name)).toMatchObject({ 'retention.ms': '-1' });
    expect(await planTopics(options, [parties, records, forEver])).toEqual({
      create: [],
      change: [],
      refused: [],
      same: [parties.name, records.name, forEver.name],
    });
  });

  test('a changed setting is planned and applied, and what others have set stays', async () => {
    await admin.alterConfigs({
      validateOnly: false,
      resources: [
        {
          type: CONFIG_OF_TOPICS,
          name: parties.name,
          configEntries: [
            { name: 'retention.ms', value: '3600000' },
            { name: 'segment.ms', value: '7200000' },
            { name: 'message.timestamp.type', value: 'LogAppendTime' },
            // More than asked for is enough.
            { name: 'max.message.bytes', value: '9000000' },
          ],
        },
      ],
    });
    const longer = { ...parties, retentionMs: 7_200_000 };
    expect(await planTopics(options, [longer])).toEqual({
      create: [],
      change: [{ topic: parties.name, settings: [{ name: 'retention.ms', from: '3600000', to: '7200000' }] }],
      refused: [],
      same: [],
    });
    await applyTopics(options, [longer]);
    expect(await configOf(parties.name)).toMatchObject({
      'retention.ms': '7200000',
      'segment.ms': '7200000',
      'max.message.bytes': '9000000',
    });
    expect((await planTopics(options, [longer])).same).toEqual([parties.name]);
  });

  test.each([
    ['number of partitions', { ...records, partitions: 5 }, /exists with 2 partitions.*declared are 5/],
    ['cleanup policy', { ...records, cleanup: 'delete' as const }, /cleanup.policy compact.*declared are 2 and delete/],
  ])('another %s is refused with a reason, and nothing else of that declaration is done', async (_, wrong, reason) => {
    const other = { name: `other-${run}`, partitions: 1, cleanup: 'delete' as const };
    const plan = await planTopics(options, [other, wrong]);
    expect(plan.refused).toEqual([{ topic: records.name, reason: expect.stringMatching(reason) }]);
    await expect(applyTopics(options, [other, wrong])).rejects.toMatchObject({
      code: 'UNSILO_LOG_TOPIC_MISMATCH',
      message: expect.stringMatching(reason),
    });
    expect(await admin.listTopics()).not.toContain(other.name);
  });

  test('two processes that declare the same topics at once agree', async () => {
    const both = { name: `both-${run}`, partitions: 2, cleanup: 'delete' as const };
    await Promise.all([applyTopics(options, [both]), applyTopics(options, [both]), applyTopics(options, [both])]);
    expect((await planTopics(options, [both])).same).toEqual([both.name]);
    await admin.deleteTopics({ topics: [both.name] });
  });

  test.each([
    ['no partition', { name: `t-${run}`, partitions: 0, cleanup: 'delete' as const }],
    ['a name that Kafka does not take', { name: 'a b', partitions: 1, cleanup: 'delete' as const }],
    ['a name that is too long', { name: 'x'.repeat(250), partitions: 1, cleanup: 'delete' as const }],
    ['a retention that is none', { name: `t-${run}`, partitions: 1, cleanup: 'delete' as const, retentionMs: -5 }],
  ])('refuses %s', async (_, spec) => {
    await expect(applyTopics(options, [spec])).rejects.toMatchObject({ code: 'UNSILO_LOG_TOPIC_INVALID' });
  });

  test('more replicas than there are brokers are refused by the cluster, and said so', async () => {
    const spec = { name: `replicated-${run}`, partitions: 1, cleanup: 'delete' as const };
    await expect(applyTopics({ ...options, replicationFactor: 30_000 }, [spec])).rejects.toMatchObject({
      code: 'UNSILO_LOG_TOPIC_INVALID',
      message: expect.stringMatching(/INVALID_REPLICATION_FACTOR.*Check partitions, retention and replicationFactor/),
    });
  });

  test('a topic that is removed under an open log is unknown from then on; others are not affected', async () => {
    const [gone, stays] = ['gone', 'stays'].map((name) => ({
      name: `${name}-${run}`,
      partitions: 1,
      cleanup: 'delete' as const,
    })) as [TopicSpec, TopicSpec];
    const log = await openKafkaEventLog(options);
    try {
      await log.declare([gone, stays]);
      await log.append([gone, stays].map(({ name: topic }) => ({ topic, key: 'k', value: 'v' })));
      const seen: string[] = [];
      const errors: unknown[] = [];
      await log.subscribe({
        group: `readers-${run}`,
        topics: [gone.name, stays.name],
        start: 'earliest',
        onBatch: async ({ messages }) =>
          void seen.push(...messages.map(({ topic, value }) => `${topic} ${value!.toString()}`)),
        onError: (error) => errors.push(error),
      });
      await until(() => seen.length === 2, 'both are read');
      await admin.deleteTopics({ topics: [gone.name] });
      await expect(log.append([{ topic: gone.name, key: 'k', value: 'v' }])).rejects.toMatchObject({
        code: 'UNSILO_LOG_UNKNOWN_TOPIC',
      });
      expect(await log.append([{ topic: stays.name, key: 'k', value: 'later' }])).toMatchObject([{ offset: 1 }]);
      await until(() => seen.includes(`${stays.name} later`), 'the other is read on');
      await until(() => errors.length > 0, 'its reader is told');
      expect(errors[0]).toMatchObject({ code: 'UNSILO_LOG_UNKNOWN_TOPIC' });
    } finally {
      await log.close();
      await admin.deleteTopics({ topics: [stays.name] });
    }
  });
});
