export { StorageError } from './errors.js';
export type * from './port.js';
export { withOwnTraces } from './own-traces.js';
export { UnderWay } from './under-way.js';
