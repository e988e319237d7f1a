import type { EventLog, LogBatch, Position, TopicPartition } from '@unsilo/event-log';

/**
 * A store as the hub has one: effects and positions go in together, and only where the batch begins at the position that is stored.
 * It says what was done, and what came twice or out of turn.
 */
export class Accounts {
  /** Values in the order of their effects. */
  readonly done: string[] = [];
  /** Batches that did not begin where the store stands: somebody else had done them. */
  refused = 0;
  private readonly positions = new Map<string, number>();

  readonly offsets = async (assigned: readonly TopicPartition[]): Promise<Position[]> =>
    assigned.flatMap((place) => {
      const offset = this.positions.get(key(place));
      return offset === undefined ? [] : [{ ...place, offset }];
    });

  take({ messages, first, next }: LogBatch): void {
    for (const position of first) {
      if ((this.positions.get(key(position)) ?? 0) === position.offset) continue;
      this.refused++;
      throw new Error(`${key(position)} stands at ${this.positions.get(key(position))}, not at ${position.offset}`);
    }
    for (const position of next) this.positions.set(key(position), position.offset);
    for (const { value } of messages) this.done.push(value!.toString());
  }
}

function key({ topic, partition }: TopicPartition): string {
  return `${topic}/${partition}`;
}

/** Appends numbered messages under ten keys until it is told to stop; resolves with how many there are. */
export function appendUntil(
  log: EventLog,
  topic: string,
  stopped: () => boolean,
): { count: () => number; ended: Promise<number> } {
  let count = 0;
  const ended = (async () => {
    while (!stopped()) {
      const from = count;
      await log.append(
        Array.from({ length: 20 }, (_, n) => ({ topic, key: `k${(from + n) % 10}`, value: String(from + n) })),
      );
      count = from + 20;
      // The rest of the test has its turn.
      await new Promise((done) => setTimeout(done, 1));
    }
    return count;
  })();
  ended.catch(() => undefined);
  return { count: () => count, ended };
}

/** Each of the numbers below `count` once, those of one key in order. */
export function expectAllOnce(done: readonly string[], count: number): void {
  const numbers = done.map(Number);
  expect(new Set(numbers).size).toBe(numbers.length);
  expect(numbers).toHaveLength(count);
  for (let k = 0; k < 10; k++) {
    const mine = numbers.filter((n) => n % 10 === k);
    expect(mine).toEqual([...mine].sort((a, b) => a - b));
  }
}
