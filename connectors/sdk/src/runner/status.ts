import type { Clock } from '../clock.js';
import { timestamp } from '../clock.js';

export type RunState = 'starting' | 'running' | 'behind' | 'paused' | 'stopped';

/** What happened since the process started. `applied` to `uncertain`: outcomes by status. */
export interface Counts {
  /** Readings of the source that went well to their end. */
  readings: number;
  /** Changes that the connector yielded. */
  read: number;
  /** Changes that reached the log. */
  appended: number;
  /** Changes that were known already. */
  repeats: number;
  badInput: number;
  commands: number;
  applied: number;
  rejected: number;
  conflict: number;
  notApplied: number;
  uncertain: number;
}

export interface RunnerStatus {
  system: string;
  connector: string;
  state: RunState;
  /** Why it is behind or paused. */
  reason?: string;
  /** Stable code of the reason. */
  code?: string;
  /** What to do about it. */
  hint?: string;
  /** Since when it is in this state. */
  since: string;
  snapshotComplete: boolean;
  counts: Counts;
  lastChangeAt?: string;
}

export interface Reason {
  code: string;
  message: string;
  hint?: string;
}

export function newCounts(): Counts {
  return {
    readings: 0,
    read: 0,
    appended: 0,
    repeats: 0,
    badInput: 0,
    commands: 0,
    applied: 0,
    rejected: 0,
    conflict: 0,
    notApplied: 0,
    uncertain: 0,
  };
}

/** The state that a system is in, since when and why. */
export interface StateKeeper {
  readonly state: RunState;
  /** Answers whether the state became another one. A new reason for the same state doesn't count. */
  become(state: RunState, reason?: Reason): boolean;
  shown(): Pick<RunnerStatus, 'state' | 'reason' | 'code' | 'hint' | 'since'>;
}

export function stateKeeper(clock: Clock): StateKeeper {
  let state: RunState = 'starting';
  let since = clock.now();
  let reason: Reason | undefined;
  return {
    get state() {
      return state;
    },
    become(next, why) {
      const changed = next !== state;
      if (changed) since = clock.now();
      state = next;
      reason = why;
      return changed;
    },
    shown: () => ({
      state,
      since: timestamp(since),
      ...(reason === undefined ? {} : { reason: reason.message, code: reason.code }),
      ...(reason?.hint === undefined ? {} : { hint: reason.hint }),
    }),
  };
}
