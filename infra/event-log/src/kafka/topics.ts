import kafkajs, { type Admin } from 'kafkajs';
import { StorageError } from '../errors.js';
import type { TopicSpec } from '../port.js';
import { endsWithin } from '../under-way.js';
import { KafkaConnection } from './connection.js';
import { isLasting, logError } from './failures.js';
import { settingsOf, type KafkaOptions, type Settings } from './options.js';

const { ConfigResourceTypes, ConfigSource } = kafkajs;

/** What the declared topics ask of the cluster. */
export interface TopicPlan {
  /** Not there yet. */
  create: TopicSpec[];
  /** There, with other settings. `from` is undefined where the cluster names none. */
  change: { topic: string; settings: { name: string; from: string | undefined; to: string }[] }[];
  /** There, and different in what can't be changed: partitions or cleanup. */
  refused: { topic: string; reason: string }[];
  /** There as declared. */
  same: string[];
}

/** What a batch of one message adds to it. */
const BATCH_OVERHEAD = 1024;
const KEPT_FOR_EVER = '-1';
const CREATE_MS = 15_000;
const LONGEST_NAME = 249;

/**
 * The difference between declared topics and the cluster; changes nothing.
 * @throws UNSILO_LOG_TOPIC_INVALID, UNSILO_LOG_UNREACHABLE, UNSILO_LOG_AUTHENTICATION, UNSILO_LOG_FORBIDDEN
 */
export async function planTopics(options: KafkaOptions, topics: readonly TopicSpec[]): Promise<TopicPlan> {
  return alone(options, (connection) => new TopicAdmin(connection).plan(topics));
}

/**
 * Makes the difference; settings that others gave a topic stay as they are. Nothing is done when a topic is refused.
 * @returns the plan that was carried out
 * @throws UNSILO_LOG_TOPIC_MISMATCH and what `planTopics` throws
 */
export async function applyTopics(options: KafkaOptions, topics: readonly TopicSpec[]): Promise<TopicPlan> {
  return alone(options, (connection) => new TopicAdmin(connection).apply(topics));
}

async function alone<T>(options: KafkaOptions, work: (connection: KafkaConnection) => Promise<T>): Promise<T> {
  const connection = new KafkaConnection(settingsOf(options));
  try {
    return await work(connection);
  } finally {
    await connection.close();
  }
}

export class TopicAdmin {
  private readonly connection: KafkaConnection;
  private applying: Promise<unknown> = Promise.resolve();

  constructor(connection: KafkaConnection) {
    this.connection = connection;
  }

  plan(topics: readonly TopicSpec[]): Promise<TopicPlan> {
    for (const spec of topics) checkSpec(spec);
    return this.with('look at the topics', (admin) => plan(admin, this.connection.settings, topics));
  }

  async names(): Promise<string[]> {
    return (await this.with('list the topics', (admin) => admin.listTopics())).sort();
  }

  /** One after the other, so that two declarations of one topic don't meet. */
  apply(topics: readonly TopicSpec[]): Promise<TopicPlan> {
    const applied = this.applying.then(async () => {
      for (const spec of topics) checkSpec(spec);
      if (topics.length === 0) return { create: [], change: [], refused: [], same: [] };
      return this.with('apply the topics', (admin) => apply(admin, this.connection.settings, topics));
    });
    this.applying = applied.catch(() => undefined);
    return applied;
  }

  private with<T>(what: string, work: (admin: Admin) => Promise<T>): Promise<T> {
    return this.connection.persist(what, async () => {
      const admin = this.connection.admin();
      try {
        await admin.connect();
        return await work(admin);
      } catch (error) {
        const refused = refusal(error);
        throw refused === undefined || isLasting(error) ? error : refused;
      } finally {
        await endsWithin(admin.disconnect(), 1000);
      }
    });
  }
}

async function plan(admin: Admin, settings: Settings, topics: readonly TopicSpec[]): Promise<TopicPlan> {
  // The last declaration of a name counts, as when they come one after the other.
  const specs = [...new Map(topics.map((spec) => [spec.name, spec])).values()];
  const existing = new Set(await admin.listTopics());
  const made: TopicPlan = { create: [], change: [], refused: [], same: [] };
  made.create = specs.filter(({ name }) => !existing.has(name));
  const there = specs.filter(({ name }) => existing.has(name));
  if (there.length === 0) return made;
  const { topics: found } = await admin.fetchTopicMetadata({ topics: there.map(({ name }) => name) });
  const configs = await describe(
    admin,
    there.map(({ name }) => name),
  );
  for (const spec of there) {
    const partitions = found.find(({ name }) => name === spec.name)?.partitions.length ?? 0;
    const config = configs.get(spec.name)!;
    const cleanup = config.get('cleanup.policy')?.value;
    if (partitions !== spec.partitions || cleanup !== spec.cleanup) {
      made.refused.push({
        topic: spec.name,
        reason:
          `it exists with ${partitions} partitions and cleanup.policy ${cleanup}; ` +
          `declared are ${spec.partitions} and ${spec.cleanup}`,
      });
      continue;
    }
    const differing = Object.entries(configOf(spec, settings)).flatMap(([name, to]) => {
      const from = config.get(name)?.value;
      const enough = name === 'max.message.bytes' && Number(from) >= Number(to);
      return from === to || enough ? [] : [{ name, from, to }];
    });
    if (differing.length === 0) made.same.push(spec.name);
    else made.change.push({ topic: spec.name, settings: differing });
  }
  return made;
}

