import type { Static, TSchema } from 'typebox';
import { Value } from 'typebox/value';
import type { HttpResponse } from '../connector.js';
import { RetryableError } from '../errors.js';
import { urlForMessages } from '../redaction.js';

/**
 * An answer's body as JSON of a form. Say in the schema what is relied on and no more: systems add fields, and plug-ins and proxies answer
 * instead of them. Whatever else comes may be right at the next try; nothing of it stands in the message.
 * @throws RetryableError UNSILO_HTTP_UNEXPECTED_ANSWER; after a write, it may have taken effect
 */
export function jsonOf<Schema extends TSchema>(response: HttpResponse, schema: Schema): Static<Schema> {
  let value: unknown;
  try {
    value = JSON.parse(response.body.toString('utf8'));
  } catch {
    throw unexpected(response, 'is no JSON');
  }
  if (Value.Check(schema, value)) return value;
  const [first] = Value.Errors(schema, value);
  throw unexpected(response, `does not have the form that was expected, at ${first?.instancePath || 'its root'}`);
}

function unexpected({ status, url }: HttpResponse, what: string): RetryableError {
  return new RetryableError(
    'UNSILO_HTTP_UNEXPECTED_ANSWER',
    `The answer of ${urlForMessages(url)} (${status}) ${what}`,
    {
      status,
      hint: 'Something between may have answered instead of the system, such as a page of maintenance; or it has a new release.',
    },
  );
}
