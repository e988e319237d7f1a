export type * from './generated/types.js';
export type { EventTypes, SchemaTypes } from './generated/events.js';
export type { Envelope, EventType, UnsiloEvent } from './envelope.js';
export {
  commandEvent,
  customerGoneEvent,
  customerMessage,
  deadLetterEvent,
  deadLetterSettledEvent,
  decisionEvent,
  interactionEvent,
  objectEvent,
  outcomeEvent,
  partyEvent,
  recordEvent,
  signalEvent,
  systemSource,
  type EventOptions,
} from './events.js';
export { counted } from './counted.js';
export { parseEvent } from './parse.js';
export { jsonPointerStep, type Problem } from './problem.js';
export { isIdOfRef, parseRef, refOf, type RefParts } from './ref.js';
export {
  commandTarget,
  declareTopics,
  eventKey,
  placeOf,
  systemsOfTopics,
  topicName,
  topics,
  type DeclaredTopic,
  type Owner,
  type Topic,
  type TopicKind,
} from './topics.js';
export {
  isEventType,
  validate,
  validateEvent,
  type Invalid,
  type SchemaName,
  type Validated,
  type ValidatedEvent,
} from './validate.js';
export { compareVersions } from './version.js';
