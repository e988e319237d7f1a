import { declareHubTopics, type Hub, type SystemsPort } from '@unsilo/hub';
import { placeOf, signalEvent, type Signal } from '@unsilo/schemas';
import type { Configuration } from '../configuration/configuration.js';
import { connectorStorage } from './connector-storage.js';
import { connectorTopics } from './connector-topics.js';
import { DataFolder } from './data-folder.js';
import { Ending } from './ending.js';
import { openGateway } from './open-gateway.js';
import {
  CONNECTOR_GRACE_MS,
  GATEWAY_STOP_MS,
  HUB_STOP_MS,
  SYSTEMS_STOP_MS,
  clock,
  makeHub,
  plainLog,
  tracedStorage,
  type StartOptions,
} from './parts.js';
import { LeasedSystems } from './leased-systems.js';
import { RemoteSystems } from './remote-systems.js';
import { serveRole } from './role-server.js';
import type { OpenedStorage } from './storage.js';
import { ConnectedSystems } from './systems.js';
import type { WebhookAnswer, WebhookCall } from '@unsilo/connector-sdk';

export type { StartOptions } from './parts.js';

/** One process of an installation. */
export interface RunningRole {
  /** Of the console and the API; without a gateway, of `/health` and `/metrics`. */
  url: string;
  /** Undefined where the process keeps nothing in files. */
  dataFolder: string | undefined;
  /** Made at the first start on a data folder, and never seen again. */
  adminKey: string | undefined;
  /** Resolves when the process does all of its work; rejects when that failed. */
  ready: Promise<void>;
  /** Ends everything in order, within nine seconds; answers what was left undone, in words. Repeats are harmless. */
  stop(): Promise<readonly string[]>;
}

export interface RunningUnsilo extends RunningRole {
  dataFolder: string;
  hub: Hub;
  systems: SystemsPort;
  /** Puts a signal on the log, where the live stream shows it. */
  raise(signal: Signal): Promise<void>;
}

/** Retention and compaction are carried out so often. */
const CLEANING_MS = 3_600_000;

/**
 * Runs the whole of Unsilo in this process: the hub, a runner for each system, HTTP; log and state in the data folder or on the servers of
 * the configuration. Resolves as soon as HTTP answers; `ready` tells when the rest does.
 */
export async function startUnsilo(configuration: Configuration, options: StartOptions): Promise<RunningUnsilo> {
  const { tenant } = configuration;
  const { logger } = options;
  const folder = new DataFolder(configuration.dataFolder);
  folder.make();
  const ending = new Ending();
  try {
    const storage = await tracedStorage(configuration, folder, options, 'unsilo', ending);
    const { log } = storage;
    const names = configuration.systems.map(({ name }) => name);
    await declareHubTopics(log, names, configuration.storage?.kafka.partitions);
    const systems = await connect(configuration, storage, options, ending);
    const { hub, metrics } = makeHub(configuration, storage, systems.port, logger);
    ending.add("the hub's work", () => hub.stop(), HUB_STOP_MS);
    ending.add('the systems', () => systems.close(), SYSTEMS_STOP_MS);

    let failed: string | undefined;
    const { url, adminKey, close } = await openGateway(configuration, folder, options, {
      service: {
        ...hub.service,
        metrics: async () => [...(await hub.service.metrics()), ...metrics()],
        health: async () => {
          const health = await hub.service.health();
          if (failed !== undefined) return { live: false, ready: false, reasons: [failed] };
          return ending.begun ? { ...health, ready: false, reasons: [...health.reasons, 'It is stopping.'] } : health;
        },
      },
      webhook: systems.webhook,
    });
    ending.add('requests', close, GATEWAY_STOP_MS);

    const cleaning = setInterval(() => {
      log
        .clean(clock.now())
        .catch((error: unknown) => logger.error({ error: String(error) }, 'Cleaning the log failed.'));
    }, CLEANING_MS);
    ending.add('cleaning', () => Promise.resolve(clearInterval(cleaning)));

    const ready = (async () => {
      await hub.start();
      if (!ending.begun) await systems.start();
    })().catch((error: unknown) => {
      if (ending.begun) return;
      failed = 'The hub could not be started.';
      throw error;
    });
    // Whoever awaits `ready` is told; nobody else must be.
    ready.catch(() => undefined);

    const raise = async (signal: Signal): Promise<void> => {
      const event = signalEvent(tenant, signal);
      await log.append([{ ...placeOf(event), value: JSON.stringify(event) }]);
    };
    return {
      url,
      dataFolder: folder.path,
      adminKey,
      hub,
      systems: systems.port,
      raise,
      ready,
      stop: () => ending.all(),
    };
  } catch (error) {
    await ending.all();
    throw error;
  }
}

interface Systems {
  port: SystemsPort;
  webhook: (system: string, call: WebhookCall) => Promise<WebhookAnswer | undefined>;
  start(): Promise<void>;
  close(): Promise<void>;
}

async function connect(
  configuration: Configuration,
  { log, store }: Pick<OpenedStorage, 'log' | 'store'>,
  { logger }: StartOptions,
  ending: Ending,
): Promise<Systems> {
  const { tenant, systems, http } = configuration;
  const common = { tenant, systems, log, logger: plainLog(logger), graceMs: CONNECTOR_GRACE_MS, clock };
  if (configuration.storage === undefined) {
    const connected = new ConnectedSystems({
      ...common,
      storageOf: (system) => connectorStorage(store, tenant, system),
    });
    return {
      port: connected,
      webhook: (system, call) => connected.webhook(system, call),
      start: () => connected.start(),
      close: () => connected.close(),
    };
  }
  // Other processes may run some of the systems: they are asked as if none ran here.
  await log.declare(connectorTopics(systems.map(({ name }) => name)));
  const remote = new RemoteSystems(store, tenant, systems);
  let url = '';
  const leased = new LeasedSystems({ ...common, store, url: () => url });
  const server = await serveRole({
    host: http.host,
    port: 0,
    health: () => Promise.resolve({ live: true, ready: true, reasons: [] }),
    metrics: () => Promise.resolve([]),
    webhook: (system, call) => leased.webhook(system, call),
  });
  url = server.url;
  ending.add('the HTTP server', () => server.close());
  return {
    port: remote,
    webhook: (system, call) => remote.webhook(system, call),
    start: async () => {
      remote.start();
      await leased.start();
    },
    close: async () => {
      await Promise.all([leased.close(), remote.close()]);
    },
  };
}
