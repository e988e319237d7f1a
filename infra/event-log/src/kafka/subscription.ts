import { logClosed } from '../errors.js';
import type { LogBatch, Position, SubscribeOptions, Subscription, TopicPartition } from '../port.js';
import { endsWithin } from '../under-way.js';
import { KafkaConnection, placeKey } from './connection.js';
import { outOfRange, pause } from './failures.js';
import { committedBy } from './lag.js';
import { Membership, type MemberDuties } from './membership.js';
import type { Settings } from './options.js';
import { PartitionReader, type Reading } from './reader.js';

const DEFAULT_MESSAGES = 1000;
const DEFAULT_WAIT_MS = 5;
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5000;
/** Positions go to the group so often; more often where nobody else keeps them. */
const COMMIT_MS = 100;
const COMMIT_COPY_MS = 500;
/** How long the last positions may take at the end. What they don't reach in time is delivered again. */
const LAST_COMMIT_MS = 1000;
const LAST_COMMIT_UNHEARD_MS = 200;
/** How often to ask how far the other members are. */
const LOOK_MS = 50;
/** How often a member that was not heard of looks whether it is again. */
const SILENCE_MS = 50;

/** One member of a consumer group: hands what its partitions hold to the handler, one batch at a time. */
export class KafkaSubscription implements Subscription, MemberDuties {
  private readonly options: SubscribeOptions;
  private readonly connection: KafkaConnection;
  private readonly membership: Membership;
  private readonly reader: PartitionReader;
  private readonly onClosed: (subscription: KafkaSubscription) => void;
  private readonly watchers = new Set<() => void>();
  private readonly toCommit = new Map<string, Position>();
  private flushing: Promise<void> | undefined;
  private commitTimer: NodeJS.Timeout | undefined;
  private handling: { done: Promise<void>; places: ReadonlySet<string>; abort: AbortController } | undefined;
  private failures = 0;
  private paused = false;
  /** Partitions are being taken away: nothing new is begun. */
  private moving = 0;
  private closed = false;
  private wake: (() => void) | undefined;
  private loop: Promise<void> | undefined;
  private closing: Promise<void> | undefined;

  constructor(settings: Settings, options: SubscribeOptions, onClosed: (subscription: KafkaSubscription) => void) {
    this.options = options;
    this.onClosed = onClosed;
    this.connection = new KafkaConnection(settings);
    this.membership = new Membership(this.connection, options.group, options.topics, this);
    this.reader = new PartitionReader(this.connection, options.group, options.maxMessages ?? DEFAULT_MESSAGES, {
      progressed: () => this.progressed(),
      failed: (error) => this.report(error),
    });
  }

