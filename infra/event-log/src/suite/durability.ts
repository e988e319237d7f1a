import { fileURLToPath } from 'node:url';
import { contents, inPlace, numbered, unique, values, withTopic, type EventLogFactory } from './factory.js';
import { killWhen, startChild } from './processes.js';

const KILLS = 6;
const BATCH = 10;

export function durabilitySuite(factory: EventLogFactory): void {
  describe('durability', () => {
    test(
      'everything is there after closing and opening again',
      withTopic(factory, { partitions: 3 }, async (log, topic, place) => {
        await log.append(numbered(topic, 0, 500, 20));
        const before = await contents(log, topic);
        const ends = await log.ends([topic]);
        await place.close();
        const again = await place.open();
        expect(await contents(again, topic)).toEqual(before);
        expect(await again.ends([topic])).toEqual(ends);
        const [position] = await again.append(numbered(topic, 500, 501, 1));
        expect(position!.offset).toBe(ends.find(({ partition }) => partition === position!.partition)!.next);
      }),
    );

    test(
      'what was acknowledged survives kill -9 right after, in order and without repeats',
      inPlace(factory, async (place) => {
        const topic = unique('topic');
        await (await place.open()).declare([{ name: topic, partitions: 3, cleanup: 'delete' }]);
        await place.close();
        const program = fileURLToPath(import.meta.url).replace(/durability\.(ts|js)$/, 'appending-child.$1');
        let next = 0;
        const acknowledged: number[] = [];
        for (let kill = 0; kill < KILLS; kill++) {
          const child = startChild(program, [
            place.child.module,
            place.child.argument,
            topic,
            String(next),
            String(BATCH),
          ]);
          const lines = await killWhen(child, 1 + kill * 7);
          const reported = Number(lines.at(-1));
          for (let n = next; n < reported; n++) acknowledged.push(n);
          const log = await place.open();
          const kept = await contents(log, topic);
          const numbers = new Set(values(kept).map(Number));
          expect(numbers.size).toBe(kept.length);
          expect(acknowledged.filter((n) => !numbers.has(n))).toEqual([]);
          next = Math.max(...numbers) + 1;
          for (let key = 0; key < 7; key++) {
            const mine = values(kept.filter((message) => message.key === `k${key}`)).map(Number);
            expect(mine).toEqual([...mine].sort((a, b) => a - b));
          }
          await place.close();
        }
      }),
      120_000,
    );
  });
}
