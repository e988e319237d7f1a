import type { LogMessage } from '../port.js';
import { decodeChunk, encodeSparse, readHeader } from './chunk.js';
import type { Journal, Partition } from './journal.js';

const BYTES_AT_ONCE = 4 * 1024 * 1024;

/** Applies retention and compaction to every topic. Answers how many messages were removed. */
export async function clean(journal: Journal, now: number): Promise<number> {
  let removed = 0;
  for (const topic of journal.topics.values()) {
    for (const partition of topic.partitions) {
      await breathe();
      if (topic.cleanup === 'compact') removed += await compact(journal, partition, now);
      else if (topic.retentionMs !== undefined) removed += await expire(journal, partition, now - topic.retentionMs);
    }
  }
  return removed;
}

/** Removes chunks older than `before` from the old end. A chunk's messages are of one time, so none goes too early. */
async function expire(journal: Journal, partition: Partition, before: number): Promise<number> {
  const old: number[] = [];
  let removed = 0;
  for (const { base, chunk } of journal.chunks.between(partition, 0, partition.next)) {
    const { timestamp, count } = readHeader(chunk, base);
    if (timestamp >= before) break;
    old.push(base);
    removed += count;
  }
  if (old.length > 0) {
    await change(journal, () => {
      for (const base of old) journal.chunks.remove(partition, base);
    });
  }
  return removed;
}

async function compact(journal: Journal, partition: Partition, now: number): Promise<number> {
  const tombstonesBefore = now - journal.environment.tombstoneMs;
  let removed = 0;
  while (partition.cleaned < partition.next) {
    const { last, end } = await newestByKey(journal, partition);
    removed += await removeSuperseded(journal, partition, { last, end, tombstonesBefore });
  }
  if (partition.oldestTombstone < tombstonesBefore) {
    const end = partition.cleaned;
    removed += await removeSuperseded(journal, partition, { last: new Map(), end, tombstonesBefore });
  }
  return removed;
}

/** Offset of the newest message of each key, over as much of the part not yet compacted as fits. */
async function newestByKey(
  journal: Journal,
  partition: Partition,
): Promise<{ last: Map<string, number>; end: number }> {
  const last = new Map<string, number>();
  let at = partition.cleaned;
  while (at < partition.next && last.size < journal.environment.compactionKeys) {
    const page = journal.chunks.readForward(partition, {
      from: at,
      limit: Math.min(10_000, journal.environment.compactionKeys),
      bytes: BYTES_AT_ONCE,
    });
    if (page.length === 0) return { last, end: partition.next };
    for (const message of page) last.set(message.key, message.offset);
    at = page.at(-1)!.offset + 1;
    await breathe();
  }
  return { last, end: at };
}

async function removeSuperseded(
  journal: Journal,
  partition: Partition,
  pass: { last: ReadonlyMap<string, number>; end: number; tombstonesBefore: number },
): Promise<number> {
  let removed = 0;
  let oldestTombstone = Infinity;
  let at = 0;
  while (at < pass.end) {
    const rewrites: { base: number; kept: LogMessage[]; timestamp: number; span: number }[] = [];
    let bytes = 0;
    let reached = pass.end;
    for (const { base, chunk } of journal.chunks.between(partition, at, pass.end)) {
      const { timestamp, count, end } = readHeader(chunk, base);
      const messages: LogMessage[] = [];
      const place = { topic: partition.topic.name, partition: partition.index, base };
      decodeChunk(chunk, place, { from: 0, until: Infinity, limit: Infinity }, messages);
      const kept = messages.filter(
        (message) =>
          message.offset >= (pass.last.get(message.key) ?? 0) &&
          (message.value !== null || message.offset >= pass.end || message.timestamp >= pass.tombstonesBefore),
      );
      if (kept.some(({ value, offset }) => value === null && offset < pass.end)) {
        oldestTombstone = Math.min(oldestTombstone, timestamp);
      }
      if (kept.length < count) {
        rewrites.push({ base, kept, timestamp, span: end - base });
        removed += count - kept.length;
      }
      bytes += chunk.length;
      if (bytes >= BYTES_AT_ONCE) {
        reached = end;
        break;
      }
    }
    at = reached;
    const finished = at >= pass.end;
    if (rewrites.length > 0 || (finished && pass.end > partition.cleaned)) {
      const cleaned = finished ? Math.max(partition.cleaned, pass.end) : partition.cleaned;
      await change(journal, () => {
        for (const { base, kept, timestamp, span } of rewrites) {
          if (kept.length === 0) journal.chunks.remove(partition, base);
          else journal.chunks.put(partition, base, encodeSparse(kept, base, timestamp, span));
        }
        journal.putPartition(partition, { next: partition.next, cleaned });
      });
      partition.cleaned = cleaned;
    }
    await breathe();
  }
  partition.oldestTombstone = oldestTombstone;
  return removed;
}

function change(journal: Journal, put: () => void): Promise<void> {
  return journal.environment.write({ area: 'LOG', bytes: BYTES_AT_ONCE, check: () => ({ result: undefined, put }) });
}

/** Lets everything else that waits have its turn. */
function breathe(): Promise<void> {
  return new Promise((done) => setImmediate(done));
}
