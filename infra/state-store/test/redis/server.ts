import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, connect, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '@unsilo/event-log/suite';
import { Redis } from 'ioredis';

const IMAGE = 'redis:7-bookworm';

/** A Redis for a file of tests: the one that REDIS_URL names, one of our own, or one in a container. */
export interface TestServer {
  readonly url: string;
  stop(): Promise<void>;
}

type Source = 'url' | 'program' | 'container';

function sourceOfServers(): Source | undefined {
  if (process.env['REDIS_URL'] !== undefined) return 'url';
  if (hasProgram()) return 'program';
  return spawnSync('docker', ['image', 'inspect', IMAGE], { stdio: 'ignore' }).status === 0 ? 'container' : undefined;
}

function hasProgram(): boolean {
  return spawnSync('redis-server', ['--version'], { stdio: 'ignore' }).status === 0;
}

/** `describe` where there is a Redis. Without one it says so; with REQUIRE_SERVERS=1 that is a failure. */
export function describeWithRedis(name: string, body: (url: () => string) => void): void {
  const source = sourceOfServers();
  describeWhere(source !== undefined, `no Redis (REDIS_URL, redis-server or Docker with ${IMAGE})`, name, () => {
    let server: TestServer;
    beforeAll(async () => {
      server = await startServer(source!);
    }, 120_000);
    afterAll(async () => {
      await server.stop();
    });
    body(() => server.url);
  });
}

/** For tests that start, kill and configure servers themselves: they need the program. */
export function describeWithRedisProgram(name: string, body: () => void): void {
  describeWhere(hasProgram(), 'no redis-server on the path', name, body);
}

function describeWhere(there: boolean, reason: string, name: string, body: () => void): void {
  if (there) {
    describe(name, body);
    return;
  }
  if (process.env['REQUIRE_SERVERS'] === '1') {
    test(name, () => {
      throw new Error(`This needs a server: ${reason}.`);
    });
    return;
  }
  process.stderr.write(`SKIPPED: ${name}: ${reason}\n`);
  describe.skip(name, body);
}

async function startServer(source: Source): Promise<TestServer> {
  if (source === 'url') return { url: process.env['REDIS_URL']!, stop: async () => undefined };
  if (source === 'program') {
    const server = new RedisProgram();
    await server.start();
    return { url: server.url, stop: async () => server.remove() };
  }
  process.env['TESTCONTAINERS_RYUK_DISABLED'] ??= 'true';
  const { GenericContainer } = await import('testcontainers');
  const container = await new GenericContainer(IMAGE)
    .withExposedPorts(6379)
    .withCommand(['redis-server', '--save', '', '--appendonly', 'no', '--protected-mode', 'no'])
    .start();
  return {
    url: `redis://${container.getHost()}:${container.getMappedPort(6379)}`,
    stop: async () => void (await container.stop()),
  };
}

/** A redis-server on loopback with a folder of its own. */
export class RedisProgram {
  readonly folder = mkdtempSync(join(tmpdir(), 'unsilo-redis-'));
  private readonly options: readonly string[];
  private process: ChildProcess | undefined;
  port = 0;

  /** @param options as on the command line of redis-server */
  constructor(options: readonly string[] = []) {
    this.options = options;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  async start(): Promise<void> {
    if (this.port === 0) this.port = await freePort();
    const own = ['--port', String(this.port), '--bind', '127.0.0.1', '--dir', this.folder, '--save', ''];
    this.process = spawn('redis-server', [...own, '--appendonly', 'no', ...this.options], { stdio: 'ignore' });
    const { process } = this;
    await until(async () => process.exitCode !== null || answers(this.port), 'redis-server answers');
    if (process.exitCode !== null) throw new Error(`redis-server ended: it does not take ${this.options.join(' ')}`);
  }

  /** Ends it without giving it a chance to save. */
  async kill(): Promise<void> {
    if (this.process === undefined) return;
    const ended = once(this.process, 'exit');
    if (this.process.exitCode === null && this.process.signalCode === null) {
      this.process.kill('SIGKILL');
      await ended;
    }
    this.process = undefined;
  }

  /** Stops it in the middle of whatever it does; connections stay as they are. */
  freeze(): void {
    this.process!.kill('SIGSTOP');
  }
  thaw(): void {
    this.process!.kill('SIGCONT');
  }

  async remove(): Promise<void> {
    await this.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

async function answers(port: number): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      done(true);
    });
    socket.on('error', () => done(false));
  });
}

/** A port below 50,000, since a node of a cluster listens on the one 10,000 higher as well. */
export async function freePort(): Promise<number> {
  for (;;) {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    server.close();
    await once(server, 'close');
    if (port < 50_000) return port;
  }
}

/** A plain connection, for looking at what the store wrote and for breaking it. */
export async function withRedis<Result>(url: string, work: (redis: Redis) => Promise<Result>): Promise<Result> {
  const redis = new Redis(url);
  try {
    return await work(redis);
  } finally {
    redis.disconnect();
  }
}

/** All keys that begin with the prefix. */
export async function keysWith(redis: Redis, prefix: string): Promise<string[]> {
  const keys: string[] = [];
  let cursor = '0';
  do {
    const [next, page] = await redis.scan(cursor, 'MATCH', `${prefix}:*`, 'COUNT', 1000);
    keys.push(...page);
    cursor = next;
  } while (cursor !== '0');
  return keys;
}
