import { setTimeout as sleep } from 'node:timers/promises';
import type { EventLog } from '@unsilo/event-log';
import { createHub, createHubService, rebuildFromPublished, type HubOptions } from '@unsilo/hub';
import { topicName } from '@unsilo/schemas';
import type { StateStore } from '@unsilo/state-store';
import type { Configuration } from '../configuration/configuration.js';
import { clock } from './parts.js';
import { openEmbedded } from './storage.js';
import { stoppedSystems } from './systems.js';

export interface RebuiltState {
  /** Messages of the compacted topics. */
  messages: number;
  seconds: number;
  customers: number;
  hash: string;
}

const RELAY_MS = 60_000;

/** A hub that has no systems at hand, and says nothing. */
export function hubOptions(
  { tenant, policy, model, systems, limits, storage }: Configuration,
  log: EventLog,
  store: StateStore,
): HubOptions {
  const quiet = (): void => undefined;
  return {
    tenant,
    log,
    store,
    policy,
    model,
    systems: systems.map(({ profile }) => profile),
    systemsPort: stoppedSystems(systems),
    clock,
    logger: { info: quiet, warn: quiet, error: quiet },
    batchSize: limits.batch,
    ...(storage?.kafka.partitions === undefined ? {} : { partitions: storage.kafka.partitions }),
  };
}

/** Publishes what changed since it was last published, and waits until it stands on the log. Answers how many records. */
export async function publishAll(configuration: Configuration, log: EventLog, store: StateStore): Promise<number> {
  const ends = async (): Promise<number> =>
    (await log.ends([topicName('records')])).reduce((sum, { next }) => sum + next, 0);
  const before = await ends();
  const published = await createHub(hubOptions(configuration, log, store)).publishRecords();
  for (const end = performance.now() + RELAY_MS; (await ends()) < before + published; await sleep(20))
    if (performance.now() > end) throw new Error('What was published does not reach the log.');
  return published;
}

/** Makes the state anew from the compacted topics alone, in a folder that is not there yet, and looks at its customers. */
export async function rebuildPublished(
  source: EventLog,
  configuration: Configuration,
  folder: string,
  progress: (messages: number) => void,
): Promise<RebuiltState> {
  const { store, close } = await openEmbedded(folder);
  try {
    const began = performance.now();
    let messages = 0;
    // What it says of customers it says to nobody.
    const silent = withoutOutbox(store);
    await rebuildFromPublished(hubOptions(configuration, source, silent), (count) => progress((messages += count)));
    const seconds = (performance.now() - began) / 1000;
    const service = createHubService(hubOptions(configuration, source, store), () => true);
    const actor = { tenant: configuration.tenant, name: 'rebuild', roles: ['admin'] as const };
    const { hash, customers } = await service.customersHash(actor);
    return { messages, seconds, customers, hash };
  } finally {
    await close();
  }
}

function withoutOutbox(store: StateStore): StateStore {
  return {
    exclusive: store.exclusive,
    getMany: (...args) => store.getMany(...args),
    range: (...args) => store.range(...args),
    offsets: (group) => store.offsets(group),
    commit: (tenant, { outbox: _, ...commit }) => store.commit(tenant, commit),
    tenants: () => store.tenants(),
    usage: () => store.usage(),
    close: () => store.close(),
  };
}
