import type { LogMessage, TopicPartition } from '../port.js';
import type { GroupBroker } from './connection.js';

/** What is wanted of one partition. */
export interface Wanted extends TopicPartition {
  offset: number;
  /** A message that is larger comes all the same. */
  maxBytes: number;
}

/** What came of one partition. */
export interface Fetched extends TopicPartition {
  /** The offset that was asked for. */
  offset: number;
  messages: LogMessage[];
  /** Where to go on: behind what came, and behind what compaction or transactions left empty. */
  next: number;
  /** Next offset of the partition at that time, as far as messages are committed. */
  end: number;
}

const READ_COMMITTED = 1;
const ABORT = 0;

interface KafkaRecord {
  offset: string;
  timestamp: string;
  key: Buffer | null;
  value: Buffer | null;
  headers: Readonly<Record<string, Buffer | Buffer[] | undefined>>;
  isControlRecord: boolean;
  batchContext: { firstOffset: string; lastOffsetDelta: number; producerId: string; inTransaction: boolean };
}
interface FetchResponse {
  responses: {
    topicName: string;
    partitions: {
      partition: number;
      highWatermark: string;
      lastStableOffset: string;
      abortedTransactions: { producerId: string; firstOffset: string }[] | null;
      messages: KafkaRecord[];
    }[];
  }[];
}

/** One request to the leader of the partitions wanted. */
export async function fetchFrom(
  broker: GroupBroker,
  wanted: readonly Wanted[],
  limits: { maxWaitMs: number; maxBytes: number },
): Promise<Fetched[]> {
  const topics = new Map<string, { partition: number; fetchOffset: string; maxBytes: number }[]>();
  for (const { topic, partition, offset, maxBytes } of wanted) {
    const partitions = topics.get(topic) ?? [];
    partitions.push({ partition, fetchOffset: String(offset), maxBytes });
    topics.set(topic, partitions);
  }
  const { responses } = (await broker.fetch({
    isolationLevel: READ_COMMITTED,
    maxWaitTime: limits.maxWaitMs,
    minBytes: 1,
    maxBytes: limits.maxBytes,
    topics: [...topics].map(([topic, partitions]) => ({ topic, partitions })),
  })) as FetchResponse;
  const offsets = new Map(wanted.map(({ topic, partition, offset }) => [`${topic}/${partition}`, offset]));
  return responses.flatMap(({ topicName: topic, partitions }) =>
    partitions.map(({ partition, lastStableOffset, abortedTransactions, messages: records }): Fetched => {
      const offset = offsets.get(`${topic}/${partition}`)!;
      const end = Number(lastStableOffset);
      const messages = committed(records, abortedTransactions ?? []).flatMap((record) => {
        const at = Number(record.offset);
        return at < offset ? [] : [toMessage(topic, partition, at, record)];
      });
      const last = records.at(-1)?.batchContext;
      let next = last === undefined ? offset : Math.max(offset, Number(last.firstOffset) + last.lastOffsetDelta + 1);
      // A broker that is asked for one partition gives at least one whole batch. When none of its records is left, compaction has
      // emptied everything up to the end. (Asked for several, it may just have had no room.)
      if (last === undefined && wanted.length === 1) next = Math.max(offset, end);
      return { topic, partition, offset, messages, next, end };
    }),
  );
}

/**
 * The records without the marks that end transactions and without those of transactions that were aborted. `aborted` tells where
 * these began; their own marks say where they end.
 */
function committed(
  records: readonly KafkaRecord[],
  aborted: readonly { producerId: string; firstOffset: string }[],
): readonly KafkaRecord[] {
  if (aborted.length === 0 && records.every(({ isControlRecord }) => !isControlRecord)) return records;
  const ahead = aborted
    .map(({ producerId, firstOffset }) => ({ producerId, first: Number(firstOffset) }))
    .sort((a, b) => a.first - b.first);
  const within = new Set<string>();
  return records.filter(({ offset, key, isControlRecord, batchContext: { producerId, inTransaction } }) => {
    while (ahead.length > 0 && ahead[0]!.first <= Number(offset)) within.add(ahead.shift()!.producerId);
    if (!isControlRecord) return !(inTransaction && within.has(producerId));
    // The key of a mark is a version and a type, 16 bits each.
    if (key !== null && key.length >= 4 && key.readInt16BE(2) === ABORT) within.delete(producerId);
    return false;
  });
}

function toMessage(topic: string, partition: number, offset: number, record: KafkaRecord): LogMessage {
  const { traceparent } = record.headers;
  const trace = Array.isArray(traceparent) ? traceparent[0] : traceparent;
  return {
    topic,
    partition,
    offset,
    // Only strangers write without a key.
    key: record.key?.toString('utf8') ?? '',
    value: record.value,
    timestamp: Number(record.timestamp),
    ...(trace === undefined || trace === null ? {} : { headers: { traceparent: trace.toString('latin1') } }),
  };
}
