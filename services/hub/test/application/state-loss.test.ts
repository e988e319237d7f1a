import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EventLog } from '@unsilo/event-log';
import { openEnvironment, openLmdbEventLog } from '@unsilo/event-log/lmdb';
import { placeOf, topicName } from '@unsilo/schemas';
import type { StateStore } from '@unsilo/state-store';
import { openLmdbStateStore } from '@unsilo/state-store/lmdb';
import type { Hub } from '../../src/application/hub.js';
import { createHub, HUB_GROUP } from '../../src/application/run.js';
import { admin, crm, policyFor, seen, T0 } from './test-hub.js';

const PEOPLE =
  'ada bruno carla derek elena farid greta hugo ines jonas katja liam maria nadia oscar petra quentin rosa sven tariq ute viktor'.split(
    ' ',
  );

/** A state that can be lost or set back while the hub runs, beside a log that remembers how far the group has read. */
class LosableState {
  private readonly folder = mkdtempSync(join(tmpdir(), 'unsilo-loss-'));
  private count = 0;
  private current!: { folder: string; store: StateStore; end: () => Promise<void> };
  private log!: EventLog;
  private endLog!: () => Promise<void>;

  static async open(): Promise<LosableState> {
    const state = new LosableState();
    const environment = await openEnvironment({ folder: join(state.folder, 'log') });
    state.log = openLmdbEventLog(environment);
    state.endLog = async () => {
      await state.log.close();
      await environment.close();
    };
    await state.use();
    return state;
  }

  get events(): EventLog {
    return { ...bound(this.log), capabilities: { ...this.log.capabilities, transactionalOutbox: false } };
  }

  /** As a store on a server: others may write it, and the outbox goes to the log afterwards. */
  get store(): StateStore {
    return {
      exclusive: false,
      getMany: (...args) => this.current.store.getMany(...args),
      range: (...args) => this.current.store.range(...args),
      offsets: (group) => this.current.store.offsets(group),
      commit: async (tenant, { outbox = [], ...commit }) => {
        const result = await this.current.store.commit(tenant, commit);
        if (result.ok && outbox.length > 0) await this.log.append(outbox);
        return result;
      },
      tenants: () => this.current.store.tenants(),
      usage: () => this.current.store.usage(),
      close: () => Promise.resolve(),
    };
  }

  /** Goes on with nothing, or with what was kept. */
  async use(kept?: string): Promise<void> {
    const before = this.current as LosableState['current'] | undefined;
    const folder = join(this.folder, `state-${(this.count += 1)}`);
    if (kept !== undefined) cpSync(kept, folder, { recursive: true });
    const environment = await openEnvironment({ folder });
    const store = openLmdbStateStore(environment);
    this.current = {
      folder,
      store,
      end: async () => {
        await store.close();
        await environment.close();
      },
    };
    await before?.end();
  }

  /** Keeps what there is now for later; answers where. */
  async keep(): Promise<string> {
    const { folder } = this.current;
    const kept = `${folder}-kept`;
    await this.use(await this.copyTo(kept));
    return kept;
  }

  private async copyTo(kept: string): Promise<string> {
    cpSync(this.current.folder, kept, { recursive: true });
    return kept;
  }

