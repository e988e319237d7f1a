import { writeSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import type { EventLog } from '../port.js';
import { numbered } from './factory.js';

/**
 * Appends numbered batches until it is killed. Arguments: module and argument of the adapter, topic, first number, messages in
 * a batch.
 * Prints after each batch the number that comes next.
 */
const [module, argument, topic, first, size] = process.argv.slice(2) as [string, string, string, string, string];
const { openLog } = (await import(pathToFileURL(module).href)) as { openLog(argument: string): Promise<EventLog> };
const log = await openLog(argument);
for (let from = Number(first); ; from += Number(size)) {
  await log.append(numbered(topic, from, from + Number(size), 7));
  // Synchronously, so that the line is out before anything else happens here.
  writeSync(1, `${from + Number(size)}\n`);
}
