export type * from './generated/types.js';
export type { EventTypes, SchemaTypes } from './generated/events.js';
export type { Envelope, EventType, UnsiloEvent } from './envelope.js';
export { parseEvent } from './parse.js';
export type { Problem } from './problem.js';
export { parseRef, refOf, type RefParts } from './ref.js';
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
