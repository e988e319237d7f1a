import type { Database } from 'lmdb';
import { StorageError, unknownTopic } from '../errors.js';
import type { AppendMessage, Position, TopicSpec } from '../port.js';
import { joinRuns, RunEncoder, sealRun, type Run } from './chunk.js';
import { ChunkStore } from './chunk-store.js';
import type { LmdbEnvironment } from './environment.js';
import { partitionOf } from './partitioner.js';
import type { Round } from './writer.js';

/**
 * The stored log: topics, and for each partition its chunks (chunk.ts) and its next offset. Shared by the event log, which
 * appends by itself, and the state store, which appends its outbox within its own transaction.
 */
export interface Topic {
  readonly id: number;
  readonly name: string;
  readonly partitions: readonly Partition[];
  readonly cleanup: TopicSpec['cleanup'];
  retentionMs: number | undefined;
}
export interface Partition {
  readonly topic: Topic;
  readonly index: number;
  /** Offset of the next message, as far as everything before it is durable. */
  next: number;
  /** Where compaction begins to look: before it, every key stands once. */
  cleaned: number;
  /** Time of the oldest tombstone among what is compacted; 0 as long as nobody has looked. */
  oldestTombstone: number;
}
interface StoredTopic {
  id: number;
  partitions: number;
  cleanup: TopicSpec['cleanup'];
  retentionMs?: number;
}
interface StoredPartition {
  next: number;
  cleaned: number;
}

/** A batch, encoded and ready to be given its offsets. */
export interface PreparedAppend {
  readonly bytes: number;
  readonly parts: ReadonlyMap<Partition, { runs: readonly Run[]; count: number }>;
  /** For each message of the batch its partition. */
  readonly order: readonly Partition[];
}

interface RoundAppends {
  runs: Map<Partition, { next: number; runs: Run[] }>;
}

export class Journal {
  readonly topics = new Map<string, Topic>();
  readonly chunks: ChunkStore;
  private readonly topicRecords: Database<StoredTopic, string>;
  private readonly partitionRecords: Database<StoredPartition, number[]>;
  private declaring: Promise<unknown> = Promise.resolve();
  private readonly listeners = new Set<(partition: Partition) => void>();

  static of(environment: LmdbEnvironment): Journal {
    return environment.part('journal', () => new Journal(environment));
  }

  readonly environment: LmdbEnvironment;

  private constructor(environment: LmdbEnvironment) {
    this.environment = environment;
    this.chunks = new ChunkStore(environment);
    this.topicRecords = environment.database('topics', { encoding: 'json' });
    this.partitionRecords = environment.database('partitions', { encoding: 'json' });
    for (const { key, value } of this.topicRecords.getRange({})) this.addTopic(key, value);
  }

  /** Declarations happen one after the other: ids are given from what is durable. */
  declare(specs: readonly TopicSpec[]): Promise<void> {
    const declared = this.declaring.then(() => this.declareNow(specs));
    this.declaring = declared.catch(() => undefined);
    return declared;
  }

  private async declareNow(specs: readonly TopicSpec[]): Promise<void> {
    const changes = new Map<string, StoredTopic>();
    let id = Math.max(0, ...[...this.topics.values()].map((topic) => topic.id));
    for (const spec of specs) {
      const topic = this.topics.get(spec.name);
      if (topic === undefined) checkSpec(spec);
      else if (topic.partitions.length !== spec.partitions || topic.cleanup !== spec.cleanup)
        throw mismatch(topic, spec);
      else if (topic.retentionMs === spec.retentionMs) continue;
      changes.set(spec.name, {
        id: topic?.id ?? changes.get(spec.name)?.id ?? ++id,
        partitions: spec.partitions,
        cleanup: spec.cleanup,
        ...(spec.retentionMs === undefined ? {} : { retentionMs: spec.retentionMs }),
      });
    }
    if (changes.size === 0) return;
    await this.environment.write({
      area: 'LOG',
      bytes: 100 * changes.size,
      check: () => ({
        result: undefined,
        put: () => {
          for (const [name, record] of changes) void this.topicRecords.put(name, record);
        },
      }),
    });
    for (const [name, record] of changes) this.addTopic(name, record);
  }

  topicNames(): string[] {
    return [...this.topics.keys()].sort();
  }

  topic(name: string): Topic {
    const topic = this.topics.get(name);
    if (topic === undefined) throw unknownTopic(name);
    return topic;
  }

  partition(name: string, index: number): Partition {
    const partition = this.topic(name).partitions[index];
    if (partition !== undefined) return partition;
    throw new StorageError('UNSILO_LOG_UNKNOWN_PARTITION', `The topic ${name} has no partition ${index}.`);
  }

