import { openEnvironment, openLmdbEventLog } from '@unsilo/event-log/lmdb';

/** Reads all of topic `t` in each folder given; prints the number of messages, or the code of the error. */
for (const folder of process.argv.slice(2)) {
  try {
    const environment = await openEnvironment({ folder });
    const log = openLmdbEventLog(environment);
    let count = 0;
    for (const { partition } of await log.ends(['t'])) {
      let from: number | undefined = 0;
      while (from !== undefined) {
        const page: Awaited<ReturnType<typeof log.read>> = await log.read({ topic: 't', partition, from, limit: 500 });
        count += page.messages.length;
        from = page.next;
      }
    }
    await log.append([{ topic: 't', key: 'k', value: 'v' }]);
    process.stdout.write(`${count}\n`);
    await log.close();
    await environment.close();
  } catch (error) {
    process.stdout.write(`${(error as { code?: string }).code ?? String(error)}\n`);
  }
}
