import { rmSync } from 'node:fs';
import { openEnvironment, openLmdbEventLog } from '@unsilo/event-log/lmdb';
import { newFolder } from './lmdb-place.js';

test('compaction that keeps fewer keys in mind than there are comes to the same', async () => {
  const folder = newFolder();
  const environment = await openEnvironment({ folder, compactionKeys: 7 });
  const log = openLmdbEventLog(environment);
  try {
    await log.declare([{ name: 't', partitions: 1, cleanup: 'compact' }]);
    const last = new Map<string, number>();
    for (let batch = 0; batch < 20; batch++) {
      const messages = Array.from({ length: 50 }, (_, n) => ({
        topic: 't',
        key: `k${(batch * 31 + n * 17) % 113}`,
        value: String(batch * 50 + n),
      }));
      for (const { key, value } of messages) last.set(key, Number(value));
      await log.append(messages);
    }
    expect(await log.clean(Date.now())).toEqual({ removed: 1000 - last.size });
    const { messages } = await log.read({ topic: 't', partition: 0, from: 0, limit: 10_000 });
    expect(messages.map(({ value }) => Number(value))).toEqual([...last.values()].sort((a, b) => a - b));
    expect(messages.every(({ key, offset }) => last.get(key) === offset)).toBe(true);
  } finally {
    await log.close();
    await environment.close();
    rmSync(folder, { recursive: true, force: true });
  }
});
