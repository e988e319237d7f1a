import { writeSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { openEnvironment, openLmdbEventLog } from '@unsilo/event-log/lmdb';

/**
 * Opens the folder and does what is asked line by line: `append <topic>`, `close`. Prints `open`, then for each line `done` or
 * the code of the error.
 */
const [folder] = process.argv.slice(2) as [string];
const say = (line: string): void => void writeSync(1, `${line}\n`);
const environment = await openEnvironment({ folder }).catch((error: { code?: string }) => {
  say(error.code ?? String(error));
  process.exit(3);
});
const log = openLmdbEventLog(environment);
say('open');
for await (const line of createInterface({ input: process.stdin })) {
  const [order, topic = ''] = line.split(' ');
  try {
    if (order === 'append') {
      await log.declare([{ name: topic, partitions: 1, cleanup: 'delete' }]);
      await log.append([{ topic, key: 'k', value: 'v' }]);
    } else {
      await log.close();
      await environment.close();
    }
    say('done');
  } catch (error) {
    say((error as { code?: string }).code ?? String(error));
  }
  if (order === 'close') break;
}
