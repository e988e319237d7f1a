import { appendSuite } from './suite/appending.js';
import { cleaningSuite } from './suite/cleaning.js';
import { closingSuite } from './suite/closing.js';
import { durabilitySuite } from './suite/durability.js';
import type { EventLogFactory } from './suite/factory.js';
import { groupSuite } from './suite/groups.js';
import { handlerSuite } from './suite/handlers.js';
import { modelSuite } from './suite/model.js';
import { readingSuite } from './suite/reading.js';

export type { EventLogFactory, LogPlace } from './suite/factory.js';
export { killWhen, startChild, type Child } from './suite/processes.js';
export { describeWithSmallDisk, mountSmallDisk } from './suite/small-disk.js';
export { until } from './suite/waiting.js';

/** Everything that port.ts promises, as tests over one adapter. Call it in a test file. */
export function eventLogSuite(name: string, factory: EventLogFactory): void {
  describe(`event log: ${name}`, () => {
    appendSuite(factory);
    readingSuite(factory);
    groupSuite(factory);
    handlerSuite(factory);
    closingSuite(factory);
    durabilitySuite(factory);
    cleaningSuite(factory);
    modelSuite(factory);
  });
}
