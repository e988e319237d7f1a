import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { EventLog } from '@unsilo/event-log';
import { openRedisStateStore, type RedisStateStoreOptions } from '@unsilo/state-store/redis';
import { codeOf, put, unique } from '@unsilo/state-store/suite';
import { describeWithRedisProgram, freePort, RedisProgram, withRedis } from './server.js';
import { withStand } from './stand.js';

const NO_LOG = { capabilities: { maxMessageBytes: 1000 } } as EventLog;

/** Opens, closes again, and gives the error that came instead. */
async function failure(options: Omit<RedisStateStoreOptions, 'log'>): Promise<Error & { code?: string }> {
  try {
    const store = await openRedisStateStore({ patienceMs: 2000, ...options, log: NO_LOG });
    await store.close();
  } catch (error) {
    return error as Error & { code?: string };
  }
  throw new Error('it was opened');
}

describe('options of the state store on Redis', () => {
  test.each([
    ['no address', { servers: [] }],
    ['no URL', { servers: 'redis.example:6379' }],
    ['another protocol', { servers: 'http://redis.example:6379' }],
    ['a path that is no database', { servers: 'redis://redis.example/state' }],
    ['a database in a cluster', { servers: ['redis://a.example/1', 'redis://b.example'] }],
    ['several servers that are no cluster', { servers: ['redis://a.example', 'redis://b.example'], cluster: false }],
    ['a negative database', { servers: 'redis://a.example', database: -1 }],
    ['braces in the prefix', { servers: 'redis://a.example', prefix: 'a{b}' }],
  ])('are refused: %s', async (_, options) => {
    expect((await failure(options)).code).toBe('UNSILO_STATE_OPTIONS_INVALID');
  });

  test('a password in an address that can not be read is not shown', async () => {
    const { message } = await failure({ servers: 'redis://name:se cret@[host/x' });
    expect(message).not.toContain('cret');
  });

  test('nobody there: an error after the given patience that names host and port', async () => {
    const port = await freePort();
    const error = await failure({ servers: `redis://name:hidden@127.0.0.1:${port}`, patienceMs: 100 });
    expect(error.code).toBe('UNSILO_STATE_UNREACHABLE');
    expect(error.message).toContain(`127.0.0.1:${port}`);
    expect(error.message).toContain('ECONNREFUSED');
    expect(error.message).not.toContain('hidden');
  });
});

