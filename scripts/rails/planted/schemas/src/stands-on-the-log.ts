export { log } from '../../infra/event-log/src/index.js';
