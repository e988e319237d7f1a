import { randomUUID } from 'node:crypto';
import { isShutOutMark, type EventLog, type LogMessage } from '@unsilo/event-log';
import { openKafkaEventLog } from '@unsilo/event-log/kafka';
import { describeWithKafka } from './broker.js';
import { quick } from './kafka-place.js';

const PARTITIONS = 3;

function unique(name: string): string {
  return `${name}-${randomUUID()}`;
}

describeWithKafka('writers that can be shut out', {}, (broker) => {
  const opened: EventLog[] = [];
  async function open(): Promise<EventLog> {
    const log = await openKafkaEventLog(quick(broker()));
    opened.push(log);
    return log;
  }
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((log) => log.close()));
  });

  async function topicOf(log: EventLog): Promise<string> {
    const name = unique('written');
    await log.declare([{ name, partitions: PARTITIONS, cleanup: 'compact' }]);
    return name;
  }

  /** All keys lead to some partition; with so many every partition has some. */
  const batch = (topic: string, word: string) =>
    Array.from({ length: 30 }, (_, n) => ({ topic, key: `k${n}`, value: `${word} ${n}` }));

  async function all(log: EventLog, topic: string): Promise<LogMessage[]> {
    const found: LogMessage[] = [];
    for (const { partition, first } of await log.ends([topic]))
      found.push(...(await log.read({ topic, partition, from: first, limit: 1000 })).messages);
    return found;
  }
  const said = async (log: EventLog, topic: string): Promise<string[]> =>
    (await all(log, topic)).flatMap(({ value }) => (value === null ? [] : [value.toString()])).sort();

  test('nothing of theirs comes any more, in partitions that they never wrote to either', async () => {
    const [old, other] = [await open(), await open()];
    const [topic, untouched] = [await topicOf(old), await topicOf(old)];
    const name = unique('writer');
    const [one, two] = [await old.openWriter!(name), await old.openWriter!(name)];
    const before = batch(topic, 'before').slice(0, 1);
    await one.append(before);
    await other.shutOut!(name, [topic, untouched]);
    for (const late of [one, two])
      for (const where of [topic, untouched])
        await expect(late.append(batch(where, 'late'))).rejects.toMatchObject({ code: 'UNSILO_LOG_SHUT_OUT' });
    const fresh = await old.openWriter!(name);
    await fresh.append(batch(topic, 'after'));
    expect(await said(other, topic)).toEqual([...before, ...batch(topic, 'after')].map(({ value }) => value).sort());
    expect(await said(other, untouched)).toEqual([]);
  });

  test('what is under way comes whole or not at all, and never afterwards', async () => {
    const [old, other] = [await open(), await open()];
    const topic = await topicOf(old);
    const name = unique('writer');
    const writer = await old.openWriter!(name);
    await writer.append(batch(topic, 'first'));
    const racing = Promise.allSettled(Array.from({ length: 20 }, (_, n) => writer.append(batch(topic, `race ${n}`))));
    await other.shutOut!(name, [topic]);
    const then = await said(other, topic);
    await racing;
    await expect(writer.append(batch(topic, 'late'))).rejects.toMatchObject({ code: 'UNSILO_LOG_SHUT_OUT' });
    expect(await said(other, topic)).toEqual(then);
  });

  test('others, of another name or of none, write on; marks say what they are; repeats are harmless', async () => {
    const log = await open();
    const topic = await topicOf(log);
    const [name, another] = [unique('writer'), unique('writer')];
    await log.openWriter!(name);
    const kept = await log.openWriter!(another);
    await kept.append(batch(topic, 'kept'));
    await log.shutOut!(name, [topic]);
    await log.shutOut!(name, [topic]);
    await kept.append(batch(topic, 'kept on'));
    await log.append(batch(topic, 'plain'));
    expect(await said(log, topic)).toHaveLength(90);
    const marks = (await all(log, topic)).filter(isShutOutMark);
    expect(marks.map(({ partition, value }) => [partition, value]).sort()).toEqual([0, 1, 2].map((n) => [n, null]));
  });

  test('one that was closed needs no mark', async () => {
    const log = await open();
    const topic = await topicOf(log);
    const name = unique('writer');
    const writer = await log.openWriter!(name);
    await writer.append(batch(topic, 'all'));
    await writer.close();
    await log.shutOut!(name, [topic]);
    expect((await all(log, topic)).filter(isShutOutMark)).toEqual([]);
  });
});
