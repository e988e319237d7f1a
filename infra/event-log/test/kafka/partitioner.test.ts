import fc from 'fast-check';
import { Partitioners } from 'kafkajs';
import { partitionOf } from '../../src/kafka/partitioner.js';

test('a key goes where the clients of Kafka itself put it', () => {
  // Values of org.apache.kafka.common.utils.Utils.murmur2, from Kafka's own tests, without their sign.
  const known: Record<string, number> = {
    '21': -973932308,
    foobar: -790332482,
    'a-little-bit-long-string': -985981536,
    'a-little-bit-longer-string': -1486304829,
    lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8: -58897971,
    abc: 479470107,
  };
  for (const [key, hash] of Object.entries(known)) {
    expect(partitionOf(Buffer.from(key), 1_000_003)).toBe((hash & 0x7fffffff) % 1_000_003);
  }
});

test('and where kafkajs puts it', () => {
  const theirs = Partitioners.DefaultPartitioner();
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.integer({ min: 1, max: 50 }), (key, partitions) => {
      const partitionMetadata = Array.from({ length: partitions }, (_, partitionId) => ({
        partitionId,
        partitionErrorCode: 0,
        leader: 1,
        replicas: [1],
        isr: [1],
      }));
      const message = { key: Buffer.from(key), value: null };
      expect(partitionOf(message.key, partitions)).toBe(theirs({ topic: 't', partitionMetadata, message }));
    }),
  );
});
