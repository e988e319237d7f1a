import type { EventLog } from '@unsilo/event-log';
import type { Clock } from '../clock.js';
import type { ConnectorLog } from '../connector.js';
import type { Counts } from './status.js';
import type { ConnectorStorage } from './storage.js';

/** What all parts of one system's runner share. */
export interface Scope {
  tenant: string;
  system: string;
  log: EventLog;
  storage: ConnectorStorage;
  clock: Clock;
  random: () => number;
  /** Hides the system's secrets in a text. */
  redact: (text: string) => string;
  logger: ConnectorLog;
  counts: Counts;
  /** Digest of what decides what the system's records say, where its connector tells one. */
  mapping?: string | undefined;
}
