import { patternMessages } from './generated/validators.js';

/** One thing that is wrong with a value. Never holds the value itself, which may be personal. */
export interface Problem {
  /** Where: JSON pointer (RFC 6901) into the value; the empty text is the value itself. */
  path: string;
  /** Keyword of JSON Schema that is violated, or `json`, `utf8`, `wellFormed`, `depth`. */
  keyword: string;
  message: string;
}

/** An error as ajv's validators report it. */
export interface SchemaError {
  instancePath: string;
  keyword: string;
  params: Record<string, unknown>;
  propertyName?: string;
  message?: string;
}

const MESSAGES: Record<string, string | undefined> = patternMessages;
const LONGEST_NAME = 100;

/** One step of a JSON pointer, with its slash; overlong names are cut. */
export function jsonPointerStep(key: string): string {
  return `/${cut(key).replaceAll('~', '~0').replaceAll('/', '~1')}`;
}

/** What a reader needs of the errors that a validator left behind: the place that is wrong and why. */
export function problemsOf(errors: readonly SchemaError[] | null | undefined, prefix: string): Problem[] {
  // Ajv lists the reasons before the keyword that failed for them; with one violation reported, the last but `if` says it all.
  const reasons = (errors ?? []).filter((error) => error.keyword !== 'if');
  const last = reasons.at(-1);
  return last === undefined ? [] : [problemOf(last, prefix)];
}

function problemOf(error: SchemaError, prefix: string): Problem {
  const { keyword, params } = error;
  const place = `${prefix}${error.instancePath}`;
  switch (keyword) {
    case 'required':
      return { path: place + jsonPointerStep(String(params['missingProperty'])), keyword, message: 'is missing' };
    case 'additionalProperties':
      return {
        path: place + jsonPointerStep(String(params['additionalProperty'])),
        keyword,
        message: 'is not a known property',
      };
    case 'propertyNames':
      return {
        path: place + jsonPointerStep(String(params['propertyName'])),
        keyword,
        message: 'is not allowed as a name',
      };
    case 'discriminator':
      return {
        path: place + jsonPointerStep(String(params['tag'])),
        keyword,
        message: 'must be one of the known values',
      };
    case 'false schema':
      return { path: place, keyword, message: 'must not stand here' };
    case 'const':
      return { path: place, keyword, message: `must be ${JSON.stringify(params['allowedValue'])}` };
    case 'enum':
      return { path: place, keyword, message: `must be one of ${(params['allowedValues'] as unknown[]).join(', ')}` };
    case 'pattern':
      return { path: place, keyword, message: MESSAGES[String(params['pattern'])] ?? 'is not of the right form' };
    case 'format':
      return { path: place, keyword, message: `must be a ${params['format'] === 'date' ? 'day' : 'time'} that exists` };
    case 'anyOf':
      return { path: place, keyword, message: 'must satisfy at least one of the alternatives of its schema' };
    default:
      return { path: place, keyword, message: error.message ?? `violates ${keyword}` };
  }
}

function cut(key: string): string {
  return key.length > LONGEST_NAME ? `${key.slice(0, LONGEST_NAME)}…` : key;
}
