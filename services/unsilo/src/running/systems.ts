import {
  runConnector,
  type ConnectorLog,
  type ConnectorRunner,
  type ConnectorStorage,
  type RunnerStatus,
  type WebhookAnswer,
  type WebhookCall,
} from '@unsilo/connector-sdk';
import type { EventLog } from '@unsilo/event-log';
import type { SystemsPort } from '@unsilo/hub';
import type { ConfiguredSystem } from '../configuration/configuration.js';

export interface ConnectedSystemsOptions {
  tenant: string;
  systems: readonly ConfiguredSystem[];
  log: EventLog;
  storageOf: (system: string) => ConnectorStorage;
  logger: ConnectorLog;
  /** How long what is under way may take when a system is paused or closed, milliseconds. */
  graceMs: number;
  clock: { now(): number };
}

type Shown = ReturnType<SystemsPort['list']>[number];

/** Key in a system's storage: why an operator paused it. A pause outlives a restart. */
const PAUSED = 'paused-by-operator';

interface Connected {
  configured: ConfiguredSystem;
  storage: ConnectorStorage;
  runner: ConnectorRunner | undefined;
  /** Shown while there is no runner. */
  idle: Pick<Shown, 'state' | 'reason' | 'hint' | 'since'>;
}

/** The runners of all configured systems, as the hub's service sees them. */
export class ConnectedSystems implements SystemsPort {
  readonly #options: ConnectedSystemsOptions;
  readonly #connected: Map<string, Connected>;
  #closing: Promise<void> | undefined;

  constructor(options: ConnectedSystemsOptions) {
    this.#options = options;
    this.#connected = new Map(
      options.systems.map((configured) => [
        configured.name,
        {
          configured,
          storage: options.storageOf(configured.name),
          runner: undefined,
          idle: { state: 'starting', since: this.#now() },
        },
      ]),
    );
  }

  /** Starts all systems but those that an operator paused. Their topics must be declared. */
  async start(): Promise<void> {
    await Promise.all(
      [...this.#connected.values()].map(async (system) => {
        const [reason] = await system.storage.getMany([PAUSED]);
        if (typeof reason === 'string') system.idle = this.#pausedFor(reason);
        else await this.#run(system);
      }),
    );
  }

  list(): Shown[] {
    return [...this.#connected.values()].map(({ configured, runner, idle }) => {
      const { name, connector, profile } = configured;
      const common = { system: name, connector: connector.id, title: profile.title, profile };
      return runner === undefined ? { ...common, ...idle, counts: {} } : { ...common, ...shown(runner.status()) };
    });
  }

  async pause(name: string, reason: string): Promise<void> {
    const system = this.#find(name);
    await system.storage.set({ [PAUSED]: reason });
    if (system.runner === undefined) system.idle = this.#pausedFor(reason);
    else await system.runner.pause(reason);
  }

  async resume(name: string): Promise<void> {
    const system = this.#find(name);
    await system.storage.set({ [PAUSED]: undefined });
    if (system.runner !== undefined) await system.runner.resume();
    else if (this.#closing === undefined) await this.#run(system);
  }

  /** Undefined for a system that isn't there or doesn't run. */
  async webhook(name: string, call: WebhookCall): Promise<WebhookAnswer | undefined> {
    const system = this.#connected.get(name);
    if (system?.configured.connector.webhook === undefined) return undefined;
    if (system.runner === undefined) return { status: 503, body: 'This system is paused or not started yet.' };
    return system.runner.webhook(call);
  }

  /** Ends all runners; repeats are harmless. */
  close(): Promise<void> {
    this.#closing ??= Promise.all([...this.#connected.values()].map(async ({ runner }) => runner?.close())).then(
      () => undefined,
    );
    return this.#closing;
  }

  async #run(system: Connected): Promise<void> {
    const { tenant, log, logger, graceMs } = this.#options;
    const { name, connector, options, intervalMs, allowPrivateAddresses } = system.configured;
    system.runner = await runConnector({
      connector,
      system: name,
      tenant,
      options,
      log,
      storage: system.storage,
      logger,
      graceMs,
      http: { allowPrivateAddresses },
      reading: { intervalMs },
    });
  }

  #find(name: string): Connected {
    const found = this.#connected.get(name);
    if (found === undefined) throw new Error(`There is no system ${name}`);
    return found;
  }

  #pausedFor(reason: string): Connected['idle'] {
    return { state: 'paused', reason, hint: 'Resume it when it may go on.', since: this.#now() };
  }

  #now(): string {
    return new Date(this.#options.clock.now()).toISOString();
  }
}

function shown({
  system: _,
  connector: __,
  code: ___,
  snapshotComplete: ____,
  counts,
  ...rest
}: RunnerStatus): Omit<Shown, 'system' | 'connector' | 'title' | 'profile'> {
  return { ...rest, counts: { ...counts } };
}

/** What the hub is told where nothing runs: in commands that only look. */
export function stoppedSystems(systems: readonly ConfiguredSystem[]): SystemsPort {
  const since = new Date().toISOString();
  const refuse = (): Promise<never> => Promise.reject(new Error('No process is running.'));
  return {
    list: () =>
      systems.map(({ name, connector, profile }) => ({
        system: name,
        connector: connector.id,
        title: profile.title,
        profile,
        state: 'stopped',
        since,
        counts: {},
      })),
    pause: refuse,
    resume: refuse,
  };
}
