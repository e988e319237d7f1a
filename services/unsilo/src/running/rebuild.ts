import type { EventLog } from '@unsilo/event-log';
import { openEnvironment, openLmdbEventLog } from '@unsilo/event-log/lmdb';
import { createHub, declareHubTopics, systemsOnLog } from '@unsilo/hub';
import { declareTopics, topicName } from '@unsilo/schemas';
import { openLmdbStateStore } from '@unsilo/state-store/lmdb';
import type { Configuration } from '../configuration/configuration.js';
import { DataFolder } from './data-folder.js';
import { stoppedSystems } from './systems.js';

const PAGE = 500;

export interface Rebuilt {
  /** Messages that were carried over. */
  messages: number;
  hash: string;
  customers: number;
}

/**
 * Makes the hub's state anew from what the log has kept, in a data folder of its own. Nothing is sent to any system: the folder has no
 * connectors running on it.
 * @param source The log to read from; it isn't changed.
 */
export async function rebuild(
  source: EventLog,
  configuration: Configuration,
  into: string,
  progress: (messages: number) => void,
): Promise<Rebuilt> {
  const { tenant, policy, model, systems } = configuration;
  const folder = new DataFolder(into);
  folder.make();
  const environment = await openEnvironment({ folder: folder.database });
  const log = openLmdbEventLog(environment);
  const store = openLmdbStateStore(environment);
  try {
    const names = [...new Set([...systems.map(({ name }) => name), ...(await systemsOnLog(source))])];
    await declareHubTopics(log, names);
    // What the hub says of customers it says anew.
    const carried = declareTopics(names).filter(({ name }) => name !== topicName('customers'));
    const messages = await copy(
      source,
      log,
      carried.map(({ name }) => name),
      progress,
    );
    const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };
    const hub = createHub({
      tenant,
      log,
      store,
      policy,
      model,
      systems: systems.map(({ profile }) => profile),
      systemsPort: stoppedSystems(systems),
      clock: { now: () => Date.now() },
      logger: quiet,
      batchSize: configuration.limits.batch,
    });
    await hub.start();
    await hub.settled();
    const { hash, customers } = await hub.service.customersHash({ tenant, name: 'rebuild', roles: ['admin'] });
    await hub.stop();
    folder.rememberRun({ tenant, configuration: configuration.file ?? null });
    return { messages, hash, customers };
  } finally {
    await store.close();
    await log.close();
    await environment.close();
  }
}

/** Every message that is left, in the order of its partition; keys decide about partitions as before. */
async function copy(
  source: EventLog,
  target: EventLog,
  topics: readonly string[],
  progress: (messages: number) => void,
): Promise<number> {
  let copied = 0;
  for (const { topic, partition, first, next: end } of await source.ends(topics)) {
    let from: number | undefined = first;
    while (from !== undefined && from < end) {
      const page = await source.read({ topic, partition, from, limit: PAGE, until: end });
      await target.append(
        page.messages.map(({ key, value, headers }) => ({
          topic,
          key,
          value,
          ...(headers === undefined ? {} : { headers }),
        })),
      );
      copied += page.messages.length;
      progress(copied);
      from = page.next;
    }
  }
  return copied;
}
