import { setTimeout as sleep } from 'node:timers/promises';
import type { FaultBroker } from './broker.js';
import type { FaultRedis } from './redis.js';
import type { Workers } from './workers.js';

/** What a fault can get hold of. */
export interface Stage {
  broker: FaultBroker;
  redis: FaultRedis;
  workers: Workers;
  /** How long a lasting fault lasts, milliseconds. */
  lastingMs: number;
  /** Between two repeats, milliseconds; events go on being fed. */
  betweenMs: number;
  /** How often, where a fault can be repeated. */
  times: number;
  /** Resolves when everything that is on the log now has been processed; answers how long that took. */
  recovered(): Promise<number>;
}

export interface ServerFault {
  /** As the table names it. */
  title: string;
  workers: number;
  /** Carries the fault out; answers how long recovering took after each time, milliseconds. */
  run(stage: Stage): Promise<number[]>;
}

async function repeated({ times, betweenMs, recovered }: Stage, once: () => Promise<void>): Promise<number[]> {
  const recoveries: number[] = [];
  for (let time = 0; time < times; time += 1) {
    await once();
    recoveries.push(await recovered());
    await sleep(betweenMs);
  }
  return recoveries;
}

const none = (title: string, workers: number): ServerFault => ({
  title,
  workers,
  run: () => Promise.resolve([]),
});

const rebalanced = (workers: number): ServerFault => ({
  title: `${workers} workers, one more and one less every few seconds`,
  workers,
  run: (stage) =>
    repeated(stage, async () => {
      await stage.workers.add();
      await sleep(stage.betweenMs);
      await stage.workers.remove();
    }),
});

export const SERVER_FAULTS = {
  'one-worker': none('no fault, 1 worker', 1),
  'two-workers': none('no fault, 2 workers', 2),
  'four-workers': none('no fault, 4 workers', 4),
  'two-rebalanced': rebalanced(2),
  'four-rebalanced': rebalanced(4),
  'redis-lost': {
    title: 'Redis: FLUSHALL',
    workers: 2,
    run: (stage) => repeated(stage, () => stage.redis.lose()),
  },
  'redis-set-back': {
    title: 'Redis: killed, started again from an older snapshot',
    workers: 2,
    run: (stage) =>
      repeated(stage, async () => {
        await stage.redis.keep();
        await sleep(stage.betweenMs);
        await stage.redis.setBack();
      }),
  },
  'redis-away': {
    title: 'Redis: answers nobody for a while',
    workers: 2,
    run: async ({ redis, lastingMs, recovered }) => {
      await redis.pause(lastingMs);
      return [await recovered()];
    },
  },
  'broker-killed': {
    title: 'Broker: kill -9, started again',
    workers: 2,
    run: (stage) =>
      repeated(stage, async () => {
        await stage.broker.kill();
        await sleep(1000);
        await stage.broker.restart();
      }),
  },
  'broker-paused': {
    title: 'Broker: answers nobody for a while',
    workers: 2,
    run: async ({ broker, lastingMs, recovered }) => {
      await broker.pause(lastingMs);
      return [await recovered()];
    },
  },
  'workers-killed': {
    title: 'Worker: kill -9 every 2 s, another one started',
    workers: 2,
    run: async ({ workers, times, recovered }) => {
      for (let time = 0; time < times; time += 1) {
        await sleep(2000);
        await workers.kill();
        void workers.begin();
      }
      return [await recovered()];
    },
  },
  zombie: {
    title: 'Worker: stands still for longer than its session, and goes on',
    workers: 2,
    run: (stage) => repeated(stage, () => stage.workers.freeze(stage.lastingMs)),
  },
} as const satisfies Record<string, ServerFault>;

export type ServerFaultName = keyof typeof SERVER_FAULTS;
