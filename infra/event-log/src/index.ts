export { StorageError } from './errors.js';
export type * from './port.js';
export { UnderWay } from './under-way.js';
