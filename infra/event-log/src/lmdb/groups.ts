import type { Database } from 'lmdb';
import type { LmdbEnvironment } from './environment.js';
import type { Journal, Partition } from './journal.js';

/** How long a committed position may stay in memory only. After a crash, at most so much is delivered again. */
const PERSIST_MS = 100;

/** Committed positions of all groups. They are written along with whatever is written next, or shortly after. */
export class GroupPositions {
  private readonly records: Database<number, (string | number)[]>;
  private readonly groups = new Map<string, Map<Partition, number>>();
  private dirty = new Map<string, Set<Partition>>();

  private readonly environment: LmdbEnvironment;

  constructor(environment: LmdbEnvironment, journal: Journal) {
    this.environment = environment;
    this.records = environment.database('groups', { encoding: 'json' });
    const byId = new Map([...journal.topics.values()].map((topic) => [topic.id, topic]));
    for (const { key, value } of this.records.getRange({})) {
      const [group, topic, index] = key as [string, number, number];
      const partition = byId.get(topic)?.partitions[index];
      if (partition !== undefined) this.positions(group).set(partition, value);
    }
    environment.writer.lazy.push((round) => {
      if (this.dirty.size === 0) return;
      const writing = this.dirty;
      this.dirty = new Map();
      let durable = false;
      round.committed.push(() => {
        durable = true;
      });
      round.finally.push(() => {
        for (const [group, partitions] of writing) {
          for (const partition of partitions) {
            const position = this.groups.get(group)!.get(partition)!;
            void this.records.put([group, partition.topic.id, partition.index], position);
          }
        }
      });
      round.ended.push(() => {
        if (durable) return;
        for (const [group, partitions] of writing) for (const partition of partitions) this.mark(group, partition);
      });
    });
  }

  of(group: string): ReadonlyMap<Partition, number> {
    return this.positions(group);
  }

  commit(group: string, partition: Partition, next: number): void {
    this.positions(group).set(partition, next);
    this.mark(group, partition);
    this.environment.writer.soon(PERSIST_MS);
  }

  /** Resolves when everything committed so far is durable. */
  async flush(): Promise<void> {
    if (this.dirty.size === 0) return;
    await this.environment.write({ area: 'LOG', bytes: 0, check: () => ({ result: undefined }) });
  }

  private positions(group: string): Map<Partition, number> {
    let positions = this.groups.get(group);
    if (positions === undefined) {
      positions = new Map();
      this.groups.set(group, positions);
    }
    return positions;
  }

  private mark(group: string, partition: Partition): void {
    let partitions = this.dirty.get(group);
    if (partitions === undefined) {
      partitions = new Set();
      this.dirty.set(group, partitions);
    }
    partitions.add(partition);
  }
}

/** One that reads partitions as part of a group. */
export interface Member {
  readonly topics: ReadonlySet<string>;
  readonly assigned: ReadonlySet<Partition>;
  /** Resolves when nothing of these partitions is being handled any more. */
  revoke(partitions: readonly Partition[]): Promise<void>;
  assign(partitions: readonly Partition[]): Promise<void>;
  /** Hears of an error that nobody waits for. */
  report(error: unknown): void;
}

/** Pause before partitions are given again to a member that couldn't take them. */
const AGAIN_MS = 1000;

/** The members of one group in this process, and who reads what. */
export class Group {
  /** Next offset to handle, as far as this process knows: committed, or where reading began. */
  readonly progress = new Map<Partition, number>();
  private readonly members: Member[] = [];
  private readonly watchers = new Set<() => void>();
  private balancing: Promise<void> = Promise.resolve();

  readonly name: string;
  private readonly positions: GroupPositions;
  private readonly journal: Journal;

  constructor(name: string, positions: GroupPositions, journal: Journal) {
    this.name = name;
    this.positions = positions;
    this.journal = journal;
  }

  committed(partition: Partition): number | undefined {
    return this.positions.of(this.name).get(partition);
  }

  commit(partition: Partition, next: number): void {
    this.positions.commit(this.name, partition, next);
    this.reach(partition, next);
  }

  reach(partition: Partition, next: number): void {
    this.progress.set(partition, next);
    for (const watcher of this.watchers) watcher();
  }

  /** Calls back whenever progress was made. */
  watch(watcher: () => void): () => void {
    this.watchers.add(watcher);
    return () => this.watchers.delete(watcher);
  }

  /** Rejects when the member can't take its partitions. */
  join(member: Member): Promise<void> {
    return this.rebalance(() => void this.members.push(member), member);
  }

  leave(member: Member): Promise<void> {
    return this.rebalance(() => {
      const index = this.members.indexOf(member);
      if (index >= 0) this.members.splice(index, 1);
    });
  }

  /** Changes of membership happen one after the other; what one member loses is free before another gets it. */
  private rebalance(change: () => void, joining?: Member): Promise<void> {
    const done = this.balancing.then(async () => {
      change();
      const wanted = this.share();
      for (const member of this.members) {
        const lost = [...member.assigned].filter((partition) => wanted.get(partition) !== member);
        if (lost.length > 0) await member.revoke(lost);
      }
      for (const member of this.members) {
        const gained = [...wanted].flatMap(([partition, owner]) =>
          owner === member && !member.assigned.has(partition) ? [partition] : [],
        );
        if (gained.length > 0) await this.give(member, gained, joining);
      }
    });
    this.balancing = done.catch(() => undefined);
    return done;
  }

  private async give(member: Member, partitions: readonly Partition[], joining: Member | undefined): Promise<void> {
    try {
      await member.assign(partitions);
    } catch (error) {
      if (member === joining) throw error;
      member.report(error);
      setTimeout(() => void this.rebalance(() => undefined), AGAIN_MS).unref();
    }
  }

  private share(): Map<Partition, Member> {
    const owners = new Map<Partition, Member>();
    for (const name of new Set(this.members.flatMap((member) => [...member.topics]))) {
      const readers = this.members.filter((member) => member.topics.has(name));
      for (const partition of this.journal.topic(name).partitions) {
        owners.set(partition, readers[partition.index % readers.length]!);
      }
    }
    return owners;
  }
}
