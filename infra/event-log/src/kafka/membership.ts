import { logClosed, StorageError } from '../errors.js';
import type { Position, TopicPartition } from '../port.js';
import { endsWithin } from '../under-way.js';
import { PROTOCOL, decide, decodeShare, encodeClaim, topicsOf } from './assignment.js';
import { placeKey, type GroupBroker, type KafkaConnection } from './connection.js';
import { Backoff, isLasting, logError, pause, typeOf } from './failures.js';

/** What a member of a group does when its partitions change. */
export interface MemberDuties {
  /** What it reads now. */
  owned(): TopicPartition[];
  /** Ends the work on these and lets go of them. `fenced`: others may have them already, so nothing of them is committed any more. */
  revoke(lost: readonly TopicPartition[], fenced: boolean): Promise<void>;
  /** Begins to read these. */
  assign(gained: readonly TopicPartition[]): Promise<void>;
  report(error: unknown): void;
}

/** Pause before partitions are given again to a member that couldn't take them. */
const AGAIN_MS = 1000;
const LASTING_PAUSE_MS = 5000;
const FAREWELL_MS = 1500;
const SHORT_FAREWELL_MS = 200;
/** How often a member that waits for its share asks whether the others have let go. */
const EAGER_BEAT_MS = 50;
/** How often the leader looks for topics that were given more partitions. */
const COUNT_MS = 60_000;
const LOST_COORDINATOR = new Set([
  'NOT_COORDINATOR_FOR_GROUP',
  'GROUP_COORDINATOR_NOT_AVAILABLE',
  'GROUP_LOAD_IN_PROGRESS',
]);

/**
 * One member of a consumer group: joins, gives signs of life, and joins again whenever the partitions are shared anew. Kafka's
 * generation of the group fences it: what an older one commits is refused.
 */
export class Membership {
  private readonly connection: KafkaConnection;
  private readonly group: string;
  private readonly topics: readonly string[];
  private readonly duties: MemberDuties;
  private readonly leaving = new AbortController();
  private memberId = '';
  /** The generation whose share it has. */
  private generation = -1;
  /** The generation that the group counts it to: newer until it has its share. */
  private admitted = -1;
  private leads: ReadonlyMap<string, number> | undefined;
  private coordinator: GroupBroker | undefined;
  private joining: Promise<void> | undefined;
  private mustJoin = true;
  private expelled = false;
  private expulsions = 0;
  private more = false;
  private gained: TopicPartition[] = [];
  private contact = 0;
  private counted = 0;
  private changed = new AbortController();
  private running: Promise<void> | undefined;
  private beating: Promise<void> | undefined;
  private started: { resolve: () => void; reject: (error: unknown) => void } | undefined;

  constructor(connection: KafkaConnection, group: string, topics: readonly string[], duties: MemberDuties) {
    this.connection = connection;
    this.group = group;
    this.topics = topics;
    this.duties = duties;
  }

  /** Resolves once the member has its share. */
  start(): Promise<void> {
    const begun = new Promise<void>((resolve, reject) => (this.started = { resolve, reject }));
    this.running = this.run();
    this.beating = this.beat();
    return begun;
  }

  /** Whether the group heard of it recently enough not to have given its partitions away. */
  inContact(): boolean {
    return this.generation >= 0 && performance.now() - this.contact < this.connection.settings.sessionTimeoutMs;
  }

  /** Whether the group keeps these positions now; false when this member is no longer the one to say. */
  async commit(positions: readonly Position[]): Promise<boolean> {
    if (positions.length === 0) return true;
    const backoff = new Backoff();
    const topics = new Map<string, { partition: number; offset: string }[]>();
    for (const { topic, partition, offset } of positions) {
      const partitions = topics.get(topic) ?? [];
      partitions.push({ partition, offset: String(offset) });
      topics.set(topic, partitions);
    }
    const end = performance.now() + this.connection.settings.sessionTimeoutMs;
    const { expulsions } = this;
    for (;;) {
      await this.joining?.catch(() => undefined);
      if (this.generation < 0 || this.connection.closed.aborted) return false;
      // Whoever was expelled may have come back meanwhile, but others may have gone on from where the group stood.
      if (this.expelled || this.expulsions !== expulsions) return false;
      const { memberId, generation } = this;
      try {
        const coordinator = await this.findCoordinator();
        await coordinator.offsetCommit({
          groupId: this.group,
          groupGenerationId: generation,
          memberId,
          topics: [...topics].map(([topic, partitions]) => ({ topic, partitions })),
        });
        this.contact = performance.now();
        return true;
      } catch (error) {
        const type = typeOf(error) ?? '';
        if (type === 'UNKNOWN_MEMBER_ID' || type === 'ILLEGAL_GENERATION') {
          // Until it has its share again, the group refuses what it says in the name of the old one, and still counts it in.
          if (this.isBetweenShares(generation) && performance.now() <= end) {
            if (this.joining === undefined && generation === this.generation) await backoff.pause();
            continue;
          }
          this.expel(type === 'UNKNOWN_MEMBER_ID');
          return false;
        }
        if (isLasting(error) || performance.now() > end) throw logError(error, `commit for group ${this.group}`);
        if (type === 'REBALANCE_IN_PROGRESS') this.joinAgain();
        await this.overcome(error, backoff);
      }
    }
  }

