import { openEnvironment, openLmdbEventLog } from '@unsilo/event-log/lmdb';

/** Appends 2,800 messages to topic `t` in the folder given, in small and large chunks, and dies without closing anything. */
const [folder] = process.argv.slice(2) as [string];
const log = openLmdbEventLog(await openEnvironment({ folder }));
await log.declare([{ name: 't', partitions: 2, cleanup: 'delete' }]);
for (let turn = 0; turn < 40; turn++) {
  await Promise.all(
    Array.from({ length: 20 }, (_, n) => log.append([{ topic: 't', key: `k${n}`, value: 'x'.repeat(300) }])),
  );
  await log.append(Array.from({ length: 50 }, (_, n) => ({ topic: 't', key: `k${n}`, value: 'x'.repeat(700) })));
}
process.kill(process.pid, 'SIGKILL');
