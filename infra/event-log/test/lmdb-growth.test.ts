import { rmSync } from 'node:fs';
import { openEnvironment, openLmdbEventLog } from '@unsilo/event-log/lmdb';
import { newFolder } from './lmdb-place.js';

test('the data file outgrows the address space that was reserved for it, under readers', async () => {
  const folder = newFolder();
  const environment = await openEnvironment({ folder, mapSize: 1024 * 1024 });
  const log = openLmdbEventLog(environment);
  try {
    await log.declare([{ name: 't', partitions: 2, cleanup: 'delete' }]);
    let seen = 0;
    const subscription = await log.subscribe({
      group: 'g',
      topics: ['t'],
      start: 'earliest',
      onBatch: async ({ messages }) => {
        for (const { value } of messages) expect(value!.length).toBe(1000);
        seen += messages.length;
      },
    });
    for (let batch = 0; batch < 60; batch++) {
      await log.append(Array.from({ length: 500 }, (_, n) => ({ topic: 't', key: `k${n}`, value: 'x'.repeat(1000) })));
      await log.read({ topic: 't', partition: 0, from: 0, limit: 50 });
    }
    await subscription.caughtUp();
    expect(seen).toBe(30_000);
    await log.close();
    await environment.close();
    const again = await openEnvironment({ folder, mapSize: 1024 * 1024 });
    const ends = await openLmdbEventLog(again).ends(['t']);
    expect(ends.reduce((sum, { next }) => sum + next, 0)).toBe(30_000);
    await again.close();
  } finally {
    await environment.close();
    rmSync(folder, { recursive: true, force: true });
  }
});
