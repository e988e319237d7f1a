export { one } from '../../../connectors/one/src/index.js';
