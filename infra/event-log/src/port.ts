/**
 * The log that every event crosses. An adapter is right when it passes `eventLogSuite` (suite.ts); this file states what the suite checks.
 *
 * Order: messages of one topic and key keep their order; nothing is said across keys or topics.
 * Durability: when `append` resolves, the whole batch survives a crash of this process and of its machine's power as far as the
 * medium keeps what it acknowledged. When it rejects, any prefix by partition may have been kept: repeat it, readers expect repeats.
 * Delivery: at least once to each group, in order within a partition; a batch whose handler failed is delivered again.
 */
export interface EventLog {
  readonly capabilities: Capabilities;

  /**
   * Makes sure that the topics exist as declared. Topics are never made by an append.
   * @throws UNSILO_LOG_TOPIC_MISMATCH when one exists with another number of partitions or another cleanup policy.
   */
  declare(topics: readonly TopicSpec[]): Promise<void>;

  /** Names of all topics that there are, whoever declared them, sorted. */
  topics(): Promise<string[]>;

  /**
   * Appends a batch; an empty one is allowed and does nothing. Resolves with one position a message, in order, once all are durable.
   * @throws UNSILO_LOG_UNKNOWN_TOPIC, UNSILO_LOG_MESSAGE_TOO_LARGE (before anything is written), UNSILO_LOG_FULL, UNSILO_LOG_CLOSED
   */
  append(messages: readonly AppendMessage[]): Promise<Position[]>;

  /** Reads as a member of a group. Resolves once the member has its first assignment. */
  subscribe(options: SubscribeOptions): Promise<Subscription>;

  /**
   * One page of one partition from offset `from` (inclusive; moved up to the first one retained), in order of offsets, or in
   * reverse down from `from`. Compaction and retention leave gaps between offsets. Doesn't touch any group.
   */
  read(options: ReadOptions): Promise<ReadPage>;

  /** First retained and next offset of every partition of the topics. */
  ends(topics: readonly string[]): Promise<PartitionEnds[]>;

  /** What each group has committed and how far that is behind, for every partition that the group ever committed. */
  lag(group: string): Promise<PartitionLag[]>;

  /**
   * Begins to write under a name, so that `shutOut` can end it. Whoever appends what it has read elsewhere opens its writer before it
   * reads. Absent where only one process can write.
   */
  openWriter?(name: string): Promise<LogWriter>;

  /**
   * Ends all writers of a name that were opened before: when it resolves, what they have appended to these topics stands there, and nothing
   * more of theirs ever comes, however long it has been on its way. It leaves marks in the topics: messages without value, whose keys
   * `isShutOutMark` knows.
   */
  shutOut?(name: string, topics: readonly string[]): Promise<void>;

  /** How many members a group has just now, over all processes. Absent where only this process can have any. */
  members?(group: string): Promise<number>;

  /**
   * Calls `listener` soon after each append to one of the topics, by whomever, until the function that it answers is called. It says only that there
   * may be something to read. Absent where nobody but the server knows: look at `ends` from time to time.
   */
  onAppended?(topics: readonly string[], listener: () => void): () => void;

  /** Frees what retention and compaction no longer keep; `now` in epoch milliseconds. Adapters whose server does it answer zero. */
  clean(now: number): Promise<{ removed: number }>;

  /** Ends subscriptions after their running handlers, waits for appends under way, releases everything. Repeats are harmless. */
  close(): Promise<void>;
}

export interface Capabilities {
  /** The state store beside this log appends its outbox in the same transaction as the state. */
  transactionalOutbox: boolean;
  /** Several processes can share a group. */
  distributed: boolean;
  maxMessageBytes: number;
}

export interface TopicSpec {
  name: string;
  partitions: number;
  /** `compact` keeps the last message of each key (a null value removes it); `delete` keeps what is younger than `retentionMs`. */
  cleanup: 'compact' | 'delete';
  /** Milliseconds; for `delete` only. */
  retentionMs?: number;
}

