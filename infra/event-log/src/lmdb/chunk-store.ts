import type { Database, RangeOptions } from 'lmdb';
import type { LogMessage } from '../port.js';
import { decodeChunk } from './chunk.js';
import type { LmdbEnvironment } from './environment.js';
import { readError } from './failures.js';
import type { Partition } from './journal.js';

/** 2 bytes topic, 2 bytes partition, 6 bytes offset: chunks of a partition lie together, in order. */
const KEY_BYTES = 10;
const MAX_OFFSET = 2 ** 48 - 1;

/** The stored chunks of all partitions (chunk.ts), and reading messages out of them. */
export class ChunkStore {
  private readonly environment: LmdbEnvironment;
  private readonly records: Database<Uint8Array, Uint8Array>;

  constructor(environment: LmdbEnvironment) {
    this.environment = environment;
    this.records = environment.database('chunks', { encoding: 'binary', keyEncoding: 'binary' });
  }

  /** Messages with `from <= offset < until`, oldest first; stops after `limit` messages or once about `bytes` were read. */
  readForward(
    partition: Partition,
    range: { from: number; until?: number; limit: number; bytes?: number },
  ): LogMessage[] {
    const messages: LogMessage[] = [];
    const { from, limit } = range;
    const until = Math.min(range.until ?? Infinity, partition.next);
    if (from >= until || limit <= 0) return messages;
    let bytes = range.bytes ?? Infinity;
    for (const { base, chunk } of this.between(partition, this.baseOfChunkWith(partition, from), until)) {
      decodeChunk(
        chunk,
        { topic: partition.topic.name, partition: partition.index, base },
        { from, until, limit },
        messages,
      );
      bytes -= chunk.length;
      if (messages.length >= limit || (bytes <= 0 && messages.length > 0)) break;
    }
    return messages;
  }

  /** Messages with `until <= offset <= from`, newest first. */
  readReverse(partition: Partition, range: { from: number; until: number; limit: number }): LogMessage[] {
    const messages: LogMessage[] = [];
    const from = Math.min(range.from, partition.next - 1);
    if (from < range.until || range.limit <= 0) return messages;
    for (const { base, chunk } of this.downFrom(partition, from)) {
      const page: LogMessage[] = [];
      const place = { topic: partition.topic.name, partition: partition.index, base };
      decodeChunk(chunk, place, { from: range.until, until: from + 1, limit: Infinity }, page);
      for (const message of page.reverse()) {
        messages.push(message);
        if (messages.length >= range.limit) return messages;
      }
      if (base <= range.until) break;
    }
    return messages;
  }

  /** The chunks of a partition that begin in `[from, until)`, oldest first. */
  between(partition: Partition, from: number, until: number): Iterable<{ base: number; chunk: Buffer }> {
    return this.stored({ start: chunkKey(partition, from), end: chunkKey(partition, until) });
  }

  /** Offset of the first message retained; `next` when there is none. */
  firstOffset(partition: Partition): number {
    return this.readForward(partition, { from: 0, limit: 1 })[0]?.offset ?? partition.next;
  }

  put(partition: Partition, base: number, chunk: Buffer): void {
    void this.records.put(chunkKey(partition, base), chunk);
  }

  remove(partition: Partition, base: number): void {
    void this.records.remove(chunkKey(partition, base));
  }

  /** Where the chunk begins that holds the offset, if one does. */
  private baseOfChunkWith(partition: Partition, offset: number): number {
    for (const { base } of this.downFrom(partition, offset)) return base;
    return offset;
  }

  private downFrom(partition: Partition, offset: number): Iterable<{ base: number; chunk: Buffer }> {
    const range = {
      start: chunkKey(partition, offset),
      end: chunkKey(partition, 0),
      inclusiveEnd: true,
      reverse: true,
    };
    return this.stored(range);
  }

  private *stored(range: RangeOptions): Generator<{ base: number; chunk: Buffer }> {
    try {
      for (const { key, value } of this.records.getRange(range)) {
        yield { base: asBuffer(key).readUIntBE(4, 6), chunk: asBuffer(value) };
      }
    } catch (error) {
      throw readError(error, this.environment.folder);
    }
  }
}

function chunkKey(partition: Partition, offset: number): Buffer {
  const key = Buffer.allocUnsafe(KEY_BYTES);
  key.writeUInt16BE(partition.topic.id, 0);
  key.writeUInt16BE(partition.index, 2);
  key.writeUIntBE(Math.min(Math.max(0, offset), MAX_OFFSET), 4, 6);
  return key;
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
