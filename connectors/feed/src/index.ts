export { feed, feed as connector } from './connector.js';
export type { FeedOptions } from './options.js';
