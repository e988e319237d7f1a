import { declareHubTopics, type HubService, type Metric } from '@unsilo/hub';
import type { Configuration } from '../configuration/configuration.js';
import { connectorTopics } from './connector-topics.js';
import { DataFolder } from './data-folder.js';
import { Ending } from './ending.js';
import { LeasedSystems } from './leased-systems.js';
import { openGateway } from './open-gateway.js';
import {
  CONNECTOR_GRACE_MS,
  GATEWAY_STOP_MS,
  HUB_STOP_MS,
  SYSTEMS_STOP_MS,
  clock,
  makeHub,
  makeHubService,
  plainLog,
  tracedStorage,
  type StartOptions,
} from './parts.js';
import { RemoteSystems } from './remote-systems.js';
import { serveRole } from './role-server.js';
import { StartError } from './start-error.js';
import type { RunningRole } from './start.js';
import { stoppedSystems } from './systems.js';

export const ROLES = ['all', 'hub', 'gateway', 'connector'] as const;
export type ProcessRole = (typeof ROLES)[number];

/** A state that has not answered for so long makes the gateway unfit, milliseconds. */
const SILENT_STATE_MS = 10_000;
/** What a worker says of systems and groups is said by the gateway, which sees all of them. */
const OF_THE_GATEWAY = /^unsilo_(system|state|lag)_/;

/**
 * Runs one part of Unsilo, beside others on the same servers: a worker of the hub, the gateway with the console, or systems' connectors.
 * @param only Systems to run, for the role `connector`: all unless given; none is allowed and waits to be stopped.
 * @throws UNSILO_STORAGE_NEEDED, UNSILO_SYSTEM_UNKNOWN
 */
export async function startRole(
  configuration: Configuration,
  role: Exclude<ProcessRole, 'all'>,
  only: readonly string[] | undefined,
  options: StartOptions,
): Promise<RunningRole> {
  if (configuration.storage === undefined)
    throw new StartError(
      'UNSILO_STORAGE_NEEDED',
      `The role ${role} needs servers that several processes can share: name them under \`storage\`, or leave --role out.`,
    );
  const unknown = only?.find((name) => configuration.systems.every((system) => system.name !== name));
  if (unknown !== undefined)
    throw new StartError('UNSILO_SYSTEM_UNKNOWN', `There is no system "${unknown}" in the configuration.`);
  const ending = new Ending();
  try {
    const parts = { configuration, options, ending };
    if (role === 'hub') return await startHub(parts);
    if (role === 'gateway') return await startGateway(parts);
    return await startConnectors(parts, only);
  } catch (error) {
    await ending.all();
    throw error;
  }
}

interface Parts {
  configuration: Configuration;
  options: StartOptions;
  ending: Ending;
}

async function startHub({ configuration, options, ending }: Parts): Promise<RunningRole> {
  const folder = new DataFolder(configuration.dataFolder);
  const storage = await tracedStorage(configuration, folder, options, 'unsilo-hub', ending);
  const { hub, metrics } = makeHub(configuration, storage, stoppedSystems(configuration.systems), options.logger);
  ending.add("the hub's work", () => hub.stop(), HUB_STOP_MS);
  const server = await serveRole({
    ...configuration.http,
    health: () => healthOf(hub.service, ending),
    metrics: async () => [
      ...(await hub.service.metrics()).filter(({ name }) => !OF_THE_GATEWAY.test(name)),
      ...metrics(),
    ],
  });
  ending.add('the HTTP server', () => server.close());
  return running(server.url, ending, hub.start());
}

async function startGateway({ configuration, options, ending }: Parts): Promise<RunningRole> {
  const folder = new DataFolder(configuration.dataFolder);
  folder.make();
  const storage = await tracedStorage(configuration, folder, options, 'unsilo-gateway', ending);
  const remote = new RemoteSystems(storage.store, configuration.tenant, configuration.systems);
  ending.add('the look at the systems', () => remote.close());
  const isReady = (): boolean => clock.now() - remote.answeredAt < SILENT_STATE_MS;
  const service = await makeHubService(configuration, storage, remote, plainLog(options.logger), isReady);
  const health: HubService['health'] = async () => {
    const { live, ready } = await healthOf(service, ending);
    const reasons = ending.begun ? ['It is stopping.'] : ready ? [] : ['The state does not answer.'];
    return { live, ready, reasons };
  };
  const { url, adminKey, close } = await openGateway(configuration, folder, options, {
    service: { ...service, health },
    webhook: (system, call) => remote.webhook(system, call),
  });
  ending.add('requests', close, GATEWAY_STOP_MS);
  remote.start();
  return { ...running(url, ending, Promise.resolve()), dataFolder: folder.path, adminKey };
}

async function startConnectors(
  { configuration, options, ending }: Parts,
  only: readonly string[] | undefined,
): Promise<RunningRole> {
  const { tenant, http } = configuration;
  const systems = configuration.systems.filter(({ name }) => only === undefined || only.includes(name));
  const names = systems.map(({ name }) => name);
  const folder = new DataFolder(configuration.dataFolder);
  const { log, store } = await tracedStorage(configuration, folder, options, 'unsilo-connector', ending);
  await declareHubTopics(
    log,
    configuration.systems.map(({ name }) => name),
    configuration.storage?.kafka.partitions,
  );
  await log.declare(connectorTopics(names));
  let url = '';
  let ready = false;
  const leased = new LeasedSystems({
    tenant,
    systems,
    log,
    store,
    logger: plainLog(options.logger),
    graceMs: CONNECTOR_GRACE_MS,
    clock,
    url: () => url,
  });
  const server = await serveRole({
    ...http,
    health: () =>
      Promise.resolve({
        live: true,
        ready: ready && !ending.begun,
        reasons: ending.begun ? ['It is stopping.'] : ready ? [] : ['It is not known yet which systems run here.'],
      }),
    metrics: () => Promise.resolve([systemsHere(names, leased.here())]),
    webhook: (system, call) => leased.webhook(system, call),
  });
  url = server.url;
  ending.add('the HTTP server', () => server.close());
  ending.add('the systems', () => leased.close(), SYSTEMS_STOP_MS);
  return running(
    url,
    ending,
    leased.start().then(() => void (ready = true)),
  );
}

/** What a connector process says of itself. */
export function systemsHere(names: readonly string[], here: readonly string[]): Metric {
  return {
    name: 'unsilo_connector_here',
    help: '1 where this process runs the system, 0 where it waits for another process to end.',
    type: 'gauge',
    samples: names.map((system) => ({ labels: { system }, value: here.includes(system) ? 1 : 0 })),
  };
}

async function healthOf(
  service: HubService,
  ending: Ending,
): Promise<{ live: boolean; ready: boolean; reasons: string[] }> {
  const health = await service.health();
  const reasons = [...health.reasons];
  return ending.begun ? { ...health, ready: false, reasons: [...reasons, 'It is stopping.'] } : { ...health, reasons };
}

function running(url: string, ending: Ending, ready: Promise<void>): RunningRole {
  // Whoever awaits it is told; nobody else must be.
  const told = ready.catch((error: unknown) => {
    if (!ending.begun) throw error;
  });
  told.catch(() => undefined);
  return { url, dataFolder: undefined, adminKey: undefined, ready: told, stop: () => ending.all() };
}
