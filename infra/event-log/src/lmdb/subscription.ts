import { StorageError, logClosed } from '../errors.js';
import type { LogBatch, LogMessage, Position, SubscribeOptions, Subscription, TopicPartition } from '../port.js';
import type { Group, Member } from './groups.js';
import type { Journal, Partition } from './journal.js';

const DEFAULT_MESSAGES = 1000;
const DEFAULT_WAIT_MS = 5;
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5000;
/** A batch ends here even when it has fewer messages, so that large ones don't pile up in memory. */
const BATCH_BYTES = 16 * 1024 * 1024;

interface Reading {
  /** Next offset to read. */
  position: number;
  /** Where the next batch begins as its handler sees it: the `next` of the batch before. Gaps lie behind it. */
  handled: number;
}

/** One member of a group: reads its partitions in batches and hands them to the handler, one batch at a time. */
export class LmdbSubscription implements Subscription, Member {
  readonly topics: ReadonlySet<string>;
  private readonly readings = new Map<Partition, Reading>();
  private readonly unlisten: () => void;
  private handling: { done: Promise<void>; partitions: readonly Partition[]; abort: AbortController } | undefined;
  private failures = 0;
  private paused = false;
  private moving = 0;
  private turn = 0;
  private closed = false;
  private wake: (() => void) | undefined;
  private loop: Promise<void> | undefined;
  private closing: Promise<void> | undefined;
  private readonly closeListeners = new Set<() => void>();

  private readonly journal: Journal;
  private readonly group: Group;
  private readonly options: SubscribeOptions;
  private readonly onClosed: (subscription: LmdbSubscription) => Promise<void>;

  constructor(
    journal: Journal,
    group: Group,
    options: SubscribeOptions,
    onClosed: (subscription: LmdbSubscription) => Promise<void>,
  ) {
    this.journal = journal;
    this.group = group;
    this.options = options;
    this.onClosed = onClosed;
    this.topics = new Set(options.topics);
    this.unlisten = journal.onAppend((partition) => {
      if (this.readings.has(partition)) this.wakeUp();
    });
  }

  get assigned(): ReadonlySet<Partition> {
    return new Set(this.readings.keys());
  }

  async start(): Promise<void> {
    try {
      await this.group.join(this);
    } catch (error) {
      this.unlisten();
      this.closed = true;
      await this.group.leave(this);
      throw error;
    }
    this.loop = this.run();
  }

  async assign(partitions: readonly Partition[]): Promise<void> {
    const given = new Map<Partition, number>();
    if (this.options.offsets !== undefined) {
      for (const { topic, partition, offset } of await this.options.offsets(partitions.map(placeOf))) {
        given.set(this.journal.partition(topic, partition), offset);
      }
    }
    for (const partition of partitions) {
      const known = given.get(partition) ?? this.group.committed(partition);
      const position = known ?? (this.options.start === 'earliest' ? 0 : partition.next);
      if (position > partition.next) throw outOfRange(this.group.name, partition, position);
      this.readings.set(partition, { position, handled: position });
      // Whoever begins at the end must find that place again, or what comes in between would be passed over.
      if (known === undefined && this.options.start === 'latest') this.group.commit(partition, position);
      else this.group.reach(partition, position);
    }
    if (partitions.length > 0) this.options.onAssigned?.(partitions.map(placeOf));
    this.wakeUp();
  }

