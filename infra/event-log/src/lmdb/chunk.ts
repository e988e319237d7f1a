import { StorageError } from '../errors.js';
import type { AppendMessage, LogMessage } from '../port.js';

/**
 * Messages of one partition are stored in chunks: one LMDB record holds the neighbours that were appended together, under
 * the offset of the first. A chunk of four pages costs one insertion for about fifty small messages.
 *
 * Layout, integers big-endian:
 *   header   u8 layout (1 dense, 2 sparse) | u48 timestamp (epoch ms) | u32 count | u32 span
 *   message  [sparse only: u32 offset - base] | u8 flags | u16 key length | u32 value length | key | [u8 length, traceparent] | value
 * The messages of a dense chunk have consecutive offsets. Compaction leaves gaps, so it writes sparse chunks. `span` is the
 * number of offsets that the chunk covers, gaps included.
 */
export const CHUNK_HEADER = 15;
/** Four pages of 8 KiB less the page's own header, so that a full chunk wastes next to nothing. */
export const CHUNK_LIMIT = 4 * 8192 - 32;
const DENSE = 1;
const SPARSE = 2;
const NULL_VALUE = 1;
const TRACED = 2;
const MESSAGE_HEADER = 7;
const MAX_KEY_BYTES = 0xffff;
const MAX_TRACE_BYTES = 0xff;

/** Encoded messages with consecutive offsets; `bytes` keeps room for the header in front. */
export interface Run {
  bytes: Buffer;
  count: number;
}

/** Encodes messages of one partition into runs of at most CHUNK_LIMIT bytes (a larger message has a run of its own). */
export class RunEncoder {
  readonly runs: Run[] = [];
  /** Slab in which the current run grows. */
  private slab: Buffer;
  private end = CHUNK_HEADER;
  private count = 0;

  constructor(expectedBytes: number) {
    this.slab = Buffer.allocUnsafe(Math.min(CHUNK_LIMIT, Math.max(256, expectedBytes + CHUNK_HEADER)));
  }

  add(message: AppendMessage, maxMessageBytes: number): void {
    const { key, value } = message;
    const traceparent = message.headers?.traceparent;
    const keyBytes = Buffer.byteLength(key);
    const valueBytes = value === null ? 0 : typeof value === 'string' ? Buffer.byteLength(value) : value.byteLength;
    const traceBytes = traceparent === undefined ? 0 : Buffer.byteLength(traceparent);
    if (keyBytes > MAX_KEY_BYTES || traceBytes > MAX_TRACE_BYTES || keyBytes + valueBytes > maxMessageBytes) {
      throw new StorageError(
        'UNSILO_LOG_MESSAGE_TOO_LARGE',
        `A message for ${message.topic} has ${keyBytes + valueBytes} bytes; at most ${maxMessageBytes} are taken ` +
          `(key at most ${MAX_KEY_BYTES}, traceparent at most ${MAX_TRACE_BYTES}).`,
        { hint: 'Nothing of its batch was written.' },
      );
    }
    const size = MESSAGE_HEADER + keyBytes + (traceparent === undefined ? 0 : 1 + traceBytes) + valueBytes;
    this.reserve(size);
    const { slab } = this;
    let at = this.end;
    slab[at] = (value === null ? NULL_VALUE : 0) | (traceparent === undefined ? 0 : TRACED);
    slab.writeUInt16BE(keyBytes, at + 1);
    slab.writeUInt32BE(valueBytes, at + 3);
    at += MESSAGE_HEADER;
    at += slab.write(key, at);
    if (traceparent !== undefined) {
      slab[at] = traceBytes;
      at += 1 + slab.write(traceparent, at + 1);
    }
    if (typeof value === 'string') at += slab.write(value, at);
    else if (value !== null) {
      slab.set(value, at);
      at += valueBytes;
    }
    this.end = at;
    this.count++;
  }

  finish(): Run[] {
    if (this.count > 0) this.cut();
    return this.runs;
  }

  private reserve(size: number): void {
    if (this.end + size <= this.slab.length) return;
    if (this.count > 0 && this.end + size > CHUNK_LIMIT) {
      this.cut();
      this.slab = Buffer.allocUnsafeSlow(Math.max(CHUNK_LIMIT, CHUNK_HEADER + size));
      return;
    }
    const larger = Buffer.allocUnsafeSlow(Math.max(CHUNK_HEADER + size, Math.min(CHUNK_LIMIT, 2 * (this.end + size))));
    this.slab.copy(larger, 0, 0, this.end);
    this.slab = larger;
  }

  private cut(): void {
    this.runs.push({ bytes: this.slab.subarray(0, this.end), count: this.count });
    this.end = CHUNK_HEADER;
    this.count = 0;
  }
}

