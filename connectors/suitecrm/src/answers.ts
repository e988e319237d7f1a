import { ConnectorError, RetryableError, TerminalError, type HttpResponse } from '@unsilo/connector-sdk';
import { isIdOfRef } from '@unsilo/schemas';
import type { SuiteRecord } from './modules.js';

/**
 * Answers of the V8 API. Errors are nearly all 400 and told apart by their text alone: `{"errors":{"status":400,"title":null,"detail":…}}`.
 * The texts may hold personal data, a wrong password even: nothing of them goes into messages but names of fields and ids.
 */
export type Answer =
  | { kind: 'data'; data: unknown; meta: Record<string, unknown> }
  /** A record that isn't there (any more), or that a list named but couldn't load. */
  | { kind: 'missing'; module: string; id: string }
  | { kind: 'exists' }
  | { kind: 'not-related' }
  | { kind: 'unknown-field'; field: string }
  | { kind: 'denied' }
  | { kind: 'database-failure' }
  | { kind: 'refused' };

const TEXTS: readonly { form: RegExp; answer: (found: RegExpExecArray) => Answer }[] = [
  {
    form: /(\w+) module with id (\S{1,64}) is not found/,
    answer: ([, module = '', id = '']) => ({ kind: 'missing', module, id }),
  },
  { form: /is already exist/, answer: () => ({ kind: 'exists' }) },
  { form: /id is not related to/, answer: () => ({ kind: 'not-related' }) },
  { form: /^Property (\w{1,64}) in .* is invalid/, answer: ([, field = '']) => ({ kind: 'unknown-field', field }) },
  { form: /is not found: ([\w, ]{1,200})$/, answer: ([, field = '']) => ({ kind: 'unknown-field', field }) },
  {
    form: /^Filter field (\w{1,64}) in .* is not found/,
    answer: ([, field = '']) => ({ kind: 'unknown-field', field }),
  },
  { form: /AccessDeniedException|Not Allowed|not have access/i, answer: () => ({ kind: 'denied' }) },
  { form: /Database failure|suitecrm\.log/, answer: () => ({ kind: 'database-failure' }) },
];

/** @throws RetryableError UNSILO_SUITECRM_BAD_ANSWER when it is no JSON of the API; after a write it may have taken effect */
export function readAnswer(response: HttpResponse): Answer {
  const text = response.body.toString('utf8');
  const parsed = parse(text);
  if (parsed === undefined)
    throw new RetryableError('UNSILO_SUITECRM_BAD_ANSWER', `SuiteCRM answered ${response.status} without valid JSON`, {
      hint: 'Is `url` the address of SuiteCRM itself? PHP errors and maintenance pages look like this, too.',
    });
  const errors = isObject(parsed['errors']) ? parsed['errors'] : undefined;
  if (errors !== undefined || response.status >= 400) {
    const detail = typeof errors?.['detail'] === 'string' ? errors['detail'] : '';
    for (const { form, answer } of TEXTS) {
      const found = form.exec(detail);
      if (found !== null) return answer(found);
    }
    return { kind: 'refused' };
  }
  return { kind: 'data', data: parsed['data'], meta: isObject(parsed['meta']) ? parsed['meta'] : {} };
}

/** After a failed query the JSON is followed by plain text. */
function parse(text: string): Record<string, unknown> | undefined {
  for (const candidate of [text, text.slice(0, text.lastIndexOf('}') + 1)])
    try {
      const value: unknown = JSON.parse(candidate);
      if (isObject(value)) return value;
    } catch {
      // the next candidate
    }
  return undefined;
}

/** The record in a resource object; undefined when it is none, or has an id that nothing can be named by. Empty attributes come as a list. */
export function recordOf(resource: unknown): SuiteRecord | undefined {
  if (!isObject(resource) || typeof resource['id'] !== 'string' || !isIdOfRef(resource['id'])) return undefined;
  const attributes = resource['attributes'];
  return { id: resource['id'], attributes: isObject(attributes) ? attributes : {} };
}

/**
 * The records of a list, and what stands among them that is none.
 * @throws RetryableError UNSILO_SUITECRM_BAD_ANSWER when there is no list: taken for an empty one it would say that all records are gone
 */
export function recordsOf(data: unknown, what: string): { records: SuiteRecord[]; unusable: unknown[] } {
  if (!Array.isArray(data))
    throw new RetryableError('UNSILO_SUITECRM_BAD_ANSWER', `${what}: the answer holds no list`, {
      hint: 'Something between may have answered instead of SuiteCRM, such as a page of maintenance.',
    });
  const read = data.map((resource: unknown) => ({ resource, record: recordOf(resource) }));
  return {
    records: read.flatMap(({ record }) => record ?? []),
    unusable: read.filter(({ record }) => record === undefined).map(({ resource }) => resource),
  };
}

export class UnknownFieldError extends TerminalError {
  readonly field: string;
  constructor(field: string, what: string) {
    super('UNSILO_SUITECRM_UNKNOWN_FIELD', `${what}: SuiteCRM has no field ${field}`, {
      hint: 'Mend the mapping; `unsilo check` lists the fields that are not there.',
    });
    this.field = field;
  }
}

/** What an answer that wasn't hoped for means. `what` names the exchange: `GET Contacts`. */
export function failure(answer: Exclude<Answer, { kind: 'data' }>, what: string): ConnectorError {
  switch (answer.kind) {
    case 'missing':
      return new TerminalError('UNSILO_SUITECRM_NOT_FOUND', `${what}: there is no such record`);
    case 'exists':
      return new TerminalError('UNSILO_SUITECRM_EXISTS', `${what}: a record with this id exists already`);
    case 'not-related':
      return new TerminalError('UNSILO_SUITECRM_NOT_RELATED', `${what}: the records are not linked`);
    case 'unknown-field':
      return new UnknownFieldError(answer.field, what);
    case 'denied':
      return new TerminalError('UNSILO_SUITECRM_ACCESS_DENIED', `${what}: the API user may not do this`, {
        hint: 'Give the role of the API user access to the module.',
      });
    case 'database-failure':
      return new RetryableError('UNSILO_SUITECRM_DATABASE', `${what}: SuiteCRM's database failed`, {
        hint: 'The reason stands in suitecrm.log.',
      });
    case 'refused':
      return new TerminalError('UNSILO_SUITECRM_REFUSED', `${what}: SuiteCRM refused the request`, {
        hint: 'Its reason may name personal data and is not repeated here; it stands in suitecrm.log.',
      });
  }
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
