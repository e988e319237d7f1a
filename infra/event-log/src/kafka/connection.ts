import type { Socket } from 'node:net';
import { Kafka, type Admin, type Cluster, type Consumer } from 'kafkajs';
import { StorageError, logClosed, unknownTopic } from '../errors.js';
import type { TopicPartition } from '../port.js';
import { endsWithin } from '../under-way.js';
import { Backoff, brokerOf, isLasting, logError, pause, typeOf } from './failures.js';
import { giveUpAll, giveUpAt, giveUpBy, type WiredBroker } from './giving-up.js';
import { clientConfig, type Settings } from './options.js';

/** Offsets of one partition that somebody who reads committed messages can see: the first, and the one after the last. */
export interface Ends {
  first: number;
  next: number;
}

/** The requests of the group protocol, which kafkajs 2.2.4 has and its types leave out. */
export interface GroupBroker extends WiredBroker {
  joinGroup(request: {
    groupId: string;
    memberId: string;
    sessionTimeout: number;
    rebalanceTimeout: number;
    groupProtocols: { name: string; metadata: Buffer }[];
  }): Promise<{
    generationId: number;
    leaderId: string;
    memberId: string;
    members: { memberId: string; memberMetadata: Buffer }[];
  }>;
  syncGroup(request: {
    groupId: string;
    generationId: number;
    memberId: string;
    groupAssignment: { memberId: string; memberAssignment: Buffer }[];
  }): Promise<{ memberAssignment: Buffer }>;
  heartbeat(request: { groupId: string; groupGenerationId: number; memberId: string }): Promise<unknown>;
  leaveGroup(request: { groupId: string; memberId: string }): Promise<unknown>;
  describeGroups(request: { groupIds: string[] }): Promise<{ groups: { members: unknown[] }[] }>;
  initProducerId(request: { transactionTimeout: number }): Promise<{ producerId: number; producerEpoch: number }>;
}

/** How long a connection that is closed may take to say goodbye. */
const FAREWELL_MS = 500;
/** A topic that was just made may be unknown to the broker that is asked first. */
const SECOND_LOOK_MS = 300;
/** A consumer is the only way to its cluster; this one never joins its group. */
const NO_GROUP = 'unsilo-without-group';

/**
 * The connections of one user (the log itself, or one subscription) to the brokers, by which it speaks Kafka's protocol. A broker
 * answers the requests of a connection one after the other, so whoever waits long (for messages, for a group) has its own.
 */
export class KafkaConnection {
  readonly settings: Settings;
  private readonly stop = new AbortController();
  private readonly sockets = new Set<Socket>();
  private readonly kafka: Kafka;
  private consumer: Consumer;
  private cluster: Cluster;
  /** Topics that were looked up: a new client is told of them at once. */
  private readonly topics = new Set<string>();
  private isFresh = false;
  private refreshing: Promise<void> | undefined;

  constructor(settings: Settings) {
    this.settings = settings;
    this.kafka = new Kafka(clientConfig(settings, this.sockets, (socket) => giveUpBy(this.cluster, socket)));
    [this.consumer, this.cluster] = this.build();
  }

  /** The parts of kafkajs that its assigners are given. */
  private build(): [Consumer, Cluster] {
    let cluster: Cluster | undefined;
    const consumer = this.kafka.consumer({
      groupId: NO_GROUP,
      allowAutoTopicCreation: false,
      partitionAssigners: [
        (given) => {
          cluster = given.cluster;
          return {
            name: NO_GROUP,
            version: 0,
            assign: () => Promise.resolve([]),
            protocol: () => ({ name: NO_GROUP, metadata: Buffer.alloc(0) }),
          };
        },
      ],
    });
    return [consumer, cluster!];
  }

  admin(): Admin {
    return this.kafka.admin();
  }

  /** Whoever only asks doesn't wait as long as one who writes. */
  private get askingMs(): number {
    const { deliveryTimeoutMs, requestTimeoutMs } = this.settings;
    return Math.min(deliveryTimeoutMs, 2 * requestTimeoutMs);
  }

