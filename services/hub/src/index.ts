export * from './application/service.js';
export type { Hub, HubLogger, HubOptions } from './application/hub.js';
export { createHub, createHubService, HUB_GROUP } from './application/run.js';
export { rebuildFromPublished } from './application/publishing.js';
export { consumedTopics, declareHubTopics, systemsOnLog } from './application/topics.js';
export { connectorGroup } from './application/service/lag.js';
export type { Difference, ExceptionReason } from './domain/projection.js';
export { withoutErased } from './domain/erased.js';
export { DEFAULT_HORIZON } from './domain/compaction.js';
export {
  DEFAULT_SYSTEM_POLICY,
  type Policy,
  type SurvivorshipRule,
  type SystemPolicy,
  type WritePolicy,
} from './domain/policy.js';
