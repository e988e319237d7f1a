import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { compile, type JSONSchema } from 'json-schema-to-typescript';

/** Writes src/api/types.ts from the gateway's OpenAPI document; with --check only says whether it is up to date. */
type Schema = Record<string, unknown>;
const document = JSON.parse(readFileSync(join(import.meta.dirname, '..', '..', 'gateway', 'openapi.json'), 'utf8')) as {
  components: { schemas: Record<string, Schema> };
};

const target = join(import.meta.dirname, '..', 'src', 'api', 'types.ts');
const code = await typesOf(document.components.schemas);
if (!process.argv.includes('--check')) writeFileSync(target, code);
else if (readFileSync(target, 'utf8') !== code) {
  process.stderr.write(
    'services/console/src/api/types.ts is not what services/gateway/openapi.json says: run `npm run generate -w @unsilo/console`.\n',
  );
  process.exitCode = 1;
}

async function typesOf(schemas: Record<string, Schema>): Promise<string> {
  const definitions = Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, forTypes(schema)]));
  const umbrella = {
    oneOf: Object.keys(schemas).map((name) => ({ $ref: `#/definitions/${name}` })),
    definitions,
  };
  const text = await compile(umbrella as JSONSchema, 'Everything', {
    bannerComment: '/* Generated from services/gateway/openapi.json by scripts/api-types.ts. Do not edit. */\n',
    additionalProperties: false,
    style: { singleQuote: true, printWidth: 120 },
  });
  return text.replace(/export type Everything =[^;]*;\n/, '');
}

/** References become the names of the types; limits that would become tuples, and conditions that no type can say, are left out. */
function forTypes(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(forTypes);
  if (typeof schema !== 'object' || schema === null) return schema;
  const { $ref, allOf: _, propertyNames: __, minItems: ___, maxItems: ____, ...rest } = schema as Schema;
  if (typeof $ref === 'string') return { tsType: $ref.slice($ref.lastIndexOf('/') + 1) };
  if (Object.keys(rest).every((key) => key === 'description')) return { ...rest, tsType: 'unknown' };
  const isTuple = Array.isArray(rest['prefixItems']);
  return Object.fromEntries(
    Object.entries(rest)
      .filter(([key, value]) => !(key === 'anyOf' && isConditions(value)) && !(isTuple && key === 'items'))
      .map(([key, value]) => [key === 'prefixItems' ? 'items' : key, forTypes(value)])
      .concat(
        isTuple
          ? [
              ['additionalItems', false],
              ['minItems', (rest['prefixItems'] as unknown[]).length],
            ]
          : [],
      ),
  ) as unknown;
}

function isConditions(value: unknown): boolean {
  return Array.isArray(value) && value.every((one: Schema) => Object.keys(one).join() === 'required');
}
