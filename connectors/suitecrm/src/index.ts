export { suitecrm, suitecrm as connector } from './connector.js';
export type { SuiteCrmOptions } from './options.js';
