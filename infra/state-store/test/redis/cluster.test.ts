import { until } from '@unsilo/event-log/suite';
import { codeOf, put, stateStoreSuite, unique } from '@unsilo/state-store/suite';
import { Cluster, Redis } from 'ioredis';
import { cleanServer, redisFactory } from './redis-place.js';
import { describeWithRedisProgram, keysWith, RedisProgram, withRedis } from './server.js';
import { withStand } from './stand.js';

const SLOTS = 16_384;

describeWithRedisProgram('state store on a Redis Cluster of three', () => {
  const nodes = [0, 1, 2].map(() => new RedisProgram(['--cluster-enabled', 'yes', '--cluster-node-timeout', '15000']));
  const servers = (): string[] => nodes.map(({ url }) => url);
  const clean = async (prefix: string): Promise<void> => {
    for (const { url } of nodes) await cleanServer(url, prefix);
  };

  beforeAll(async () => {
    for (const node of nodes) await node.start();
    for (const [index, node] of nodes.entries()) {
      await withRedis(node.url, async (redis) => {
        const first = Math.floor((index * SLOTS) / nodes.length);
        const last = Math.floor(((index + 1) * SLOTS) / nodes.length) - 1;
        await redis.cluster('ADDSLOTSRANGE', first, last);
        await redis.call('CLUSTER', 'SET-CONFIG-EPOCH', index + 1);
        if (index > 0) await redis.cluster('MEET', '127.0.0.1', nodes[0]!.port);
      });
    }
    for (const { url } of nodes)
      await withRedis(url, async (redis) =>
        until(async () => (await redis.cluster('INFO')).includes('cluster_state:ok'), 'the cluster is whole'),
      );
  }, 60_000);
  afterAll(async () => {
    for (const node of nodes) await node.remove();
  });

  stateStoreSuite(
    'Redis Cluster',
    redisFactory(() => ({ servers: servers() }), 20, clean),
  );

  /** With a place whose log stands beside the cluster. */
  const withCluster = (work: Parameters<typeof withStand>[1]): Promise<void> =>
    withStand(nodes[0]!.url, async (stand) => {
      const onCluster = { ...stand, open: async (options = {}) => stand.open({ servers: servers(), ...options }) };
      try {
        await work(onCluster);
      } finally {
        await clean(stand.prefix);
      }
    });

  test('all keys of a tenant lie in one slot, those of many tenants on all nodes', () =>
    withCluster(async ({ prefix, topic, open }) => {
      const store = await open();
      const tenants = [
        ...Array.from({ length: 20 }, (_, n) => `tenant-${n}`),
        '',
        '{',
        '}',
        '{}',
        'a{b}c',
        '%7B',
        '{a}{b}',
      ];
      for (const tenant of tenants)
        await store.commit(tenant, {
          put: ['a', 'b', '{c}', '}'].map((table) => ({ table, key: '{k}', value: JSON.stringify(tenant) })),
          offsets: { group: unique('{g}'), moves: [{ topic, partition: 0, from: undefined, to: 1 }] },
          outbox: [{ topic, key: 'k', value: '1' }],
        });
      expect((await store.tenants()).sort()).toEqual([...tenants].sort());
      for (const tenant of tenants)
        expect((await store.getMany(tenant, '{c}', ['{k}']))[0]?.value).toBe(JSON.stringify(tenant));
      const slots = new Map<string, Set<number>>();
      const places: number[] = [];
      for (const { url } of nodes)
        await withRedis(url, async (redis) => {
          const keys = await keysWith(redis, prefix);
          places.push(keys.length);
          for (const key of keys) {
            const tag = key.slice(key.indexOf('{'), key.indexOf('}:') + 2);
            const known = slots.get(tag) ?? new Set();
            slots.set(tag, known.add(await redis.cluster('KEYSLOT', key)));
          }
        });
      expect(slots.size).toBe(tenants.length);
      for (const found of slots.values()) expect(found.size).toBe(1);
      for (const count of places) expect(count).toBeGreaterThan(0);
    }));

  test('a group belongs to the tenant that first used it, for every process', () =>
    withCluster(async ({ topic, open }) => {
      const [store, other] = [await open(), await open()];
      const group = unique('g');
      const offsets = { group, moves: [{ topic, partition: 0, from: undefined, to: 3 }] };
      expect(await store.commit('one', { offsets })).toEqual({ ok: true });
      expect(await codeOf(store.commit('two', { offsets }))).toBe('UNSILO_STATE_GROUP_ELSEWHERE');
      expect(await codeOf(other.commit('two', { offsets, put: put(['k', '1']) }))).toBe('UNSILO_STATE_GROUP_ELSEWHERE');
      expect(await other.getMany('two', 't', ['k'])).toEqual([undefined]);
      expect(await other.offsets(group)).toEqual([{ topic, partition: 0, offset: 3 }]);
    }));

  test('slots that move to another node meanwhile: nothing is lost or refused', () =>
    withCluster(async ({ prefix, tenant, open }) => {
      const store = await open();
      await store.commit(tenant, { put: put(['n', '0']) });
      const slot = await withRedis(nodes[0]!.url, async (redis) =>
        redis.cluster('KEYSLOT', `${prefix}:{${tenant}}:meta`),
      );
      const from = Math.floor((slot * nodes.length) / SLOTS);
      let moved = false;
      const moving = moveSlot(nodes, slot, from, (from + 1) % nodes.length).then(() => (moved = true));
      let count = 0;
      while (!moved || count < 20) {
        const [n] = await store.getMany(tenant, 't', ['n']);
        const next = put(['n', String(++count)]);
        expect(
          await store.commit(tenant, { expect: [{ table: 't', key: 'n', revision: n!.revision }], put: next }),
        ).toEqual({
          ok: true,
        });
      }
      await moving;
      expect((await store.getMany(tenant, 't', ['n']))[0]!.value).toBe(String(count));
      await moveSlot(nodes, slot, (from + 1) % nodes.length, from);
    }));

  test('a node that is away: its tenants wait for it, those of the others go on', () =>
    withCluster(async ({ prefix, events, open }) => {
      const store = await open({ answerMs: 200 });
      const cluster = new Cluster(nodes.map(({ port }) => ({ host: '127.0.0.1', port })));
      const nodeOf = async (tenant: string): Promise<number> =>
        Math.floor(((await cluster.cluster('KEYSLOT', `${prefix}:{${tenant}}:meta`)) * nodes.length) / SLOTS);
      const names = Array.from({ length: 30 }, (_, n) => `tenant-${n}`);
      const onLast: string[] = [];
      const elsewhere: string[] = [];
      for (const name of names) ((await nodeOf(name)) === 2 ? onLast : elsewhere).push(name);
      cluster.disconnect();
      for (const name of names) await store.commit(name, { put: put(['k', '1']) });
      nodes[2]!.freeze();
      let waits = true;
      const waiting = store.commit(onLast[0]!, { put: put(['k', '2']) }).finally(() => (waits = false));
      // Until the client has given up its first connection to the node at the least.
      const end = performance.now() + 600;
      for (let turn = 0; turn < 20 || performance.now() < end; turn++) {
        const name = elsewhere[turn % elsewhere.length]!;
        expect(await store.commit(name, { put: put(['k', String(turn)]) })).toEqual({ ok: true });
      }
      expect(waits).toBe(true);
      nodes[2]!.thaw();
      expect(await waiting).toEqual({ ok: true });
      expect((await store.getMany(onLast[0]!, 't', ['k']))[0]!.value).toBe('2');
      expect(events.map(({ code }) => code)).not.toContain('UNSILO_STATE_DISCONNECTED');
    }));
});

/** Moves a slot with its keys, as redis-cli --cluster reshard does. */
async function moveSlot(nodes: readonly RedisProgram[], slot: number, from: number, to: number): Promise<void> {
  const clients = nodes.map(({ url }) => new Redis(url));
  try {
    const [source, target] = [clients[from]!, clients[to]!];
    const [sourceId, targetId] = [await source.cluster('MYID'), await target.cluster('MYID')];
    await target.call('CLUSTER', 'SETSLOT', slot, 'IMPORTING', sourceId);
    await source.call('CLUSTER', 'SETSLOT', slot, 'MIGRATING', targetId);
    for (;;) {
      const keys = (await source.call('CLUSTER', 'GETKEYSINSLOT', slot, 100)) as string[];
      if (keys.length === 0) break;
      await source.call('MIGRATE', '127.0.0.1', nodes[to]!.port, '', 0, 5000, 'KEYS', ...keys);
    }
    for (const client of [target, source, ...clients]) await client.call('CLUSTER', 'SETSLOT', slot, 'NODE', targetId);
  } finally {
    for (const client of clients) client.disconnect();
  }
}
