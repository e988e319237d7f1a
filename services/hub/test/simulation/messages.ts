import type { Command, Decision, Outcome, Party } from '@unsilo/schemas';

/** What the reference hub is told: all facts there are. */
export type Fact =
  /** `key`: the external key that the record carries, where the system shows it. */
  | { type: 'party'; party: Party; key?: string }
  | { type: 'command'; command: Command }
  | { type: 'outcome'; outcome: Outcome }
  | { type: 'decision'; decision: Decision }
  /** A system's first reading is complete. */
  | { type: 'snapshot'; system: string };