  get closed(): AbortSignal {
    return this.stop.signal;
  }

  /**
   * Does something until it succeeds, with growing pauses and a fresh look at the cluster between the tries.
   * @throws what no repeating mends at once; UNSILO_LOG_UNREACHABLE when the time is over; UNSILO_LOG_CLOSED
   */
  async persist<T>(what: string, work: () => Promise<T>, limitMs = this.askingMs): Promise<T> {
    const end = performance.now() + limitMs;
    const backoff = new Backoff();
    for (;;) {
      if (this.closed.aborted) throw logClosed();
      try {
        return await work();
      } catch (error) {
        if (isLasting(error) || performance.now() >= end) throw logError(error, what);
        this.failed(error);
        await backoff.pause(this.closed);
        await this.recover();
      }
    }
  }

  /**
   * To be told of every failure, at once. A broker whose connection failed, or that didn't answer, is asked over new connections only:
   * kafkajs would open the same connection object again, which still holds the beginning of an answer that was cut off, takes whatever
   * comes for the rest of it, and lets every request wait until its time is over. Doesn't throw.
   */
  failed(failure: unknown): void {
    const address = brokerOf(failure);
    if (address !== undefined) giveUpAt(this.cluster, address);
  }

  /** Looks at the brokers anew after something failed. Doesn't throw: whoever tries again finds out. */
  recover(): Promise<void> {
    this.refreshing ??= this.refresh().finally(() => (this.refreshing = undefined));
    return this.refreshing;
  }

  private async refresh(): Promise<void> {
    if (this.closed.aborted) return;
    try {
      await this.cluster.connect();
      if (this.isFresh) await this.cluster.addMultipleTargetTopics([...this.topics]);
      else await this.cluster.refreshMetadata();
      this.isFresh = false;
    } catch (error) {
      const type = typeOf(error);
      // One topic that is gone spoils kafkajs' look at all others.
      if (type === 'UNKNOWN_TOPIC_OR_PARTITION') this.topics.clear();
      // No broker has answered: kafkajs may have lost its last one, or take one for connected that it never spoke with.
      else if (type !== undefined) return;
      this.forget();
    }
  }

  private forget(): void {
    // Whoever still waits for an answer by it hears at once that none will come.
    giveUpAll(this.cluster);
    this.consumer.disconnect().catch(() => undefined);
    [this.consumer, this.cluster] = this.build();
    this.isFresh = true;
  }

  /** Makes sure that there is a cluster at all. */
  async connect(): Promise<void> {
    await this.persist('reach any broker', () => this.cluster.connect(), this.settings.deliveryTimeoutMs);
  }

  /**
   * Number of partitions.
   * @throws UNSILO_LOG_UNKNOWN_TOPIC
   */
  async partitions(topic: string): Promise<number> {
    const known = this.known(topic);
    if (known > 0) return known;
    let looks = 0;
    const look = async (): Promise<number> => {
      try {
        await this.learn(topic);
      } catch (error) {
        const type = typeOf(error);
        if (type === 'INVALID_TOPIC_EXCEPTION') throw unknownTopic(topic);
        if (type !== 'UNKNOWN_TOPIC_OR_PARTITION') throw error;
        if (looks++ > 0) throw unknownTopic(topic);
        await pause(SECOND_LOOK_MS, this.closed);
        throw error;
      }
      if (this.known(topic) === 0) throw unknownTopic(topic);
      return this.known(topic);
    };
    return this.persist(`look up the topic ${topic}`, look, this.settings.deliveryTimeoutMs);
  }

  /** Looks a topic up, if it is not among those that are looked at anyway. Fails as Kafka says. */
  async learn(topic: string): Promise<void> {
    await this.cluster.connect();
    await this.cluster.addMultipleTargetTopics([topic]);
    if (this.known(topic) === 0) await this.cluster.refreshMetadata();
    this.topics.add(topic);
  }

