import type { EventTypes } from './generated/events.js';
import type { EventEnvelope } from './generated/types.js';

/** A CloudEvents 1.0 envelope around `data`. */
export interface Envelope<Type extends string = string, Data = unknown> extends Omit<EventEnvelope, 'type' | 'data'> {
  type: Type;
  data: Data;
}
export type EventType = keyof EventTypes;
/** Any event of any topic; `type` narrows `data`. */
export type UnsiloEvent = { [T in EventType]: Envelope<T, EventTypes[T]> }[EventType];
