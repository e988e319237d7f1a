export { testing } from '../../../connectors/sdk/src/testing.js';
