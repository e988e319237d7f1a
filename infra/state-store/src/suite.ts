import { atomicitySuite } from './suite/atomicity.js';
import { closingSuite } from './suite/closing.js';
import { commitSuite } from './suite/committing.js';
import { concurrencySuite } from './suite/concurrency.js';
import type { StateStoreFactory } from './suite/factory.js';
import { modelSuite } from './suite/model.js';
import { offsetSuite } from './suite/offsets.js';
import { outboxSuite } from './suite/outbox.js';
import { rangeSuite } from './suite/ranges.js';

export { codeOf, logged, put, unique } from './suite/factory.js';
export type { OpenState, StatePlace, StateStoreFactory } from './suite/factory.js';

/** Everything that port.ts promises, as tests over one adapter and the log beside it. Call it in a test file. */
export function stateStoreSuite(name: string, factory: StateStoreFactory): void {
  describe(`state store: ${name}`, () => {
    commitSuite(factory);
    rangeSuite(factory);
    concurrencySuite(factory);
    offsetSuite(factory);
    outboxSuite(factory);
    closingSuite(factory);
    atomicitySuite(factory);
    modelSuite(factory);
  });
}
