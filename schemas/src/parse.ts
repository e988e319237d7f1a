import { validateEvent, type Invalid, type ValidatedEvent } from './validate.js';

const decoder = new TextDecoder('utf-8', { fatal: true });

/** The event that a message holds; never throws, and never puts the input into the error. A byte order mark is skipped. */
export function parseEvent(json: Uint8Array | string): ValidatedEvent {
  let text: string;
  try {
    text = typeof json === 'string' ? json : decoder.decode(json);
  } catch {
    return failure('UNSILO_NOT_UTF8', 'utf8', 'is not valid UTF-8');
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return failure('UNSILO_NOT_JSON', 'json', 'is not valid JSON');
  }
  return validateEvent(value);
}

function failure(code: Invalid['code'], keyword: string, message: string): Invalid {
  return { ok: false, code, errors: [{ path: '', keyword, message }] };
}
