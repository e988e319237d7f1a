import { StorageError, logClosed, shutOut, unknownTopic } from '../errors.js';
import type { AppendMessage, Position } from '../port.js';
import { placeKey, type GroupBroker, type KafkaConnection } from './connection.js';
import { Backoff, isLasting, logError, typeOf } from './failures.js';
import { done, prepare, take, type Entry, type Identity, type Line } from './lines.js';

/** So many messages are sent without waiting for more. */
const ENOUGH = 100;
/** At most so many bytes go to one broker in one request. */
const REQUEST_BYTES = 8 * 1024 * 1024;
const ALL_REPLICAS = -1;
/** How long a topic that has gone away is waited for. */
const GONE_MS = 5000;

interface Batch {
  line: Line;
  entries: Entry[];
  /** What it was first sent with, and what it is sent with again: a repeat is recognised, never appended twice. */
  identity: Identity | undefined;
  sequence: number;
  since: number;
}

/** Errors after which the broker no longer knows the sequence; the batch then goes out under a new number. */
const LOST_SEQUENCE = new Set([
  'OUT_OF_ORDER_SEQUENCE_NUMBER',
  'DUPLICATE_SEQUENCE_NUMBER',
  'UNKNOWN_PRODUCER_ID',
  'INVALID_PRODUCER_EPOCH',
  'INVALID_PRODUCER_ID_MAPPING',
]);
const TOO_LARGE = new Set(['MESSAGE_TOO_LARGE', 'RECORD_LIST_TOO_LARGE']);

/**
 * Collects messages into batches, one request to each leader at a time, and repeats what failed in its place.
 * kafkajs' own producer gives the sequence of a failed batch to the next one, and forgets partitions that change their leader
 * between two tries; here a batch keeps what it was sent with until it is settled.
 */
export class KafkaProducer {
  private readonly connection: KafkaConnection;
  private readonly compression: number;
  private readonly lines = new Map<string, Line>();
  /** Lines with messages that wait and nothing under way. */
  private readonly ready = new Set<Line>();
  private readonly busyLeaders = new Set<number | undefined>();
  private identity: Promise<Identity> | undefined;
  private timer: NodeJS.Timeout | undefined;
  private readonly only: { writer: string; identity: Identity } | undefined;
  /** It had one identity only, which is lost. */
  private lost: unknown;

  /** @param only It writes under this number and under no other: without it, it ends. */
  constructor(connection: KafkaConnection, compression: number, only?: { writer: string; identity: Identity }) {
    this.connection = connection;
    this.compression = compression;
    this.only = only;
    if (only !== undefined) this.identity = Promise.resolve(only.identity);
  }

  async append(messages: readonly AppendMessage[]): Promise<Position[]> {
    if (this.lost !== undefined) throw shutOut(this.only!.writer, this.lost);
    const counts = new Map<string, number>();
    for (const { topic } of messages) {
      if (!counts.has(topic)) counts.set(topic, await this.connection.partitions(topic));
    }
    const since = performance.now();
    const { maxMessageBytes } = this.connection.settings;
    const prepared = messages.map((message) => prepare(message, counts.get(message.topic)!, maxMessageBytes));
    return new Promise<Position[]>((resolve, reject) => {
      const append = { positions: new Array<Position>(messages.length), left: messages.length, resolve, reject };
      for (const [index, { partition, message }] of prepared.entries()) {
        const line = this.line(messages[index]!.topic, partition);
        line.waiting.push({ ...message, since, append, index });
        if (!line.busy) this.ready.add(line);
      }
      this.pump();
    });
  }

  private line(topic: string, partition: number): Line {
    const place = placeKey({ topic, partition });
    let line = this.lines.get(place);
    if (line === undefined) {
      line = { topic, partition, waiting: [], busy: false, identity: undefined, sequence: 0 };
      this.lines.set(place, line);
    }
    return line;
  }

