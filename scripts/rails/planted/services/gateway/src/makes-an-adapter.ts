export { lmdb } from '../../../infra/event-log/src/lmdb.js';
