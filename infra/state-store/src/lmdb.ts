export { openLmdbStateStore } from './lmdb/state-store.js';