  /** Sends to every leader that is free what waits for it and is enough, or has waited long enough. */
  private pump(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    const byLeader = new Map<number | undefined, Line[]>();
    for (const line of this.ready) {
      const leader = this.connection.leader(line);
      if (this.busyLeaders.has(leader)) continue;
      const lines = byLeader.get(leader) ?? [];
      lines.push(line);
      byLeader.set(leader, lines);
    }
    const now = performance.now();
    let soonest = Infinity;
    for (const [leader, lines] of byLeader) {
      let count = 0;
      let oldest = Infinity;
      for (const { waiting } of lines) {
        count += waiting.length;
        oldest = Math.min(oldest, waiting[0]!.since);
      }
      const ripe = oldest + this.connection.settings.lingerMs;
      if (count >= ENOUGH || ripe <= now) this.send(leader, lines);
      else soonest = Math.min(soonest, ripe - now);
    }
    if (soonest < Infinity) this.timer = setTimeout(() => this.pump(), Math.ceil(soonest));
  }

  private send(leader: number | undefined, lines: readonly Line[]): void {
    const batches: Batch[] = [];
    let bytes = 0;
    // The line that waited longest goes first.
    for (const line of lines) {
      if (bytes >= REQUEST_BYTES) break;
      const entries = take(line.waiting);
      for (const entry of entries) bytes += entry.bytes;
      line.busy = true;
      this.ready.delete(line);
      batches.push({ line, entries, identity: undefined, sequence: 0, since: performance.now() });
    }
    this.busyLeaders.add(leader);
    void this.deliver(batches).finally(() => {
      this.busyLeaders.delete(leader);
      this.pump();
    });
  }

  /** Tries until every batch is settled, one way or the other. */
  private async deliver(batches: Batch[]): Promise<void> {
    const backoff = new Backoff();
    let together = true;
    while (batches.length > 0) {
      const groups = together ? this.byLeader(batches) : batches.map((batch) => [batch]);
      const left: Batch[] = [];
      for (const outcome of await Promise.all(groups.map((group) => this.attempt(group)))) {
        if (outcome === undefined) continue;
        const { group, error } = outcome;
        // kafkajs tells the error of one partition for all of a request.
        if (group.length > 1) {
          together = false;
          left.push(...group);
        } else left.push(...this.afterFailure(group[0]!, error));
      }
      batches = left;
      if (batches.length === 0) return;
      await backoff.pause(this.connection.closed);
      await this.connection.recover();
    }
  }

  private byLeader(batches: readonly Batch[]): Batch[][] {
    const groups = new Map<string, Batch[]>();
    for (const batch of batches) {
      // A request bears one producer's number.
      const key = `${this.connection.leader(batch.line)}/${batch.identity?.producerId}`;
      const group = groups.get(key) ?? [];
      group.push(batch);
      groups.set(key, group);
    }
    return [...groups.values()];
  }

  /** One request for batches of one leader; settles them when it succeeds. */
  private async attempt(group: Batch[]): Promise<{ group: Batch[]; error: unknown } | undefined> {
    try {
      const [{ line: first }] = group as [Batch];
      if (this.connection.leader(first) === undefined) await this.connection.learn(first.topic);
      const leader = this.connection.leader(first);
      if (leader === undefined) throw new Error(`${placeKey(first)} has no leader`);
      const broker = await this.connection.broker(leader);
      const identity = await this.identify();
      for (const batch of group) {
        if (batch.identity !== undefined) continue;
        const { line } = batch;
        if (line.identity !== identity) {
          line.identity = identity;
          line.sequence = 0;
        }
        batch.identity = identity;
        batch.sequence = line.sequence;
        line.sequence = after(line.sequence, batch.entries.length);
      }
      const offsets = await this.produce(broker, group);
      for (const { line, entries } of group) {
        const offset = offsets.get(placeKey(line));
        if (offset === undefined) throw new Error(`${placeKey(line)} was not answered`);
        this.settle(line);
        for (const [index, entry] of entries.entries()) done(entry, line, offset + index);
      }
      return undefined;
    } catch (error) {
      this.connection.failed(error);
      return { group: group.filter(({ line }) => line.busy), error };
    }
  }

