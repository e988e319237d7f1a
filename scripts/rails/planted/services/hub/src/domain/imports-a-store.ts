export { store } from '../../../../infra/state-store/src/index.js';
