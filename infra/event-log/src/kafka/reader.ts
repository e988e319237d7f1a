import { unknownTopic } from '../errors.js';
import type { LogBatch, LogMessage, Position, TopicPartition } from '../port.js';
import { endsWithin } from '../under-way.js';
import { placeKey, type KafkaConnection } from './connection.js';
import { Backoff, isLasting, logError, outOfRange, pause, typeOf } from './failures.js';
import { fetchFrom, type Fetched, type Wanted } from './fetching.js';

/** How long a broker may hold a request until there is something; so long at most a farewell takes. */
const LONG_POLL_MS = 250;
/** When to look again for more while there is still enough to handle. */
const LOOK_AGAIN_MS = 20;
const PARTITION_BYTES = 2 * 1024 * 1024;
const RESPONSE_BYTES = 8 * 1024 * 1024;
/** What is read ahead. */
const AHEAD_BYTES = 32 * 1024 * 1024;
/** A batch ends here even when it has fewer messages, so that large ones don't pile up in memory. */
const BATCH_BYTES = 16 * 1024 * 1024;
/** After a failure that no repeating mends, it is tried again all the same, rarely. */
const LASTING_PAUSE_MS = 5000;

/** One partition that is read. */
export interface Reading extends TopicPartition {
  /** Next offset to fetch. */
  position: number;
  /** Where the next batch begins as its handler sees it: the `next` of the batch before. Gaps lie behind it. */
  handled: number;
  buffer: LogMessage[];
  bytes: number;
  /** Nothing came although there is something: ask for it alone, so that it fits. */
  alone: boolean;
  /** What the group was last told of a gap at the end. */
  told: number;
  /** It stands beyond the end of the partition and must not be read. */
  astray: boolean;
}

export interface ReaderListener {
  /** Something can be handled, or a reading got over a gap. */
  progressed(): void;
  failed(error: unknown): void;
}

/** Fetches ahead from the leaders of the partitions it is given, and makes batches of what came. */
export class PartitionReader {
  private readonly connection: KafkaConnection;
  private readonly listener: ReaderListener;
  private readonly group: string;
  private readonly ahead: number;
  private readonly readings = new Map<string, Reading>();
  private readonly fetchers = new Map<number, Promise<void>>();
  /** When it was last said of a topic that it is not there. */
  private readonly missed = new Map<string, number>();
  private waiting: AbortController | undefined;
  private bytes = 0;
  /** A fetcher waits for room. */
  private full = false;
  private turn = 0;
  private readonly stopping = new AbortController();

  constructor(connection: KafkaConnection, group: string, maxMessages: number, listener: ReaderListener) {
    this.connection = connection;
    this.group = group;
    this.ahead = 3 * maxMessages;
    this.listener = listener;
  }

  /** Begins to read these, each at its position; what the handler sees begins at `handled`. */
  add(begin: readonly { place: TopicPartition; position: number; handled: number }[]): void {
    for (const { place, position, handled } of begin) {
      const { topic, partition } = place;
      const none = { buffer: [], bytes: 0, alone: false, astray: false, told: -1 };
      this.readings.set(placeKey(place), { topic, partition, position, handled, ...none });
    }
    this.turnTo();
  }

  /** Reads it no more; what was read ahead is dropped. */
  remove(place: TopicPartition): void {
    const reading = this.readings.get(placeKey(place));
    if (reading === undefined) return;
    this.bytes -= reading.bytes;
    this.readings.delete(placeKey(place));
  }

  get(place: TopicPartition): Reading | undefined {
    return this.readings.get(placeKey(place));
  }

  all(): IterableIterator<Reading> {
    return this.readings.values();
  }

  available(): number {
    let count = 0;
    for (const { buffer } of this.readings.values()) count += buffer.length;
    return count;
  }

  /** The next batch; it stays in the buffers until `drop` says that it was handled. */
  collect(maxMessages: number): LogBatch | undefined {
    const messages: LogMessage[] = [];
    const first: Position[] = [];
    const next: Position[] = [];
    const readings = [...this.readings.values()];
    let room = BATCH_BYTES;
    // Begins with another partition every time, so that none has to wait for a busy one.
    this.turn++;
    for (let index = 0; index < readings.length && messages.length < maxMessages && room > 0; index++) {
      const { topic, partition, buffer, handled } = readings[(this.turn + index) % readings.length]!;
      let last: LogMessage | undefined;
      for (const message of buffer) {
        if (messages.length === maxMessages || room <= 0) break;
        messages.push(message);
        room -= sizeOf(message);
        last = message;
      }
      if (last === undefined) continue;
      first.push({ topic, partition, offset: handled });
      next.push({ topic, partition, offset: last.offset + 1 });
    }
    return messages.length === 0 ? undefined : { messages, first, next };
  }

  /** The batch was handled: goes on behind it. */
  drop({ next }: LogBatch): void {
    for (const { topic, partition, offset } of next) {
      const reading = this.readings.get(placeKey({ topic, partition }));
      if (reading === undefined) continue;
      let count = 0;
      while (count < reading.buffer.length && reading.buffer[count]!.offset < offset) {
        const size = sizeOf(reading.buffer[count]!);
        reading.bytes -= size;
        this.bytes -= size;
        count++;
      }
      reading.buffer.splice(0, count);
      reading.handled = offset;
    }
    if (!this.full && this.bytes > 0) return;
    this.full = false;
    this.waiting?.abort();
  }

  /** Requests that are under way may still end after it; what they bring is dropped. */
  async stop(): Promise<void> {
    this.stopping.abort();
    this.waiting?.abort();
    await endsWithin(Promise.all(this.fetchers.values()), 2 * LONG_POLL_MS);
  }

  private get stopped(): boolean {
    return this.stopping.signal.aborted;
  }

