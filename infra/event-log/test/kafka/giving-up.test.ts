import { until } from '@unsilo/event-log/suite';
import { KafkaConnection, type GroupBroker } from '../../src/kafka/connection.js';
import { fetchFrom } from '../../src/kafka/fetching.js';
import { settingsOf } from '../../src/kafka/options.js';
import { MuteBrokers } from './mute-brokers.js';

/** Keys of Kafka's requests. */
const FETCH = 1;
const METADATA = 3;
const LIMIT_MS = 20_000;

describe('brokers whose connections fail while they are asked', () => {
  let brokers: MuteBrokers;
  let connection: KafkaConnection;
  async function start(count: number): Promise<void> {
    brokers = await MuteBrokers.start(count);
    // Longer than the tests: nothing may wait until a request is given up.
    const ms = { requestTimeoutMs: 600_000, deliveryTimeoutMs: 600_000 };
    connection = new KafkaConnection(settingsOf({ brokers: brokers.addresses, ...ms }));
    await connection.partitions(brokers.topic);
  }
  afterEach(async () => {
    await connection.close();
    await brokers.close();
  });

  /** As kafkajs tells that a request to it was in vain. */
  function failureOf(number: number): Error {
    return Object.assign(new Error('timed out'), { broker: `localhost:${brokers.node(number).port}` });
  }

  function beat(broker: GroupBroker): Promise<unknown> {
    return broker.heartbeat({ groupId: 'group', groupGenerationId: 1, memberId: 'member' });
  }

  function fetch(broker: GroupBroker, node: number): Promise<unknown> {
    const wanted = [{ topic: brokers.topic, partition: node - 1, offset: 0, maxBytes: 1000 }];
    return fetchFrom(broker, wanted, { maxWaitMs: 0, maxBytes: 1000 });
  }

  /** Notes how it ends, at once, so that no failure goes without somebody who hears of it. */
  function noted(work: Promise<unknown>): { error: unknown } {
    const note: { error: unknown } = { error: undefined };
    work.catch((error: unknown) => (note.error = error));
    return note;
  }

  test('whatever else a broker was asked fails at once when it is given up, and goes to it over new connections', async () => {
    await start(1);
    const broker = await connection.broker(1);
    const under = [noted(beat(broker)), noted(beat(broker)), noted(fetch(broker, 1))];
    await until(() => brokers.node(1).waiting === 3, 'all are asked');
    connection.failed(failureOf(1));
    await until(() => under.every(({ error }) => error !== undefined), 'all have failed', LIMIT_MS);
    await connection.recover();
    const again = await connection.broker(1);
    expect(again).not.toBe(broker);
    const before = brokers.node(1).waiting;
    void noted(beat(again));
    await until(() => brokers.node(1).waiting === before + 1, 'it is asked again');
  });

  test('one of its connections ends: what was asked over the other one fails at once too', async () => {
    await start(1);
    const broker = await connection.broker(1);
    const under = [noted(beat(broker)), noted(fetch(broker, 1))];
    await until(() => brokers.node(1).waiting === 2, 'both are asked');
    brokers.node(1).cut(FETCH);
    await until(() => under.every(({ error }) => error !== undefined), 'both have failed', LIMIT_MS);
  });

  test('who still holds a broker that was given up is refused at once, and opens nothing by it', async () => {
    await start(1);
    const broker = await connection.broker(1);
    connection.failed(failureOf(1));
    // The same moment, before it is disconnected, and afterwards.
    const [now, other] = [noted(beat(broker)), noted(fetch(broker, 1))];
    await until(() => now.error !== undefined && other.error !== undefined, 'both are refused', LIMIT_MS);
    const { joined } = brokers.node(1);
    await expect(beat(broker)).rejects.toThrow('given up');
    await expect(fetch(broker, 1)).rejects.toThrow('given up');
    expect(brokers.node(1).joined).toBe(joined);
  });

  test('the failure of a broker that was given up does not touch the connections that came after it', async () => {
    await start(1);
    const broker = await connection.broker(1);
    const old = noted(beat(broker));
    await until(() => brokers.node(1).waiting === 1, 'it is asked');
    connection.failed(failureOf(1));
    await until(() => old.error !== undefined, 'it has failed', LIMIT_MS);
    await connection.recover();
    const again = await connection.broker(1);
    const fresh = noted(beat(again));
    connection.failed(old.error);
    await connection.recover();
    expect(await connection.broker(1)).toBe(again);
    expect(fresh.error).toBeUndefined();
  });

  test('a look at the cluster that answers when all its brokers were given up: the next failure is told like every other', async () => {
    await start(2);
    await Promise.all([connection.broker(1), connection.broker(2)]);
    brokers.isSilent = true;
    const looking = noted(connection.learn('another'));
    await until(() => brokers.unanswered === 1, 'the look is under way');
    for (const number of [1, 2]) connection.failed(failureOf(number));
    brokers.tell();
    await until(() => looking.error !== undefined, 'the look is over', LIMIT_MS);
    for (const number of [1, 2, 1, 2]) connection.failed(failureOf(number));
    await connection.recover();
    void noted(beat(await connection.broker(2)));
    await until(() => brokers.node(2).waiting > 0, 'it is asked');
  });

  test('no broker answers a look: what they were asked fails at once, and all are asked over new connections', async () => {
    await start(2);
    const [one, two] = await Promise.all([connection.broker(1), connection.broker(2)]);
    const under = [noted(beat(one)), noted(fetch(one, 1)), noted(beat(two)), noted(fetch(two, 2))];
    await until(() => brokers.node(1).waiting + brokers.node(2).waiting === 4, 'all are asked');
    brokers.isSilent = true;
    const looking = connection.recover();
    await until(() => brokers.unanswered === 1, 'the look is under way');
    for (const number of [1, 2]) brokers.node(number).cut(METADATA);
    await looking;
    await until(() => under.every(({ error }) => error !== undefined), 'all have failed', LIMIT_MS);
    brokers.tell();
    await connection.recover();
    void noted(beat(await connection.broker(1)));
  });

  test('whoever waits for an answer while the connection closes is told so at once', async () => {
    await start(1);
    const under = noted(beat(await connection.broker(1)));
    await until(() => brokers.node(1).waiting === 1, 'it is asked');
    await connection.close();
    await until(() => under.error !== undefined, 'it has failed', LIMIT_MS);
  });
});
