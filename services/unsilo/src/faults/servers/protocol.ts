import type { WriteResult } from '@unsilo/connector-sdk';
import type { Command } from '@unsilo/schemas';
import type { StorageConfiguration } from '../../configuration/configuration.js';

/** What a worker is told. */
export type ToWorker =
  | { type: 'open'; storage: StorageConfiguration; batch?: number }
  | { type: 'written'; call: number; answer: WriteResult }
  | { type: 'stop' };

/** What a worker says. */
export type FromWorker =
  | { type: 'loaded' }
  | { type: 'ready' }
  | { type: 'write'; call: number; system: string; command: Command }
  /** Something that should not happen, whatever happens to the servers. */
  | { type: 'problem'; text: string };
