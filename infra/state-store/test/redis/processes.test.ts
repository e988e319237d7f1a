import { join } from 'node:path';
import { startChild, until } from '@unsilo/event-log/suite';
import { unique } from '@unsilo/state-store/suite';
import { countsOf } from './counting-worker.js';
import { describeWithRedis } from './server.js';
import { bringBack, takeSnapshot, withStand } from './stand.js';

const EVENTS = 6000;
const FAULTS = ['kill', 'stop', 'kill', 'stop', 'forget', 'stop', 'kill', 'back', 'stop', 'kill'] as const;

describeWithRedis('workers in processes of their own', (url) => {
  test(
    'killed, stopped and continued long after others took over, on a Redis that forgets: everything is counted once',
    () =>
      withStand(url(), async ({ prefix, tenant, topic, open }) => {
        const store = await open();
        const group = unique('g');
        const events = Array.from({ length: EVENTS }, (_, n) => (n * n + 7 * n) % 23);
        const work = JSON.stringify({ servers: url(), prefix, tenant, topic, group, events });
        const start = (): ReturnType<typeof startChild> => startChild(join(__dirname, 'counting-child.ts'), [work]);
        const position = async (): Promise<number> => (await store.offsets(group))[0]?.offset ?? 0;
        const workers = [start(), start(), start()];
        const stopped: ReturnType<typeof startChild>[] = [];
        try {
          await until(() => workers.every(({ lines }) => lines.includes('working')), 'all have begun', 60_000);
          let snapshot = await takeSnapshot(url(), prefix);
          for (const [index, fault] of FAULTS.entries()) {
            const begin = await position();
            const reached = Math.min(EVENTS, begin + EVENTS / 20);
            await until(async () => (await position()) >= reached, 'progress', 60_000);
            const worker = workers[index % workers.length]!;
            if (fault === 'forget') await bringBack(url(), prefix, new Map());
            else if (fault === 'back') await bringBack(url(), prefix, snapshot);
            else if (fault === 'stop') {
              worker.process.kill('SIGSTOP');
              stopped.push(worker);
            } else {
              worker.process.kill('SIGKILL');
              await worker.ended;
            }
            if (fault === 'stop' || fault === 'kill') workers[index % workers.length] = start();
            if (index === 5) snapshot = await takeSnapshot(url(), prefix);
            // One that was stopped goes on when others have moved its partition.
            if (stopped.length > 1) stopped.shift()!.process.kill('SIGCONT');
          }
          for (const worker of stopped) worker.process.kill('SIGCONT');
          await until(async () => (await position()) === EVENTS, 'all is counted', 60_000);
          const found = await store.range(tenant, 'counts', { limit: 100 });
          expect(new Map(found.map(({ key, value }) => [key, value]))).toEqual(countsOf(events));
          for (const worker of workers) expect(await worker.ended).toBe(0);
          const after = await store.range(tenant, 'counts', { limit: 100 });
          expect(after).toEqual(found);
        } finally {
          for (const worker of [...workers, ...stopped]) worker.process.kill('SIGKILL');
        }
      }),
    120_000,
  );
});
