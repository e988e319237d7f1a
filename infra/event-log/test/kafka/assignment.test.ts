import fc from 'fast-check';
import type { TopicPartition } from '@unsilo/event-log';
import { share, type Claim, type Share } from '../../src/kafka/assignment.js';

const TOPICS = ['parties', 'outcomes', 'decisions'];
const members = fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd', 'e'), { minLength: 1 });
const counts = fc.record({
  parties: fc.integer({ min: 1, max: 12 }),
  outcomes: fc.integer({ min: 1, max: 12 }),
  decisions: fc.constant(1),
});
/** Who is in the group, one state after the other; all read all topics, or each its own. */
const histories = fc.record({
  steps: fc.array(members, { minLength: 1, maxLength: 6 }),
  counts,
  topics: fc.oneof(
    fc.constant(undefined),
    fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd', 'e'), fc.subarray(TOPICS, { minLength: 1 })),
  ),
});

const nameOf = ({ topic, partition }: TopicPartition): string => `${topic}/${partition}`;

/** A group: everybody keeps what it was given, lets go of what it was not, and joins again until nothing changes. */
class Group {
  readonly owned = new Map<string, TopicPartition[]>();
  generation = 0;
  /** Partitions that changed hands, in all. */
  moves = 0;
  private readonly counts: ReadonlyMap<string, number>;
  private readonly topics: Record<string, string[]> | undefined;

  constructor(sizes: Record<string, number>, topics: Record<string, string[]> | undefined) {
    this.counts = new Map(Object.entries(sizes));
    this.topics = topics;
  }

  settle(present: readonly string[]): number {
    for (const member of this.owned.keys()) if (!present.includes(member)) this.owned.delete(member);
    for (const member of present) if (!this.owned.has(member)) this.owned.set(member, []);
    for (let round = 1; ; round++) {
      const shares = this.round();
      const moved = [...shares].map(([member, { places }]) => this.apply(member, places)).includes(true);
      this.generation++;
      if (!moved && [...shares.values()].every(({ more }) => !more)) return round;
      if (round > 10) throw new Error('it never settles');
    }
  }

  private round(): Map<string, Share> {
    const claims = new Map<string, Claim>(
      [...this.owned].map(([member, owned]) => [
        member,
        { topics: this.topics?.[member] ?? TOPICS, generation: this.generation, owned },
      ]),
    );
    const held = new Map([...this.owned].flatMap(([member, owned]) => owned.map((place) => [nameOf(place), member])));
    const shares = share(claims, this.counts);
    // Nobody is ever given what another one still holds.
    for (const [member, { places }] of shares) {
      const taken = places.find((place) => ![undefined, member].includes(held.get(nameOf(place))));
      if (taken !== undefined) throw new Error(`${member} was given ${nameOf(taken)} of ${held.get(nameOf(taken))}`);
    }
    return shares;
  }

  private apply(member: string, places: TopicPartition[]): boolean {
    const before = new Set(this.owned.get(member)!.map(nameOf));
    const after = new Set(places.map(nameOf));
    this.owned.set(member, places);
    const lost = [...before].filter((place) => !after.has(place)).length;
    this.moves += lost;
    return lost > 0 || after.size !== before.size;
  }
}

test('whoever comes and goes: at the end each partition has one reader that wants it, and at most three rounds were needed', () => {
  fc.assert(
    fc.property(histories, ({ steps, counts: sizes, topics }) => {
      const group = new Group(sizes, topics);
      for (const present of steps) {
        expect(group.settle(present)).toBeLessThanOrEqual(3);
        const all = [...group.owned].flatMap(([member, owned]) => owned.map((place) => ({ member, place })));
        expect(new Set(all.map(({ place }) => nameOf(place))).size).toBe(all.length);
        for (const [topic, size] of Object.entries(sizes)) {
          const readers = present.filter((member) => (topics?.[member] ?? TOPICS).includes(topic));
          const mine = all.filter(({ place }) => place.topic === topic);
          expect(mine).toHaveLength(readers.length === 0 ? 0 : size);
          for (const { member } of mine) expect(readers).toContain(member);
        }
      }
    }),
  );
});

test('shares of one topic differ by one at most', () => {
  fc.assert(
    fc.property(fc.array(members, { minLength: 1, maxLength: 6 }), fc.integer({ min: 1, max: 24 }), (steps, size) => {
      const group = new Group({ parties: size }, undefined);
      for (const present of steps) {
        group.settle(present);
        const sizes = [...group.owned.values()].map(({ length }) => length);
        expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
      }
    }),
  );
});

test('partitions of one number stay together over the topics', () => {
  const group = new Group({ parties: 12, outcomes: 12, decisions: 1 }, undefined);
  for (const present of [['a'], ['a', 'b'], ['a', 'b', 'c'], ['c', 'b'], ['b', 'c', 'd', 'e']]) {
    group.settle(present);
    for (const owned of group.owned.values()) {
      const numbersOf = (topic: string): number[] =>
        owned.filter((place) => place.topic === topic).map(({ partition }) => partition);
      expect(numbersOf('parties').sort()).toEqual(numbersOf('outcomes').sort());
    }
  }
});

test('what need not move does not: a third member takes a third, and only that moves', () => {
  const group = new Group({ parties: 12 }, undefined);
  group.settle(['a', 'b']);
  group.moves = 0;
  group.settle(['a', 'b', 'c']);
  expect(group.moves).toBe(4);
  group.settle(['a', 'b']);
  expect(group.moves).toBe(4);
});

test('of two that claim a partition, the newer generation holds it', () => {
  const place = { topic: 'parties', partition: 0 };
  const shares = share(
    new Map([
      ['a', { topics: ['parties'], generation: 3, owned: [place] }],
      ['b', { topics: ['parties'], generation: 7, owned: [place] }],
    ]),
    new Map([['parties', 1]]),
  );
  expect(shares.get('b')!.places).toEqual([place]);
  expect(shares.get('a')).toEqual({ places: [], more: false });
});
