const SEED = 0x9747b28c;
const M = 0x5bd1e995;

/**
 * Partition of a key (its UTF-8 bytes): murmur2 as Kafka's own clients compute it, so that a topic written by them and by us keeps
 * each key in one place. It never changes.
 */
export function partitionOf(key: Buffer, partitions: number): number {
  if (partitions === 1) return 0;
  return (murmur2(key) & 0x7fffffff) % partitions;
}

export function murmur2(data: Buffer): number {
  const { length } = data;
  const whole = length & ~3;
  let h = SEED ^ length;
  for (let index = 0; index < whole; index += 4) {
    let k = Math.imul(data.readInt32LE(index), M);
    k = Math.imul(k ^ (k >>> 24), M);
    h = Math.imul(h, M) ^ k;
  }
  const rest = length & 3;
  if (rest === 3) h ^= data[whole + 2]! << 16;
  if (rest >= 2) h ^= data[whole + 1]! << 8;
  if (rest >= 1) h = Math.imul(h ^ data[whole]!, M);
  h = Math.imul(h ^ (h >>> 13), M);
  return h ^ (h >>> 15);
}
