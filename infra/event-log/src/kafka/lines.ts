import { StorageError } from '../errors.js';
import type { AppendMessage, Position } from '../port.js';
import { partitionOf } from './partitioner.js';

/** At most so many messages go to one partition in one request. */
const MOST = 1000;
/** And so many bytes, unless a single message is larger. */
const BATCH_BYTES = 1024 * 1024;
/** What a message takes beside its key, value and trace, at most. */
const FRAME_BYTES = 64;
const MAX_TRACE_BYTES = 512;

/** By the producer's number and a sequence in each partition the broker knows a batch again that it took before. */
export interface Identity {
  producerId: number;
  producerEpoch: number;
}

/** A message as the wire wants it. */
interface Prepared {
  key: Buffer;
  value: Buffer | null;
  headers?: { traceparent: string };
  bytes: number;
}

/** One message that is to be sent. */
export interface Entry extends Prepared {
  since: number;
  append: Append;
  /** Its place in the append. */
  index: number;
}

/** One call of `append`, until its last message is durable. */
export interface Append {
  positions: Position[];
  left: number;
  resolve: (positions: Position[]) => void;
  reject: (error: unknown) => void;
}

/** A line of messages for one partition. One batch of it is under way at a time, so later ones never overtake it. */
export interface Line {
  readonly topic: string;
  readonly partition: number;
  waiting: Entry[];
  busy: boolean;
  /** Under which number, and with which sequence, its next batch goes out. */
  identity: Identity | undefined;
  sequence: number;
}

/**
 * A message as the wire wants it, and where it goes.
 * @throws UNSILO_LOG_MESSAGE_TOO_LARGE
 */
export function prepare(
  { topic, key: text, value: content, headers }: AppendMessage,
  partitions: number,
  maxMessageBytes: number,
): { partition: number; message: Prepared } {
  const key = Buffer.from(text, 'utf8');
  const value = content === null ? null : bytesOf(content);
  const traceparent = headers?.traceparent;
  const bytes = key.length + (value?.length ?? 0);
  if (bytes > maxMessageBytes || (traceparent?.length ?? 0) > MAX_TRACE_BYTES)
    throw new StorageError(
      'UNSILO_LOG_MESSAGE_TOO_LARGE',
      `A message for ${topic} has ${bytes} bytes; at most ${maxMessageBytes} are taken, with a trace of up to ${MAX_TRACE_BYTES}. Nothing of its batch was kept.`,
      { hint: 'Send less in one message, or raise maxMessageBytes and apply the topics again.' },
    );
  return {
    partition: partitionOf(key, partitions),
    message: {
      key,
      value,
      ...(traceparent === undefined ? {} : { headers: { traceparent } }),
      bytes: bytes + FRAME_BYTES + (traceparent?.length ?? 0),
    },
  };
}

/** The message is durable at that offset. */
export function done({ append, index }: Entry, { topic, partition }: Line, offset: number): void {
  append.positions[index] = { topic, partition, offset };
  if (--append.left === 0) append.resolve(append.positions);
}

/** The messages at the head of a line that go into one batch. */
export function take(waiting: Entry[]): Entry[] {
  let bytes = 0;
  let count = 0;
  while (count < waiting.length && count < MOST) {
    bytes += waiting[count]!.bytes;
    if (bytes > BATCH_BYTES && count > 0) break;
    count++;
  }
  return waiting.splice(0, count);
}

function bytesOf(value: string | Uint8Array): Buffer {
  if (typeof value === 'string') return Buffer.from(value, 'utf8');
  return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
}
