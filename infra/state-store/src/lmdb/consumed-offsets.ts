import type { Database } from 'lmdb';
import type { LmdbEnvironment, Round } from '@unsilo/event-log/lmdb';
import type { OffsetMove, StoredOffset } from '../port.js';

/** Next offset to read, by topic and partition. */
type Positions = Map<string, StoredOffset>;

/** The consumed offsets of all groups, in memory as they are stored. */
export class ConsumedOffsets {
  private readonly records: Database<number, (string | number)[]>;
  private readonly groups = new Map<string, Positions>();

  constructor(environment: LmdbEnvironment) {
    this.records = environment.database('consumed', { encoding: 'json' });
    for (const { key, value } of this.records.getRange({})) {
      const [group, topic, partition] = key as [string, string, number];
      set(this.groups, group, { topic, partition, offset: value });
    }
  }

  of(group: string): StoredOffset[] {
    return [...(this.groups.get(group)?.values() ?? [])].map((stored) => ({ ...stored }));
  }

  /** Those moves that don't begin where the group stands, the round's earlier writes included. */
  differing(
    round: Round,
    group: string,
    moves: readonly OffsetMove[],
  ): { topic: string; partition: number; stored: number | undefined }[] {
    const moved = this.movedIn(round);
    return moves.flatMap(({ topic, partition, from }) => {
      const key = placeKey(topic, partition);
      const stored = (moved.get(group)?.get(key) ?? this.groups.get(group)?.get(key))?.offset;
      return stored === from ? [] : [{ topic, partition, stored }];
    });
  }

  move(round: Round, group: string, moves: readonly OffsetMove[]): void {
    const moved = this.movedIn(round);
    for (const { topic, partition, to } of moves) set(moved, group, { topic, partition, offset: to });
  }

  private movedIn(round: Round): Map<string, Positions> {
    return round.note(this, () => {
      const moved = new Map<string, Positions>();
      round.finally.push(() => {
        for (const [group, positions] of moved) {
          for (const { topic, partition, offset } of positions.values())
            void this.records.put([group, topic, partition], offset);
        }
      });
      round.committed.push(() => {
        for (const [group, positions] of moved)
          for (const stored of positions.values()) set(this.groups, group, stored);
      });
      return moved;
    });
  }
}

function set(groups: Map<string, Positions>, group: string, stored: StoredOffset): void {
  let positions = groups.get(group);
  if (positions === undefined) {
    positions = new Map();
    groups.set(group, positions);
  }
  positions.set(placeKey(stored.topic, stored.partition), stored);
}

function placeKey(topic: string, partition: number): string {
  return `${partition}/${topic}`;
}
