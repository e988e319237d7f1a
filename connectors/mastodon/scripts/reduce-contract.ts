/**
 * Takes from Mastodon's OpenAPI document (github.com/abraham/mastodon-openapi, dist/schema.json) what the fake server is held against: for
 * the calls that the connector makes, the structure of the answers (types, required names), without any prose.
 *
 *   npx tsx connectors/mastodon/scripts/reduce-contract.ts /path/to/schema.json
 */
import { readFileSync, writeFileSync } from 'node:fs';

const CALLS = [
  'GET /api/v2/instance',
  'GET /api/v1/accounts/verify_credentials',
  'GET /api/v1/accounts/{id}',
  'GET /api/v1/accounts/{id}/statuses',
  'GET /api/v1/notifications',
  'GET /api/v1/statuses/{id}',
  'GET /api/v1/statuses/{id}/context',
  'GET /api/v1/statuses/{id}/source',
  'POST /api/v1/statuses',
];
const KEPT = ['type', 'required', 'items', 'oneOf', 'anyOf', 'allOf', 'enum', 'format', 'additionalProperties'];

type Json = Record<string, unknown>;
interface OpenApi {
  info: { version: string };
  paths: Record<string, Record<string, { responses: Record<string, { content: Record<string, { schema: Json }> }> }>>;
  components: { schemas: Record<string, Json> };
}

const [, , source] = process.argv;
if (source === undefined) throw new Error('which schema.json?');
const document = JSON.parse(readFileSync(source, 'utf8')) as OpenApi;
const definitions: Record<string, unknown> = {};

function reduced(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(reduced);
  if (typeof schema !== 'object' || schema === null) return schema;
  const { $ref, properties, ...rest } = schema as Json;
  // What stands beside a reference says nothing more (draft-07 would ignore it).
  if (typeof $ref === 'string') return reference($ref);
  const kept = Object.entries(rest).filter(([name]) => KEPT.includes(name));
  return {
    ...Object.fromEntries(kept.map(([name, value]) => [name, reduced(value)])),
    ...(properties === undefined
      ? {}
      : {
          properties: Object.fromEntries(
            Object.entries(properties as Json).map(([name, part]) => [name, reduced(part)]),
          ),
        }),
  };
}

function reference(ref: string): Json {
  const name = ref.split('/').at(-1)!;
  if (definitions[name] === undefined) {
    definitions[name] = {};
    definitions[name] = reduced(document.components.schemas[name]);
  }
  return { $ref: `#/definitions/${name}` };
}

const answers = CALLS.map((call) => {
  const [method, path] = call.split(' ') as [string, string];
  const schema = document.paths[path]?.[method.toLowerCase()]?.responses['200']?.content['application/json']?.schema;
  if (schema === undefined) throw new Error(`${call} is not in the document`);
  return [call, reduced(schema)] as const;
});
const error = reference('#/components/schemas/Error');
const byName = Object.entries(definitions).sort(([a], [b]) => (a < b ? -1 : 1));
const result = {
  source: `Mastodon API ${document.info.version}: structure of the answers, made by reduce-contract.ts`,
  answers: Object.fromEntries(answers),
  error,
  definitions: Object.fromEntries(byName),
};
writeFileSync(new URL('../test/contract/answers.json', import.meta.url), `${JSON.stringify(result, undefined, 1)}\n`);
