import type { EventLog } from '@unsilo/event-log';
import { declareTopics, topicName, type UnsiloEvent } from '@unsilo/schemas';
import type { Connector } from '../connector.js';
import { parseOptions } from '../options.js';
import { runConnector, type ConnectorRunner, type RunnerOptions } from '../runner/runner.js';
import type { ConnectorStorage } from '../runner/storage.js';
import { memoryLogger, type LogLine } from './context.js';
import { memoryLog, type LogContent, type MemoryLog } from './memory-log.js';
import { memoryStorage } from './memory-storage.js';
import { virtualClock, type VirtualClock } from './virtual-clock.js';

/** What survives a process: the log and the storage of one system. */
export interface Durable {
  log: LogContent;
  storage: Map<string, string>;
}

export function emptyDurable(): Durable {
  return { log: { topics: new Map(), groups: new Map() }, storage: new Map() };
}

/** A runner over memory, with what tests look at. */
export interface TestRun {
  runner: ConnectorRunner;
  log: MemoryLog;
  storage: ReturnType<typeof memoryStorage>;
  clock: VirtualClock;
  logged: readonly LogLine[];
  durable: Durable;
  /** Events of one kind of topic, in order. */
  events(kind: 'parties' | 'objects' | 'interactions' | 'outcomes' | 'signals' | 'dead-letters'): UnsiloEvent[];
  close(): Promise<void>;
}

export interface TestRunOptions {
  system?: string;
  tenant?: string;
  durable?: Durable;
  /** Puts something between the runner and the log or the storage: faults, crashes. */
  wrap?: (parts: { log: EventLog; storage: ConnectorStorage }) => { log: EventLog; storage: ConnectorStorage };
  clock?: VirtualClock;
  http?: RunnerOptions<never>['http'];
  reading?: RunnerOptions<never>['reading'];
  writing?: RunnerOptions<never>['writing'];
  graceMs?: number;
}

/** Runs a connector as in earnest. Loopback addresses are allowed; the clock is virtual: retries pass by themselves, the next reading
 * after an hour or `poke`. */
export async function testRun<Options>(
  connector: Connector<Options>,
  given: unknown,
  settings: TestRunOptions = {},
): Promise<TestRun> {
  const parsed = parseOptions(connector, given);
  if (!parsed.ok)
    throw new Error(`options don't fit: ${parsed.problems.map((p) => `${p.path} ${p.message}`).join('; ')}`);
  const system = settings.system ?? connector.id;
  const durable = settings.durable ?? emptyDurable();
  const log = memoryLog(durable.log);
  await log.declare(declareTopics([system]));
  const storage = memoryStorage(durable.storage);
  const clock = settings.clock ?? virtualClock({ auto: 600_000 });
  const logged: LogLine[] = [];
  const parts = settings.wrap?.({ log, storage }) ?? { log, storage };
  const runner = await runConnector({
    connector,
    system,
    tenant: settings.tenant ?? 'acme',
    options: parsed.options,
    ...parts,
    logger: memoryLogger(logged),
    clock,
    random: () => 0.5,
    http: { allowPrivateAddresses: true, ...settings.http },
    reading: { intervalMs: 3_600_000, ...settings.reading },
    writing: { ...settings.writing },
    graceMs: settings.graceMs ?? 1000,
  });
  return {
    runner,
    log,
    storage,
    clock,
    logged,
    durable,
    events: (kind) => log.events(topicName(kind)),
    close: async () => {
      await runner.close();
      await log.close();
    },
  };
}

/** Waits, in real time, until something is so; fails after the patience (default ten seconds) with what was waited for. */
export async function until(
  what: string,
  holds: () => boolean | Promise<boolean>,
  patienceMs: number = 10_000,
): Promise<void> {
  const giveUpAt = Date.now() + patienceMs;
  while (!(await holds())) {
    if (Date.now() > giveUpAt) throw new Error(`waited in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
