import type { EventLog } from '@unsilo/event-log';
import { openEnvironment, openLmdbEventLog } from '@unsilo/event-log/lmdb';
import type { KafkaOptions } from '@unsilo/event-log/kafka';
import type { StateStore } from '@unsilo/state-store';
import { openLmdbStateStore } from '@unsilo/state-store/lmdb';
import type { Configuration, StorageConfiguration } from '../configuration/configuration.js';
import type { DataFolder } from './data-folder.js';

/** The log and the state beside it. */
export interface OpenedStorage {
  log: EventLog;
  store: StateStore;
  /** State first: what it has sent to the log arrives before the log is closed. Repeats are harmless. */
  close(): Promise<void>;
}

export interface StorageEvents {
  debug(fields: Record<string, string>, message: string): void;
  info(fields: Record<string, string>, message: string): void;
  warn(fields: Record<string, string>, message: string): void;
  /** Told at closing of what was not brought to its end. */
  left?(what: string): void;
}

/** On the servers that the configuration names, else in the data folder. */
export async function openStorage(
  { storage }: Pick<Configuration, 'storage'>,
  folder: DataFolder,
  events: StorageEvents,
): Promise<OpenedStorage> {
  if (storage !== undefined) return openServers(storage, events);
  folder.make();
  return openEmbedded(folder.database);
}

/** In a folder, for one process. */
export async function openEmbedded(folder: string): Promise<OpenedStorage> {
  const environment = await openEnvironment({ folder });
  const log = openLmdbEventLog(environment);
  const store = openLmdbStateStore(environment);
  return {
    log,
    store,
    close: async () => {
      await store.close();
      await log.close();
      await environment.close();
    },
  };
}

/** Kafka and Redis, for any number of processes. */
export async function openServers(storage: StorageConfiguration, events: StorageEvents): Promise<OpenedStorage> {
  // Whoever runs on a data folder loads neither client.
  const { openKafkaEventLog } = await import('@unsilo/event-log/kafka');
  const { openRedisStateStore } = await import('@unsilo/state-store/redis');
  const log = await openKafkaEventLog({
    ...kafkaOptions(storage.kafka),
    // What a request meets with is told where it fails for good; in between it is repeated.
    onLog: ({ message, broker }) => events.debug(broker === undefined ? {} : { broker }, `Kafka: ${message}`),
    onLeft: (what) => events.left?.(`the log: ${what}`),
  });
  try {
    const store = await openRedisStateStore({
      ...storage.redis,
      log,
      onEvent: ({ code, message }) => {
        if (code === 'UNSILO_STATE_LEFT') events.left?.(`the state: ${message}`);
        else if (code === 'UNSILO_STATE_CONNECTED') events.info({ code }, message);
        else events.warn({ code }, message);
      },
    });
    return {
      log,
      store,
      close: async () => {
        await store.close();
        await log.close();
      },
    };
  } catch (error) {
    await log.close();
    throw error;
  }
}

export function kafkaOptions({ replication, partitions: _, ...rest }: StorageConfiguration['kafka']): KafkaOptions {
  return { ...rest, ...(replication === undefined ? {} : { replicationFactor: replication }) };
}
