import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openEnvironment, openLmdbEventLog } from '@unsilo/event-log/lmdb';
import type { AppendMessage } from '@unsilo/event-log';
import {
  commandEvent,
  declareTopics,
  partyEvent,
  placeOf,
  type Command,
  type Party,
  type PartyState,
  type SystemProfile,
  type UnsiloEvent,
} from '@unsilo/schemas';
import type { StateStore } from '@unsilo/state-store';
import { openLmdbStateStore } from '@unsilo/state-store/lmdb';
import { createHub } from '../../src/application/run.js';
import type { Hub } from '../../src/application/hub.js';
import type { LinkageModel } from '../../src/domain/linkage/model.js';
import type { Actor } from '../../src/application/service.js';
import type { Policy } from '../../src/domain/policy.js';
import { DEFAULT_HORIZON } from '../../src/domain/compaction.js';

/** A hub on a data folder of its own, for tests: systems without connectors, whose changes and outcomes the test appends. */
export interface TestHub {
  hub: Hub;
  store: StateStore;
  append(...events: UnsiloEvent[]): Promise<void>;
  /** Commands on a system's topic so far. */
  commands(system: string): Promise<Extract<UnsiloEvent, { type: 'unsilo.command.issued' }>['data'][]>;
  /** All messages of all topics but `customers`, which nobody rebuilds from. */
  everything(): Promise<AppendMessage[]>;
  /** @param changed Settings of the hub that is opened. */
  reopen(changed?: Pick<Settings, 'model'> | Pick<Settings, 'policy'> | Pick<Settings, 'systems'>): Promise<void>;
  close(): Promise<void>;
}

export const admin: Actor = { tenant: 'acme', name: 'test', roles: ['admin'] };
export const T0 = Date.parse('2026-03-01T12:00:00.000Z');

export function crm(system: string, overrides: Partial<SystemProfile['kinds'][number]> = {}): SystemProfile {
  return {
    system,
    connector: 'test',
    title: system,
    objects: ['case'],
    reply: { maxLength: 200 },
    kinds: [
      {
        kind: 'contact',
        party: 'person',
        create: 'external-key',
        delete: true,
        conditional: true,
        attributes: {
          'name.given': { writable: true },
          'name.surname': { writable: true },
          'name.full': { writable: false, derived: true },
          emails: { writable: true },
          phones: { writable: true },
          consents: { writable: true },
        },
        ...overrides,
      },
    ],
  };
}

export function policyFor(systems: readonly string[], overrides: Partial<Policy> = {}): Policy {
  const write = { contact: { fields: ['*'], clear: true, create: false, createRequires: [] } };
  return {
    version: '1',
    rules: {},
    systems: Object.fromEntries(
      systems.map((s) => [
        s,
        { rank: 100, write, deletes: 'ignore' as const, duplicates: 'write-all' as const, addWins: false },
      ]),
    ),
    horizon: DEFAULT_HORIZON,
    commandDeadlineMs: 3_600_000,
    quarantine: { sends: 8, windowMs: 3_600_000 },
    ...overrides,
  };
}

export function seen(ref: string, major: number, state: Partial<PartyState>, at = T0 + major * 1000): UnsiloEvent {
  const time = new Date(at).toISOString();
  const party: Party = {
    ref,
    version: { major, minor: 0 },
    createdAt: time,
    changedAt: time,
    observedAt: time,
    state: { kind: 'person', ...state },
  };
  return partyEvent('acme', party);
}

/** A command as the hub's planning issues it, to records that the test has made up. */
export function planned(
  command:
    Omit<Extract<Command, { action: 'update' }>, Routine> | Omit<Extract<Command, { action: 'create' }>, Routine>,
): UnsiloEvent {
  const at = new Date(T0).toISOString();
  return commandEvent('acme', { cause: { kind: 'plan' }, issuedAt: at, deadline: at, attempt: 1, ...command });
}
type Routine = 'cause' | 'issuedAt' | 'deadline' | 'attempt';

interface Settings {
  systems: SystemProfile[];
  policy: Policy;
  folder?: string;
  batchSize?: number;
  now?: () => number;
  model?: LinkageModel;
  /** Errors in the hub's log are part of the test. */
  expectProblems?: boolean;
}

/** A data folder whose log has all this, for a hub that knows nothing of it. @param systems Those that have topics of their own there. */
export async function folderWith(messages: readonly AppendMessage[], systems: readonly string[]): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'unsilo-hub-'));
  const environment = await openEnvironment({ folder });
  const log = openLmdbEventLog(environment);
  await log.declare(declareTopics(systems));
  await log.append(messages);
  await log.close();
  await environment.close();
  return folder;
}

export async function openTestHub(settings: Settings): Promise<TestHub> {
  let options = settings;
  const folder = options.folder ?? mkdtempSync(join(tmpdir(), 'unsilo-hub-'));
  const open = async () => {
    const environment = await openEnvironment({ folder });
    const log = openLmdbEventLog(environment);
    const store = openLmdbStateStore(environment);
    const problems: string[] = [];
    const hub = createHub({
      tenant: 'acme',
      log,
      store,
      policy: options.policy,
      systems: options.systems,
      systemsPort: { list: () => [], pause: async () => undefined, resume: async () => undefined },
      clock: { now: options.now ?? (() => T0 + 86_400_000) },
      logger: {
        info: () => undefined,
        warn: () => undefined,
        error: (_, text) => {
          problems.push(text);
        },
      },
      ...(options.model === undefined ? {} : { model: options.model }),
      ...(options.batchSize === undefined ? {} : { batchSize: options.batchSize }),
    });
    await hub.start();
    return { environment, log, store, hub, problems };
  };
  let running = await open();
  const shut = async (): Promise<void> => {
    await running.hub.stop();
    await running.store.close();
    await running.log.close();
    await running.environment.close();
    if (running.problems.length > 0 && !options.expectProblems) throw new Error(running.problems.join('\n'));
  };
  return {
    get hub() {
      return running.hub;
    },
    get store() {
      return running.store;
    },
    async append(...events) {
      await running.log.append(events.map((event) => ({ ...placeOf(event), value: JSON.stringify(event) })));
    },
    async commands(system) {
      const topic = `unsilo.commands.${system}.v1`;
      const ends = await running.log.ends([topic]);
      const pages = await Promise.all(
        ends.map((e) => running.log.read({ topic, partition: e.partition, from: e.first, limit: 10_000 })),
      );
      return pages
        .flatMap((p) => p.messages)
        .sort((a, b) => a.timestamp - b.timestamp || a.offset - b.offset)
        .map((m) => (JSON.parse(String(m.value)) as { data: never }).data);
    },
    async everything() {
      const topics = (await running.log.topics()).filter((name) => !name.includes('.customers.'));
      const messages: AppendMessage[] = [];
      for (const end of await running.log.ends(topics)) {
        let from: number | undefined = end.first;
        while (from !== undefined && from < end.next) {
          const page = await running.log.read({ topic: end.topic, partition: end.partition, from, limit: 1000 });
          messages.push(...page.messages.map(({ topic, key, value }) => ({ topic, key, value })));
          from = page.next;
        }
      }
      return messages;
    },
    async reopen(changed) {
      await shut();
      options = { ...options, ...changed };
      running = await open();
    },
    async close() {
      await shut();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
