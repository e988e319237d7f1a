import { logClosed } from '../errors.js';
import type {
  AppendMessage,
  Capabilities,
  EventLog,
  PartitionEnds,
  PartitionLag,
  Position,
  ReadOptions,
  ReadPage,
  SubscribeOptions,
  Subscription,
  TopicSpec,
} from '../port.js';
import { clean } from './cleaning.js';
import type { LmdbEnvironment } from './environment.js';
import { Group, GroupPositions } from './groups.js';
import { Journal } from './journal.js';
import { LmdbSubscription } from './subscription.js';
import { UnderWay } from '../under-way.js';

const DEFAULT_PAGE = 100;

/** The event log of an environment. Close it before the environment. */
export function openLmdbEventLog(environment: LmdbEnvironment): EventLog {
  return environment.part('event-log', () => new LmdbEventLog(environment));
}

class LmdbEventLog implements EventLog {
  readonly capabilities: Capabilities;
  private readonly journal: Journal;
  private readonly positions: GroupPositions;
  private readonly groups = new Map<string, Group>();
  private readonly subscriptions = new Set<LmdbSubscription>();
  private readonly underWay = new UnderWay();
  private cleaning: Promise<unknown> = Promise.resolve();
  private closed = false;
  private closing: Promise<void> | undefined;

  constructor(environment: LmdbEnvironment) {
    this.journal = Journal.of(environment);
    this.positions = new GroupPositions(environment, this.journal);
    this.capabilities = {
      transactionalOutbox: true,
      distributed: false,
      maxMessageBytes: environment.maxMessageBytes,
    };
  }

  async declare(topics: readonly TopicSpec[]): Promise<void> {
    this.refuseClosed();
    await this.underWay.track(this.journal.declare(topics));
  }

  async topics(): Promise<string[]> {
    this.refuseClosed();
    return this.journal.topicNames();
  }

  async append(messages: readonly AppendMessage[]): Promise<Position[]> {
    this.refuseClosed();
    if (messages.length === 0) return [];
    return this.underWay.track(this.journal.append(messages));
  }

  async subscribe(options: SubscribeOptions): Promise<Subscription> {
    this.refuseClosed();
    if (this.closing !== undefined) throw logClosed();
    for (const topic of options.topics) this.journal.topic(topic);
    let group = this.groups.get(options.group);
    if (group === undefined) {
      group = new Group(options.group, this.positions, this.journal);
      this.groups.set(options.group, group);
    }
    const subscription = new LmdbSubscription(this.journal, group, options, async (closed) => {
      this.subscriptions.delete(closed);
      await this.positions.flush();
    });
    this.subscriptions.add(subscription);
    try {
      await subscription.start();
    } catch (error) {
      this.subscriptions.delete(subscription);
      throw error;
    }
    return subscription;
  }

  async read(options: ReadOptions): Promise<ReadPage> {
    this.refuseClosed();
    const { topic, partition: index, from, limit = DEFAULT_PAGE, reverse = false, until } = options;
    const partition = this.journal.partition(topic, index);
    if (reverse) {
      const messages = this.journal.chunks.readReverse(partition, { from, until: until ?? 0, limit: limit + 1 });
      if (messages.length <= limit) return { messages };
      messages.length = limit;
      return { messages, next: messages.at(-1)!.offset - 1 };
    }
    const messages = this.journal.chunks.readForward(partition, {
      from,
      limit: limit + 1,
      ...(until === undefined ? {} : { until }),
    });
    if (messages.length <= limit) return { messages };
    messages.length = limit;
    return { messages, next: messages.at(-1)!.offset + 1 };
  }

  async ends(topics: readonly string[]): Promise<PartitionEnds[]> {
    this.refuseClosed();
    return topics.flatMap((name) =>
      this.journal.topic(name).partitions.map((partition) => ({
        topic: name,
        partition: partition.index,
        first: this.journal.chunks.firstOffset(partition),
        next: partition.next,
      })),
    );
  }

  async lag(group: string): Promise<PartitionLag[]> {
    this.refuseClosed();
    const now = Date.now();
    return [...this.positions.of(group)].map(([partition, committed]) => {
      const oldest = this.journal.chunks.readForward(partition, { from: committed, limit: 1 })[0];
      return {
        topic: partition.topic.name,
        partition: partition.index,
        committed,
        next: partition.next,
        lag: Math.max(0, partition.next - committed),
        lagMs: oldest === undefined ? 0 : Math.max(0, now - oldest.timestamp),
      };
    });
  }

  onAppended(topics: readonly string[], listener: () => void): () => void {
    const wanted = new Set(topics);
    return this.journal.onAppend(({ topic }) => {
      if (wanted.has(topic.name)) listener();
    });
  }

  async clean(now: number): Promise<{ removed: number }> {
    this.refuseClosed();
    const cleaned = this.cleaning.then(() => clean(this.journal, now));
    this.cleaning = cleaned.catch(() => undefined);
    return { removed: await this.underWay.track(cleaned) };
  }

  close(): Promise<void> {
    this.closing ??= this.shut();
    return this.closing;
  }

  /** Handlers that run may still append; nobody else's append is cut off either. Then nothing more is taken. */
  private async shut(): Promise<void> {
    await Promise.allSettled([...this.subscriptions].map((subscription) => subscription.close()));
    this.closed = true;
    await this.underWay.ended();
  }

  private refuseClosed(): void {
    if (this.closed) throw logClosed();
  }
}
