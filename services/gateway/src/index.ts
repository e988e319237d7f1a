export { createGateway, openApiDocument, type Gateway } from './gateway.js';
export { hashKey, makeKey, type KeyRecord, type KeyStore } from './access/keys.js';
export { codes, type CodeEntry, type ProblemCode } from './http/codes.js';
export { ProcessMetrics } from './http/metrics.js';
export type { Problem } from './http/problems.js';
export {
  defaultLimits,
  type GatewayOptions,
  type Limits,
  type WebhookAnswer,
  type WebhookCall,
  type Webhooks,
} from './options.js';