  async start(): Promise<void> {
    try {
      for (const topic of this.options.topics) await this.connection.partitions(topic);
      this.loop = this.run();
      await this.membership.start();
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  get group(): string {
    return this.options.group;
  }

  /** Whether a batch is in the hands of its handler. */
  get isHandling(): boolean {
    return this.handling !== undefined;
  }

  owned(): TopicPartition[] {
    return [...this.reader.all()].map(({ topic, partition }) => ({ topic, partition }));
  }

  async assign(gained: readonly TopicPartition[]): Promise<void> {
    const { group, offsets, start } = this.options;
    const known = new Map<string, number>();
    for (const position of await committedBy(this.connection, group, gained))
      known.set(placeKey(position), position.offset);
    for (const position of (await offsets?.(gained)) ?? []) known.set(placeKey(position), position.offset);
    const ends = await this.connection.ends(gained);
    const begin = gained.map((place) => {
      const { first, next } = ends.get(placeKey(place))!;
      const given = known.get(placeKey(place));
      const handled = given ?? (start === 'earliest' ? first : next);
      if (handled > next) throw outOfRange(group, placeKey(place), handled, next);
      return { place, handled, first, isNew: given === undefined };
    });
    // Whoever begins at the end must find that place again, or what comes in between would be passed over.
    if (start === 'latest') {
      const fresh = begin.filter(({ isNew }) => isNew);
      await this.membership.commit(fresh.map(({ place, handled: offset }) => ({ ...place, offset })));
    }
    if (this.closed) return;
    this.reader.add(begin.map((one) => ({ ...one, position: Math.max(one.first, one.handled) })));
    this.options.onAssigned?.(gained);
    this.progressed();
  }

  async revoke(lost: readonly TopicPartition[], fenced: boolean): Promise<void> {
    this.moving++;
    const { handling } = this;
    if (handling !== undefined && lost.some((place) => handling.places.has(placeKey(place)))) {
      handling.abort.abort();
      await handling.done;
    }
    for (const place of lost) {
      this.reader.remove(place);
      if (fenced) this.toCommit.delete(placeKey(place));
    }
    this.moving--;
    try {
      if (!fenced) await this.flush();
      await this.options.onRevoked?.(lost);
    } catch (error) {
      // Whatever its owner says, the partition is no longer read here.
      this.report(error);
    }
    this.progressed();
  }

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
    this.wake?.();
  }

  async caughtUp(): Promise<void> {
    if (this.closed) throw logClosed();
    const goals = await this.goals();
    // Registered before anything is looked at, so that no progress is missed.
    let moved = new AbortController();
    const watcher = (): void => moved.abort();
    this.watchers.add(watcher);
    try {
      while (goals.size > 0) {
        if (this.closed) throw logClosed();
        moved = new AbortController();
        await this.dropReached(goals);
        // Nobody tells how far other members are.
        if (goals.size > 0) await pause(LOOK_MS, moved.signal);
      }
    } finally {
      this.watchers.delete(watcher);
    }
    await this.flush();
  }

  private async dropReached(goals: Map<string, { place: TopicPartition; next: number }>): Promise<void> {
    const others: TopicPartition[] = [];
    for (const [key, { place, next }] of goals) {
      const reading = this.reader.get(place);
      if (reading === undefined) others.push(place);
      else if (reached(reading) >= next) goals.delete(key);
    }
    for (const position of await committedBy(this.connection, this.options.group, others)) {
      const key = placeKey(position);
      if (position.offset >= (goals.get(key)?.next ?? Infinity)) goals.delete(key);
    }
  }

  /** Where each partition ends now, unless nothing is left in it. */
  private async goals(): Promise<Map<string, { place: TopicPartition; next: number }>> {
    const places: TopicPartition[] = [];
    for (const topic of this.options.topics) {
      const count = await this.connection.partitions(topic);
      for (let partition = 0; partition < count; partition++) places.push({ topic, partition });
    }
    const ends = await this.connection.ends(places);
    return new Map(
      places.flatMap((place) => {
        const { first, next } = ends.get(placeKey(place))!;
        return next > first ? [[placeKey(place), { place, next }] as const] : [];
      }),
    );
  }

  close(): Promise<void> {
    this.closing ??= this.shut();
    return this.closing;
  }

  private async shut(): Promise<void> {
    this.closed = true;
    this.handling?.abort.abort();
    this.wake?.();
    await this.loop;
    clearTimeout(this.commitTimer);
    await endsWithin(this.flush(), this.membership.isHeard() ? LAST_COMMIT_MS : LAST_COMMIT_UNHEARD_MS);
    // What it still fetches need not end before others get its partitions.
    await Promise.all([this.reader.stop(), this.membership.leave()]);
    await this.connection.close();
    this.progressed();
    this.onClosed(this);
  }

  private async run(): Promise<void> {
    const { maxMessages = DEFAULT_MESSAGES, maxWaitMs = DEFAULT_WAIT_MS } = this.options;
    while (!this.closed) {
      if (this.paused || this.moving > 0 || this.reader.available() === 0) {
        await this.sleep(undefined);
        continue;
      }
      // After a long standstill others may have its partitions; the next sign of life tells.
      if (!this.membership.inContact()) {
        await this.sleep(SILENCE_MS);
        continue;
      }
      if (maxWaitMs > 0 && this.reader.available() < maxMessages && this.failures === 0) {
        await this.sleepFor(maxWaitMs, maxMessages);
        if (this.closed || this.paused || this.moving > 0 || !this.membership.inContact()) continue;
      }
      await this.step(maxMessages);
    }
  }

  /** Handles one batch; after a failure, pauses. */
  private async step(maxMessages: number): Promise<void> {
    const abort = new AbortController();
    const batch = this.reader.collect(maxMessages);
    if (batch === undefined) return;
    const handled = this.handle(batch, abort.signal);
    this.handling = { done: handled.then(nothing, nothing), places: new Set(batch.next.map(placeKey)), abort };
    try {
      await handled;
      this.failures = 0;
      // Handlers that wait for nothing would keep everybody else from their turn.
      await new Promise((done) => setImmediate(done));
    } catch (error) {
      if (abort.signal.aborted) return;
      this.report(error);
      this.failures++;
      await this.sleepFor(Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (this.failures - 1)));
    } finally {
      this.handling = undefined;
    }
  }

