import { resolve } from 'node:path';
import { openEnvironment, openLmdbEventLog } from '@unsilo/event-log/lmdb';
import { traceLog } from '@unsilo/event-log/tracing';
import { createGateway, type Gateway } from '@unsilo/gateway';
import { createHub, declareHubTopics, type Hub } from '@unsilo/hub';
import { placeOf, signalEvent, type Signal } from '@unsilo/schemas';
import { openLmdbStateStore } from '@unsilo/state-store/lmdb';
import type { Logger } from 'pino';
import type { Configuration } from '../configuration/configuration.js';
import { connectorStorage } from './connector-storage.js';
import { DataFolder } from './data-folder.js';
import { KeyFile } from './keys.js';
import { meterHub } from './meters.js';
import { ConnectedSystems } from './systems.js';

export interface RunningUnsilo {
  /** Of the console and the API. */
  url: string;
  dataFolder: string;
  /** Made at the first start on a data folder, and never seen again. */
  adminKey: string | undefined;
  hub: Hub;
  systems: ConnectedSystems;
  /** Puts a signal on the log, where the live stream shows it. */
  raise(signal: Signal): Promise<void>;
  /** Resolves when the hub has caught up with the log and all systems have been started; rejects when that failed. */
  ready: Promise<void>;
  /** Ends everything in order; repeats are harmless. */
  stop(): Promise<void>;
}

export interface StartOptions {
  logger: Logger;
  /** Follow events from their source to what is written; OpenTelemetry must run (`startTracing`). Default: no. */
  tracing?: boolean;
  /** Folder of the built console. Default: that of this repository. */
  consoleFolder?: string;
}

export class StartError extends Error {
  readonly code: string;
  constructor(code: string, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'StartError';
    this.code = code;
  }
}

/** What is under way in a connector may take so long to end, and once more so long after it was told to give up: ten seconds are all. */
const CONNECTOR_GRACE_MS = 3000;
/** Retention and compaction are carried out so often. */
const CLEANING_MS = 3_600_000;
const BUILT_CONSOLE = resolve(import.meta.dirname, '../../../console/dist');

/**
 * Runs the whole of Unsilo in this process: log and state in the data folder, the hub, a runner for each system, HTTP. Resolves as soon
 * as HTTP answers; `ready` tells when the rest does.
 */