describeWithRedisProgram('opening the state store on a Redis', () => {
  async function withServer(options: readonly string[], work: (server: RedisProgram) => Promise<void>): Promise<void> {
    const server = new RedisProgram(options);
    try {
      await server.start();
      await work(server);
    } finally {
      await server.remove();
    }
  }

  test('with a name and a password; a wrong or missing one is refused at once and never shown', () =>
    withServer(
      '--user hub on >pa:ss/w@rd ~unsilo:* +@all -@dangerous +info --user default off'.split(' '),
      async (server) => {
        const servers = server.url;
        const store = await openRedisStateStore({ servers, username: 'hub', password: 'pa:ss/w@rd', log: NO_LOG });
        expect(await store.commit('t', { put: put(['k', '1']) })).toEqual({ ok: true });
        expect(await store.tenants()).toEqual(['t']);
        expect((await store.usage()).map(({ table }) => table)).toEqual(['t']);
        await store.close();
        const inAddress = servers.replace('//', '//hub:pa%3Ass%2Fw%40rd@');
        const again = await openRedisStateStore({ servers: inAddress, log: NO_LOG });
        expect(await again.range('t', 't', { limit: 2 })).toHaveLength(1);
        await again.close();
        const wrong = await failure({ servers, username: 'hub', password: 'not-the-one', patienceMs: 60_000 });
        expect(wrong.code).toBe('UNSILO_STATE_LOGIN_REFUSED');
        expect(JSON.stringify(wrong, Object.getOwnPropertyNames(wrong))).not.toContain('not-the-one');
        expect((await failure({ servers, patienceMs: 60_000 })).code).toBe('UNSILO_STATE_LOGIN_REFUSED');
        const elsewhere = await openRedisStateStore({ servers: inAddress, log: NO_LOG, prefix: 'other' });
        expect(await codeOf(elsewhere.commit('t', { put: put(['k', 'personal']) }))).toBe('UNSILO_STATE_FORBIDDEN');
        await elsewhere.close();
      },
    ));

  test('over TLS, with the authority that signed its certificate, and not without', () =>
    withServer([], async (plain) => {
      const file = (name: string): string => join(plain.folder, name);
      const request = 'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2';
      const name = '-subj /CN=localhost -addext subjectAltName=DNS:localhost';
      const made = spawnSync('openssl', [
        ...`${request} ${name} -keyout`.split(' '),
        file('key.pem'),
        '-out',
        file('cert.pem'),
      ]);
      expect(made.status).toBe(0);
      const port = await freePort();
      const tls = ['--tls-port', String(port), '--tls-cert-file', file('cert.pem'), '--tls-key-file', file('key.pem')];
      await withServer([...tls, '--tls-ca-cert-file', file('cert.pem'), '--tls-auth-clients', 'no'], async () => {
        const servers = `rediss://localhost:${port}`;
        const store = await openRedisStateStore({ servers, tls: { ca: readFileSync(file('cert.pem')) }, log: NO_LOG });
        expect(await store.commit('t', { put: put(['k', '1']) })).toEqual({ ok: true });
        await store.close();
        const error = await failure({ servers, patienceMs: 200 });
        expect(error.code).toBe('UNSILO_STATE_UNREACHABLE');
        expect(error.message).toMatch(/self-signed|certificate/);
      });
    }));

  test('in a database of its own', () =>
    withServer([], async (server) => {
      const store = await openRedisStateStore({ servers: `${server.url}/3`, log: NO_LOG });
      await store.commit('t', { put: put(['k', '1']) });
      await store.close();
      await withRedis(server.url, async (redis) => {
        expect(await redis.dbsize()).toBe(0);
        await redis.select(3);
        expect(await redis.dbsize()).toBeGreaterThan(0);
      });
    }));

  test('refuses one that would remove keys when memory is short', () =>
    withServer(['--maxmemory', '100mb', '--maxmemory-policy', 'allkeys-lru'], async (server) => {
      const error = await failure({ servers: server.url });
      expect(error.code).toBe('UNSILO_STATE_SERVER_UNFIT');
      expect(error.message).toContain('noeviction');
    }));

  test('refuses a replica', () =>
    withServer([], async (primary) => {
      await withServer(['--replicaof', `127.0.0.1 ${primary.port}`], async (replica) => {
        expect((await failure({ servers: replica.url })).code).toBe('UNSILO_STATE_SERVER_UNFIT');
      });
    }));

  test('refuses a node of a cluster that is not said to be one, and the other way round', () =>
    withServer(['--cluster-enabled', 'yes'], async (node) => {
      expect((await failure({ servers: node.url })).code).toBe('UNSILO_STATE_SERVER_UNFIT');
      await withServer([], async (single) => {
        const { code } = await failure({ servers: single.url, cluster: true, patienceMs: 500 });
        expect(['UNSILO_STATE_SERVER_UNFIT', 'UNSILO_STATE_UNREACHABLE']).toContain(code);
      });
    }));

  test('a full memory refuses a commit whole; reads go on, and so do commits when there is room again', () =>
    withServer(['--maxmemory', '6mb'], async (server) => {
      await withStand(server.url, async ({ tenant, topic, open }) => {
        const store = await open();
        const group = unique('g');
        const commit = async (n: number): Promise<string | undefined> =>
          codeOf(
            store.commit(tenant, {
              put: Array.from({ length: 20 }, (_, m) => ({ table: 't', key: `${n}/${m}`, value: 'x'.repeat(10_000) })),
              offsets: { group, moves: [{ topic, partition: 0, from: n === 0 ? undefined : n, to: n + 1 }] },
            }),
          );
        let count = 0;
        let refusal: string | undefined;
        while ((refusal = await commit(count)) === undefined) count++;
        expect(refusal).toBe('UNSILO_STATE_FULL');
        expect(count).toBeGreaterThan(3);
        expect(await store.range(tenant, 't', { limit: 10_000 })).toHaveLength(20 * count);
        expect(await store.offsets(group)).toEqual([{ topic, partition: 0, offset: count }]);
        await withRedis(server.url, async (redis) => redis.config('SET', 'maxmemory', '0'));
        expect(await commit(count)).toBeUndefined();
      });
    }));
});
