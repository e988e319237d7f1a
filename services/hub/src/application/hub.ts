import type { EventLog } from '@unsilo/event-log';
import type { SystemProfile } from '@unsilo/schemas';
import type { StateStore } from '@unsilo/state-store';
import type { LinkageModel } from '../domain/linkage/model.js';
import type { Policy } from '../domain/policy.js';
import type { HubService, SystemsPort } from './service.js';

export interface HubOptions {
  tenant: string;
  log: EventLog;
  store: StateStore;
  policy: Policy;
  /** Who is who (default: `DEFAULT_LINKAGE_MODEL`). Customers are computed anew when it changes. */
  model?: LinkageModel;
  /** Every configured system; those that may be written are named in the policy. */
  systems: readonly SystemProfile[];
  systemsPort: SystemsPort;
  clock: { now(): number };
  logger: HubLogger;
  /** Of every topic that may have several, where several processes share the log (default: as each topic has it). */
  partitions?: number;
  /** At most so many events in one batch (default 4,000). */
  batchSize?: number;
  /** How often all customers are planned again and changed records published, milliseconds (default one hour). */
  maintenanceMs?: number;
}

/** Named fields only; never a value of a customer. */
export interface HubLogger {
  info(fields: Record<string, string | number | boolean>, message: string): void;
  warn(fields: Record<string, string | number | boolean>, message: string): void;
  error(fields: Record<string, string | number | boolean>, message: string): void;
}

export interface Hub {
  readonly service: HubService;
  /** Declares topics, catches up with what is on the log, then processes and plans until `stop`. Resolves when caught up. */
  start(): Promise<void>;
  /** Resolves when everything appended before the call has been processed and planned. */
  settled(): Promise<void>;
  /** Publishes every record whose facts changed since it was last published; answers how many. A rebuild begins from these. */
  publishRecords(): Promise<number>;
  /** Ends after the running batch. */
  stop(): Promise<void>;
}