export interface AppendMessage {
  topic: string;
  /** Chooses the partition; holds no personal data. */
  key: string;
  /** JSON text as UTF-8; null is a tombstone on a compacted topic. */
  value: string | Uint8Array | null;
  /** Kept small: per-message headers are costly. */
  headers?: { traceparent?: string };
}

export interface TopicPartition {
  topic: string;
  partition: number;
}
export interface Position extends TopicPartition {
  offset: number;
}

export interface LogMessage extends Position {
  key: string;
  value: Buffer | null;
  /** Epoch milliseconds at which the log took it. */
  timestamp: number;
  headers?: { traceparent?: string };
}

export interface SubscribeOptions {
  group: string;
  topics: readonly string[];
  /** Where a partition begins for which neither `offsets` nor the group knows a position. */
  start: 'earliest' | 'latest';
  /**
   * Where the caller keeps its own positions (next offset to read) beside its state. Asked at every assignment. What it answers
   * wins over what the group committed; a partition left out falls back to the group.
   */
  offsets?: (assigned: readonly TopicPartition[]) => Promise<readonly Position[]>;
  /** Called when partitions are read from now on, until `onRevoked` names them. Must not wait for anything. */
  onAssigned?: (assigned: readonly TopicPartition[]) => void;
  /** Called when partitions are taken away, before another member gets them. */
  onRevoked?: (revoked: readonly TopicPartition[]) => Promise<void>;
  /**
   * Handles one batch; batches of one subscription never overlap. When it resolves, `batch.next` is committed to the group.
   * When it rejects, the batch comes again after a pause that grows up to 5 s; `onError` is told each time.
   * `signal` aborts when the subscription closes or loses its partitions: stop early, the batch will be delivered again.
   */
  onBatch: (batch: LogBatch, signal: AbortSignal) => Promise<void>;
  onError?: (error: unknown) => void;
  /** At most so many messages in a batch (default 1,000). */
  maxMessages?: number;
  /** How long an incomplete batch may wait for more, milliseconds (default 5). */
  maxWaitMs?: number;
}

export interface LogBatch {
  /** In order within each partition. */
  messages: LogMessage[];
  /**
   * For every partition in the batch: where it began and the next offset. Batches join: a batch begins where the one before
   * ended, or at the position given at assignment, also when compaction or retention removed what stood there. So `first` is
   * what a caller who keeps its own offsets has stored.
   */
  first: Position[];
  next: Position[];
}

export interface Subscription {
  /** Stops delivering; the running handler ends normally. Messages stay. */
  pause(): void;
  resume(): void;
  /** Resolves when everything that was in the topics at the time of the call has been handled. */
  caughtUp(): Promise<void>;
  /** Resolves after the running handler has ended and its offsets are committed. Repeats are harmless. */
  close(): Promise<void>;
}

export interface ReadOptions extends TopicPartition {
  from: number;
  /** At most so many messages (default 100). */
  limit?: number;
  reverse?: boolean;
  /** Stop before this offset (forward) or below it (reverse). */
  until?: number;
}
/** Appends under a name, until somebody shuts it out. */
export interface LogWriter {
  /** As the log's. @throws UNSILO_LOG_SHUT_OUT from then on when it was shut out, or can't tell any more what it has written: open another one. */
  append(messages: readonly AppendMessage[]): Promise<Position[]>;
  /** It writes no more, so nobody need shut it out. */
  close(): Promise<void>;
}

export interface ReadPage {
  messages: LogMessage[];
  /** Where the next page begins; absent at the end. */
  next?: number;
}
export interface PartitionEnds extends TopicPartition {
  first: number;
  next: number;
}
export interface PartitionLag extends TopicPartition {
  /** Next offset that the group will read. */
  committed: number;
  next: number;
  /** Messages not yet handled (gaps of compaction counted as messages). */
  lag: number;
  /** Age in milliseconds of the oldest message not yet handled; 0 when there is none. */
  lagMs: number;
}
