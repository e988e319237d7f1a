import { shutOutMark } from '../marks.js';
import type { AppendMessage, LogWriter, Position, TopicSpec } from '../port.js';
import { placeKey, type GroupBroker, type KafkaConnection } from './connection.js';
import { typeOf } from './failures.js';
import type { Identity } from './lines.js';
import { KafkaProducer, newIdentity } from './producer.js';
import { readPage } from './reading.js';

/** Who writes under a name, and under which of the cluster's numbers: written before the first message of a writer, removed at its end. */
export const WRITERS_TOPIC: TopicSpec = { name: 'unsilo.writers.v1', partitions: 1, cleanup: 'compact' };

const PAGE = 500;
const ALL_REPLICAS = -1;
/** Whoever writes for long opens a new writer every day: one that was opened so long ago and never closed is dead. */
const FORGOTTEN_MS = 14 * 86_400_000;
/** The broker knows a higher epoch of that number already: whoever wrote it has shut the writer out. */
const SHUT_OUT_ALREADY = 'INVALID_PRODUCER_EPOCH';

interface Registered extends Identity {
  name: string;
}

/**
 * Writers that can be shut out. Kafka refuses what comes under a producer's number with an older epoch than the partition has seen; an
 * idempotent producer raises its epoch by itself, beginning anew with sequence 0. So whoever knows the number of another one can raise its
 * epoch in a partition, with one message, and nothing that is still on its way under the old epoch is taken there any more.
 */
export class Writers {
  private readonly connection: KafkaConnection;
  private readonly compression: number;
  private readonly append: (messages: readonly AppendMessage[]) => Promise<Position[]>;
  private readonly declare: () => Promise<void>;
  private declared: Promise<void> | undefined;

  constructor(
    connection: KafkaConnection,
    compression: number,
    append: (messages: readonly AppendMessage[]) => Promise<Position[]>,
    declare: () => Promise<void>,
  ) {
    this.connection = connection;
    this.compression = compression;
    this.append = append;
    this.declare = declare;
  }

  async open(name: string): Promise<LogWriter> {
    await this.ready();
    const identity = await this.connection.persist('give a writer its number', () => newIdentity(this.connection));
    const key = keyOf(name, identity);
    await this.append([{ topic: WRITERS_TOPIC.name, key, value: JSON.stringify({ name, ...identity }) }]);
    const producer = new KafkaProducer(this.connection, this.compression, { writer: name, identity });
    return {
      append: (messages) => producer.append(messages),
      close: async () => void (await this.append([{ topic: WRITERS_TOPIC.name, key, value: null }])),
    };
  }

  async shutOut(name: string, topics: readonly string[]): Promise<void> {
    await this.ready();
    const writers = await this.registered(name);
    for (const writer of writers) for (const topic of topics) await this.raise(writer, topic);
  }

  private ready(): Promise<void> {
    this.declared ??= this.declare().catch((error: unknown) => {
      this.declared = undefined;
      throw error;
    });
    return this.declared;
  }

  /** Those that were opened and not closed, up to now. */
  private async registered(name: string): Promise<Registered[]> {
    const found = new Map<string, Registered>();
    const place = { topic: WRITERS_TOPIC.name, partition: 0 };
    const { first, next: end } = (await this.connection.ends([place])).get(placeKey(place))!;
    for (let from: number | undefined = first; from !== undefined && from < end;) {
      const page = await readPage(this.connection, { ...place, from, limit: PAGE, until: end });
      for (const { key, value, timestamp } of page.messages) {
        const writer = value === null ? undefined : (JSON.parse(value.toString('utf8')) as Registered);
        if (writer?.name === name && Date.now() - timestamp < FORGOTTEN_MS) found.set(key, writer);
        else found.delete(key);
      }
      from = page.next;
    }
    return [...found.values()];
  }

  /** Raises the epoch of a writer in all partitions of a topic. A repeat is recognised by its sequence. */
  private async raise(writer: Registered, topic: string): Promise<void> {
    const left = new Set(Array.from({ length: await this.connection.partitions(topic) }, (_, partition) => partition));
    await this.connection.persist(`shut a writer out of ${topic}`, async () => {
      for (const partition of left) {
        await this.mark(writer, topic, partition);
        left.delete(partition);
      }
    });
  }

  private async mark(writer: Registered, topic: string, partition: number): Promise<void> {
    if (this.connection.leader({ topic, partition }) === undefined) await this.connection.learn(topic);
    const leader = this.connection.leader({ topic, partition });
    if (leader === undefined) throw new Error(`${placeKey({ topic, partition })} has no leader`);
    const broker: GroupBroker = await this.connection.broker(leader);
    const key = Buffer.from(shutOutMark(keyOf(writer.name, writer)), 'utf8');
    try {
      await broker.produce({
        topicData: [{ topic, partitions: [{ partition, firstSequence: 0, messages: [{ key, value: null }] }] }],
        producerId: writer.producerId,
        producerEpoch: writer.producerEpoch + 1,
        acks: ALL_REPLICAS,
        timeout: this.connection.settings.requestTimeoutMs,
      });
    } catch (error) {
      if (typeOf(error) === SHUT_OUT_ALREADY) return;
      throw error;
    }
  }
}

function keyOf(name: string, { producerId, producerEpoch }: Identity): string {
  return `${name}/${producerId}/${producerEpoch}`;
}
