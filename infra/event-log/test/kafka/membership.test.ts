import type { TopicPartition } from '@unsilo/event-log';
import { until } from '@unsilo/event-log/suite';
import type { GroupBroker, KafkaConnection } from '../../src/kafka/connection.js';
import { Membership } from '../../src/kafka/membership.js';
import { settingsOf } from '../../src/kafka/options.js';

const PARTITIONS = 2;

/** What a coordinator says that has an error for an answer. */
function refusal(type: string): Error {
  return Object.assign(new Error(type), { type });
}

/** An answer takes its time. */
function aTurn(): Promise<void> {
  return new Promise((done) => setImmediate(done));
}

/** The coordinator of a group with one member: it begins new generations whenever others come and go. */
class Group {
  generation = 0;
  /** Generations whose joins are answered and whose shares are asked for in vain, as others come in between; and what is done then. */
  readonly disturbed = new Map<number, () => void>();
  /** The answers to joins from this generation on wait at it. */
  held: { from: number; passed: Promise<void> } | undefined;
  /** What the group keeps. */
  readonly committed: { generation: number; offset: string }[] = [];
  readonly refused: string[] = [];
  /** What is answered to commits, is answered after it. */
  late: Promise<void> | undefined;
  /** Whether it answers farewells. */
  hears = true;
  private isMoving = false;
  private isKnown = false;

  readonly broker = {
    isConnected: () => true,
    joinGroup: async ({ memberId, groupProtocols }: { memberId: string; groupProtocols: { metadata: Buffer }[] }) => {
      await aTurn();
      if (memberId !== '' && !this.isKnown) throw refusal('UNKNOWN_MEMBER_ID');
      this.isKnown = true;
      this.isMoving = false;
      const generationId = ++this.generation;
      if (this.held !== undefined && generationId >= this.held.from) await this.held.passed;
      const members = [{ memberId: 'one', memberMetadata: groupProtocols[0]!.metadata }];
      return { generationId, leaderId: 'one', memberId: 'one', members };
    },
    syncGroup: async ({ generationId, groupAssignment }: SyncRequest) => {
      await aTurn();
      const meanwhile = this.disturbed.get(generationId);
      if (meanwhile !== undefined) {
        meanwhile();
        throw refusal('REBALANCE_IN_PROGRESS');
      }
      return { memberAssignment: groupAssignment[0]!.memberAssignment };
    },
    heartbeat: async ({ groupGenerationId }: { groupGenerationId: number }) => {
      await aTurn();
      const refused = this.refusal(groupGenerationId);
      if (refused !== undefined) throw refused;
      if (this.isMoving) throw refusal('REBALANCE_IN_PROGRESS');
    },
    offsetCommit: async ({ groupGenerationId: generation, topics }: CommitRequest) => {
      await aTurn();
      const refused = this.refusal(generation);
      await this.late;
      if (refused !== undefined) throw refused;
      this.committed.push({ generation, offset: topics[0]!.partitions[0]!.offset });
    },
    leaveGroup: () => (this.hears ? Promise.resolve() : new Promise(() => undefined)),
  } as unknown as GroupBroker;

  /** Somebody comes or goes: members are asked to join again. */
  move(): void {
    this.isMoving = true;
  }

  /** The group goes on without its member. */
  forget(): void {
    this.isKnown = false;
    this.generation++;
  }

  private refusal(generation: number): Error | undefined {
    const type = !this.isKnown
      ? 'UNKNOWN_MEMBER_ID'
      : generation === this.generation
        ? undefined
        : 'ILLEGAL_GENERATION';
    if (type === undefined) return undefined;
    this.refused.push(type);
    return refusal(type);
  }
}

interface SyncRequest {
  generationId: number;
  groupAssignment: { memberAssignment: Buffer }[];
}
interface CommitRequest {
  groupGenerationId: number;
  topics: { partitions: { offset: string }[] }[];
}

describe('a member of a Kafka group', () => {
  const stop = new AbortController();
  const opened: Membership[] = [];
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((member) => member.leave()));
  });

  async function join(group: Group): Promise<{ member: Membership; revoked: boolean[]; left: string[] }> {
    const left: string[] = [];
    const owned: TopicPartition[] = [];
    const revoked: boolean[] = [];
    const connection = {
      settings: settingsOf({
        brokers: ['localhost:1'],
        heartbeatIntervalMs: 5,
        sessionTimeoutMs: 60_000,
        onLeft: (what) => left.push(what),
      }),
      closed: stop.signal,
      coordinator: async () => group.broker,
      partitions: async () => PARTITIONS,
      failed: () => undefined,
      recover: async () => undefined,
    } as unknown as KafkaConnection;
    const member = new Membership(connection, 'group', ['topic'], {
      owned: () => owned,
      assign: async (gained) => void owned.push(...gained),
      revoke: async (lost, fenced) => {
        revoked.push(fenced);
        for (const place of lost) owned.splice(owned.indexOf(place), 1);
      },
      report: () => undefined,
    });
    opened.push(member);
    await member.start();
    expect(owned).toHaveLength(PARTITIONS);
    return { member, revoked, left };
  }

  test('commits between two shares, as another join disturbs the first: it waits for its share, and nothing is taken away from it', async () => {
    const group = new Group();
    const { member, revoked } = await join(group);
    const commits: Promise<boolean>[] = [];
    // The group moves on twice: the second generation has no share for anybody, and the third one's waits.
    group.disturbed.set(group.generation + 1, () => {
      commits.push(member.commit([{ topic: 'topic', partition: 0, offset: 42 }]));
    });
    let release!: () => void;
    group.held = { from: group.generation + 2, passed: new Promise((done) => (release = done)) };
    group.move();
    await until(
      () => group.refused.length > 0,
      'the commit comes too late for the old generation, and too early for the new',
    );
    release();
    expect(await Promise.all(commits)).toEqual([true]);
    expect(group.committed).toEqual([{ generation: group.generation, offset: '42' }]);
    expect(revoked).toEqual([]);
  });

  test.each([
    ['the commit', false],
    ['a sign of life', true],
  ])(
    'forgotten by its group, as %s tells: it lets go of all, and what it had to commit is not committed when it is back',
    async (_, isLate) => {
      const group = new Group();
      const { member, revoked } = await join(group);
      let release: () => void = () => undefined;
      if (isLate) group.late = new Promise((done) => (release = done));
      group.forget();
      const { generation } = group;
      const commit = member.commit([{ topic: 'topic', partition: 0, offset: 42 }]);
      await until(() => group.generation > generation && revoked.length > 0 && member.inContact(), 'it is back');
      release();
      expect(await commit).toBe(false);
      expect(revoked).toEqual([true]);
      expect(group.committed).toEqual([]);
    },
  );

  test.each([
    ['knows of its farewell: there is nothing to say', true, []],
    [
      'does not answer its farewell: that is said',
      false,
      ['Group group does not know yet that a member has left; others get its partitions after 60000 ms.'],
    ],
  ])('leaves, and the group %s', async (_, hears, said) => {
    const group = new Group();
    group.hears = hears;
    const { member, left } = await join(group);
    await member.leave();
    expect(left).toEqual(said);
  });
});