  /** Leaves the group, so that others get its partitions at once. Call it when nothing is handled any more. */
  async leave(): Promise<void> {
    this.leaving.abort();
    this.changed.abort();
    this.started?.reject(logClosed());
    const end = performance.now() + (this.isHeard() ? FAREWELL_MS : SHORT_FAREWELL_MS);
    await endsWithin(Promise.all([this.running, this.beating]), end - performance.now());
    const { memberId, coordinator } = this;
    this.generation = -1;
    if (memberId === '') return;
    let isSaid = false;
    // The coordinator answers one request after the other, and a join waits for others.
    if (coordinator !== undefined && this.joining === undefined) {
      const saying = coordinator.leaveGroup({ groupId: this.group, memberId }).then(() => (isSaid = true));
      await endsWithin(saying, Math.max(SHORT_FAREWELL_MS, end - performance.now()));
    }
    if (isSaid) return;
    const { onLeft, sessionTimeoutMs } = this.connection.settings;
    onLeft?.(
      `Group ${this.group} does not know yet that a member has left; others get its partitions after ${sessionTimeoutMs} ms.`,
    );
  }

  /** Whether a farewell has a chance: a broker that is away hears nothing, however long it is talked to. */
  isHeard(): boolean {
    return performance.now() - this.contact < 3 * this.connection.settings.heartbeatIntervalMs;
  }

  private async run(): Promise<void> {
    const backoff = new Backoff();
    const gaveUp = performance.now() + this.connection.settings.deliveryTimeoutMs;
    while (!this.leaving.signal.aborted) {
      try {
        await this.step();
        backoff.succeeded();
      } catch (error) {
        if (this.leaving.signal.aborted) return;
        const refused = error instanceof AssignFailure;
        const lasting = refused || isLasting(error);
        const failure = refused ? error.cause : logError(error, `join group ${this.group}`);
        if (this.started !== undefined && (lasting || performance.now() > gaveUp)) {
          this.started.reject(failure);
          return;
        }
        if (lasting) {
          this.duties.report(failure);
          await pause(LASTING_PAUSE_MS, this.leaving.signal);
        } else await this.overcome(error, backoff);
      }
    }
  }

  /** Whether the group goes on to another generation with this member since that one: its join tells where that leads. */
  private isBetweenShares(generation: number): boolean {
    return this.joining !== undefined || this.admitted !== generation || this.generation !== generation;
  }

  /** The next thing to do, or a rest until there is one. */
  private async step(): Promise<void> {
    if (this.expelled) {
      this.expelled = false;
      this.generation = this.admitted = -1;
      this.gained = [];
      this.mustJoin = true;
      const owned = this.duties.owned();
      if (owned.length > 0) await this.duties.revoke(owned, true);
    } else if (this.mustJoin) {
      this.mustJoin = false;
      this.joining = this.join().finally(() => (this.joining = undefined));
      try {
        await this.joining;
      } catch (error) {
        this.mustJoin = true;
        const type = typeOf(error);
        if (type === 'REBALANCE_IN_PROGRESS') return;
        if (type !== 'UNKNOWN_MEMBER_ID' && type !== 'ILLEGAL_GENERATION') throw error;
        this.expel(type === 'UNKNOWN_MEMBER_ID');
        return;
      }
      const lost = this.lostTo(this.gained);
      this.gained = this.gained.filter(
        (place) => !this.duties.owned().some((own) => placeKey(own) === placeKey(place)),
      );
      if (lost.length > 0) {
        await this.duties.revoke(lost, false);
        // Now others may have them.
        this.mustJoin = true;
      }
    } else if (this.gained.length > 0) {
      const taken = this.gained;
      try {
        await this.duties.assign(taken);
        this.gained = this.gained.filter((place) => !taken.includes(place));
      } catch (error) {
        if (this.started !== undefined) throw new AssignFailure(error);
        this.duties.report(error);
        await pause(AGAIN_MS, this.changed.signal);
        if (this.changed.signal.aborted) this.changed = new AbortController();
      }
    } else if (this.started !== undefined && !this.more) {
      this.started.resolve();
      this.started = undefined;
    } else {
      await pause(COUNT_MS, this.changed.signal);
      this.changed = new AbortController();
    }
  }

  private lostTo(places: readonly TopicPartition[]): TopicPartition[] {
    const assigned = new Set(places.map(placeKey));
    return this.duties.owned().filter((place) => !assigned.has(placeKey(place)));
  }

