export { openRedisStateStore } from './redis/state-store.js';
export type { RedisStateEvent, RedisStateStoreOptions } from './redis/options.js';
