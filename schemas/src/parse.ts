import { jsonErrorPosition } from './json-position.js';
import { validateEvent, type Invalid, type ValidatedEvent } from './validate.js';

/**
 * The event that a message holds; never throws, and never puts the input into the error. A byte order mark before the bytes is
 * skipped. Names that reach into a prototype (`__proto__`) are refused wherever they stand.
 */
export function parseEvent(json: Uint8Array | string): ValidatedEvent {
  let text: string;
  try {
    text = typeof json === 'string' ? json : new TextDecoder('utf-8', { fatal: true }).decode(json);
  } catch {
    return failure('UNSILO_NOT_UTF8', 'utf8', `is not valid UTF-8 from byte ${firstBadByte(json as Uint8Array)} on`);
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    const { line, column } = jsonErrorPosition(text);
    return failure('UNSILO_NOT_JSON', 'json', `is not valid JSON from line ${line}, column ${column} on`);
  }
  return validateEvent(value);
}

/** Offset of the first byte after which no continuation could make the bytes UTF-8; the length when only the end is missing. */
function firstBadByte(bytes: Uint8Array): number {
  let good = 0;
  let bad = bytes.length + 1;
  while (bad - good > 1) {
    const middle = (good + bad) >> 1;
    try {
      new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(0, middle), { stream: true });
      good = middle;
    } catch {
      bad = middle;
    }
  }
  return good;
}

function failure(code: Invalid['code'], keyword: string, message: string): Invalid {
  return { ok: false, code, errors: [{ path: '', keyword, message }] };
}
