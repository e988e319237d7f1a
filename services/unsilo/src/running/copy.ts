import { connectorGroup, createHub, createHubService, declareHubTopics, systemsOnLog } from '@unsilo/hub';
import { declareTopics, topicName } from '@unsilo/schemas';
import type { StateStore } from '@unsilo/state-store';
import type { Configuration } from '../configuration/configuration.js';
import { ConnectorMemory } from './connector-memory.js';
import { CONNECTOR_TABLE, connectorStorage, placeOfEntry } from './connector-storage.js';
import { connectorTopics } from './connector-topics.js';
import { COPY_TABLE, TopicCopy, type CopyPlace } from './copy-topic.js';
import { hubOptions, publishAll } from './rebuild-published.js';
import { StartError } from './start-error.js';
import type { OpenedStorage } from './storage.js';
import { SILENCE_MS, SystemRows } from './system-rows.js';

const PAGE = 500;
const ENDED = '#ended';
const BEGUN = '#begun';
/** Of the state, what no log has: that first readings are complete, and what became of dead letters before their topic said so. */
const ROWS = ['dead-letters', 'systems'] as const;
/** Of a connector's memory on servers, what belongs to those. */
const NOT_COPIED: ReadonlySet<string> = new Set(['#position', 'last-order']);

export interface CopyOptions {
  signal: AbortSignal;
  progress: (messages: number) => void;
  say: (line: string) => void;
}
export interface Copied {
  /** In this run; a copy that goes on counts from where it stood. */
  messages: number;
  rows: number;
  source: { hash: string; customers: number };
  target: { hash: string; customers: number };
  equal: boolean;
}

/**
 * Moves an installation from one log and state to others: events, decisions, dead letters, what connectors remember and how far they have
 * read their commands. The state itself is computed again from that, and compared. Nothing may run on either of them.
 * @throws UNSILO_COPY_TARGET_IN_USE, UNSILO_COPY_RUNNING; what the signal is aborted with
 */
export async function copyInstallation(
  source: OpenedStorage,
  target: OpenedStorage,
  configuration: Configuration,
  { signal, progress, say }: CopyOptions,
): Promise<Copied> {
  const { tenant, systems, storage } = configuration;
  const names = systems.map(({ name }) => name);
  for (const { store } of [source, target]) await refuseRunning(store, tenant, names);
  for (const { log } of [source, target]) {
    await declareHubTopics(log, names, storage?.kafka.partitions);
    if (log.capabilities.distributed) await log.declare(connectorTopics(names));
  }
  await refuseInUse(target, tenant, names);
  // What was once written to systems that are no longer configured is known by their commands alone.
  const written = [...new Set([...names, ...(await systemsOnLog(source.log))])];
  await declareHubTopics(target.log, written, storage?.kafka.partitions);
  say('Publishing what the hub knows of every record …');
  await publishAll(configuration, source.log, source.store);
  let messages = 0;
  const place: CopyPlace = {
    source: source.log,
    target: target.log,
    store: target.store,
    tenant,
    signal,
    progress: (count) => progress((messages += count)),
  };
  for (const { name: topic } of declareTopics(written)) {
    // What the hub says of customers it says anew.
    if (topic === topicName('customers')) continue;
    const copy = await TopicCopy.open(place, topic);
    const system = written.find((name) => topicName('commands', name) === topic);
    if (system !== undefined) {
      // What was carried out must not be carried out again.
      const read = (await source.log.lag(connectorGroup(system))).filter((lag) => lag.topic === topic);
      const positions = new Map((await source.log.ends([topic])).map(({ partition, first }) => [partition, first]));
      for (const { partition, committed } of read) positions.set(partition, committed);
      await copy.upTo(positions);
      await copy.setGroup(connectorGroup(system));
    }
    await copy.upTo();
  }
  say('Copying what connectors remember …');
  let rows = 0;
  for (const table of ROWS) rows += await copyRows(source.store, target.store, tenant, table, signal);
  for (const name of names) rows += await copyMemory(source, target, tenant, name, signal);
  say('Computing the customers anew …');
  const hub = createHub(hubOptions(configuration, target.log, target.store));
  try {
    await hub.start();
    await hub.settled();
  } finally {
    await hub.stop();
  }
  const actor = { tenant, name: 'copy', roles: ['admin'] as const };
  const [before, after] = await Promise.all(
    [source, target].map(({ log, store }) =>
      createHubService(hubOptions(configuration, log, store), () => true).customersHash(actor),
    ),
  );
  if (before === undefined || after === undefined) throw new Error('there is no hash');
  const equal = before.hash === after.hash && before.customers === after.customers;
  if (equal) await mark(target.store, tenant, ENDED);
  return { messages, rows, source: before, target: after, equal };
}

