import type { EventLog } from '@unsilo/event-log';
import { topicName } from '@unsilo/schemas';
import type { Commit, StateStore } from '@unsilo/state-store';

/** Where a process can be killed. `random`: from outside, at any time. */
export const FAULT_POINTS = [
  'start-up',
  'before append',
  'append under way',
  'after append, before its acknowledgement',
  'in the middle of a batch',
  'before commit',
  'commit under way',
  'after commit',
  'between a write and its outcome',
  'publishing records',
  'random',
] as const;
export type FaultPoint = (typeof FAULT_POINTS)[number];

export interface Kill {
  point: FaultPoint;
  /** At which passing of the point, from 1. */
  nth: number;
  /** For what is killed under way: how long after it began, milliseconds. For `random`: how long after the folder is opened. */
  afterMs: number;
}

type Stage = 'before' | 'under way' | 'after';

/** Kills this process at the chosen passing of the chosen point. Product code knows nothing of it: it sees only its two ports. */
export class KillSwitch {
  private readonly kill: Kill | undefined;
  private passed = 0;
  private starting = true;
  private armed = false;

  constructor(kill: Kill | undefined) {
    this.kill = kill;
  }

  /** The hub has come up; a kill at start-up that has not come yet comes now. */
  started(): void {
    this.starting = false;
    if (this.kill?.point === 'start-up') this.die();
  }

  arm(): void {
    this.armed = true;
  }

  pass(point: FaultPoint): void {
    if (!this.armed && point !== 'start-up') return;
    if (this.kill?.point === point && (this.passed += 1) >= this.kill.nth) this.die();
  }

  /** The same port, with its operations counted. */
  log(log: EventLog): EventLog {
    return override(log, {
      declare: async (topics) => {
        this.operation();
        return log.declare(topics);
      },
      append: async (messages) => {
        this.operation();
        if (messages.length === 0) return log.append(messages);
        return this.around({ before: 'before append', 'under way': 'append under way', after: AFTER_APPEND }, () =>
          log.append(messages),
        );
      },
    });
  }

  store(store: StateStore): StateStore {
    return override(store, {
      getMany: async (tenant, table, keys) => {
        this.operation();
        if (!this.starting && table !== 'connector-memory') this.pass('in the middle of a batch');
        return store.getMany(tenant, table, keys);
      },
      offsets: async (group) => {
        this.operation();
        return store.offsets(group);
      },
      range: async (tenant, table, options) => {
        this.operation();
        return store.range(tenant, table, options);
      },
      commit: async (tenant, commit) => {
        this.operation();
        const points = pointsOf(commit);
        return points ? this.around(points, () => store.commit(tenant, commit)) : store.commit(tenant, commit);
      },
    });
  }

  private async around<Result>(points: Record<Stage, FaultPoint>, work: () => Promise<Result>): Promise<Result> {
    const stages = this.stagesOf(points);
    if (stages.includes('before')) this.pass(points.before);
    const result = work();
    if (stages.includes('under way')) {
      const { kill } = this;
      if (kill && this.armed && (this.passed += 1) >= kill.nth) setTimeout(() => this.die(), kill.afterMs);
    }
    const done = await result;
    if (stages.includes('after')) this.pass(points.after);
    return done;
  }

  /** Where one name covers all stages, the passing tells which. */
  private stagesOf(points: Record<Stage, FaultPoint>): Stage[] {
    const { kill } = this;
    if (!kill) return [];
    if (points.before === points.after)
      return kill.point === points.before ? [STAGES[Math.floor(kill.afterMs * 10) % 3] ?? 'before'] : [];
    return STAGES.filter((stage) => points[stage] === kill.point);
  }

  private operation(): void {
    if (this.starting) this.pass('start-up');
  }

  private die(): never {
    process.kill(process.pid, 'SIGKILL');
    throw new Error('killed');
  }
}

const STAGES: readonly Stage[] = ['before', 'under way', 'after'];
const AFTER_APPEND: FaultPoint = 'after append, before its acknowledgement';

function pointsOf(commit: Commit): Record<Stage, FaultPoint> | undefined {
  if (commit.outbox?.[0]?.topic === topicName('records'))
    return { before: 'publishing records', 'under way': 'publishing records', after: 'publishing records' };
  // What moves offsets is a batch of the hub; the rest are notes of connectors.
  if (commit.offsets) return { before: 'before commit', 'under way': 'commit under way', after: 'after commit' };
  return undefined;
}

function override<Port extends object>(port: Port, members: Partial<Port>): Port {
  return new Proxy(port, {
    get(target, name) {
      const own = members[name as keyof Port];
      if (own !== undefined) return own;
      const member: unknown = Reflect.get(target, name, target);
      return typeof member === 'function' ? (member as (...args: unknown[]) => unknown).bind(target) : member;
    },
  });
}