  private async handle(batch: LogBatch, signal: AbortSignal): Promise<void> {
    await this.options.onBatch(batch, signal);
    this.reader.drop(batch);
    for (const { topic, partition } of batch.next) {
      const reading = this.reader.get({ topic, partition });
      if (reading !== undefined) this.toCommit.set(placeKey(reading), { topic, partition, offset: reached(reading) });
    }
    this.commitSoon();
    this.progressed();
  }

  /** Looks at everything that may go on now. */
  private progressed(): void {
    // Gaps at the end of a partition have nothing to handle; the group is told of them too.
    for (const reading of this.reader.all()) {
      if (reading.buffer.length > 0 || reading.position <= reading.handled || reading.position === reading.told)
        continue;
      const { topic, partition, position: offset } = reading;
      reading.told = offset;
      this.toCommit.set(placeKey(reading), { topic, partition, offset });
      this.commitSoon();
    }
    this.wake?.();
    for (const watcher of this.watchers) watcher();
  }

  private commitSoon(): void {
    if (this.commitTimer !== undefined || this.closed) return;
    const ms = this.options.offsets === undefined ? COMMIT_MS : COMMIT_COPY_MS;
    this.commitTimer = setTimeout(() => {
      this.commitTimer = undefined;
      this.flush().catch((error: unknown) => this.report(error));
    }, ms);
  }

  /** Resolves when the group has been told of everything handled so far; what others handle meanwhile is not waited for. */
  private async flush(): Promise<void> {
    // What is being told now may have been gathered before the last batch was handled: twice is enough, and for ever would be too long.
    for (let round = 0; round < 2 && (this.flushing !== undefined || this.toCommit.size > 0); round++) {
      this.flushing ??= this.commitNow().finally(() => (this.flushing = undefined));
      await this.flushing;
    }
  }

  private async commitNow(): Promise<void> {
    const positions = [...this.toCommit.values()];
    this.toCommit.clear();
    try {
      await this.membership.commit(positions);
    } catch (error) {
      // They stay the group's business until newer ones replace them.
      for (const position of positions) {
        const key = placeKey(position);
        if (!this.toCommit.has(key) && this.reader.get(position) !== undefined) this.toCommit.set(key, position);
      }
      throw error;
    }
  }

  report(error: unknown): void {
    try {
      if (this.options.onError !== undefined) this.options.onError(error);
      else process.emitWarning(`Group ${this.options.group} met with a failure and goes on: ${String(error)}`);
    } catch {
      // What a listener does wrong must not end the reading.
    }
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

  /** Sleeps until the time is over or so many messages are there; ends early when the subscription closes or loses partitions. */
  private async sleepFor(ms: number, enough = Infinity): Promise<void> {
    const end = performance.now() + ms;
    for (;;) {
      const left = end - performance.now();
      if (left <= 0 || this.closed || this.moving > 0 || this.reader.available() >= enough) return;
      await this.sleep(left);
    }
  }
}

/** Next offset of which nothing before it is left to handle. */
function reached({ buffer, position, handled }: Reading): number {
  return buffer.length === 0 ? Math.max(position, handled) : handled;
}

function nothing(): void {
  // Only the end matters here; the outcome is dealt with where the handler was called.
}
