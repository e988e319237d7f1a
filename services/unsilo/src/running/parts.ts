import { traceLog } from '@unsilo/event-log/tracing';
import {
  createHub,
  createHubService,
  declareHubTopics,
  type Hub,
  type HubLogger,
  type HubOptions,
  type HubService,
  type Metric,
  type SystemsPort,
} from '@unsilo/hub';
import type { Logger } from 'pino';
import type { Configuration } from '../configuration/configuration.js';
import type { DataFolder } from './data-folder.js';
import type { Ending } from './ending.js';
import { meterHub } from './meters.js';
import { openStorage, type OpenedStorage } from './storage.js';

export interface StartOptions {
  logger: Logger;
  /** Follow events from their source to what is written; OpenTelemetry must run (`startTracing`). Default: no. */
  tracing?: boolean;
  /** Folder of the built console. Default: that of this repository. */
  consoleFolder?: string;
}

/** What is under way in a connector may take so long to end, and once more so long after it was told to give up, as far as there is time. */
export const CONNECTOR_GRACE_MS = 3000;
/** What a stop keeps for each part, milliseconds; what another one doesn't need comes on top. */
export const GATEWAY_STOP_MS = 700;
export const HUB_STOP_MS = 1500;
export const SYSTEMS_STOP_MS = 3000;
const STORAGE_STOP_MS = 2500;

export const clock = { now: (): number => Date.now() };

/** Log and state as configured, closed by the ending. `name`: of the part of the software that the traces of the log belong to. */
export async function tracedStorage(
  configuration: Configuration,
  folder: DataFolder,
  { logger, tracing }: StartOptions,
  name: string,
  ending: Ending,
): Promise<Omit<OpenedStorage, 'close'>> {
  const events = { ...plainLog(logger), left: (what: string) => ending.leave(what) };
  const storage = await openStorage(configuration, folder, events);
  ending.add('log and state', () => storage.close(), STORAGE_STOP_MS);
  return tracing === true ? { ...storage, log: traceLog(storage.log, name) } : storage;
}

type Storage = Pick<OpenedStorage, 'log' | 'store'>;

function hubOptions(
  { tenant, policy, model, systems, limits, storage: servers }: Configuration,
  { log, store }: Storage,
  systemsPort: SystemsPort,
  logger: HubLogger,
): HubOptions {
  return {
    tenant,
    log,
    store,
    policy,
    model,
    systems: systems.map(({ profile }) => profile),
    systemsPort,
    clock,
    logger,
    batchSize: limits.batch,
    ...(servers?.kafka.partitions === undefined ? {} : { partitions: servers.kafka.partitions }),
  };
}

/** A worker of the hub, and the figures about its work. */
export function makeHub(
  configuration: Configuration,
  { log, store }: Storage,
  systemsPort: SystemsPort,
  logger: Logger,
): { hub: Hub; metrics: () => Metric[] } {
  const meters = meterHub(log);
  const hub = createHub(hubOptions(configuration, { log: meters.log, store }, systemsPort, plainLog(logger)));
  return { hub, metrics: () => meters.metrics() };
}

/** What users can ask of the hub, where its work is done elsewhere. Declares the topics that are asked about. */
export async function makeHubService(
  configuration: Configuration,
  storage: Storage,
  systemsPort: SystemsPort,
  logger: HubLogger,
  isReady: () => boolean,
): Promise<HubService> {
  const options = hubOptions(configuration, storage, systemsPort, logger);
  await declareHubTopics(
    storage.log,
    configuration.systems.map(({ name }) => name),
    options.partitions,
  );
  return createHubService(options, isReady);
}

type Fields = Record<string, string | number | boolean>;
type Line = (fields: Fields, message: string) => void;

/** The narrow logs that hub, connectors and storage take, over the one of the process. */
export function plainLog(logger: Logger): { debug: Line; info: Line; warn: Line; error: Line } {
  return {
    debug: (fields, message) => logger.debug(fields, message),
    info: (fields, message) => logger.info(fields, message),
    warn: (fields, message) => logger.warn(fields, message),
    error: (fields, message) => logger.error(fields, message),
  };
}
