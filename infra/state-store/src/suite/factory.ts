import { randomBytes } from 'node:crypto';
import type { EventLog } from '@unsilo/event-log';
import type { Entry, StateStore } from '../port.js';

/** How the suite gets at an adapter. */
export interface StateStoreFactory {
  /** The outbox is in the log as soon as a commit has resolved (otherwise a relay brings it there). */
  transactionalOutbox: boolean;
  /** Whether commits survive kill -9 of the process that made them (a store that is rebuilt from the log may lose the last). */
  durable: boolean;
  /** Commits of several tenants may move the offsets of one group (where state is spread over servers, a group belongs to one tenant). */
  groupsSpanTenants: boolean;
  /** Largest value, bytes; the next larger one is refused. */
  maxValueBytes: number;
  /** How many histories the model test runs. */
  histories: number;
  /** A place for one test's data. Tenants, topics and groups have names of their own, so places may share a server. */
  create(): Promise<StatePlace>;
}

export interface OpenState {
  store: StateStore;
  /** The log that the outbox goes to. */
  log: EventLog;
}

export interface StatePlace {
  /** Opens the store and its log, or opens them again over the same data after `close` or after a child process has died. */
  open(): Promise<OpenState>;
  /** Closes what `open` gave last. Repeats are harmless. */
  close(): Promise<void>;
  /** Closes and removes everything. */
  remove(): Promise<void>;
  /** A module that exports `openState(argument: string): Promise<OpenState>`, for another process, while the place is closed. */
  child: { module: string; argument: string };
}

/** A name that no other test uses. */
export function unique(name: string): string {
  return `${name}-${randomBytes(6).toString('hex')}`;
}

export interface Bench extends OpenState {
  place: StatePlace;
  tenant: string;
  topic: string;
  /** Values of keys in table `t` of the tenant. */
  values(...keys: string[]): Promise<(string | undefined)[]>;
  /** The entry of a key in table `t`, which must be there. */
  entry(key: string): Promise<Entry>;
}

/** Runs a test on an open store with a tenant and a topic of its own. */
export function withStore(factory: StateStoreFactory, run: (bench: Bench) => Promise<void>): () => Promise<void> {
  return async () => {
    const place = await factory.create();
    try {
      const { store, log } = await place.open();
      const tenant = unique('tenant');
      const topic = unique('topic');
      await log.declare([{ name: topic, partitions: 2, cleanup: 'delete' }]);
      await run({
        place,
        store,
        log,
        tenant,
        topic,
        values: async (...keys) => (await store.getMany(tenant, 't', keys)).map((entry) => entry?.value),
        entry: async (key) => {
          const [entry] = await store.getMany(tenant, 't', [key]);
          if (entry === undefined) throw new Error(`nothing stands under ${key}`);
          return entry;
        },
      });
    } finally {
      await place.remove();
    }
  };
}

/** Puts into table `t`. */
export function put(...pairs: [key: string, value: string][]): { table: string; key: string; value: string }[] {
  return pairs.map(([key, value]) => ({ table: 't', key, value }));
}

/** Values in a topic, by key in order. */
export async function logged(log: EventLog, topic: string): Promise<{ key: string; value: string | null }[]> {
  const messages: { key: string; value: string | null }[] = [];
  for (const { partition } of await log.ends([topic])) {
    let from: number | undefined = 0;
    while (from !== undefined) {
      const page: Awaited<ReturnType<EventLog['read']>> = await log.read({ topic, partition, from, limit: 1000 });
      for (const { key, value } of page.messages) messages.push({ key, value: value?.toString('utf8') ?? null });
      from = page.next;
    }
  }
  return messages;
}

/** The code of the error that a promise rejects with; undefined when it resolves. */
export async function codeOf(work: Promise<unknown>): Promise<string | undefined> {
  try {
    await work;
    return undefined;
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  }
}
