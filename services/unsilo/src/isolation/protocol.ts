import type { StorageConfiguration } from '../configuration/configuration.js';
import type { Condition } from './company.js';

/** What a service is told. `part`: the hub, or the connector of one system. */
export type ToService =
  | { type: 'open'; storage: StorageConfiguration; part: string; persons: number }
  | { type: 'become'; condition: Condition }
  | { type: 'waiting' }
  | { type: 'stop' };

/** What a service says. */
export type FromService =
  { type: 'loaded' } | { type: 'ready' } | { type: 'done' } | { type: 'waiting'; count: number };