export async function startUnsilo(configuration: Configuration, options: StartOptions): Promise<RunningUnsilo> {
  const { tenant, policy, model, limits, systems: configured } = configuration;
  const { logger } = options;
  const folder = new DataFolder(configuration.dataFolder);
  folder.make();
  const clock = { now: () => Date.now() };
  /** How to end what has been opened so far, last first. */
  const opened: (() => Promise<void>)[] = [];
  const endAll = async (): Promise<void> => {
    const failures: unknown[] = [];
    for (const end of opened.splice(0).reverse()) await end().catch((error: unknown) => void failures.push(error));
    if (failures.length > 0) throw failures[0] instanceof Error ? failures[0] : new Error(String(failures[0]));
  };

  try {
    const environment = await openEnvironment({ folder: folder.database });
    opened.push(() => environment.close());
    const untraced = openLmdbEventLog(environment);
    opened.push(() => untraced.close());
    const log = options.tracing === true ? traceLog(untraced, 'unsilo') : untraced;
    const store = openLmdbStateStore(environment);
    opened.push(() => store.close());
    const profiles = configured.map(({ profile }) => profile);
    await declareHubTopics(
      log,
      configured.map(({ name }) => name),
    );

    const systems = new ConnectedSystems({
      tenant,
      systems: configured,
      log,
      storageOf: (system) => connectorStorage(store, tenant, system),
      logger: plainLog(logger),
      graceMs: CONNECTOR_GRACE_MS,
      clock,
    });
    const meters = meterHub(log);
    const hub = createHub({
      tenant,
      log: meters.log,
      store,
      policy,
      model,
      systems: profiles,
      systemsPort: systems,
      clock,
      logger: plainLog(logger),
      batchSize: limits.batch,
    });
    opened.push(() => hub.stop());
    opened.push(() => systems.close());

    const keys = new KeyFile(folder.keysFile);
    const first = keys.list().length === 0;
    const adminKey = first ? keys.add({ name: 'admin', tenant, roles: ['admin'] }, clock.now()).key : undefined;

    let stopping = false;
    let failed: string | undefined;
    const gateway = await createGateway({
      service: {
        ...hub.service,
        metrics: async () => [...(await hub.service.metrics()), ...meters.metrics()],
        health: async () => {
          const health = await hub.service.health();
          if (failed !== undefined) return { live: false, ready: false, reasons: [failed] };
          return stopping ? { ...health, ready: false, reasons: [...health.reasons, 'It is stopping.'] } : health;
        },
      },
      keys,
      webhooks: (system, call) => systems.webhook(system, call),
      consoleFolder: consoleFolder(options.consoleFolder),
      log: logger.child({}, { level: logger.level === 'debug' ? 'debug' : 'warn' }),
      sessionSecret: folder.sessionSecret(),
      trustProxy: configuration.http.trustProxy.length === 0 ? false : configuration.http.trustProxy,
      limits: {
        ...(limits.requestsPerMinute === undefined ? {} : { requestsPerMinute: limits.requestsPerMinute }),
        ...(limits.bodyBytes === undefined ? {} : { eventBodyBytes: limits.bodyBytes }),
      },
    });
    opened.push(() => gateway.close());
    const url = await listen(gateway, configuration);
    folder.announce({ pid: process.pid, url, key: keys.lend({ name: 'command line', tenant, roles: ['admin'] }) });
    folder.rememberRun({ tenant, configuration: configuration.file ?? null });
    opened.push(() => Promise.resolve(folder.withdraw()));

    const cleaning = setInterval(() => {
      log
        .clean(clock.now())
        .catch((error: unknown) => logger.error({ error: String(error) }, 'Cleaning the log failed.'));
    }, CLEANING_MS);
    opened.push(() => Promise.resolve(clearInterval(cleaning)));

    const ready = (async () => {
      await hub.start();
      if (!stopping) await systems.start();
    })().catch((error: unknown) => {
      if (stopping) return;
      failed = 'The hub could not be started.';
      throw error;
    });
    // Whoever awaits `ready` is told; nobody else must be.
    ready.catch(() => undefined);

    const raise = async (signal: Signal): Promise<void> => {
      const event = signalEvent(tenant, signal);
      await log.append([{ ...placeOf(event), value: JSON.stringify(event) }]);
    };
    let stopped: Promise<void> | undefined;
    const stop = (): Promise<void> => {
      stopping = true;
      return (stopped ??= endAll());
    };
    return { url, dataFolder: folder.path, adminKey, hub, systems, raise, ready, stop };
  } catch (error) {
    await endAll().catch(() => undefined);
    throw error;
  }
}

function consoleFolder(given: string | undefined): string {
  return given ?? BUILT_CONSOLE;
}

async function listen(gateway: Gateway, { http }: Configuration): Promise<string> {
  try {
    const { url, port } = await gateway.start(http);
    // Addresses that mean "all of them" lead nowhere in a browser.
    return ['0.0.0.0', '::'].includes(http.host) ? `http://localhost:${port}` : url;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EADDRINUSE')
      throw new StartError(
        'UNSILO_PORT_IN_USE',
        `Port ${http.port} of ${http.host} is in use. Choose another one with --port or http.port; 0 takes a free one.`,
        error,
      );
    if (code === 'EACCES' || code === 'EADDRNOTAVAIL')
      throw new StartError(
        'UNSILO_ADDRESS_REFUSED',
        `Can not listen on ${http.host}, port ${http.port} (${code}).`,
        error,
      );
    throw error;
  }
}

/** The narrow logs that hub and connectors take, over the one of the process. */
function plainLog(logger: Logger) {
  type Fields = Record<string, string | number | boolean>;
  return {
    debug: (fields: Fields, message: string) => logger.debug(fields, message),
    info: (fields: Fields, message: string) => logger.info(fields, message),
    warn: (fields: Fields, message: string) => logger.warn(fields, message),
    error: (fields: Fields, message: string) => logger.error(fields, message),
  };
}
