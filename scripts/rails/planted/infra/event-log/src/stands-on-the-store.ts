export { store } from '../../state-store/src/index.js';
