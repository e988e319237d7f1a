import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LogMessage } from '@unsilo/event-log';
import { openEnvironment } from '@unsilo/event-log/lmdb';
import { placeOf, type UnsiloEvent } from '@unsilo/schemas';
import type { StateStore } from '@unsilo/state-store';
import { openLmdbStateStore } from '@unsilo/state-store/lmdb';
import { createCore } from '../../src/application/core.js';
import { Processor } from '../../src/application/processor.js';
import type { CustomerRow } from '../../src/application/rows.js';
import { random } from './history.js';
import { crm, policyFor, seen, T0 } from './test-hub.js';

const SYSTEMS = [crm('a'), crm('b'), crm('c')];
const SEEDS = 12;

/** People with a record in each of three systems that are edited over and over; now and then two exchange their address. */
function history(seed: number): UnsiloEvent[] {
  const rng = random(seed);
  return Array.from({ length: 120 }, (_, i) => {
    const person = rng.int(6);
    const email = `p${rng.chance(0.1) ? rng.int(6) : person}@example.org`;
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

/** Says nothing to the log. Not exclusive: as a store on a server, that others write too. */
function counted(store: StateStore, exclusive: boolean, counts = { reads: 0, conflicts: 0 }): StateStore {
  const rng = random(1);
  return {
    exclusive,
    getMany: (tenant, table, keys) => {
      counts.reads += table === 'records' ? keys.length : 0;
      return store.getMany(tenant, table, keys);
    },
    range: (...args) => store.range(...args),
    offsets: (group) => store.offsets(group),
    commit: async (tenant, { outbox: _, ...commit }) => {
      // A commit is under way for as long as others may need to read and to commit.
      for (let turns = exclusive ? 0 : rng.int(40); turns > 0; turns -= 1) await new Promise(setImmediate);
      const result = await store.commit(tenant, commit);
      if (!result.ok) counts.conflicts += 1;
      return result;
    },
    tenants: () => store.tenants(),
    usage: () => store.usage(),
    close: () => store.close(),
  };
}

function workerOn(store: StateStore): Processor {
  const core = createCore({
    tenant: 'acme',
    policy: policyFor(['a', 'b', 'c']),
    systems: SYSTEMS,
    now: () => T0 + 86_400_000,
  });
  return new Processor(core, store, 'workers');
}

async function handle(
  worker: Processor,
  messages: readonly LogMessage[],
  rng: ReturnType<typeof random>,
): Promise<void> {
  for (let at = 0; at < messages.length;) {
    const batch = messages.slice(at, (at += 1 + rng.int(6)));
    const [first] = batch as [LogMessage];
    const { topic, partition, offset } = first;
    const move = { topic, partition, from: offset === 0 ? undefined : offset, to: offset + batch.length };
    await (
      await worker.begin(batch, [move])
    ).done;
  }
}

async function customers(store: StateStore): Promise<string[]> {
  const rows = await store.range('acme', 'customers', { limit: 1000 });
  return rows.map(({ key, value }) => {
    const { members, fingerprint } = JSON.parse(value) as CustomerRow;
    return `${key} ${members.join()} ${fingerprint}`;
  });
}

describe('workers on one state', () => {
  test('who meet in the same customers come to those of one worker alone', async () => {
    const counts = { reads: 0, conflicts: 0 };
    for (let seed = 1; seed <= SEEDS; seed += 1) {
      const events = history(seed);
      const alone = await withStore(async (store) => {
        await handle(workerOn(counted(store, true)), messagesOf(events, 0), random(seed));
        return customers(store);
      });
      const together = await withStore(async (store) => {
        const state = counted(store, false, counts);
        await Promise.all(
          [0, 1].map((n) =>
            handle(
              workerOn(state),
              messagesOf(
                events.filter((_, i) => i % 2 === n),
                n,
              ),
              random(seed + n),
            ),
          ),
        );
        return customers(store);
      });
      expect({ seed, customers: together }).toEqual({ seed, customers: alone });
    }
    expect(counts.conflicts).toBeGreaterThan(SEEDS);
  }, 120_000);

  test('a worker who met another reads again what that one has changed, and nothing else', async () => {
    const events = history(1);
    await withStore(async (store) => {
      const counts = { reads: 0, conflicts: 0 };
      const state = counted(store, false, counts);
      const messages = messagesOf(events, 0);
      await handle(workerOn(state), messages.slice(0, 60), random(1));
      const [topic] = messages.map((message) => message.topic) as [string];
      const before = { ...counts };
      const one = await workerOn(state).begin(messages.slice(60, 90), [{ topic, partition: 0, from: 60, to: 90 }]);
      const read = counts.reads - before.reads;
      // Both have computed before either commits.
      const other = await workerOn(state).begin(messages.slice(90, 92), [
        { topic, partition: 1, from: undefined, to: 2 },
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
