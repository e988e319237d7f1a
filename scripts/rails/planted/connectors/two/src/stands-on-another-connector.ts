export { one } from '../../one/src/index.js';
