import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { FaultBroker } from '../../src/faults/servers/broker.js';
import { FaultRedis } from '../../src/faults/servers/redis.js';

export interface Servers {
  broker: FaultBroker;
  redis: FaultRedis;
}

/**
 * `describe` with a broker (in a container) and a Redis (the program `redis-server`) of its own, since topics have fixed names. Without
 * them it is skipped and says so; with REQUIRE_SERVERS=1 that is a failure.
 */
export function describeWithServers(name: string, folder: () => string, body: (servers: () => Servers) => void): void {
  const reason = missing();
  if (reason !== undefined) {
    if (process.env['REQUIRE_SERVERS'] === '1')
      test(name, () => {
        throw new Error(`This needs Kafka and Redis: ${reason}.`);
      });
    else {
      process.stderr.write(`SKIPPED: ${name} (${reason})\n`);
      describe.skip(name, () => body(() => ({}) as Servers));
    }
    return;
  }
  describe(name, () => {
    let servers: Servers | undefined;
    beforeAll(async () => {
      const broker = await FaultBroker.start();
      servers = { broker, redis: await FaultRedis.start(join(folder(), 'redis')) };
    }, 180_000);
    body(() => {
      if (servers === undefined) throw new Error('there are no servers');
      return servers;
    });
    afterAll(async () => {
      await servers?.redis.stop();
      await servers?.broker.remove();
    });
  });
}

/** Why there are no servers; undefined where there are. */
export function missing(): string | undefined {
  const answers = (program: string, ...args: string[]): boolean =>
    spawnSync(program, args, { timeout: 10_000 }).status === 0;
  if (!answers('docker', 'version', '--format', '{{.Server.Version}}')) return 'no Docker';
  return answers('redis-server', '--version') ? undefined : 'no redis-server on the path';
}
