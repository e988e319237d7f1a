export { csv } from './connector.js';
export type { CsvOptions } from './options.js';