  /** @throws UNSILO_LOG_UNKNOWN_TOPIC, UNSILO_LOG_MESSAGE_TOO_LARGE */
  prepare(messages: readonly AppendMessage[]): PreparedAppend {
    const encoders = new Map<Partition, RunEncoder>();
    const counts = new Map<Partition, number>();
    const order: Partition[] = [];
    let topic: Topic | undefined;
    for (const message of messages) {
      if (topic?.name !== message.topic) topic = this.topic(message.topic);
      const partition = topic.partitions[partitionOf(message.key, topic.partitions.length)]!;
      let encoder = encoders.get(partition);
      if (encoder === undefined) {
        encoder = new RunEncoder((message.value?.length ?? 0) * messages.length);
        encoders.set(partition, encoder);
      }
      encoder.add(message, this.environment.maxMessageBytes);
      counts.set(partition, (counts.get(partition) ?? 0) + 1);
      order.push(partition);
    }
    const parts = new Map<Partition, { runs: readonly Run[]; count: number }>();
    let bytes = 0;
    for (const [partition, encoder] of encoders) {
      const runs = encoder.finish();
      for (const run of runs) bytes += run.bytes.length;
      parts.set(partition, { runs, count: counts.get(partition)! });
    }
    return { bytes, parts, order };
  }

  /** Gives a prepared batch its place in the round, after what the round has of the same partitions. */
  place(prepared: PreparedAppend, round: Round): Position[] {
    const appends = round.note<RoundAppends>(this, () => this.startAppends(round));
    const cursors = new Map<Partition, number>();
    for (const [partition, part] of prepared.parts) {
      let append = appends.runs.get(partition);
      if (append === undefined) {
        append = { next: partition.next, runs: [] };
        appends.runs.set(partition, append);
      }
      cursors.set(partition, append.next);
      append.next += part.count;
      for (const run of part.runs) append.runs.push(run);
    }
    const positions: Position[] = new Array<Position>(prepared.order.length);
    for (let index = 0; index < prepared.order.length; index++) {
      const partition = prepared.order[index]!;
      const offset = cursors.get(partition)!;
      cursors.set(partition, offset + 1);
      positions[index] = { topic: partition.topic.name, partition: partition.index, offset };
    }
    return positions;
  }

  append(messages: readonly AppendMessage[]): Promise<Position[]> {
    const prepared = this.prepare(messages);
    return this.environment.write({
      area: 'LOG',
      bytes: prepared.bytes,
      check: (round) => ({ result: this.place(prepared, round) }),
    });
  }

  /** Calls back after every durable append, once for each partition that grew. */
  onAppend(listener: (partition: Partition) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  putPartition(partition: Partition, record: StoredPartition): void {
    void this.partitionRecords.put([partition.topic.id, partition.index], record);
  }

  private startAppends(round: Round): RoundAppends {
    const appends: RoundAppends = { runs: new Map() };
    round.finally.push(() => {
      for (const [partition, append] of appends.runs) {
        let base = partition.next;
        for (const run of joinRuns(append.runs)) {
          this.chunks.put(partition, base, sealRun(run, round.timestamp));
          base += run.count;
        }
        this.putPartition(partition, { next: append.next, cleaned: partition.cleaned });
      }
    });
    round.committed.push(() => {
      for (const [partition, append] of appends.runs) {
        partition.next = append.next;
        for (const listener of this.listeners) listener(partition);
      }
    });
    return appends;
  }

  private addTopic(name: string, record: StoredTopic): void {
    const known = this.topics.get(name);
    if (known !== undefined) {
      known.retentionMs = record.retentionMs;
      return;
    }
    const partitions: Partition[] = [];
    const topic: Topic = { id: record.id, name, partitions, cleanup: record.cleanup, retentionMs: record.retentionMs };
    for (let index = 0; index < record.partitions; index++) {
      const stored = this.partitionRecords.get([record.id, index]);
      partitions.push({ topic, index, next: stored?.next ?? 0, cleaned: stored?.cleaned ?? 0, oldestTombstone: 0 });
    }
    this.topics.set(name, topic);
  }
}

function checkSpec(spec: TopicSpec): void {
  if (spec.name !== '' && Number.isInteger(spec.partitions) && spec.partitions >= 1 && spec.partitions <= 0xffff)
    return;
  throw new StorageError(
    'UNSILO_LOG_TOPIC_INVALID',
    `The topic ${JSON.stringify(spec.name)} can't have ${spec.partitions} partitions.`,
    {
      hint: 'A topic has a name and 1 to 65535 partitions.',
    },
  );
}

function mismatch(topic: Topic, spec: TopicSpec): StorageError {
  return new StorageError(
    'UNSILO_LOG_TOPIC_MISMATCH',
    `The topic ${topic.name} exists with ${topic.partitions.length} partitions and cleanup ${topic.cleanup}; ` +
      `declared are ${spec.partitions} and ${spec.cleanup}.`,
    { hint: 'Declare it as it is, or use another name.' },
  );
}