async function apply(admin: Admin, settings: Settings, topics: readonly TopicSpec[]): Promise<TopicPlan> {
  const made = await plan(admin, settings, topics);
  const [refused] = made.refused;
  if (refused !== undefined)
    throw new StorageError('UNSILO_LOG_TOPIC_MISMATCH', `The topic ${refused.topic} is refused: ${refused.reason}.`, {
      hint:
        'Keys would change their partition, or messages would be kept or removed otherwise than declared. Declare the topic as it is, ' +
        'use another name, or copy its messages into a new topic.',
    });
  if (made.create.length > 0) {
    await admin.createTopics({
      timeout: CREATE_MS,
      waitForLeaders: true,
      topics: made.create.map((spec) => ({
        topic: spec.name,
        numPartitions: spec.partitions,
        replicationFactor: settings.replicationFactor ?? -1,
        configEntries: Object.entries(configOf(spec, settings)).map(([name, value]) => ({ name, value })),
      })),
    });
    // Somebody else may have made one of them meanwhile, otherwise than declared.
    const now = await plan(admin, settings, made.create);
    if (now.refused.length > 0) return apply(admin, settings, topics);
  }
  if (made.change.length > 0) {
    const configs = await describe(
      admin,
      made.change.map(({ topic }) => topic),
    );
    await admin.alterConfigs({
      validateOnly: false,
      resources: made.change.map(({ topic, settings: differing }) => {
        // This request replaces everything that was set on the topic, so what others have set goes along.
        const entries = new Map<string, string>();
        for (const [name, { value, own }] of configs.get(topic)!) if (own) entries.set(name, value);
        for (const { name, to } of differing) entries.set(name, to);
        return {
          type: ConfigResourceTypes.TOPIC,
          name: topic,
          configEntries: [...entries].map(([name, value]) => ({ name, value })),
        };
      }),
    });
  }
  return made;
}

/** For each topic its settings, and whether they were made on the topic itself. */
async function describe(
  admin: Admin,
  topics: readonly string[],
): Promise<Map<string, Map<string, { value: string; own: boolean }>>> {
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: topics.map((name) => ({ type: ConfigResourceTypes.TOPIC, name })),
  });
  return new Map(
    resources.map(({ resourceName, configEntries }) => [
      resourceName,
      new Map(
        configEntries.map(({ configName, configValue, configSource }) => [
          configName,
          { value: configValue, own: configSource === ConfigSource.TOPIC_CONFIG },
        ]),
      ),
    ]),
  );
}

function configOf(spec: TopicSpec, { maxMessageBytes }: Settings): Record<string, string> {
  return {
    'cleanup.policy': spec.cleanup,
    'max.message.bytes': String(maxMessageBytes + BATCH_OVERHEAD),
    // A message's time is when the log took it, whatever the clock of its writer says.
    'message.timestamp.type': 'LogAppendTime',
    ...(spec.cleanup === 'delete'
      ? { 'retention.ms': spec.retentionMs === undefined ? KEPT_FOR_EVER : String(spec.retentionMs) }
      : {}),
  };
}

/** @throws UNSILO_LOG_TOPIC_INVALID */
function checkSpec(spec: TopicSpec): void {
  const { name, partitions } = spec;
  if (
    /^[\w.-]+$/.test(name) &&
    name !== '.' &&
    name !== '..' &&
    name.length <= LONGEST_NAME &&
    Number.isInteger(partitions) &&
    partitions >= 1
  )
    return;
  throw new StorageError(
    'UNSILO_LOG_TOPIC_INVALID',
    `The topic ${JSON.stringify(name)} can't have ${partitions} partitions.`,
    {
      hint: `A topic has a name of up to ${LONGEST_NAME} letters, digits, dots, dashes and underscores, and 1 partition or more.`,
    },
  );
}

/** What the cluster refuses about a topic for good; undefined for all that may pass. */
function refusal(error: unknown): StorageError | undefined {
  const { errors = [error] } = error as { errors?: unknown[] };
  for (const one of errors) {
    const { type } = one as { type?: string };
    if (
      type === undefined ||
      !/^(INVALID_(CONFIG|PARTITIONS|REPLICATION_FACTOR|TOPIC_EXCEPTION)|POLICY_VIOLATION)$/.test(type)
    )
      continue;
    return new StorageError(
      'UNSILO_LOG_TOPIC_INVALID',
      `The cluster refuses a topic (${type}): ${(one as Error).message}.`.replace(/\.\.$/, '.'),
      { hint: 'Check partitions, retention and replicationFactor against what the cluster allows.', cause: error },
    );
  }
  return isLasting(error) ? logError(error, 'apply the topics') : undefined;
}
