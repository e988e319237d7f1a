export { mastodon, mastodon as connector } from './connector.js';
export type { MastodonOptions } from './options.js';
