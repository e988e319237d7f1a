import { toUSVString } from 'node:util';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import type { FastifyInstance } from 'fastify';
import { HttpProblem } from './problems.js';

/** Nothing that is sent here is nested nearly as deep. */
const MAX_DEPTH = 32;
const UNSAFE_KEYS: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

/**
 * Bodies are taken exactly as they stand; queries and paths are texts and become numbers and lists where their schema says so.
 * What is unknown is refused, never dropped. Answers are written as they are: the tests hold them against the document.
 */
export function validateRequests(app: FastifyInstance): void {
  const base = {
    allErrors: true,
    strict: true,
    strictTypes: false,
    allowUnionTypes: true,
    removeAdditional: false,
    // Failures name the schema that they break, which says in words what it takes.
    verbose: true,
  } as const;
  const exact = new Ajv2020({ ...base, useDefaults: true });
  const textual = new Ajv2020({ ...base, useDefaults: true, coerceTypes: 'array' });
  addFormats.default(exact);
  addFormats.default(textual);
  let filled = false;
  app.setValidatorCompiler(({ schema, httpPart }) => {
    if (!filled) {
      const shared = Object.values(app.getSchemas()) as object[];
      exact.addSchema(shared);
      textual.addSchema(shared);
      filled = true;
    }
    return (httpPart === 'body' ? exact : textual).compile(schema as object);
  });
  app.setSerializerCompiler(() => (data) => JSON.stringify(data));
  app.addHook('preValidation', async (request) => {
    if (request.body !== undefined && request.body !== null && !Buffer.isBuffer(request.body))
      refuseUnsound(request.body);
  });
}

/** What no schema can say: texts with half a surrogate pair, keys that reach into a prototype, bottomless nesting. */
function refuseUnsound(value: unknown): void {
  const waiting: { value: unknown; path: string; depth: number }[] = [{ value, path: '', depth: 0 }];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { value: item, path, depth } = next;
    if (typeof item === 'string') {
      if (!isWellFormed(item)) refuse(path, 'must not hold half of a surrogate pair');
    } else if (typeof item === 'object' && item !== null) {
      if (depth >= MAX_DEPTH) refuse('', `must be nested at most ${MAX_DEPTH} levels deep`);
      for (const [key, child] of Object.entries(item)) {
        if (UNSAFE_KEYS.has(key) || !isWellFormed(key)) refuse(path, 'has a key that is not allowed');
        waiting.push({ value: child, path: `${path}/${key.slice(0, 100)}`, depth: depth + 1 });
      }
    }
  }
}

function isWellFormed(text: string): boolean {
  return toUSVString(text) === text;
}

function refuse(path: string, message: string): never {
  throw new HttpProblem('UNSILO_HTTP_INVALID', {
    detail: `${path || 'The body'} ${message}.`,
    errors: [{ path, message }],
  });
}
