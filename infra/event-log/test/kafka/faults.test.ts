import type { EventLog } from '@unsilo/event-log';
import { openKafkaEventLog } from '@unsilo/event-log/kafka';
import { until } from '@unsilo/event-log/suite';
import { Accounts, appendUntil, expectAllOnce } from './accounts.js';
import { describeWithKafka } from './broker.js';
import { quick } from './kafka-place.js';

const PARTITIONS = 4;
const FROZEN_MS = Number(process.env['FROZEN_MS'] ?? 10_000);

describeWithKafka('a Kafka broker that fails', { ofItsOwn: true }, (broker) => {
  const opened: EventLog[] = [];
  const said: string[] = [];
  async function open(): Promise<EventLog> {
    const log = await openKafkaEventLog({
      ...quick(broker()),
      requestTimeoutMs: 2000,
      onLog: ({ message }) => said.push(message),
    });
    opened.push(log);
    return log;
  }
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((log) => log.close()));
    said.length = 0;
  });

  /** Appends and handles while something happens to the broker; everything is handled once and stands in the log once. */
  async function underLoad(topic: string, harm: (done: () => number) => Promise<void>): Promise<void> {
    const log = await open();
    await log.declare([{ name: topic, partitions: PARTITIONS, cleanup: 'delete' }]);
    const accounts = new Accounts();
    const subscription = await log.subscribe({
      group: topic,
      topics: [topic],
      start: 'earliest',
      offsets: accounts.offsets,
      onBatch: async (batch) => accounts.take(batch),
      onError: () => undefined,
    });
    let stop = false;
    const appending = appendUntil(log, topic, () => stop);
    await until(() => accounts.done.length > 200, 'the load runs');
    await harm(() => accounts.done.length);
    const before = accounts.done.length;
    await until(() => accounts.done.length > before + 200, 'the load runs again', 60_000);
    stop = true;
    const count = await appending.ended;
    await subscription.caughtUp();
    expectAllOnce(accounts.done, count);
    expect(accounts.refused).toBe(0);
    const ends = await log.ends([topic]);
    expect(ends.reduce((sum, { next }) => sum + next, 0)).toBe(count);
    expect((await log.lag(topic)).reduce((sum, { lag }) => sum + lag, 0)).toBe(0);
  }

  test('killed and started again under load: nothing acknowledged is lost, nothing happens twice', async () => {
    await underLoad('killed', async (done) => {
      for (let kill = 0; kill < 3; kill++) {
        const before = done();
        await broker().kill();
        await broker().start();
        await until(() => done() > before + 100, 'the load runs again', 60_000);
      }
    });
  }, 200_000);

  test('frozen for longer than requests and sessions last: everything goes on afterwards', async () => {
    await underLoad('frozen', async () => {
      await broker().pause();
      const thawed = performance.now() + FROZEN_MS;
      try {
        await until(() => performance.now() > thawed, 'the time is over', 2 * FROZEN_MS);
      } finally {
        await broker().unpause();
      }
    });
  }, 120_000);

  test('away while the log is opened: it is waited for', async () => {
    await broker().kill();
    const opening = open();
    await until(() => said.length > 0, 'a first try');
    await broker().start();
    const log = await opening;
    await log.declare([{ name: 'late', partitions: 1, cleanup: 'delete' }]);
    expect(await log.append([{ topic: 'late', key: 'k', value: 'v' }])).toEqual([
      { topic: 'late', partition: 0, offset: 0 },
    ]);
  }, 120_000);

  test('away for longer than anybody waits: the append says so, and later ones succeed', async () => {
    const log = await openKafkaEventLog({ ...quick(broker()), requestTimeoutMs: 1000, deliveryTimeoutMs: 1500 });
    opened.push(log);
    await log.declare([{ name: 'gone', partitions: 1, cleanup: 'delete' }]);
    await log.append([{ topic: 'gone', key: 'k', value: 'before' }]);
    await broker().kill();
    await expect(log.append([{ topic: 'gone', key: 'k', value: 'meanwhile' }])).rejects.toMatchObject({
      code: 'UNSILO_LOG_UNREACHABLE',
      message: expect.stringMatching(/append to gone\/0.*Check the addresses/),
    });
    await broker().start();
    let tries = 0;
    await until(
      async () => {
        tries++;
        return log.append([{ topic: 'gone', key: 'k', value: 'after' }]).then(
          () => true,
          () => false,
        );
      },
      'the broker answers again',
      60_000,
    );
    const { messages } = await log.read({ topic: 'gone', partition: 0, from: 0 });
    const values = messages.map(({ value }) => value!.toString());
    expect(values[0]).toBe('before');
    expect(values.at(-1)).toBe('after');
    expect(tries).toBeGreaterThan(0);
  }, 120_000);

  test('closed while a batch is being handled that does not end: that is said, and nothing of its group', async () => {
    const left: string[] = [];
    const log = await openKafkaEventLog({ ...quick(broker()), onLeft: (what) => left.push(what) });
    opened.push(log);
    await log.declare([{ name: 'stuck', partitions: 1, cleanup: 'delete' }]);
    await log.append([{ topic: 'stuck', key: 'k', value: 'v' }]);
    let end!: () => void;
    const ended = new Promise<void>((done) => (end = done));
    let begun = false;
    const onBatch = async (): Promise<void> => {
      begun = true;
      await ended;
    };
    await log.subscribe({ group: 'stuck', topics: ['stuck'], start: 'earliest', onBatch });
    await until(() => begun, 'the batch is in its hands');
    await log.close();
    end();
    expect(left).toEqual(['Batches are still being handled; what they have not committed is delivered again.']);
  }, 60_000);

  test('closed while the broker is frozen: what is left undone is said, of each group', async () => {
    const left: string[] = [];
    const log = await openKafkaEventLog({ ...quick(broker()), onLeft: (what) => left.push(what) });
    opened.push(log);
    await log.declare([{ name: 'undone', partitions: 2, cleanup: 'delete' }]);
    const subscription = await log.subscribe({
      group: 'undone',
      topics: ['undone'],
      start: 'earliest',
      onBatch: async () => undefined,
      onError: () => undefined,
    });
    await subscription.caughtUp();
    await broker().pause();
    try {
      await log.close();
    } finally {
      await broker().unpause();
    }
    expect(left).toContain(
      'Group undone does not know yet that a member has left; others get its partitions after 6000 ms.',
    );
    expect(left.filter((what) => what.includes('Batches'))).toEqual([]);
  }, 60_000);

  test('a subscription and its log close at once while the broker is away', async () => {
    const log = await open();
    await log.declare([{ name: 'closing', partitions: 2, cleanup: 'delete' }]);
    await log.append([{ topic: 'closing', key: 'k', value: 'v' }]);
    const subscription = await log.subscribe({
      group: 'closing',
      topics: ['closing'],
      start: 'earliest',
      onBatch: async () => undefined,
      onError: () => undefined,
    });
    await subscription.caughtUp();
    await broker().kill();
    await until(() => said.length > 0, 'it is noticed');
    await subscription.close();
    await log.close();
    await broker().start();
  }, 60_000);
});
