import type { EventType, UnsiloEvent } from './envelope.js';
import { eventData, type SchemaTypes } from './generated/events.js';
import { validators as compiled } from './generated/validators.js';
import { problemsOf, type Problem, type SchemaError } from './problem.js';
import { findUnsound } from './soundness.js';

interface Validator {
  (value: unknown): boolean;
  errors?: SchemaError[] | null;
}
const validators = compiled as unknown as Record<keyof SchemaTypes, Validator>;

export type SchemaName = keyof SchemaTypes;
export interface Invalid {
  ok: false;
  /** `UNSILO_NOT_UTF8` and `UNSILO_NOT_JSON` come from `parseEvent` only. */
  code: 'UNSILO_INVALID' | 'UNSILO_NOT_UTF8' | 'UNSILO_NOT_JSON';
  /** The first violation found. */
  errors: Problem[];
}
export type Validated<T> = { ok: true; value: T } | Invalid;
export type ValidatedEvent = { ok: true; event: UnsiloEvent } | Invalid;

/** Whether a value is what the schema of that name describes, and sound besides (soundness.ts). Doesn't change it. */
export function validate<Name extends SchemaName>(name: Name, value: unknown): Validated<SchemaTypes[Name]> {
  if (name === 'envelope') {
    const result = validateEvent(value);
    return result.ok ? { ok: true, value: value as SchemaTypes[Name] } : result;
  }
  return checked(name, value, '') ?? { ok: true, value: value as SchemaTypes[Name] };
}

/** Whether a value is an event: a right envelope around the data that its type names. Doesn't change it. */
export function validateEvent(value: unknown): ValidatedEvent {
  if (!validators.envelope(value)) return invalid(problemsOf(validators.envelope.errors, ''));
  const event = value as UnsiloEvent;
  const problem = checked(eventData[event.type], event.data, '/data') ?? unsound(event, '');
  return problem ?? { ok: true, event };
}

export function isEventType(text: string): text is EventType {
  return Object.hasOwn(eventData, text);
}

function checked(name: SchemaName, value: unknown, prefix: string): Invalid | undefined {
  const validator = validators[name];
  if (!validator(value)) return invalid(problemsOf(validator.errors, prefix));
  // An event is searched once, as a whole.
  return prefix === '' ? unsound(value, prefix) : undefined;
}

function unsound(value: unknown, prefix: string): Invalid | undefined {
  const problem = findUnsound(value, prefix);
  return problem && invalid([problem]);
}

function invalid(errors: Problem[]): Invalid {
  return { ok: false, code: 'UNSILO_INVALID', errors };
}
