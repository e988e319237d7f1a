export { StorageError } from './errors.js';
export { isShutOutMark, OUTBOX_WRITER } from './marks.js';
export { over } from './over.js';
export type * from './port.js';
export { withOwnTraces } from './own-traces.js';
export { endsWithin, UnderWay } from './under-way.js';