  async close(): Promise<void> {
    await this.current.end();
    await this.endLog();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function bound(log: EventLog): EventLog {
  return {
    capabilities: log.capabilities,
    declare: (...args) => log.declare(...args),
    topics: () => log.topics(),
    append: (...args) => log.append(...args),
    subscribe: (...args) => log.subscribe(...args),
    read: (...args) => log.read(...args),
    ends: (...args) => log.ends(...args),
    lag: (...args) => log.lag(...args),
    clean: (...args) => log.clean(...args),
    close: () => log.close(),
  };
}

describe('a state that is lost or set back', () => {
  let state: LosableState;
  let hub: Hub;
  const systems = [crm('a'), crm('b')];

  async function opened(): Promise<Hub> {
    const quiet = (): void => undefined;
    const made = createHub({
      tenant: 'acme',
      log: state.events,
      store: state.store,
      policy: policyFor(['a', 'b']),
      systems,
      systemsPort: { list: () => [], pause: async () => undefined, resume: async () => undefined },
      clock: { now: () => T0 + 86_400_000 },
      logger: { info: quiet, warn: quiet, error: quiet },
    });
    await made.start();
    return made;
  }

  async function say(from: number, to: number): Promise<void> {
    const events = [];
    for (let i = from; i < to; i += 1)
      events.push(
        seen(`${i % 2 === 0 ? 'a' : 'b'}/contact/${i}`, 1, {
          name: { given: PEOPLE[i >> 1] ?? 'Zoe', surname: 'Moreau' },
          emails: [{ address: `${PEOPLE[i >> 1] ?? 'zoe'}@example.org` }],
        }),
      );
    await state.events.append(events.map((event) => ({ ...placeOf(event), value: JSON.stringify(event) })));
  }

  beforeEach(async () => {
    state = await LosableState.open();
    hub = await opened();
    await say(0, 20);
    await hub.settled();
  });
  afterEach(async () => {
    await hub.stop();
    await state.close();
  });

  async function commands(): Promise<number> {
    const ends = await state.events.ends(['a', 'b'].map((system) => topicName('commands', system)));
    return ends.reduce((sum, { next }) => sum + next, 0);
  }

  test('everything lost while the hub runs: it is made again from the log, and nothing is sent twice', async () => {
    const before = await hub.service.customersHash(admin);
    const sent = await commands();
    await state.use();
    // The group has read all of it: only this event is new to it.
    await say(20, 21);
    await recovered();
    await hub.settled();
    const after = await hub.service.customersHash(admin);
    expect(after.customers).toBe(before.customers + 1);
    await say(0, 20);
    await hub.settled();
    expect(await hub.service.customersHash(admin)).toEqual(after);
    expect(await commands()).toBe(sent);
  });

  test('everything lost and no event after it: a worker with nothing to do finds out', async () => {
    const before = await hub.service.customersHash(admin);
    await state.use();
    await recovered();
    await hub.settled();
    expect(await hub.service.customersHash(admin)).toEqual(before);
  });

  test('set back to what it was: what was read since is read again', async () => {
    const kept = await state.keep();
    await say(20, 40);
    await hub.settled();
    const before = await hub.service.customersHash(admin);
    expect(before.customers).toBe(20);
    await state.use(kept);
    await say(40, 41);
    await recovered();
    await hub.settled();
    expect((await hub.service.customersHash(admin)).customers).toBe(21);
  });

  test('lost while no hub runs, which leaves the group ahead of the state', async () => {
    const before = await hub.service.customersHash(admin);
    await hub.stop();
    await state.use();
    hub = await opened();
    await hub.settled();
    expect(await hub.service.customersHash(admin)).toEqual(before);
  });

  test('no revision of a customer is said of two states', async () => {
    const kept = await state.keep();
    const again = async (round: number): Promise<void> => {
      await state.events.append(
        [0, 1, 2].map((i) => {
          const event = seen(`a/contact/${2 * i}`, 2 + round, { name: { given: `Name ${round}` } });
          return { ...placeOf(event), value: JSON.stringify(event) };
        }),
      );
      await hub.settled();
    };
    await again(1);
    await again(2);
    await state.use(kept);
    await recovered();
    await again(3);
    await state.use();
    await recovered();
    await again(4);
    const said = new Map<string, string>();
    for (const { topic, partition, first, next } of await state.events.ends([topicName('customers')])) {
      const { messages } = await state.events.read({ topic, partition, from: first, until: next, limit: 1000 });
      for (const { value } of messages) {
        const { id, data } = JSON.parse(String(value)) as { id: string; data: unknown };
        expect([id, said.get(id) ?? JSON.stringify(data)]).toEqual([id, JSON.stringify(data)]);
        said.set(id, JSON.stringify(data));
      }
    }
    expect(said.size).toBeGreaterThan(20);
  });

  /** Until the state has taken in all that the group had read. */
  async function recovered(): Promise<void> {
    const ends = await state.events.ends([topicName('parties')]);
    const deadline = Date.now() + 60_000;
    for (;;) {
      const offsets = await state.store.offsets(HUB_GROUP);
      const behind = ends.some(
        ({ topic, partition, next }) =>
          next > (offsets.find((o) => o.topic === topic && o.partition === partition)?.offset ?? 0),
      );
      const { ready } = await hub.service.health();
      if (!behind && ready) return;
      if (Date.now() > deadline) throw new Error(`the state is still behind: ${JSON.stringify(offsets)}`);
      await new Promise((done) => setTimeout(done, 20));
    }
  }
});