/** Joins small neighbouring runs, so that many appends of one message make one chunk. */
export function joinRuns(runs: readonly Run[]): Run[] {
  const joined: Run[] = [];
  let group: Run[] = [];
  let bytes = CHUNK_HEADER;
  const flush = (): void => {
    if (group.length === 1) joined.push(group[0]!);
    else if (group.length > 1) {
      const whole = Buffer.allocUnsafeSlow(bytes);
      let at = CHUNK_HEADER;
      let count = 0;
      for (const run of group) {
        at += run.bytes.copy(whole, at, CHUNK_HEADER);
        count += run.count;
      }
      joined.push({ bytes: whole, count });
    }
    group = [];
    bytes = CHUNK_HEADER;
  };
  for (const run of runs) {
    const size = run.bytes.length - CHUNK_HEADER;
    if (group.length > 0 && bytes + size > CHUNK_LIMIT) flush();
    group.push(run);
    bytes += size;
  }
  flush();
  return joined;
}

/** Completes a run to a stored chunk, in place. */
export function sealRun(run: Run, timestamp: number): Buffer {
  writeHeader(run.bytes, DENSE, timestamp, run.count, run.count);
  return run.bytes;
}

/** A chunk of what compaction keeps; messages in order of offsets. */
export function encodeSparse(kept: readonly LogMessage[], base: number, timestamp: number, span: number): Buffer {
  let size = CHUNK_HEADER;
  for (const message of kept) {
    const trace = message.headers?.traceparent;
    size += 4 + MESSAGE_HEADER + Buffer.byteLength(message.key) + (message.value?.length ?? 0);
    if (trace !== undefined) size += 1 + Buffer.byteLength(trace);
  }
  const bytes = Buffer.allocUnsafeSlow(size);
  writeHeader(bytes, SPARSE, timestamp, kept.length, span);
  let at = CHUNK_HEADER;
  for (const message of kept) {
    const trace = message.headers?.traceparent;
    at = bytes.writeUInt32BE(message.offset - base, at);
    bytes[at] = (message.value === null ? NULL_VALUE : 0) | (trace === undefined ? 0 : TRACED);
    bytes.writeUInt16BE(Buffer.byteLength(message.key), at + 1);
    bytes.writeUInt32BE(message.value?.length ?? 0, at + 3);
    at += MESSAGE_HEADER;
    at += bytes.write(message.key, at);
    if (trace !== undefined) {
      bytes[at] = Buffer.byteLength(trace);
      at += 1 + bytes.write(trace, at + 1);
    }
    if (message.value !== null) at += message.value.copy(bytes, at);
  }
  return bytes;
}

function writeHeader(bytes: Buffer, layout: number, timestamp: number, count: number, span: number): void {
  bytes[0] = layout;
  bytes.writeUIntBE(timestamp, 1, 6);
  bytes.writeUInt32BE(count, 7);
  bytes.writeUInt32BE(span, 11);
}

export interface ChunkHeader {
  timestamp: number;
  count: number;
  /** Offset after the last one that the chunk covers. */
  end: number;
}

export function readHeader(chunk: Buffer, base: number): ChunkHeader {
  const layout = chunk[0];
  if (chunk.length < CHUNK_HEADER || (layout !== DENSE && layout !== SPARSE)) throw badChunk(base);
  return { timestamp: chunk.readUIntBE(1, 6), count: chunk.readUInt32BE(7), end: base + chunk.readUInt32BE(11) };
}

/**
 * Adds the chunk's messages with `from <= offset < until` to `into`, in order of offsets, until it holds `limit`. Values are
 * views of the chunk.
 */
export function decodeChunk(
  chunk: Buffer,
  place: { topic: string; partition: number; base: number },
  range: { from: number; until: number; limit: number },
  into: LogMessage[],
): void {
  const { topic, partition, base } = place;
  const { timestamp, count } = readHeader(chunk, base);
  const sparse = chunk[0] === SPARSE;
  let at = CHUNK_HEADER;
  for (let index = 0; index < count; index++) {
    if (at + MESSAGE_HEADER + (sparse ? 4 : 0) > chunk.length) throw badChunk(base);
    let offset = base + index;
    if (sparse) {
      offset = base + chunk.readUInt32BE(at);
      at += 4;
    }
    const flags = chunk[at]!;
    const keyBytes = (chunk[at + 1]! << 8) | chunk[at + 2]!;
    const valueBytes = chunk.readUInt32BE(at + 3);
    const keyAt = at + MESSAGE_HEADER;
    let valueAt = keyAt + keyBytes;
    const traced = (flags & TRACED) !== 0;
    if (traced) valueAt += 1 + (chunk[valueAt] ?? 0);
    at = valueAt + valueBytes;
    if (at > chunk.length) throw badChunk(base);
    if (offset < range.from) continue;
    if (offset >= range.until || into.length >= range.limit) return;
    const message: LogMessage = {
      topic,
      partition,
      offset,
      key: chunk.toString('utf8', keyAt, keyAt + keyBytes),
      value: (flags & NULL_VALUE) !== 0 ? null : chunk.subarray(valueAt, at),
      timestamp,
    };
    if (traced) {
      const traceAt = keyAt + keyBytes + 1;
      message.headers = { traceparent: chunk.toString('latin1', traceAt, valueAt) };
    }
    into.push(message);
  }
}

function badChunk(base: number): StorageError {
  return new StorageError(
    'UNSILO_DATA_CORRUPT',
    `The stored messages from offset ${base} on can't be read: their record is damaged.`,
    {
      hint: 'Restore the data folder from a backup, or start on a new folder and let the sources be read again.',
    },
  );
}