  /** Sees to it that every leader is asked, one request at a time. */
  private turnTo(): void {
    this.waiting?.abort();
    if (this.stopped) return;
    for (const reading of this.readings.values()) {
      const node = this.connection.leader(reading) ?? NOBODY;
      if (this.fetchers.has(node)) continue;
      const fetcher = this.fetchAll(node)
        .catch((error: unknown) => {
          this.listener.failed(error);
          return pause(LASTING_PAUSE_MS, this.stopping.signal);
        })
        .then(() => {
          this.fetchers.delete(node);
          // Its partitions may have gone to another leader, or come back while it ended.
          this.turnTo();
        });
      this.fetchers.set(node, fetcher);
    }
  }

  /** Fetches from one broker as long as it leads any of the partitions. */
  private async fetchAll(node: number): Promise<void> {
    const backoff = new Backoff();
    while (!this.stopped) {
      const led = [...this.readings.values()].filter((reading) => (this.connection.leader(reading) ?? NOBODY) === node);
      if (led.length === 0) return;
      if (node === NOBODY) {
        await this.findLeaders(led, backoff);
        continue;
      }
      const wanted = this.wanted(led);
      if (wanted.length === 0) {
        this.full = true;
        await this.rest(LONG_POLL_MS);
        continue;
      }
      // While there is enough to handle, nobody waits for more; the full partitions are asked again once they are not.
      const maxWaitMs = this.bytes === 0 ? LONG_POLL_MS : 0;
      try {
        const came = await fetchFrom(await this.connection.broker(node), wanted, {
          maxWaitMs,
          maxBytes: RESPONSE_BYTES,
        });
        backoff.succeeded();
        const some = came.map((fetched) => this.take(fetched)).includes(true);
        if (some) this.listener.progressed();
        else if (maxWaitMs === 0 && this.bytes > 0) await this.rest(LOOK_AGAIN_MS);
      } catch (error) {
        await this.recover(error, wanted, backoff);
      }
    }
  }

  private async findLeaders(led: readonly Reading[], backoff: Backoff): Promise<void> {
    await backoff.pause(this.stopping.signal);
    for (const topic of new Set(led.map((reading) => reading.topic))) {
      try {
        await this.connection.learn(topic);
      } catch (error) {
        if (typeOf(error) !== 'UNKNOWN_TOPIC_OR_PARTITION') {
          this.connection.failed(error);
          await this.connection.recover();
        } else this.missing(topic);
      }
    }
    // Those that were found are fetched by the fetchers of their leaders.
    this.turnTo();
  }

  /** A topic is not there (any more); says so once in a while. */
  private missing(topic: string): void {
    const now = performance.now();
    if (now - (this.missed.get(topic) ?? -Infinity) < LASTING_PAUSE_MS) return;
    this.missed.set(topic, now);
    this.listener.failed(unknownTopic(topic));
  }

  private wanted(led: readonly Reading[]): Wanted[] {
    if (this.bytes >= AHEAD_BYTES) return [];
    const open = led.filter(
      ({ buffer, bytes, astray }) => !astray && buffer.length < this.ahead && bytes < RESPONSE_BYTES,
    );
    const alone = open.find((reading) => reading.alone);
    return (alone === undefined ? open : [alone]).map(({ topic, partition, position: offset }) => ({
      topic,
      partition,
      offset,
      maxBytes: PARTITION_BYTES,
    }));
  }

  /** Whether it brought the reading on. */
  private take(fetched: Fetched): boolean {
    const reading = this.readings.get(placeKey(fetched));
    // It may have been taken away, or given back with another position, while the request was under way.
    if (this.stopped || reading === undefined || reading.position !== fetched.offset) return false;
    reading.alone = fetched.next === fetched.offset && fetched.end > fetched.offset;
    if (fetched.next === fetched.offset) return false;
    reading.position = fetched.next;
    for (const message of fetched.messages) {
      const size = sizeOf(message);
      reading.bytes += size;
      this.bytes += size;
      reading.buffer.push(message);
    }
    return true;
  }

  private async recover(error: unknown, wanted: readonly Wanted[], backoff: Backoff): Promise<void> {
    if (this.stopped) return;
    try {
      if (typeOf(error) === 'OFFSET_OUT_OF_RANGE') return await this.findPlaces(wanted);
      if (isLasting(error)) {
        this.listener.failed(logError(error, `read ${wanted.map(placeKey).join(', ')}`));
        return await pause(LASTING_PAUSE_MS, this.stopping.signal);
      }
      this.connection.failed(error);
      await backoff.pause(this.stopping.signal);
      await this.connection.recover();
    } catch (failure) {
      this.listener.failed(failure);
    }
  }

  /** Retention may have removed what stood where we are. Never goes on anywhere else than at the first message retained. */
  private async findPlaces(wanted: readonly Wanted[]): Promise<void> {
    const ends = await this.connection.ends(wanted);
    for (const place of wanted) {
      const reading = this.readings.get(placeKey(place));
      const { first, next } = ends.get(placeKey(place))!;
      if (reading === undefined || reading.position !== place.offset) continue;
      if (reading.position < first) reading.position = first;
      else if (reading.position > next) {
        reading.astray = true;
        this.listener.failed(outOfRange(this.group, placeKey(place), reading.position, next));
      }
    }
    this.listener.progressed();
  }

  private async rest(ms: number): Promise<void> {
    this.waiting ??= new AbortController();
    const { signal } = this.waiting;
    await pause(ms, signal);
    if (this.waiting?.signal === signal) this.waiting = undefined;
  }
}

/** In place of a leader while there is none. */
const NOBODY = -1;

function sizeOf({ value, key }: LogMessage): number {
  // Each has its cost, be it empty.
  return (value?.length ?? 0) + key.length + 100;
}
