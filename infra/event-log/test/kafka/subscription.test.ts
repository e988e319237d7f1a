import type { Position, TopicPartition } from '@unsilo/event-log';
import { settingsOf } from '../../src/kafka/options.js';
import { KafkaSubscription } from '../../src/kafka/subscription.js';

/** What is looked at and replaced of one. */
interface Inner {
  membership: { commit: (positions: readonly Position[]) => Promise<boolean> };
  toCommit: Map<string, Position>;
  revoke(lost: readonly TopicPartition[], fenced: boolean): Promise<void>;
}

describe('a subscription on Kafka', () => {
  test('lets go of partitions although the handling of the others never rests', async () => {
    const settings = settingsOf({ brokers: ['localhost:1'] });
    const options = { group: 'group', topics: ['topic'], start: 'earliest' as const, onBatch: async () => undefined };
    const subscription = new KafkaSubscription(settings, options, () => undefined) as unknown as Inner;
    const told: number[][] = [];
    const handled = (partition: number, offset: number): void => {
      subscription.toCommit.set(`topic/${partition}`, { topic: 'topic', partition, offset });
    };
    subscription.membership.commit = async (positions) => {
      told.push(positions.map(({ partition }) => partition));
      await new Promise((done) => setImmediate(done));
      handled(1, told.length);
      return true;
    };
    handled(0, 7);
    await subscription.revoke([{ topic: 'topic', partition: 0 }], false);
    expect(told[0]).toEqual([0]);
    expect(told.length).toBeLessThanOrEqual(2);
  });
});
