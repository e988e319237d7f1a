import fc from 'fast-check';
import type { LogMessage } from '@unsilo/event-log';
import {
  CHUNK_LIMIT,
  decodeChunk,
  encodeSparse,
  joinRuns,
  readHeader,
  RunEncoder,
  sealRun,
} from '../src/lmdb/chunk.js';

const item = fc.record({
  key: fc.string({ unit: 'grapheme', maxLength: 10 }),
  value: fc.option(
    fc.oneof(
      fc.string({ unit: 'grapheme', maxLength: 50 }),
      fc.constantFrom(5_000, 33_000).map((size) => 'é'.repeat(size)),
    ),
    { nil: null },
  ),
  traceparent: fc.option(fc.constant('00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'), { nil: undefined }),
});
type Item = typeof item extends fc.Arbitrary<infer T> ? T : never;
const EVERYTHING = { from: 0, until: Infinity, limit: Infinity };

function encode(items: readonly Item[]): ReturnType<RunEncoder['finish']> {
  const encoder = new RunEncoder(100);
  for (const { key, value, traceparent } of items) {
    encoder.add(
      { topic: 't', key, value, ...(traceparent === undefined ? {} : { headers: { traceparent } }) },
      1_000_000,
    );
  }
  return encoder.finish();
}

/** Values as text: comparing long buffers takes jest seconds. */
function readable(messages: readonly LogMessage[]): unknown[] {
  return messages.map((message) => ({ ...message, value: message.value?.toString('utf8') ?? null }));
}

function decode(chunk: Buffer, base: number, range = EVERYTHING): LogMessage[] {
  const messages: LogMessage[] = [];
  decodeChunk(chunk, { topic: 't', partition: 3, base }, range, messages);
  return messages;
}

function expected(items: readonly Item[], base: number, timestamp: number): unknown[] {
  return items.map(({ key, value, traceparent }, index) => ({
    topic: 't',
    partition: 3,
    offset: base + index,
    key,
    value,
    timestamp,
    ...(traceparent === undefined ? {} : { headers: { traceparent } }),
  }));
}

test('what goes into runs comes out of chunks, whether they are joined or not', () => {
  fc.assert(
    fc.property(
      fc.array(fc.array(item, { minLength: 1, maxLength: 8 }), { maxLength: 5 }),
      fc.boolean(),
      (batches, join) => {
        const runs = batches.flatMap((batch) => encode(batch));
        const messages: LogMessage[] = [];
        let base = 1000;
        for (const run of join ? joinRuns(runs) : runs) {
          const chunk = sealRun(run, 123_456_789_012);
          expect(readHeader(chunk, base)).toEqual({
            timestamp: 123_456_789_012,
            count: run.count,
            end: base + run.count,
          });
          messages.push(...decode(chunk, base));
          base += run.count;
        }
        expect(readable(messages)).toEqual(expected(batches.flat(), 1000, 123_456_789_012));
      },
    ),
    { numRuns: 60 },
  );
});

test('no chunk of several messages is larger than the limit', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(9000), { minLength: 1, maxLength: 40 }), (sizes) => {
      const runs = joinRuns(
        sizes.flatMap((size) => encode([{ key: 'k', value: 'x'.repeat(size), traceparent: undefined }])),
      );
      for (const { bytes, count } of runs) expect(count === 1 || bytes.length <= CHUNK_LIMIT).toBe(true);
      expect(runs.reduce((sum, { count }) => sum + count, 0)).toBe(sizes.length);
    }),
  );
});

test('a chunk with gaps gives what was kept, within any range', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(item, fc.boolean()), { minLength: 1, maxLength: 20 }),
      fc.nat(25),
      fc.nat(25),
      fc.nat(10),
      (items, from, span, limit) => {
        const all = items.map(([{ key, value, traceparent }], index): LogMessage => ({
          topic: 't',
          partition: 3,
          offset: 50 + index,
          key,
          value: value === null ? null : Buffer.from(value),
          timestamp: 7,
          ...(traceparent === undefined ? {} : { headers: { traceparent } }),
        }));
        const kept = all.filter((_, index) => items[index]![1]);
        const chunk = encodeSparse(kept, 50, 7, items.length);
        expect(readable(decode(chunk, 50))).toEqual(readable(kept));
        expect(readHeader(chunk, 50)).toEqual({ timestamp: 7, count: kept.length, end: 50 + items.length });
        const range = { from: 45 + from, until: 45 + from + span, limit };
        const inside = kept.filter(({ offset }) => offset >= range.from && offset < range.until).slice(0, limit);
        expect(readable(decode(chunk, 50, range))).toEqual(readable(inside));
      },
    ),
    { numRuns: 60 },
  );
});

test('a damaged chunk is an error with a code, and never more than that', () => {
  const [run] = encode(
    Array.from({ length: 20 }, (_, n) => ({ key: `k${n}`, value: `value ${n}`, traceparent: undefined })),
  );
  const chunk = sealRun(run!, 7);
  fc.assert(
    fc.property(fc.nat(chunk.length - 1), fc.nat(255), fc.nat(chunk.length), (at, byte, length) => {
      const damaged = Buffer.from(chunk.subarray(0, length));
      if (at < damaged.length) damaged[at] = byte;
      try {
        decode(damaged, 0);
      } catch (error) {
        expect(error).toMatchObject({ code: 'UNSILO_DATA_CORRUPT' });
      }
    }),
  );
});
