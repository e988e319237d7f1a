import fc from 'fast-check';
import { until } from '@unsilo/event-log/suite';
import { codeOf, logged, put, unique } from '@unsilo/state-store/suite';
import { countsOf, Worker } from './counting-worker.js';
import { bringBack, takeSnapshot, withStand, type Snapshot } from './stand.js';
import { describeWithRedis, describeWithRedisProgram, RedisProgram, withRedis } from './server.js';

const NOTHING: Snapshot = new Map();

describeWithRedis('a Redis that forgot', (url) => {
  test('everything: the offsets are gone with the state, and the loss is reported', () =>
    withStand(url(), async ({ prefix, tenant, topic, events, open }) => {
      const store = await open();
      const group = unique('g');
      await store.commit(tenant, {
        put: put(['k', '1']),
        offsets: { group, moves: [{ topic, partition: 0, from: undefined, to: 5 }] },
      });
      await bringBack(url(), prefix, NOTHING);
      expect(await store.offsets(group)).toEqual([]);
      expect(await store.getMany(tenant, 't', ['k'])).toEqual([undefined]);
      expect(
        await store.commit(tenant, {
          put: put(['k', '2']),
          offsets: { group, moves: [{ topic, partition: 0, from: 5, to: 9 }] },
        }),
      ).toEqual({ ok: false, conflicts: [], offsets: [{ topic, partition: 0, stored: undefined }] });
      expect(events.filter(({ code }) => code === 'UNSILO_STATE_WENT_BACK').map(({ tenant: one }) => one)).toEqual([
        tenant,
      ]);
      expect(
        await store.commit(tenant, {
          put: put(['k', '1']),
          offsets: { group, moves: [{ topic, partition: 0, from: undefined, to: 5 }] },
        }),
      ).toEqual({ ok: true });
      expect(events.filter(({ code }) => code === 'UNSILO_STATE_WENT_BACK')).toHaveLength(1);
    }));

  test('its latest commits: a revision from before fits nothing that is written after', () =>
    withStand(url(), async ({ prefix, tenant, open }) => {
      const store = await open();
      await store.commit(tenant, { put: put(['k', 'old'], ['l', 'old']) });
      const snapshot = await takeSnapshot(url(), prefix);
      await store.commit(tenant, { put: put(['k', 'lost']) });
      const [lost] = await store.getMany(tenant, 't', ['k']);
      await bringBack(url(), prefix, snapshot);
      const other = await open();
      for (let turn = 0; turn < 5; turn++) {
        await other.commit(tenant, { put: put(['k', `after ${turn}`]) });
        const [after] = await other.getMany(tenant, 't', ['k']);
        expect(after!.revision).toBeGreaterThan(lost!.revision);
        expect(
          await store.commit(tenant, {
            expect: [{ table: 't', key: 'k', revision: lost!.revision }],
            put: put(['k', 'zombie']),
          }),
        ).toMatchObject({ ok: false, conflicts: [{ revision: after!.revision }] });
      }
    }));

  test('a clock set back as well does not make revisions come twice for those who saw them', () =>
    withStand(url(), async ({ prefix, tenant, open }) => {
      const store = await open();
      const last = `${prefix}:{${tenant}}:meta`;
      // What stands in Redis is ahead of its clock: as if the clock had been set back by 1,000 seconds.
      const ahead = String((Date.now() + 1_000_000) * 1000);
      await withRedis(url(), async (redis) => redis.hset(last, 'last', ahead));
      await store.commit(tenant, { put: put(['k', '1']) });
      const [first] = await store.getMany(tenant, 't', ['k']);
      expect(first!.revision).toBe(Number(ahead) + 1);
      await bringBack(url(), prefix, NOTHING);
      expect(
        await store.commit(tenant, {
          expect: [{ table: 't', key: 'k', revision: first!.revision }],
          put: put(['k', '2']),
        }),
      ).toMatchObject({ ok: false });
      await store.commit(tenant, { put: put(['k', '2']) });
      expect((await store.getMany(tenant, 't', ['k']))[0]!.revision).toBe(Number(ahead) + 2);
    }));

  test('part of a table, since something removed its keys: no commit goes on from there', () =>
    withStand(url(), async ({ prefix, tenant, open }) => {
      const store = await open();
      await store.commit(tenant, { put: put(['k', '1'], ['l', '1']) });
      const rows = `${prefix}:{${tenant}}:rows:t`;
      const order = `${prefix}:{${tenant}}:order:t`;
      await withRedis(url(), async (redis) => {
        await redis.hdel(rows, 'l');
        expect(await codeOf(store.range(tenant, 't', { limit: 5 }))).toBe('UNSILO_STATE_DAMAGED');
        expect(await codeOf(store.commit(tenant, { put: put(['k', '2']) }))).toBe('UNSILO_STATE_DAMAGED');
        await redis.unlink(rows, order);
        expect(await codeOf(store.commit(tenant, { expect: [{ table: 't', key: 'l', revision: null }] }))).toBe(
          'UNSILO_STATE_DAMAGED',
        );
        await redis.set(rows, 'something else');
        expect(await codeOf(store.commit(tenant, { put: put(['k', '2']) }))).toBe('UNSILO_STATE_DAMAGED');
        await redis.unlink(rows);
      });
    }));

  test('again and again, with two workers at once: the state ends as it would have, and nothing counts twice', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.nat(9), { minLength: 5, maxLength: 60 }),
        fc.array(fc.record({ after: fc.nat(30), what: fc.constantFrom('forget', 'snapshot', 'back') }), {
          maxLength: 6,
        }),
        async (events, faults) => {
          await withStand(url(), async ({ prefix, tenant, topic, open }) => {
            const group = unique('g');
            const workers = [
              new Worker(await open(), tenant, topic, group, events),
              new Worker(await open(), tenant, topic, group, events),
            ];
            let snapshot = NOTHING;
            const plan = [...faults].sort((a, b) => a.after - b.after);
            for (let turn = 0; ; turn++) {
              while (plan[0] !== undefined && plan[0].after <= turn) {
                const { what } = plan.shift()!;
                if (what === 'snapshot') snapshot = await takeSnapshot(url(), prefix);
                else await bringBack(url(), prefix, what === 'forget' ? NOTHING : snapshot);
              }
              await Promise.all(workers.map(async (worker) => worker.turn()));
              const [stored] = await workers[0]!.store.offsets(group);
              if (plan.length === 0 && stored?.offset === events.length) break;
            }
            const found = await workers[0]!.store.range(tenant, 'counts', { limit: 100 });
            expect(new Map(found.map(({ key, value }) => [key, value]))).toEqual(countsOf(events));
          });
        },
      ),
      { numRuns: 12 },
    );
  }, 120_000);
});

