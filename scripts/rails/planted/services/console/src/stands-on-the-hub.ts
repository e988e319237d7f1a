export { hub } from '../../hub/src/index.js';
