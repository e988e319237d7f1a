export * from './clock.js';
export * from './connector.js';
export * from './errors.js';
export { addressPolicy, guardedLookup, type AddressPolicy, type Lookup } from './http/addresses.js';
export { jsonOf } from './http/answers.js';
export { createHttpClient, type OwnedHttpClient } from './http/client.js';
export { httpDefaults, HttpOptionsSchema, type HttpOptions, type HttpSettings } from './http/settings.js';
export {
  FieldRuleSchema,
  MappingConfigSchema,
  mergeMappings,
  type FieldRule,
  type FieldRuleObject,
  type MappingConfig,
} from './mapping/config.js';
export { createLane, type Lane } from './lane.js';
export { mappingMistakes, type PlacedMistake } from './mapping/mistakes.js';
export {
  fieldMapping,
  type Encoded,
  type FieldMapping,
  type FieldValue,
  type MappingProblem,
  type SystemRecord,
} from './mapping/mapping.js';
export { mappingDigest, retiredAfterWrite, retirement, withRetired, type Retired } from './mapping/retired.js';
export { addressOrPath, parseOptions, path, type OptionProblem } from './options.js';
export { redactor, secret, secretValues, urlForMessages } from './redaction.js';
export { wellFormed } from './text.js';
export { sameSecret, verifySignature, type SignatureScheme } from './webhook.js';
export {
  runConnector,
  runnerDefaults,
  type ConnectorRunner,
  type RunnerOptions,
  type WebhookAnswer,
} from './runner/runner.js';
export type { ConnectorStorage } from './runner/storage.js';
export type { Counts, RunnerStatus, RunState } from './runner/status.js';
export { optionsTable, withOptionsTable } from './options-table.js';
