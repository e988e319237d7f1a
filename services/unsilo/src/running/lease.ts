import type { EventLog } from '@unsilo/event-log';
import { LEASES_TOPIC, leaseGroup } from './connector-topics.js';

export interface Lease {
  /** Gives it up; repeats are harmless. */
  close(): Promise<void>;
}

/**
 * Waits for the right to run a system: of all processes that ask, the members of one consumer group, the cluster gives its only partition
 * to one. A process that died or stood still loses it after the session of the group, and hears of it before it does anything more there.
 */
export async function holdLease(
  log: EventLog,
  system: string,
  events: {
    onGained: () => void;
    /** Nobody else gets it before this resolves, unless this process was given up for dead. */
    onLost: () => Promise<void>;
    onError: (error: unknown) => void;
  },
): Promise<Lease> {
  return log.subscribe({
    group: leaseGroup(system),
    topics: [LEASES_TOPIC],
    start: 'earliest',
    onAssigned: () => events.onGained(),
    onRevoked: (revoked) => (revoked.length > 0 ? events.onLost() : Promise.resolve()),
    onBatch: () => Promise.resolve(),
    onError: events.onError,
  });
}