  private known(topic: string): number {
    try {
      return this.cluster.findTopicPartitionMetadata(topic).length;
    } catch {
      // Nothing has been looked up yet.
      return 0;
    }
  }

  /** @throws UNSILO_LOG_UNKNOWN_TOPIC, UNSILO_LOG_UNKNOWN_PARTITION */
  async checkPartition({ topic, partition }: TopicPartition): Promise<void> {
    const count = await this.partitions(topic);
    if (Number.isInteger(partition) && partition >= 0 && partition < count) return;
    throw new StorageError('UNSILO_LOG_UNKNOWN_PARTITION', `The topic ${topic} has no partition ${partition}.`);
  }

  /** The broker that takes and gives the messages of a partition; undefined while nobody knows. */
  leader({ topic, partition }: TopicPartition): number | undefined {
    let leader: number | undefined;
    try {
      leader = this.cluster.findTopicPartitionMetadata(topic).find((entry) => entry.partitionId === partition)?.leader;
    } catch {
      return undefined;
    }
    return leader === undefined || leader < 0 ? undefined : leader;
  }

  async broker(node: number): Promise<GroupBroker> {
    return (await this.cluster.findBroker({ nodeId: String(node) })) as GroupBroker;
  }

  async anyBroker(): Promise<GroupBroker> {
    await this.cluster.connect();
    const [node] = this.cluster.getNodeIds();
    if (node !== undefined) return this.broker(node);
    await this.cluster.refreshMetadata();
    return this.broker(this.cluster.getNodeIds()[0]!);
  }

  async coordinator(groupId: string): Promise<GroupBroker> {
    await this.cluster.connect();
    if (this.cluster.getNodeIds().length === 0) await this.cluster.refreshMetadata();
    return (await this.cluster.findGroupCoordinator({ groupId })) as GroupBroker;
  }

  /** Ends of partitions of which the caller knows that they exist. */
  async ends(places: readonly TopicPartition[]): Promise<Map<string, Ends>> {
    const topics = new Map<string, { partition: number }[]>();
    for (const { topic, partition } of places) {
      const partitions = topics.get(topic) ?? [];
      partitions.push({ partition });
      topics.set(topic, partitions);
    }
    for (const topic of topics.keys()) await this.partitions(topic);
    return this.persist('say where the partitions end', async () => {
      const asked = [...topics].map(([topic, partitions]) => ({ topic, partitions }));
      if (asked.length === 0) return new Map<string, Ends>();
      const [first, next] = await Promise.all(
        [true, false].map((fromBeginning) =>
          this.cluster.fetchTopicsOffset(asked.map((entry) => ({ ...entry, fromBeginning }))),
        ),
      );
      const ends = new Map<string, Ends>();
      for (const [index, answer] of [first!, next!].entries()) {
        for (const { topic, partitions } of answer) {
          for (const { partition, offset } of partitions) {
            const place = placeKey({ topic, partition });
            const known = ends.get(place) ?? { first: -1, next: -1 };
            known[index === 0 ? 'first' : 'next'] = Number(offset);
            ends.set(place, known);
          }
        }
      }
      const missing = places.find((place) => {
        const known = ends.get(placeKey(place));
        return known === undefined || known.first < 0 || known.next < 0;
      });
      if (missing !== undefined) throw new Error(`${placeKey(missing)} has no leader`);
      return ends;
    });
  }

  /** Ends within `FAREWELL_MS`, whatever a broker is still waiting for. Repeats are harmless. */
  async close(): Promise<void> {
    this.stop.abort();
    await endsWithin(this.consumer.disconnect(), FAREWELL_MS);
    giveUpAll(this.cluster);
    for (const socket of this.sockets) socket.destroy();
  }
}

/** A partition's name, as key of a map and in words. */
export function placeKey({ topic, partition }: TopicPartition): string {
  return `${topic}/${partition}`;
}