  /** One round; afterwards `gained` is all that this member is to read. */
  private async join(): Promise<void> {
    const { sessionTimeoutMs, rebalanceTimeoutMs } = this.connection.settings;
    const coordinator = await this.findCoordinator();
    const claim = { topics: this.topics, generation: this.generation, owned: this.duties.owned() };
    const joined = await coordinator.joinGroup({
      groupId: this.group,
      memberId: this.memberId,
      sessionTimeout: sessionTimeoutMs,
      rebalanceTimeout: rebalanceTimeoutMs,
      groupProtocols: [{ name: PROTOCOL, metadata: encodeClaim(claim) }],
    });
    this.memberId = joined.memberId;
    this.admitted = joined.generationId;
    const leads = joined.leaderId === joined.memberId;
    const counts = leads ? await this.count(topicsOf(joined.members)) : undefined;
    const { memberAssignment } = await coordinator.syncGroup({
      groupId: this.group,
      generationId: joined.generationId,
      memberId: joined.memberId,
      groupAssignment: counts === undefined ? [] : decide(joined.members, counts),
    });
    const { places, more } = decodeShare(memberAssignment);
    this.generation = joined.generationId;
    this.leads = counts;
    this.contact = this.counted = performance.now();
    this.gained = places;
    this.more = more;
  }

  /** Partitions of the topics; one that is gone has none. */
  private async count(topics: readonly string[]): Promise<Map<string, number>> {
    const counts = new Map<string, number>();
    for (const topic of topics) {
      try {
        counts.set(topic, await this.connection.partitions(topic));
      } catch (error) {
        if (!(error instanceof StorageError) || error.code !== 'UNSILO_LOG_UNKNOWN_TOPIC') throw error;
      }
    }
    return counts;
  }

  /** Signs of life, whatever else goes on. */
  private async beat(): Promise<void> {
    const { heartbeatIntervalMs } = this.connection.settings;
    const backoff = new Backoff();
    while (!this.leaving.signal.aborted) {
      await pause(this.more ? Math.min(EAGER_BEAT_MS, heartbeatIntervalMs) : heartbeatIntervalMs, this.leaving.signal);
      await this.joining?.catch(() => undefined);
      const { memberId, generation } = this;
      if (generation < 0 || this.expelled || this.leaving.signal.aborted) continue;
      try {
        const coordinator = await this.findCoordinator();
        await coordinator.heartbeat({ groupId: this.group, groupGenerationId: generation, memberId });
        this.contact = performance.now();
        backoff.succeeded();
        await this.countAgain();
      } catch (error) {
        const type = typeOf(error);
        // What Kafka says to the old generation: the join that is under way hears what is true of the new one.
        if (type !== undefined && this.isBetweenShares(generation)) continue;
        if (type === 'REBALANCE_IN_PROGRESS') {
          this.contact = performance.now();
          this.joinAgain();
        } else if (type === 'UNKNOWN_MEMBER_ID' || type === 'ILLEGAL_GENERATION') {
          this.expel(type === 'UNKNOWN_MEMBER_ID');
        } else {
          if (isLasting(error)) this.duties.report(logError(error, `stay in group ${this.group}`));
          await this.overcome(error, backoff);
        }
      }
    }
  }

  /** The leader sees to it that partitions added to a topic are read. */
  private async countAgain(): Promise<void> {
    const { leads } = this;
    if (leads === undefined || performance.now() - this.counted < COUNT_MS) return;
    this.counted = performance.now();
    await this.connection.recover();
    const now = await this.count([...leads.keys()]);
    if ([...now].some(([topic, count]) => leads.get(topic) !== count)) this.joinAgain();
  }

  private joinAgain(): void {
    this.mustJoin = true;
    this.changed.abort();
  }

  /** The group goes on without this member. `forgotten`: it has to come as a new one. */
  private expel(forgotten: boolean): void {
    if (forgotten) this.memberId = '';
    this.expelled = true;
    this.expulsions++;
    this.changed.abort();
  }

  private async findCoordinator(): Promise<GroupBroker> {
    this.coordinator ??= await this.connection.coordinator(this.group);
    if (!this.coordinator.isConnected()) this.coordinator = await this.connection.coordinator(this.group);
    return this.coordinator;
  }

  private async overcome(error: unknown, backoff: Backoff): Promise<void> {
    this.connection.failed(error);
    await backoff.pause(this.leaving.signal);
    const type = typeOf(error);
    if (type !== undefined && !LOST_COORDINATOR.has(type)) return;
    this.coordinator = undefined;
    if (type === undefined) await this.connection.recover();
  }
}

/** The first partitions can't be taken: whoever subscribes is told the cause as it is. */
class AssignFailure extends Error {
  constructor(cause: unknown) {
    super('the partitions can not be taken', { cause });
  }
}