async function mark(store: StateStore, tenant: string, key: string): Promise<void> {
  await store.commit(tenant, { put: [{ table: COPY_TABLE, key, value: 'true' }] });
}

/** A target is empty, or has a copy that was begun. */
async function refuseInUse({ log, store }: OpenedStorage, tenant: string, names: readonly string[]): Promise<void> {
  const [begun, ended] = await store.getMany(tenant, COPY_TABLE, [BEGUN, ENDED]);
  if (begun !== undefined && ended === undefined) return;
  const ends = await log.ends(declareTopics(names).map(({ name }) => name));
  if (ended !== undefined || ends.some(({ next }) => next > 0))
    throw new StartError(
      'UNSILO_COPY_TARGET_IN_USE',
      ended === undefined
        ? 'The target has events already: copy into an empty one.'
        : 'The copy was finished before: the target goes on by itself. Copy into an empty one.',
    );
  await mark(store, tenant, BEGUN);
}

async function refuseRunning(store: StateStore, tenant: string, names: readonly string[]): Promise<void> {
  const statuses = await new SystemRows(store, tenant).statuses(names);
  const running = names.filter((_, index) => Date.now() - (statuses[index]?.at ?? 0) < SILENCE_MS);
  if (running.length > 0)
    throw new StartError(
      'UNSILO_COPY_RUNNING',
      `A process runs ${running.join(', ')}. Stop everything first, and wait ${SILENCE_MS / 1000} s.`,
    );
}

async function* entries(store: StateStore, tenant: string, table: string, prefix = '', signal?: AbortSignal) {
  // No key goes on with a character above this one.
  const to = prefix === '' ? undefined : `${prefix}\u{10FFFF}`;
  for (let from = prefix; ;) {
    signal?.throwIfAborted();
    const page = await store.range(tenant, table, { from, ...(to === undefined ? {} : { to }), limit: PAGE });
    const last = page.at(-1);
    if (last === undefined) return;
    yield page;
    from = `${last.key}\u0000`;
  }
}

async function copyRows(
  source: StateStore,
  target: StateStore,
  tenant: string,
  table: string,
  signal: AbortSignal,
): Promise<number> {
  let rows = 0;
  for await (const page of entries(source, tenant, table, '', signal)) {
    await target.commit(tenant, { put: page.map(({ key, value }) => ({ table, key, value })) });
    rows += page.length;
  }
  return rows;
}

async function copyMemory(
  source: OpenedStorage,
  target: OpenedStorage,
  tenant: string,
  system: string,
  signal: AbortSignal,
): Promise<number> {
  // A state that has lost some of it is made good first.
  if (source.log.capabilities.distributed) await ConnectorMemory.open(source.log, source.store, tenant, system);
  const memory = target.log.capabilities.distributed
    ? await ConnectorMemory.open(target.log, target.store, tenant, system)
    : connectorStorage(target.store, tenant, system);
  const prefix = placeOfEntry(system, '');
  let rows = 0;
  for await (const page of entries(source.store, tenant, CONNECTOR_TABLE, prefix, signal)) {
    const own = page.filter(({ key }) => !NOT_COPIED.has(key.slice(prefix.length)));
    await memory.set(
      Object.fromEntries(own.map(({ key, value }) => [key.slice(prefix.length), JSON.parse(value) as unknown])),
    );
    rows += own.length;
  }
  return rows;
}
