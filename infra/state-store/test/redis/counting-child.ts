import { writeSync } from 'node:fs';
import type { EventLog } from '@unsilo/event-log';
import { openRedisStateStore } from '@unsilo/state-store/redis';
import { Worker } from './counting-worker.js';

/** A worker in a process of its own, until all is counted. Argument: what it works on, as JSON. Prints a line when it begins and one at its end. */
const { servers, prefix, tenant, topic, group, events } = JSON.parse(process.argv[2]!) as {
  servers: string;
  prefix: string;
  tenant: string;
  topic: string;
  group: string;
  events: number[];
};
const log = { capabilities: { maxMessageBytes: 1000 } } as EventLog;
const store = await openRedisStateStore({ servers, prefix, log });
const worker = new Worker(store, tenant, topic, group, events);
writeSync(1, 'working\n');
while (!worker.finished) await worker.turn();
await store.close();
writeSync(1, 'finished\n');