  private async produce(broker: GroupBroker, group: readonly Batch[]): Promise<Map<string, number>> {
    const { producerId, producerEpoch } = group[0]!.identity!;
    const topics = new Map<string, { partition: number; firstSequence: number; messages: Entry[] }[]>();
    for (const { line, entries, sequence } of group) {
      const partitions = topics.get(line.topic) ?? [];
      partitions.push({ partition: line.partition, firstSequence: sequence, messages: entries });
      topics.set(line.topic, partitions);
    }
    const answer = (await broker.produce({
      topicData: [...topics].map(([topic, partitions]) => ({ topic, partitions })),
      producerId,
      producerEpoch,
      acks: ALL_REPLICAS,
      timeout: this.connection.settings.requestTimeoutMs,
      compression: this.compression,
    })) as { topics: { topicName: string; partitions: { partition: number; baseOffset: string }[] }[] };
    const offsets = new Map<string, number>();
    for (const { topicName: topic, partitions } of answer.topics) {
      for (const { partition, baseOffset } of partitions)
        offsets.set(placeKey({ topic, partition }), Number(baseOffset));
    }
    return offsets;
  }

  /** The line may send again. */
  private settle(line: Line): void {
    line.busy = false;
    if (line.waiting.length > 0) this.ready.add(line);
  }

  /** What is to be tried again of a batch that failed alone. */
  private afterFailure(batch: Batch, error: unknown): Batch[] {
    const { line, entries } = batch;
    const type = typeOf(error) ?? '';
    if (TOO_LARGE.has(type)) return this.split(batch, error);
    if (LOST_SEQUENCE.has(type) && this.only === undefined) {
      this.renew(batch.identity);
      batch.identity = undefined;
      return [batch];
    }
    const age = performance.now() - batch.since;
    const gone = type === 'UNKNOWN_TOPIC_OR_PARTITION' && age > GONE_MS;
    const { closed, settings } = this.connection;
    const isLost = LOST_SEQUENCE.has(type);
    if (!gone && !isLost && !isLasting(error) && age < settings.deliveryTimeoutMs && !closed.aborted) return [batch];
    // It may have been taken all the same, so its sequence can't be given to another one.
    this.renew(batch.identity, error);
    const told = gone
      ? unknownTopic(line.topic)
      : closed.aborted
        ? logClosed()
        : isLost
          ? shutOut(this.only!.writer, error)
          : logError(error, `append to ${placeKey(line)}`);
    // What stands behind it fails too: of each append, a beginning is kept.
    const failed = [...entries, ...line.waiting.splice(0)];
    this.settle(line);
    for (const { append } of failed) append.reject(told);
    return [];
  }

  /** A topic takes less at once than we do: halves, down to the one message that it doesn't take. */
  private split(batch: Batch, error: unknown): Batch[] {
    const { line, entries } = batch;
    if (entries.length > 1) {
      // Nothing of it was taken, so its sequence is free; its second half goes back to the head of the line.
      const half = entries.splice(Math.ceil(entries.length / 2));
      line.waiting.unshift(...half);
      line.sequence = after(batch.sequence, entries.length);
      return [batch];
    }
    line.sequence = batch.sequence;
    this.settle(line);
    const [entry] = entries;
    entry!.append.reject(
      new StorageError(
        'UNSILO_LOG_MESSAGE_TOO_LARGE',
        `A message for ${line.topic} has ${(entry!.key.length + (entry!.value?.length ?? 0)).toString()} bytes; the topic takes less.`,
        { hint: 'Apply the topics again, which raises max.message.bytes, or send less in one message.', cause: error },
      ),
    );
    return [];
  }

  private identify(): Promise<Identity> {
    if (this.lost !== undefined) return Promise.reject(shutOut(this.only!.writer, this.lost));
    this.identity ??= newIdentity(this.connection);
    const asked = this.identity;
    asked.catch(() => {
      if (this.identity === asked) this.identity = undefined;
    });
    return asked;
  }

  /** Batches from now on go out under a new number; those under way keep theirs. */
  private renew(identity: Identity | undefined, why?: unknown): void {
    if (this.only !== undefined) this.lost = why ?? new Error('its number is lost');
    for (const line of this.lines.values()) if (line.identity === identity) line.identity = undefined;
    this.identity = undefined;
  }
}

/** A number under which nobody has written yet. */
export async function newIdentity(connection: KafkaConnection): Promise<Identity> {
  const broker = await connection.anyBroker();
  const { producerId, producerEpoch } = await broker.initProducerId({ transactionTimeout: 60_000 });
  return { producerId, producerEpoch };
}

/** Sequences are 31 bits and begin again at 0. */
function after(sequence: number, count: number): number {
  return (sequence + count) % 2 ** 31;
}
