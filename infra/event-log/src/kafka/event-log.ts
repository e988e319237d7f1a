import { logClosed, StorageError } from '../errors.js';
import type {
  AppendMessage,
  Capabilities,
  EventLog,
  LogWriter,
  PartitionEnds,
  PartitionLag,
  Position,
  ReadOptions,
  ReadPage,
  SubscribeOptions,
  Subscription,
  TopicSpec,
} from '../port.js';
import { chooseCompression } from './codecs.js';
import { KafkaConnection, placeKey } from './connection.js';
import { groupLag, groupMembers } from './lag.js';
import { settingsOf, type KafkaOptions, type Settings } from './options.js';
import { KafkaProducer } from './producer.js';
import { readPage } from './reading.js';
import { KafkaSubscription } from './subscription.js';
import { TopicAdmin } from './topics.js';
import { Writers, WRITERS_TOPIC } from './writers.js';
import { endsWithin, UnderWay } from '../under-way.js';

/** How long closing waits for handlers and their groups, and for what they or others append. */
const LAST_BATCHES_MS = 3000;
const LAST_APPENDS_MS = 1000;
/** Each takes about a third of a second while the broker doesn't know the topic. */
const LOOKS_AT_NEW_TOPIC = 30;

/**
 * Opens the log of a Kafka cluster (2.1 or newer). Waits for a broker that doesn't answer yet.
 * @throws UNSILO_LOG_OPTIONS, UNSILO_LOG_CODEC_MISSING, UNSILO_LOG_AUTHENTICATION, UNSILO_LOG_TLS, UNSILO_LOG_UNREACHABLE
 */
export async function openKafkaEventLog(options: KafkaOptions): Promise<EventLog> {
  const settings = settingsOf(options);
  const compression = await chooseCompression(settings.compression);
  const connection = new KafkaConnection(settings);
  try {
    await connection.connect();
  } catch (error) {
    await connection.close();
    throw error;
  }
  return new KafkaEventLog(settings, connection, compression);
}

class KafkaEventLog implements EventLog {
  readonly capabilities: Capabilities;
  private readonly settings: Settings;
  private readonly connection: KafkaConnection;
  private readonly producer: KafkaProducer;
  private readonly admin: TopicAdmin;
  private readonly writers: Writers;
  private readonly subscriptions = new Set<KafkaSubscription>();
  private readonly underWay = new UnderWay();
  private closed = false;
  private closing: Promise<void> | undefined;

  constructor(settings: Settings, connection: KafkaConnection, compression: number) {
    this.settings = settings;
    this.connection = connection;
    this.producer = new KafkaProducer(connection, compression);
    this.admin = new TopicAdmin(connection);
    this.writers = new Writers(
      connection,
      compression,
      (messages) => this.producer.append(messages),
      () => this.declare([WRITERS_TOPIC]),
    );
    this.capabilities = {
      transactionalOutbox: false,
      distributed: true,
      maxMessageBytes: settings.maxMessageBytes,
    };
  }

  async declare(topics: readonly TopicSpec[]): Promise<void> {
    this.refuseClosed();
    await this.underWay.track(this.admin.apply(topics).then(() => this.untilKnown(topics)));
  }

  /** Brokers learn of a topic that was just made, perhaps by another process, a moment later: who has declared it may use it at once. */
  private async untilKnown(topics: readonly TopicSpec[]): Promise<void> {
    for (const { name } of topics)
      for (let looks = 1; ; looks += 1)
        try {
          await this.connection.partitions(name);
          break;
        } catch (error) {
          const isUnknown = error instanceof StorageError && error.code === 'UNSILO_LOG_UNKNOWN_TOPIC';
          if (!isUnknown || looks >= LOOKS_AT_NEW_TOPIC) throw error;
        }
  }

  async topics(): Promise<string[]> {
    this.refuseClosed();
    return this.underWay.track(this.admin.names());
  }

  async append(messages: readonly AppendMessage[]): Promise<Position[]> {
    this.refuseClosed();
    if (messages.length === 0) return [];
    return this.underWay.track(this.producer.append(messages));
  }

  async openWriter(name: string): Promise<LogWriter> {
    this.refuseClosed();
    const writer = await this.underWay.track(this.writers.open(name));
    return {
      append: (messages) => this.underWay.track(writer.append(messages)),
      close: () => this.underWay.track(writer.close()),
    };
  }

  async shutOut(name: string, topics: readonly string[]): Promise<void> {
    this.refuseClosed();
    await this.underWay.track(this.writers.shutOut(name, topics));
  }

  async subscribe(options: SubscribeOptions): Promise<Subscription> {
    this.refuseClosed();
    if (this.closing !== undefined) throw logClosed();
    const subscription = new KafkaSubscription(this.settings, options, (closed) => {
      this.subscriptions.delete(closed);
    });
    this.subscriptions.add(subscription);
    await subscription.start();
    return subscription;
  }

  async read(options: ReadOptions): Promise<ReadPage> {
    this.refuseClosed();
    return this.underWay.track(readPage(this.connection, options));
  }

  async ends(topics: readonly string[]): Promise<PartitionEnds[]> {
    this.refuseClosed();
    return this.underWay.track(this.endsOf(topics));
  }

  private async endsOf(topics: readonly string[]): Promise<PartitionEnds[]> {
    const places = [];
    for (const topic of topics) {
      const partitions = await this.connection.partitions(topic);
      for (let partition = 0; partition < partitions; partition++) places.push({ topic, partition });
    }
    const ends = await this.connection.ends(places);
    return places.map((place) => ({ ...place, ...ends.get(placeKey(place))! }));
  }

  async lag(group: string): Promise<PartitionLag[]> {
    this.refuseClosed();
    return this.underWay.track(groupLag(this.connection, group, Date.now()));
  }

  async members(group: string): Promise<number> {
    this.refuseClosed();
    return this.underWay.track(groupMembers(this.connection, group));
  }

  /** The brokers clean by themselves. */
  async clean(_now: number): Promise<{ removed: number }> {
    this.refuseClosed();
    return { removed: 0 };
  }

  close(): Promise<void> {
    this.closing ??= this.shut();
    return this.closing;
  }

  /** Handlers that run may still append; nobody else's append is cut off either. Then nothing more is taken. */
  private async shut(): Promise<void> {
    const { onLeft } = this.settings;
    const closing = Promise.allSettled([...this.subscriptions].map((subscription) => subscription.close()));
    if (!(await endsWithin(closing, LAST_BATCHES_MS))) for (const what of this.unfinished()) onLeft?.(what);
    this.closed = true;
    if (!(await endsWithin(this.underWay.ended(), LAST_APPENDS_MS)))
      onLeft?.('Appends had no answer from the brokers; none of them was acknowledged.');
    await this.connection.close();
  }

  /** What subscriptions have not brought to an end, in words. */
  private unfinished(): string[] {
    const late = [...this.subscriptions];
    const said: string[] = [];
    if (late.some(({ isHandling }) => isHandling))
      said.push('Batches are still being handled; what they have not committed is delivered again.');
    const groups = new Set(late.filter(({ isHandling }) => !isHandling).map(({ group }) => group));
    for (const group of groups)
      said.push(
        `The brokers have not let a member of group ${group} go yet; what it has not committed is delivered again, at the latest after ${this.settings.sessionTimeoutMs} ms.`,
      );
    return said;
  }

  private refuseClosed(): void {
    if (this.closed) throw logClosed();
  }
}
