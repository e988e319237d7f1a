import { join } from 'node:path';
import type { EventLog } from '@unsilo/event-log';
import { openEnvironment, openLmdbEventLog } from '@unsilo/event-log/lmdb';
import type { StateStore } from '@unsilo/state-store';
import fc from 'fast-check';
import { ConnectorMemory, MemoryTakenOver } from '../../src/running/connector-memory.js';
import { connectorTopics, memoryTopic } from '../../src/running/connector-topics.js';
import { openEmbedded, type OpenedStorage } from '../../src/running/storage.js';
import { temporaryFolder } from '../support/folders.js';

/** A log that stays, and a state beside it that can be lost. */
class Place {
  readonly log: EventLog;
  readonly #folder: string;
  readonly #end: () => Promise<void>;
  #state: OpenedStorage;
  #count = 0;

  private constructor(folder: string, log: EventLog, state: OpenedStorage, end: () => Promise<void>) {
    this.#folder = folder;
    this.log = log;
    this.#state = state;
    this.#end = end;
  }

  static async open(folder: string): Promise<Place> {
    const environment = await openEnvironment({ folder: join(folder, 'log') });
    const log = openLmdbEventLog(environment);
    await log.declare(connectorTopics(['crm']));
    const state = await openEmbedded(join(folder, 'state'));
    return new Place(folder, log, state, async () => {
      await log.close();
      await environment.close();
    });
  }

  /** The one that is there now. */
  get store(): StateStore {
    const state = (): StateStore => this.#state.store;
    return {
      exclusive: false,
      getMany: (...args) => state().getMany(...args),
      range: (...args) => state().range(...args),
      offsets: (group) => state().offsets(group),
      commit: (...args) => state().commit(...args),
      tenants: () => state().tenants(),
      usage: () => state().usage(),
      close: () => Promise.resolve(),
    };
  }

  memory(): Promise<ConnectorMemory> {
    return ConnectorMemory.open(this.log, this.store, 'acme', 'crm');
  }

  async lose(): Promise<void> {
    await this.#state.close();
    this.#state = await openEmbedded(join(this.#folder, `state-${(this.#count += 1)}`));
  }

  async close(): Promise<void> {
    await this.#state.close();
    await this.#end();
  }
}

describe('what a connector remembers on servers', () => {
  const folder = temporaryFolder();
  let count = 0;
  async function withPlace(work: (place: Place) => Promise<void>): Promise<void> {
    const place = await Place.open(join(folder, String((count += 1))));
    try {
      await work(place);
    } finally {
      await place.close();
    }
  }

  it('is what was set last, whatever is lost of the state and whoever takes over, and nothing else', async () => {
    const key = fc.constantFrom('a', 'b', 'version/crm/contact/1', 'pending');
    const step = fc.oneof(
      { weight: 6, arbitrary: fc.dictionary(key, fc.option(fc.integer(), { nil: undefined }), { minKeys: 1 }) },
      { weight: 1, arbitrary: fc.constant('lose' as const) },
      { weight: 1, arbitrary: fc.constant('open' as const) },
      { weight: 3, arbitrary: fc.array(key, { minLength: 1, maxLength: 3 }) },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) =>
        withPlace(async (place) => {
          let memory = await place.memory();
          const model = new Map<string, unknown>();
          for (const one of [...steps, ['a', 'b', 'version/crm/contact/1', 'pending']]) {
            if (one === 'lose') await place.lose();
            else if (one === 'open') memory = await place.memory();
            else if (Array.isArray(one)) expect(await memory.getMany(one)).toEqual(one.map((name) => model.get(name)));
            else {
              await memory.set(one);
              for (const [name, value] of Object.entries(one)) model.set(name, value);
            }
          }
        }),
      ),
      { numRuns: 30 },
    );
  });

  it('sets that are made at once all count, in their order', async () => {
    await withPlace(async (place) => {
      const memory = await place.memory();
      await Promise.all(Array.from({ length: 50 }, (_, i) => memory.set({ [`k${i % 10}`]: i, last: i })));
      expect(await memory.getMany(['k0', 'k9', 'last'])).toEqual([40, 49, 49]);
    });
  });

  it('belongs to the process that took it over last: the one before can neither read nor set, and what it still writes does not count', async () => {
    await withPlace(async (place) => {
      const first = await place.memory();
      await first.set({ a: 1, b: 1 });
      const second = await place.memory();
      await second.set({ a: 2 });
      await expect(first.set({ a: 'late', b: 'late' })).rejects.toThrow(MemoryTakenOver);
      await expect(first.getMany(['a'])).rejects.toThrow(MemoryTakenOver);
      await second.set({ c: 3 });
      await place.lose();
      expect(await second.getMany(['a', 'b', 'c'])).toEqual([2, 1, 3]);
      const third = await place.memory();
      expect(await third.getMany(['a', 'b', 'c'])).toEqual([2, 1, 3]);
      // The last line of each key is one that counts: compaction keeps those.
      const { messages } = await place.log.read({ topic: memoryTopic('crm'), partition: 0, from: 0, limit: 1000 });
      const last = new Map(messages.map(({ key, value }) => [key, JSON.parse(String(value)) as { value: unknown }]));
      expect([last.get('acme/a')?.value, last.get('acme/b')?.value]).toEqual([2, 1]);
    });
  });

  it('lines that this software did not write are passed over', async () => {
    await withPlace(async (place) => {
      const memory = await place.memory();
      await memory.set({ a: 1 });
      for (const value of ['no JSON', '[]', 'null', '{"value":7}', null])
        await place.log.append([{ topic: memoryTopic('crm'), key: 'acme/a', value }]);
      await memory.set({ b: 2 });
      await place.lose();
      expect(await memory.getMany(['a', 'b'])).toEqual([1, 2]);
    });
  });
});
