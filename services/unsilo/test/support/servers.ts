import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { FaultBroker } from '../../src/faults/servers/broker.js';
import { FaultRedis } from '../../src/faults/servers/redis.js';
import { describeUnless } from './requirement.js';

export interface Servers {
  broker: FaultBroker;
  redis: FaultRedis;
}

/** `describe` with a broker (in a container) and a Redis (the program `redis-server`) of its own, since topics have fixed names. */
export function describeWithServers(name: string, folder: () => string, body: (servers: () => Servers) => void): void {
  describeUnless(missing(), name, () => {
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
