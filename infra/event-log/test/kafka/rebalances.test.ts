import { join } from 'node:path';
import type { EventLog, LogBatch, Subscription, TopicPartition } from '@unsilo/event-log';
import { openKafkaEventLog } from '@unsilo/event-log/kafka';
import { startChild, until, type Child } from '@unsilo/event-log/suite';
import { Accounts, appendUntil, expectAllOnce } from './accounts.js';
import { describeWithKafka } from './broker.js';
import { quick } from './kafka-place.js';

const PARTITIONS = 8;
/** A group settles within seconds, but a machine may be busy with other tests. */
const PATIENCE_MS = 60_000;
const ROUNDS = 8;

describeWithKafka('groups on Kafka whose members come and go', {}, (broker) => {
  const opened: EventLog[] = [];
  const children: Child[] = [];
  async function open(): Promise<EventLog> {
    const log = await openKafkaEventLog(quick(broker()));
    opened.push(log);
    return log;
  }
  afterEach(async () => {
    for (const child of children.splice(0)) {
      child.process.kill('SIGKILL');
      await child.ended;
    }
    await Promise.all(opened.splice(0).map((log) => log.close()));
  });

  async function topicOf(log: EventLog, name: string): Promise<string> {
    const topic = `${name}-${Date.now().toString(36)}`;
    await log.declare([{ name: topic, partitions: PARTITIONS, cleanup: 'delete' }]);
    return topic;
  }

  test.each([
    ['the positions are kept beside the state', true],
    ['only the group keeps positions', false],
  ])(
    'two members stay while others come and go under load: each message once (%s)',
    async (_, external) => {
      const [one, two, writer] = [await open(), await open(), await open()];
      const topic = await topicOf(writer, 'shared');
      const accounts = new Accounts();
      const revoked: TopicPartition[][] = [];
      // A batch that the accounts refuse is delivered for ever: whoever waits is told why.
      let refuse!: (error: unknown) => void;
      const refusal = new Promise<never>((_, reject) => (refuse = reject));
      refusal.catch(() => undefined);
      const join = (log: EventLog): Promise<Subscription> =>
        log.subscribe({
          group: topic,
          topics: [topic],
          start: 'earliest',
          ...(external ? { offsets: accounts.offsets } : {}),
          onRevoked: async (lost) => void revoked.push([...lost]),
          onBatch: async (batch) => {
            // As if it were stored somewhere.
            await new Promise((done) => setImmediate(done));
            accounts.take(batch);
          },
          onError: (error) => {
            if (accounts.refused > 0) refuse(error);
          },
        });
      const stays = [await join(one), await join(two)];
      let stop = false;
      const appending = appendUntil(writer, topic, () => stop);
      for (let round = 0; round < ROUNDS; round++) {
        const guest = await join(round % 2 === 0 ? one : two);
        const done = accounts.done.length;
        const going = until(() => accounts.done.length > done + 100, 'the load goes on', PATIENCE_MS);
        await Promise.race([going, refusal]);
        await guest.close();
      }
      stop = true;
      const count = await appending.ended;
      await Promise.race([Promise.all(stays.map((subscription) => subscription.caughtUp())), refusal]);
      expectAllOnce(accounts.done, count);
      // Nobody ever began a batch that another one had done.
      expect(accounts.refused).toBe(0);
      expect(revoked.length).toBeGreaterThan(0);
      // What stays with its reader is not taken away for a moment: at most a third goes to a guest.
      for (const lost of revoked) expect(lost.length).toBeLessThanOrEqual(PARTITIONS / 2);
    },
    4 * PATIENCE_MS,
  );

  test('a member that was stopped for longer than its session commits nothing of what others have done', async () => {
    const log = await open();
    const topic = await topicOf(log, 'zombie');
    const child = startChild(join(__dirname, 'reading-child.ts'), [JSON.stringify(quick(broker())), topic]);
    children.push(child);
    await until(() => child.lines.includes('subscribed'), `the child reads: ${child.errors()}`);
    await log.append(Array.from({ length: 100 }, (_, n) => ({ topic, key: `k${n % 10}`, value: String(n) })));
    await until(() => child.lines.includes('holding'), 'the child holds a batch');
    child.process.kill('SIGSTOP');
    const accounts = new Accounts();
    const heir = await log.subscribe({
      group: topic,
      topics: [topic],
      start: 'earliest',
      onBatch: async (batch: LogBatch) => accounts.take(batch),
    });
    await heir.caughtUp();
    expect([...accounts.done].map(Number).sort((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, n) => n));
    const lag = await log.lag(topic);
    child.process.kill('SIGCONT');
    // Its handler ends and it learns that its partitions are gone, before it reads anything else.
    await until(() => child.lines.some((line) => line.startsWith('revoked')), 'the child is told');
    await until(() => child.lines.includes('aborted'), 'its handler is told');
    expect(await log.lag(topic)).toEqual(lag);
    await log.append(Array.from({ length: 40 }, (_, n) => ({ topic, key: `k${n % 10}`, value: String(100 + n) })));
    child.process.stdin!.write('go on\n');
    await until(() => {
      const read = child.lines.filter((line) => line.startsWith('read ')).map((line) => line.slice(5));
      return new Set([...read, ...accounts.done]).size === 140;
    }, 'everything is read by one or the other');
    await heir.close();
  }, 120_000);
});
