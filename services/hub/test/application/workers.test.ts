import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LogMessage } from '@unsilo/event-log';
import { openEnvironment } from '@unsilo/event-log/lmdb';
import { placeOf, type UnsiloEvent } from '@unsilo/schemas';
import type { StateStore } from '@unsilo/state-store';
import { openLmdbStateStore } from '@unsilo/state-store/lmdb';
import { createCore } from '../../src/application/core.js';
import type { LinkageModel } from '../../src/domain/linkage/model.js';
import { Processor } from '../../src/application/processor.js';
import type { CustomerRow } from '../../src/application/rows.js';
import { CROWDED_MODEL, crowdedFacts } from './crowded-facts.js';
import { random } from './history.js';
import { crm, policyFor, seen, T0 } from './test-hub.js';

const SYSTEMS = [crm('a'), crm('b'), crm('c')];
/** More by `WORKERS_SEEDS=500 npx jest services/hub/test/application/workers`; from another one on by `FIRST_SEED` as well. */
const SEEDS = Number(process.env['WORKERS_SEEDS'] ?? 12);
const FIRST = Number(process.env['FIRST_SEED'] ?? 1);

/** People with a record in each of three systems that are edited over and over; now and then two exchange their address. */
function history(seed: number, persons = 6, length = 120): UnsiloEvent[] {
  const rng = random(seed);
  return Array.from({ length }, (_, i) => {
    const person = rng.int(persons);
    const email = `p${rng.chance(0.1) ? rng.int(persons) : person}@example.org`;
    const name = { given: `Given${person}`, surname: `Surname${person}` };
    return seen(`${rng.pick(['a', 'b', 'c'])}/contact/${person}`, i + 1, {
      name,
      emails: [{ address: email }],
      note: `visit ${i}`,
    });
  });
}

function messagesOf(events: readonly UnsiloEvent[], partition: number): LogMessage[] {
  return events.map((event, offset) => {
    const { topic, key } = placeOf(event);
    return { topic, partition, offset, key, value: Buffer.from(JSON.stringify(event)), headers: {}, timestamp: T0 };
  });
}