  async revoke(partitions: readonly Partition[]): Promise<void> {
    this.moving++;
    try {
      const { handling } = this;
      if (handling !== undefined && handling.partitions.some((partition) => partitions.includes(partition))) {
        handling.abort.abort();
      }
      await handling?.done;
      for (const partition of partitions) this.readings.delete(partition);
      await this.options.onRevoked?.(partitions.map(placeOf));
    } catch (error) {
      // Whatever its owner says, the partition is no longer read here.
      this.report(error);
    } finally {
      this.moving--;
      this.wakeUp();
    }
  }

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
    this.wakeUp();
  }

  caughtUp(): Promise<void> {
    const goals = new Map<Partition, number>();
    for (const name of this.topics) {
      for (const partition of this.journal.topic(name).partitions) goals.set(partition, partition.next);
    }
    return new Promise<void>((resolve, reject) => {
      const check = (): void => {
        for (const [partition, goal] of goals) {
          if ((this.group.progress.get(partition) ?? -1) >= goal) goals.delete(partition);
        }
        if (goals.size > 0) return;
        stop();
        resolve();
      };
      const unwatch = this.group.watch(check);
      const onClose = (): void => {
        stop();
        reject(logClosed());
      };
      const stop = (): void => {
        unwatch();
        this.closeListeners.delete(onClose);
      };
      this.closeListeners.add(onClose);
      if (this.closed) onClose();
      else check();
    });
  }

  close(): Promise<void> {
    this.closing ??= this.shut();
    return this.closing;
  }

  private async shut(): Promise<void> {
    this.closed = true;
    this.unlisten();
    this.handling?.abort.abort();
    this.wakeUp();
    await this.loop;
    await this.group.leave(this);
    for (const listener of this.closeListeners) listener();
    await this.onClosed(this);
  }

  private async run(): Promise<void> {
    while (!this.closed) {
      if (this.paused || this.moving > 0 || !this.hasMore()) {
        await this.sleep(undefined);
        continue;
      }
      const { maxMessages = DEFAULT_MESSAGES, maxWaitMs = DEFAULT_WAIT_MS } = this.options;
      if (maxWaitMs > 0 && this.available() < maxMessages && this.failures === 0) {
        await this.sleepFor(maxWaitMs);
        if (this.closed || this.paused || this.moving > 0) continue;
      }
      await this.step(maxMessages);
    }
  }

  /** Reads and handles one batch; after a failure, pauses. */
  private async step(maxMessages: number): Promise<void> {
    const abort = new AbortController();
    try {
      const batch = this.collect(maxMessages);
      if (batch === undefined) return;
      const partitions = batch.next.map(({ topic, partition }) => this.journal.partition(topic, partition));
      const handled = this.handle(batch, abort.signal);
      this.handling = { done: handled.then(nothing, nothing), partitions, abort };
      try {
        await handled;
      } finally {
        this.handling = undefined;
      }
      this.failures = 0;
      // Handlers that wait for nothing would keep everybody else from their turn.
      await breathe();
    } catch (error) {
      if (abort.signal.aborted) return;
      this.report(error);
      this.failures++;
      await this.sleepFor(Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (this.failures - 1)));
    }
  }

  private async handle(batch: LogBatch, signal: AbortSignal): Promise<void> {
    await this.options.onBatch(batch, signal);
    for (const { topic, partition: index, offset } of batch.next) {
      const partition = this.journal.partition(topic, index);
      const reading = this.readings.get(partition)!;
      reading.position = offset;
      reading.handled = offset;
      this.group.commit(partition, offset);
    }
  }

  private collect(maxMessages: number): LogBatch | undefined {
    const messages: LogMessage[] = [];
    const first: Position[] = [];
    const next: Position[] = [];
    const readings = [...this.readings];
    let bytes = BATCH_BYTES;
    // Begins with another partition every time, so that none has to wait for a busy one.
    this.turn++;
    for (let index = 0; index < readings.length && messages.length < maxMessages && bytes > 0; index++) {
      const [partition, reading] = readings[(this.turn + index) % readings.length]!;
      if (reading.position >= partition.next) continue;
      const end = partition.next;
      const limit = maxMessages - messages.length;
      const page = this.journal.chunks.readForward(partition, { from: reading.position, limit, bytes });
      const place = { topic: partition.topic.name, partition: partition.index };
      if (page.length === 0) {
        // Nothing is left of what stood here.
        reading.position = end;
        this.group.commit(partition, end);
        continue;
      }
      for (const message of page) {
        messages.push(message);
        bytes -= message.value?.length ?? 0;
      }
      first.push({ ...place, offset: reading.handled });
      next.push({ ...place, offset: page.at(-1)!.offset + 1 });
    }
    return messages.length === 0 ? undefined : { messages, first, next };
  }

  private available(): number {
    let count = 0;
    for (const [partition, reading] of this.readings) count += partition.next - reading.position;
    return count;
  }

  private hasMore(): boolean {
    for (const [partition, reading] of this.readings) if (reading.position < partition.next) return true;
    return false;
  }

  report(error: unknown): void {
    try {
      if (this.options.onError !== undefined) this.options.onError(error);
      else process.emitWarning(`A batch of group ${this.group.name} failed and will be repeated: ${String(error)}`);
    } catch {
      // What a listener does wrong must not end the reading.
    }
  }

  private wakeUp(): void {
    this.wake?.();
  }

  private sleep(ms: number | undefined): Promise<void> {
    return new Promise<void>((resolve) => {
      const timer = ms === undefined ? undefined : setTimeout(() => this.wake?.(), ms);
      this.wake = () => {
        clearTimeout(timer);
        this.wake = undefined;
        resolve();
      };
    });
  }

  /** Sleeps whatever is appended meanwhile; ends early when the subscription closes. */
  private async sleepFor(ms: number): Promise<void> {
    const end = performance.now() + ms;
    for (;;) {
      const left = end - performance.now();
      if (left <= 0 || this.closed || this.moving > 0) return;
      await this.sleep(left);
    }
  }
}

function breathe(): Promise<void> {
  return new Promise((done) => setImmediate(done));
}

function nothing(): void {
  // Only the end matters here; the outcome is dealt with where the handler was called.
}

function outOfRange(group: string, partition: Partition, position: number): StorageError {
  return new StorageError(
    'UNSILO_LOG_OFFSET_OUT_OF_RANGE',
    `Group ${group} stands at offset ${position} of ${partition.topic.name}/${partition.index}, which ends at ${partition.next}.`,
    {
      hint: 'The state belongs to another log. Use the data folder that it was made with, or begin with an empty state.',
    },
  );
}

function placeOf({ topic, index }: Partition): TopicPartition {
  return { topic: topic.name, partition: index };
}
