import type { EventLog } from '../port.js';
import { inPlace, numbered, unique, values, withTopic, type EventLogFactory } from './factory.js';
import { codeOf } from './waiting.js';

export function readingSuite(factory: EventLogFactory): void {
  describe('topics', () => {
    test(
      'names those that were declared, also by a log that was open before',
      inPlace(factory, async (place) => {
        const before = await place.open();
        const names = [unique('b'), unique('a')];
        await before.declare(names.map((name) => ({ name, partitions: 1, cleanup: 'delete' as const })));
        const ours = async (log: EventLog) => (await log.topics()).filter((name) => names.includes(name));
        expect(await ours(before)).toEqual([...names].sort());
        await place.close();
        expect(await ours(await place.open())).toEqual([...names].sort());
      }),
    );
  });

  describe('read', () => {
    test(
      'pages forward',
      withTopic(factory, {}, async (log, topic) => {
        await log.append(numbered(topic, 0, 7));
        const first = await log.read({ topic, partition: 0, from: 0, limit: 3 });
        expect(values(first.messages)).toEqual(['0', '1', '2']);
        const second = await log.read({ topic, partition: 0, from: first.next!, limit: 3 });
        expect(values(second.messages)).toEqual(['3', '4', '5']);
        const third = await log.read({ topic, partition: 0, from: second.next!, limit: 3 });
        expect(values(third.messages)).toEqual(['6']);
        expect(third.next).toBeUndefined();
      }),
    );

    test(
      'pages in reverse',
      withTopic(factory, {}, async (log, topic) => {
        await log.append(numbered(topic, 0, 7));
        const first = await log.read({ topic, partition: 0, from: 6, limit: 4, reverse: true });
        expect(values(first.messages)).toEqual(['6', '5', '4', '3']);
        const second = await log.read({ topic, partition: 0, from: first.next!, limit: 4, reverse: true });
        expect(values(second.messages)).toEqual(['2', '1', '0']);
        expect(second.next).toBeUndefined();
      }),
    );

    test(
      'begins at the end when a reverse page starts beyond it',
      withTopic(factory, {}, async (log, topic) => {
        await log.append(numbered(topic, 0, 3));
        const page = await log.read({ topic, partition: 0, from: 1000, limit: 2, reverse: true });
        expect(values(page.messages)).toEqual(['2', '1']);
      }),
    );

    test(
      'stops before `until` forward, and at it in reverse',
      withTopic(factory, {}, async (log, topic) => {
        await log.append(numbered(topic, 0, 10));
        const forward = await log.read({ topic, partition: 0, from: 2, until: 5 });
        expect(values(forward.messages)).toEqual(['2', '3', '4']);
        expect(forward.next).toBeUndefined();
        const reverse = await log.read({ topic, partition: 0, from: 7, until: 5, reverse: true });
        expect(values(reverse.messages)).toEqual(['7', '6', '5']);
        expect(reverse.next).toBeUndefined();
      }),
    );

    test(
      'says with a full last page that there is no more',
      withTopic(factory, {}, async (log, topic) => {
        await log.append(numbered(topic, 0, 4));
        expect((await log.read({ topic, partition: 0, from: 0, limit: 4 })).next).toBeUndefined();
        expect((await log.read({ topic, partition: 0, from: 3, limit: 4, reverse: true })).next).toBeUndefined();
        expect((await log.read({ topic, partition: 0, from: 0, limit: 2, until: 2 })).next).toBeUndefined();
      }),
    );

    test(
      'answers nothing for an empty partition, an empty range or a start beyond the end',
      withTopic(factory, {}, async (log, topic) => {
        expect(await log.read({ topic, partition: 0, from: 0 })).toEqual({ messages: [] });
        expect(await log.read({ topic, partition: 0, from: 0, reverse: true })).toEqual({ messages: [] });
        await log.append(numbered(topic, 0, 3));
        expect(await log.read({ topic, partition: 0, from: 3 })).toEqual({ messages: [] });
        expect(await log.read({ topic, partition: 0, from: 2, until: 2 })).toEqual({ messages: [] });
      }),
    );

    test(
      'reads hundreds of messages by default pages of 100',
      withTopic(factory, {}, async (log, topic) => {
        await log.append(numbered(topic, 0, 250));
        const page = await log.read({ topic, partition: 0, from: 0 });
        expect(values(page.messages)).toEqual(numbered(topic, 0, 100).map(({ value }) => value));
        expect(page.next).toBe(page.messages.at(-1)!.offset + 1);
      }),
    );

    test(
      'refuses topics and partitions that do not exist',
      withTopic(factory, { partitions: 2 }, async (log, topic) => {
        expect(await codeOf(log.read({ topic: `${topic}-other`, partition: 0, from: 0 }))).toBe(
          'UNSILO_LOG_UNKNOWN_TOPIC',
        );
        expect(await codeOf(log.read({ topic, partition: 2, from: 0 }))).toBe('UNSILO_LOG_UNKNOWN_PARTITION');
      }),
    );

    test(
      'says where each partition begins and ends',
      withTopic(factory, { partitions: 2 }, async (log, topic) => {
        const positions = await log.append(numbered(topic, 0, 9, 5));
        const ends = await log.ends([topic]);
        expect(ends.map(({ partition }) => partition).sort()).toEqual([0, 1]);
        for (const { partition, first, next } of ends) {
          expect(first).toBe(0);
          expect(next).toBe(positions.filter((position) => position.partition === partition).length);
        }
      }),
    );
  });
}