async function withStore<Result>(use: (store: StateStore) => Promise<Result>): Promise<Result> {
  const folder = mkdtempSync(join(tmpdir(), 'unsilo-workers-'));
  const environment = await openEnvironment({ folder });
  const store = openLmdbStateStore(environment);
  try {
    return await use(store);
  } finally {
    await store.close();
    await environment.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Counts {
  reads: number;
  conflicts: number;
  /** Commits that left the offsets where they were. */
  parts?: number;
  /** Ids of all that was said. */
  said?: string[];
  /** Whoever has committed a part of a batch ends there now and then. */
  kills?: number;
}

class Killed extends Error {}

/** Says nothing to the log. Not exclusive: as a store on a server, that others write too. */
function counted(store: StateStore, exclusive: boolean, counts: Counts = { reads: 0, conflicts: 0 }): StateStore {
  const rng = random(1);
  return {
    exclusive,
    getMany: (tenant, table, keys) => {
      counts.reads += table === 'records' ? keys.length : 0;
      return store.getMany(tenant, table, keys);
    },
    range: (...args) => store.range(...args),
    offsets: (group) => store.offsets(group),
    commit: async (tenant, { outbox = [], ...commit }) => {
      // A commit is under way for as long as others may need to read and to commit.
      for (let turns = exclusive ? 0 : rng.int(40); turns > 0; turns -= 1) await new Promise(setImmediate);
      const result = await store.commit(tenant, commit);
      if (!result.ok) {
        counts.conflicts += 1;
        return result;
      }
      counts.said?.push(...outbox.map(({ value }) => (JSON.parse(value as string) as { id: string }).id));
      if (!commit.offsets?.moves.every(({ from, to }) => from === to)) return result;
      counts.parts = (counts.parts ?? 0) + 1;
      if (counts.kills === undefined || rng.chance(0.5)) return result;
      counts.kills += 1;
      throw new Killed();
    },
    tenants: () => store.tenants(),
    usage: () => store.usage(),
    close: () => store.close(),
  };
}

function workerOn(store: StateStore, model?: LinkageModel): Processor {
  const core = createCore({
    tenant: 'acme',
    policy: policyFor(['a', 'b', 'c']),
    systems: SYSTEMS,
    now: () => T0 + 86_400_000,
    ...(model && { model }),
  });
  return new Processor(core, store, 'workers');
}

async function handle(
  worker: Processor,
  messages: readonly LogMessage[],
  rng: ReturnType<typeof random>,
  largest = 6,
): Promise<void> {
  for (let at = 0; at < messages.length;) {
    const batch = messages.slice(at, (at += 1 + rng.int(largest)));
    await handleBatch(worker, batch);
  }
}

async function handleBatch(worker: Processor, batch: readonly LogMessage[]): Promise<void> {
  const [{ partition, offset }] = batch as [LogMessage];
  // One sequence of messages, whatever they are about.
  const move = { topic: 'all', partition, from: offset === 0 ? undefined : offset, to: offset + batch.length };
  const { done } = await worker.begin(batch, [move]);
  await done;
}

/** As `handle`; where a worker ends, another one begins where the offsets are. */
async function handleThroughKills(
  begin: () => Processor,
  messages: readonly LogMessage[],
  rng: ReturnType<typeof random>,
): Promise<void> {
  let worker = begin();
  for (let at = 0; at < messages.length;) {
    const size = 1 + rng.int(60);
    try {
      await handleBatch(worker, messages.slice(at, at + size));
      at += size;
    } catch (error) {
      if (!(error instanceof Killed)) throw error;
      worker = begin();
    }
  }
}

async function customers(store: StateStore): Promise<string[]> {
  const rows = await store.range('acme', 'customers', { limit: 1000 });
  return rows.map(({ key, value }) => {
    const { members, fingerprint } = JSON.parse(value) as CustomerRow;
    return `${key} ${members.join()} ${fingerprint}`;
  });
}

/** Customers, and what matching knows. */
async function everything(store: StateStore): Promise<Record<string, unknown>> {
  const found: Record<string, unknown> = { customers: await customers(store) };
  for (const table of ['matching', 'postings', 'shared', 'overflow', 'components', 'review', 'search'])
    found[table] = (await store.range('acme', table, { limit: 10_000 })).map(({ key, value }) => [
      key,
      JSON.parse(value),
    ]);
  return found;
}

/** What one worker makes of all that happened. */
function madeAlone(
  events: readonly UnsiloEvent[],
  seed: number,
  model?: LinkageModel,
): Promise<Record<string, unknown>> {
  return withStore(async (store) => {
    await handle(workerOn(counted(store, true), model), messagesOf(events, 0), random(seed), 60);
    return everything(store);
  });
}

/** What several make of it, each of its share. */
function madeTogether(
  events: readonly UnsiloEvent[],
  workers: number,
  counts: Counts,
  work: (state: StateStore, messages: readonly LogMessage[], worker: number) => Promise<void>,
): Promise<Record<string, unknown>> {
  return withStore(async (store) => {
    const state = counted(store, false, counts);
    const shares = Array.from({ length: workers }, (_, n) => events.filter((__, i) => i % workers === n));
    await Promise.all(shares.map((its, n) => work(state, messagesOf(its, n), n)));
    return everything(store);
  });
}

describe('workers on one state', () => {
  test('who meet in the same customers come to those of one worker alone', async () => {
    const counts = { reads: 0, conflicts: 0 };
    for (let seed = 1; seed <= SEEDS; seed += 1) {
      const events = history(seed);
      const alone = await madeAlone(events, seed);
      const together = await madeTogether(events, 2, counts, (state, messages, n) =>
        handle(workerOn(state), messages, random(seed + n)),
      );
      expect({ seed, state: together }).toEqual({ seed, state: alone });
    }
    expect(counts.conflicts).toBeGreaterThan(SEEDS);
  }, 120_000);

  test.each([
    { facts: 'that are alike, with crowds, decisions and erasures', model: CROWDED_MODEL, eventsOf: crowdedFacts },
    {
      facts: 'about sixty people who exchange addresses now and then',
      model: undefined,
      eventsOf: (seed: number) => history(seed, 60, 400),
    },
  ])(
    'with batches of facts $facts: whoever commits a part of one before the rest comes to the same',
    async ({ model, eventsOf }) => {
      const counts = { reads: 0, conflicts: 0, parts: 0 };
      for (let seed = FIRST; seed < FIRST + SEEDS; seed += 1) {
        const events = random(seed).shuffle(eventsOf(seed));
        const alone = await madeAlone(events, seed, model);
        const together = await madeTogether(events, 3, counts, (state, messages, n) =>
          handle(workerOn(state, model), messages, random(seed + n), 60),
        );
        expect({ seed, state: together }).toEqual({ seed, state: alone });
      }
      expect(counts.conflicts).toBeGreaterThan(SEEDS);
      // How often depends on how they come to run: 15 to 19 times, and some 130 times.
      expect(counts.parts).toBeGreaterThan(0);
    },
    3_600_000,
  );

  test('who end when a part of a batch is committed: it comes again, and nothing is said twice', async () => {
    const counts = { reads: 0, conflicts: 0, kills: 0 };
    for (let seed = FIRST; seed < FIRST + SEEDS; seed += 1) {
      const events = history(seed, 60, 400);
      const said: string[] = [];
      const alone = await madeAlone(events, seed);
      const together = await madeTogether(events, 2, Object.assign(counts, { said }), (state, messages, n) =>
        handleThroughKills(() => workerOn(state), messages, random(seed + n)),
      );
      expect({ seed, state: together }).toEqual({ seed, state: alone });
      expect({ seed, twice: said.filter((id, i) => said.indexOf(id) !== i) }).toEqual({ seed, twice: [] });
    }
    expect(counts.kills).toBeGreaterThan(SEEDS / 2);
  }, 3_600_000);

  test('a worker who met another reads again what that one has changed, and nothing else', async () => {
    const events = history(1);
    await withStore(async (store) => {
      const counts = { reads: 0, conflicts: 0 };
      const state = counted(store, false, counts);
      const messages = messagesOf(events, 0);
      await handle(workerOn(state), messages.slice(0, 60), random(1));
      const before = { ...counts };
      const one = await workerOn(state).begin(messages.slice(60, 90), [
        { topic: 'all', partition: 0, from: 60, to: 90 },
      ]);
      const read = counts.reads - before.reads;
      // Both have computed before either commits.
      const other = await workerOn(state).begin(messages.slice(90, 92), [
        { topic: 'all', partition: 1, from: undefined, to: 2 },
      ]);
      const others = counts.reads - before.reads - read;
      await Promise.all([one.done, other.done]);
      expect(counts.conflicts - before.conflicts).toBe(1);
      const again = counts.reads - before.reads - read - others;
      expect(again).toBeGreaterThan(0);
      expect(again).toBeLessThan(Math.max(read, others));
    });
  });
});
