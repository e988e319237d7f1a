import { setTimeout as sleep } from 'node:timers/promises';
import type { ConnectorLog, ConnectorStorage, WebhookAnswer, WebhookCall } from '@unsilo/connector-sdk';
import type { EventLog } from '@unsilo/event-log';
import type { StateStore } from '@unsilo/state-store';
import type { ConfiguredSystem } from '../configuration/configuration.js';
import { ConnectorMemory } from './connector-memory.js';
import { holdLease, type Lease } from './lease.js';
import { STATUS_MS, SystemRows, type OrderRow, type StatusRow } from './system-rows.js';
import { ConnectedSystems } from './systems.js';

export interface LeasedSystemsOptions {
  tenant: string;
  systems: readonly ConfiguredSystem[];
  log: EventLog;
  store: StateStore;
  logger: ConnectorLog;
  graceMs: number;
  clock: { now(): number };
  /** Where this process takes webhooks; known once it listens. */
  url: () => string;
}

/** Key in a system's memory: the last order of an operator that was carried out. */
const ORDER = 'last-order';
const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 5000;

/**
 * Runs those of the systems that no other process runs, for as long as it has their leases; waits for the others. Tells the state what
 * they do, and takes orders from there.
 */
export class LeasedSystems {
  readonly #options: LeasedSystemsOptions;
  readonly #rows: SystemRows;
  readonly #systems: Map<string, LeasedSystem>;
  readonly #leases: Lease[] = [];
  readonly #over = new AbortController();
  #telling: Promise<void> | undefined;

  constructor(options: LeasedSystemsOptions) {
    this.#options = options;
    this.#rows = new SystemRows(options.store, options.tenant);
    this.#systems = new Map(options.systems.map((system) => [system.name, new LeasedSystem(system, options)]));
  }

  /** Resolves when it is known which of the systems run here; they come up after that. */
  async start(): Promise<void> {
    const { log, logger } = this.#options;
    await Promise.all(
      [...this.#systems].map(async ([name, system]) => {
        const lease = await holdLease(log, name, {
          onGained: () => system.run(),
          onLost: () => system.end(),
          onError: (error) => logger.warn({ system: name }, `The lease of the system: ${String(error)}`),
        });
        this.#leases.push(lease);
      }),
    );
    this.#telling = this.#tell();
  }

  /** Names of the systems that run here. */
  here(): string[] {
    return [...this.#systems].filter(([, { isHere }]) => isHere).map(([name]) => name);
  }

  /** Undefined where the system isn't one of these, or takes no webhooks. */
  async webhook(name: string, call: WebhookCall): Promise<WebhookAnswer | undefined> {
    return this.#systems.get(name)?.webhook(call);
  }

  async close(): Promise<void> {
    this.#over.abort();
    // First the systems, then the leases: nobody else may begin before.
    await Promise.all([...this.#systems.values()].map((system) => system.end()));
    await this.#telling;
    await Promise.all(this.#leases.map((lease) => lease.close()));
  }

  async #tell(): Promise<void> {
    const { logger } = this.#options;
    const { signal } = this.#over;
    while (!signal.aborted) {
      try {
        const names = this.here();
        const orders = await this.#rows.orders(names);
        await Promise.all(
          names.map(async (name, index) => {
            const order = orders[index];
            if (order !== undefined) await this.#systems.get(name)?.carryOut(order);
          }),
        );
        const told = names.flatMap((name) => {
          const status = this.#systems.get(name)?.status();
          return status === undefined ? [] : [[name, status] as const];
        });
        await this.#rows.tell(new Map(told));
      } catch (error) {
        logger.debug({}, `The systems' state could not be told: ${String(error)}`);
      }
      await sleep(STATUS_MS, undefined, { signal }).catch(() => undefined);
    }
  }
}

/** One system, from getting its lease to losing it, any number of times. */
class LeasedSystem {
  readonly #configured: ConfiguredSystem;
  readonly #options: LeasedSystemsOptions;
  #running: { over: AbortController; done: Promise<void> } | undefined;
  #connected: ConnectedSystems | undefined;
  #memory: ConnectorStorage | undefined;
  #order: string | undefined;

  constructor(configured: ConfiguredSystem, options: LeasedSystemsOptions) {
    this.#configured = configured;
    this.#options = options;
  }

  get isHere(): boolean {
    return this.#running !== undefined;
  }

  run(): void {
    if (this.#running !== undefined) return;
    const over = new AbortController();
    this.#running = { over, done: this.#bringUp(over.signal) };
  }

  async end(): Promise<void> {
    const running = this.#running;
    if (running === undefined) return;
    running.over.abort();
    await running.done;
    const connected = this.#connected;
    this.#connected = undefined;
    this.#memory = undefined;
    await connected?.close();
    if (this.#running === running) this.#running = undefined;
  }

  /** Tries until it succeeds: without servers nothing can be done, and they come back. */
  async #bringUp(signal: AbortSignal): Promise<void> {
    const { tenant, log, store, logger, graceMs, clock } = this.#options;
    const { name } = this.#configured;
    for (let pauseMs = FIRST_PAUSE_MS; !signal.aborted; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
      try {
        const memory = await ConnectorMemory.open(log, store, tenant, name);
        if (signal.aborted) return;
        const connected = new ConnectedSystems({
          tenant,
          systems: [this.#configured],
          log,
          storageOf: () => memory,
          logger,
          graceMs,
          clock,
        });
        this.#connected = connected;
        this.#memory = memory;
        this.#order = ((await memory.getMany([ORDER])) as (string | undefined)[])[0];
        await connected.start();
        logger.info({ system: name }, 'This process runs the system.');
        return;
      } catch (error) {
        await this.#connected?.close();
        this.#connected = undefined;
        const code = (error as { code?: unknown }).code;
        logger.warn(
          { system: name, retryInMs: pauseMs, ...(typeof code === 'string' ? { code } : {}) },
          `The system could not be started: ${error instanceof Error ? error.message : String(error)}`,
        );
        await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
      }
    }
  }

  async carryOut({ id, wanted, reason }: OrderRow): Promise<void> {
    const connected = this.#connected;
    if (connected === undefined || this.#memory === undefined || id === this.#order) return;
    if (wanted === 'pause') await connected.pause(this.#configured.name, reason);
    else await connected.resume(this.#configured.name);
    await this.#memory.set({ [ORDER]: id });
    this.#order = id;
  }

  status(): StatusRow | undefined {
    const [shown] = this.#connected?.list() ?? [];
    if (shown === undefined) return undefined;
    const { system: _, connector: __, title: ___, profile: ____, ...rest } = shown;
    const { url, clock } = this.#options;
    return { ...rest, url: url(), at: clock.now(), ...(this.#order === undefined ? {} : { order: this.#order }) };
  }

  async webhook(call: WebhookCall): Promise<WebhookAnswer | undefined> {
    if (this.#configured.connector.webhook === undefined) return undefined;
    const answer = await this.#connected?.webhook(this.#configured.name, call);
    return answer ?? { status: 503, body: 'This system is not started here.' };
  }
}
