import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { WebhookAnswer, WebhookCall } from '@unsilo/connector-sdk';
import { ServiceError, type SystemsPort } from '@unsilo/hub';
import type { StateStore } from '@unsilo/state-store';
import type { ConfiguredSystem } from '../configuration/configuration.js';
import { SILENCE_MS, SystemRows, type OrderRow, type StatusRow } from './system-rows.js';
import { callElsewhere } from './webhook-call.js';

type Shown = ReturnType<SystemsPort['list']>[number];

/** How often the state is asked, milliseconds. */
const LOOK_MS = 500;
/** So long a process has to carry out an order, milliseconds. */
const PATIENCE_MS = 10_000;

/** Systems that run in other processes, as far as the state tells. */
export class RemoteSystems implements SystemsPort {
  readonly #systems: readonly ConfiguredSystem[];
  readonly #rows: SystemRows;
  readonly #clock: { now(): number };
  readonly #over = new AbortController();
  readonly #began: string;
  #known = new Map<string, StatusRow & { heardAt: number }>();
  #answeredAt = 0;
  #looking: Promise<void> | undefined;

  constructor(
    store: StateStore,
    tenant: string,
    systems: readonly ConfiguredSystem[],
    clock: { now(): number } = { now: () => Date.now() },
  ) {
    this.#systems = systems;
    this.#rows = new SystemRows(store, tenant);
    this.#clock = clock;
    this.#began = new Date(clock.now()).toISOString();
  }

  start(): void {
    this.#looking ??= this.#look();
  }

  async close(): Promise<void> {
    this.#over.abort();
    await this.#looking;
  }

  /** Epoch milliseconds at which the state answered last; 0: not yet. */
  get answeredAt(): number {
    return this.#answeredAt;
  }

  list(): Shown[] {
    const now = this.#clock.now();
    return this.#systems.map(({ name, connector, profile }) => {
      const common = { system: name, connector: connector.id, title: profile.title, profile };
      const status = this.#known.get(name);
      if (status === undefined)
        return { ...common, state: 'stopped', reason: 'No process runs it.', since: this.#began, counts: {} };
      const { url: _, at, order: __, heardAt, ...rest } = status;
      if (now - heardAt <= SILENCE_MS) return { ...common, ...rest };
      const since = new Date(at).toISOString();
      return { ...common, state: 'stopped', reason: 'Its process gives no sign of life.', since, counts: rest.counts };
    });
  }

  pause(system: string, reason: string): Promise<void> {
    return this.#order(system, { id: randomUUID(), wanted: 'pause', reason });
  }
  resume(system: string): Promise<void> {
    return this.#order(system, { id: randomUUID(), wanted: 'resume', reason: '' });
  }

  /** Hands the call to the process that runs the system. Undefined for a system that takes no webhooks. */
  async webhook(name: string, call: WebhookCall): Promise<WebhookAnswer | undefined> {
    if (this.#systems.find((system) => system.name === name)?.connector.webhook === undefined) return undefined;
    const status = this.#known.get(name);
    if (status === undefined || this.#clock.now() - status.heardAt > SILENCE_MS)
      return { status: 503, body: 'No process runs this system.' };
    return callElsewhere(status.url, name, call, this.#over.signal);
  }

  async #order(system: string, order: OrderRow): Promise<void> {
    await this.#rows.order(system, order);
    for (const end = performance.now() + PATIENCE_MS; performance.now() < end && !this.#over.signal.aborted;) {
      const [status] = await this.#rows.statuses([system]);
      if (status?.order === order.id) return this.#hear([system], [status]);
      await sleep(LOOK_MS / 5, undefined, { signal: this.#over.signal }).catch(() => undefined);
    }
    throw new ServiceError('unavailable', 'UNSILO_SYSTEM_SILENT', `No process that runs ${system} has answered.`, {
      hint: 'The order stands: it is carried out when a connector process for this system comes up.',
    });
  }

  /** Asks the state now. */
  async ask(): Promise<void> {
    const names = this.#systems.map(({ name }) => name);
    this.#hear(names, await this.#rows.statuses(names));
    this.#answeredAt = this.#clock.now();
  }

  async #look(): Promise<void> {
    const { signal } = this.#over;
    while (!signal.aborted) {
      try {
        await this.ask();
      } catch {
        // Silence shows in `answeredAt`.
      }
      await sleep(LOOK_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  /** A sign of life is one that differs from the last: clocks of machines differ as well. */
  #hear(names: readonly string[], rows: readonly (StatusRow | undefined)[]): void {
    const now = this.#clock.now();
    for (const [index, name] of names.entries()) {
      const row = rows[index];
      const known = this.#known.get(name);
      if (row === undefined || (row.at === known?.at && row.order === known.order)) continue;
      // The first that is heard of it may be old.
      this.#known.set(name, { ...row, heardAt: known === undefined ? Math.min(now, row.at) : now });
    }
  }
}
