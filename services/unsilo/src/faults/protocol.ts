import type { WriteResult } from '@unsilo/connector-sdk';
import type { Command } from '@unsilo/schemas';
import type { Kill } from './kill-points.js';
import type { FedMessage } from './script.js';

/** What the harness tells the process under test. */
export type ToVictim =
  | { type: 'open'; folder: string; kill?: Kill; sabotage?: Sabotage }
  | { type: 'feed'; batch: number; messages: FedMessage[]; replies: Reply[] }
  | { type: 'written'; call: number; answer: WriteResult }
  /** From now on the point of the kill counts. At start-up it counts from the beginning. */
  | { type: 'arm' }
  | { type: 'publish' }
  | { type: 'settle' }
  | { type: 'stop' };

/** What the process under test says. */
export type FromVictim =
  /** Loaded; nothing is open yet. */
  | { type: 'loaded' }
  /** The hub has caught up; milliseconds since the folder began to be opened. */
  | { type: 'ready'; recoveryMs: number }
  /** The batch is durable at these places, in its order; [topic, partition, offset]. */
  | { type: 'acknowledged'; batch: number; places: Place[] }
  | { type: 'write'; call: number; system: string; command: Command }
  | { type: 'problem'; text: string }
  | { type: 'settled' };

export interface Reply {
  interaction: string;
  text: string;
  key: string;
}
export type Place = [topic: string, partition: number, offset: number];
/** Faults put into the process on purpose, to show that the checks see them. */
export type Sabotage = 'acknowledges-before-append';
