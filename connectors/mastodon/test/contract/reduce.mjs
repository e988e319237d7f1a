/**
 * Takes from Mastodon's OpenAPI document what the fake server is held against: for the calls that the connector makes, the structure of
 * the answers (types, required names), without any prose.
 *
 *   node connectors/mastodon/test/contract/reduce.mjs /path/to/schema.json
 */
import { readFileSync, writeFileSync } from 'node:fs';

const CALLS = {
  'GET /api/v2/instance': '200',
  'GET /api/v1/accounts/verify_credentials': '200',
  'GET /api/v1/accounts/{id}': '200',
  'GET /api/v1/accounts/{id}/statuses': '200',
  'GET /api/v1/notifications': '200',
  'GET /api/v1/statuses/{id}': '200',
  'GET /api/v1/statuses/{id}/context': '200',
  'GET /api/v1/statuses/{id}/source': '200',
  'POST /api/v1/statuses': '200',
};
const KEPT = [
  'type',
  'properties',
  'required',
  'items',
  'oneOf',
  'anyOf',
  'allOf',
  'enum',
  'format',
  'additionalProperties',
  '$ref',
];

const document = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const definitions = {};

function reduced(schema) {
  if (Array.isArray(schema)) return schema.map(reduced);
  if (typeof schema !== 'object' || schema === null) return schema;
  const kept = {};
  for (const name of KEPT) {
    if (schema[name] === undefined) continue;
    if (name === 'properties')
      kept[name] = Object.fromEntries(Object.entries(schema[name]).map(([key, part]) => [key, reduced(part)]));
    else if (name === '$ref') kept[name] = `#/definitions/${define(schema[name])}`;
    else kept[name] = reduced(schema[name]);
  }
  // A reference with a type beside it means the reference (draft-07 would ignore the rest anyway).
  return kept.$ref === undefined ? kept : { $ref: kept.$ref };
}

function define(ref) {
  const name = ref.split('/').at(-1);
  if (definitions[name] === undefined) {
    definitions[name] = {};
    definitions[name] = reduced(document.components.schemas[name]);
  }
  return name;
}

const answers = {};
for (const [call, status] of Object.entries(CALLS)) {
  const [method, path] = call.split(' ');
  const response = document.paths[path][method.toLowerCase()].responses[status];
  answers[call] = reduced(response.content['application/json'].schema);
}
const error = { $ref: `#/definitions/${define('#/components/schemas/Error')}` };
const result = {
  source: `Mastodon API ${document.info.version}, structure of the answers; made by reduce.mjs from the OpenAPI document of mastodon-openapi`,
  answers,
  error,
  definitions: Object.fromEntries(Object.entries(definitions).sort(([a], [b]) => (a < b ? -1 : 1))),
};
writeFileSync(new URL('./answers.json', import.meta.url), `${JSON.stringify(result, undefined, 1)}\n`);
