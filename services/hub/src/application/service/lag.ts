import type { EventLog, PartitionLag } from '@unsilo/event-log';
import type { GroupLag, LagVerdict, Metric, SystemView } from '../service.js';

/** Older than this, what waits is more than the usual delay between two batches. Milliseconds. */
const BEHIND_MS = 10_000;
/** Something waits, and the group has not moved on for so long: longer than any write or retry takes in turn. Milliseconds. */
const STALLED_MS = 60_000;

interface Seen {
  /** Sum of the committed positions. */
  committed: number;
  /** Since when it has been that while something waited, as far as anybody looked; undefined while nothing waits. */
  since: number | undefined;
}

/**
 * How far each consumer group is behind, with a verdict:
 * - `ok`: nothing waits, or not for longer than 10 s;
 * - `behind`: what waits is older, and the group moves on;
 * - `stalled`: something waits, and the group has not moved on for a minute although it could;
 * - `stopped`: nobody reads for the group, or its system is paused.
 */
export class LagWatch {
  readonly #log: EventLog;
  readonly #now: () => number;
  readonly #seen = new Map<string, Seen>();

  constructor(log: EventLog, now: () => number) {
    this.#log = log;
    this.#now = now;
  }

  /** @param hubGroup The group of the hub's workers. */
  async look(hubGroup: string, systems: readonly Pick<SystemView, 'system' | 'state'>[]): Promise<GroupLag[]> {
    return Promise.all([
      this.#group({ group: hubGroup }, true),
      ...systems.flatMap(({ system, state }) => {
        const isRun = state !== 'stopped' && state !== 'paused';
        return [
          this.#group({ group: connectorGroup(system), system }, isRun),
          // Erasures are carried out in a system that is paused as well.
          this.#group({ group: erasureGroup(system), system }, state !== 'stopped'),
        ];
      }),
    ]);
  }

  async #group(named: Pick<GroupLag, 'group' | 'system'>, isRun: boolean): Promise<GroupLag> {
    const { group } = named;
    const [partitions, members] = await Promise.all([this.#log.lag(group), this.#log.members?.(group)]);
    const records = partitions.reduce((total, { lag }) => total + lag, 0);
    const oldestMs = Math.max(0, ...partitions.map(({ lagMs }) => lagMs));
    const isRead = isRun && members !== 0;
    return { ...named, records, seconds: oldestMs / 1000, verdict: this.#verdict(group, partitions, isRead, oldestMs) };
  }

  #verdict(group: string, partitions: readonly PartitionLag[], isRead: boolean, oldestMs: number): LagVerdict {
    const now = this.#now();
    const committed = partitions.reduce((total, partition) => total + partition.committed, 0);
    const waits = partitions.some(({ lag }) => lag > 0);
    const before = this.#seen.get(group);
    const stood = before?.committed === committed ? before.since : undefined;
    const since = waits ? (stood ?? now) : undefined;
    this.#seen.set(group, { committed, since });
    if (!isRead) return 'stopped';
    if (since !== undefined && now - since >= STALLED_MS) return 'stalled';
    return oldestMs > BEHIND_MS ? 'behind' : 'ok';
  }
}

const VERDICTS: readonly LagVerdict[] = ['ok', 'behind', 'stalled', 'stopped'];

export function lagMetrics(groups: readonly GroupLag[]): Metric[] {
  const named = ({ group, system }: GroupLag): Record<string, string> => ({ group, system: system ?? '' });
  return [
    {
      name: 'unsilo_lag_records',
      help: 'Messages that a consumer group has not handled yet.',
      type: 'gauge',
      samples: groups.map((one) => ({ labels: named(one), value: one.records })),
    },
    {
      name: 'unsilo_lag_seconds',
      help: 'Age of the oldest message that a consumer group has not handled.',
      type: 'gauge',
      samples: groups.map((one) => ({ labels: named(one), value: one.seconds })),
    },
    {
      name: 'unsilo_lag_verdict',
      help: '1 for what is true of a consumer group: ok, behind, stalled or stopped; 0 for the others.',
      type: 'gauge',
      samples: groups.flatMap((one) =>
        VERDICTS.map((verdict) => ({ labels: { ...named(one), verdict }, value: one.verdict === verdict ? 1 : 0 })),
      ),
    },
  ];
}

/** Group in which a system's connector reads its commands. */
export function connectorGroup(system: string): string {
  return `unsilo-connector-${system}`;
}

/** Group in which it reads decisions, for those that erase. */
function erasureGroup(system: string): string {
  return `${connectorGroup(system)}-erasures`;
}