describeWithRedisProgram('a Redis of our own', () => {
  const server = new RedisProgram();
  beforeAll(async () => server.start());
  afterAll(async () => server.remove());

  test('killed and started from an older snapshot: noticed at the next connection, before any commit', () =>
    withStand(server.url, async ({ tenant, topic, events, open }) => {
      const group = unique('g');
      const store = await open();
      const move = async (from: number | undefined, to: number, value: string): Promise<boolean> => {
        const moves = [{ topic, partition: 0, from, to }];
        return (await store.commit(tenant, { put: put(['k', value]), offsets: { group, moves } })).ok;
      };
      expect(await move(undefined, 1, 'kept')).toBe(true);
      await withRedis(server.url, async (redis) => redis.save());
      expect(await move(1, 2, 'lost')).toBe(true);
      await server.kill();
      await server.start();
      await until(() => events.some(({ code }) => code === 'UNSILO_STATE_WENT_BACK'), 'the loss is noticed');
      expect(await store.offsets(group)).toEqual([{ topic, partition: 0, offset: 1 }]);
      expect((await store.getMany(tenant, 't', ['k']))[0]!.value).toBe('kept');
      expect(await move(2, 3, 'beyond the gap')).toBe(false);
      expect(await move(1, 2, 'again')).toBe(true);
    }));

  test('killed at any moment and started from its append-only file: whole commits, and none that was acknowledged is missing', async () => {
    const kept = new RedisProgram(['--appendonly', 'yes', '--appendfsync', 'everysec']);
    try {
      await kept.start();
      await withStand(kept.url, async ({ tenant, topic, open }) => {
        const store = await open();
        const group = unique('g');
        const keys = Array.from({ length: 50 }, (_, n) => `k${n}`);
        let acknowledged = 0;
        const commit = async (n: number): Promise<void> => {
          const result = await store.commit(tenant, {
            put: put(...keys.map((key): [string, string] => [key, String(n)])),
            offsets: { group, moves: [{ topic, partition: 0, from: n === 1 ? undefined : n - 1, to: n }] },
          });
          expect(result).toEqual({ ok: true });
          acknowledged = n;
        };
        for (let kill = 1; kill <= 4; kill++) {
          const begin = acknowledged;
          const working = (async () => {
            for (let n = begin + 1; n <= begin + 200; n++) await commit(n);
          })();
          await until(() => acknowledged >= begin + 10 * kill, 'some are acknowledged');
          await kept.kill();
          const before = acknowledged;
          await kept.start();
          const reader = await open();
          const [stored] = await reader.offsets(group);
          expect(stored!.offset).toBeGreaterThanOrEqual(before);
          await working;
          const values = (await reader.range(tenant, 't', { limit: 100 })).map(({ value }) => value);
          expect(values).toEqual(new Array(50).fill(String(acknowledged)));
        }
      });
    } finally {
      await kept.remove();
    }
  });

  test('away for a while: calls wait, and go on when it is back', () =>
    withStand(server.url, async ({ tenant, events, open }) => {
      const store = await open();
      await server.kill();
      await until(() => events.some(({ code }) => code === 'UNSILO_STATE_DISCONNECTED'), 'the loss of the connection');
      const work = Promise.all([store.commit(tenant, { put: put(['k', '1']) }), store.getMany(tenant, 't', ['x'])]);
      await server.start();
      expect(await work).toEqual([{ ok: true }, [undefined]]);
    }));

  test('away for longer than all patience: an error that says so, and afterwards everything works', () =>
    withStand(server.url, async ({ tenant, topic, log, open }) => {
      const store = await open({ patienceMs: 200 });
      await server.kill();
      const commit = { put: put(['k', '1']), outbox: [{ topic, key: 'k', value: 'sent' }] };
      expect(await codeOf(store.commit(tenant, commit))).toBe('UNSILO_STATE_UNREACHABLE');
      await server.start();
      await until(async () => (await codeOf(store.commit(tenant, commit))) === undefined, 'a commit');
      await until(async () => (await logged(log, topic)).length > 0, 'the message');
    }));

  test('that hangs in the middle of a commit: what was sent twice takes place once', () =>
    withStand(server.url, async ({ tenant, topic, log, events, open }) => {
      const store = await open({ answerMs: 200 });
      await store.commit(tenant, { put: put(['n', '1']) });
      const [entry] = await store.getMany(tenant, 't', ['n']);
      server.freeze();
      const answer = store.commit(tenant, {
        expect: [{ table: 't', key: 'n', revision: entry!.revision }],
        put: put(['n', '2']),
        outbox: [{ topic, key: 'n', value: 'once' }],
      });
      await until(
        () => events.some(({ code }) => code === 'UNSILO_STATE_DISCONNECTED'),
        'the first attempt is given up',
      );
      server.thaw();
      expect(await answer).toEqual({ ok: true });
      expect((await store.getMany(tenant, 't', ['n']))[0]!.value).toBe('2');
      await store.close();
      expect(await logged(log, topic)).toEqual([{ key: 'n', value: 'once' }]);
    }));
});
