export { hub } from '../../../services/hub/src/index.js';
