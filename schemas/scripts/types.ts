import { compile, type JSONSchema } from 'json-schema-to-typescript';
import { mapSchema, refName, type Model, type Schema, type SchemaObject } from './model.js';

const BANNER = '/* Generated from schemas/model by schemas/scripts/generate.ts. Do not edit. */';

/** Types that JSON Schema can say and the generator can't. */
const OVERRIDES: Record<string, string> = {
  // Interfaces such as Email have no index signature and would not be assignable to one.
  AttributeElement: 'object',
};

/** One TypeScript module with a type for each definition, under the definition's name. */
export async function typesModule(model: Model): Promise<string> {
  const definitions: Record<string, Schema> = {};
  for (const [name, schema] of Object.entries(model.definitions)) definitions[name] = forTypes(name, schema);
  const umbrella = {
    title: 'Everything',
    oneOf: Object.keys(definitions).map((name) => ({ $ref: `#/definitions/${name}` })),
    definitions,
  };
  const code = await compile(umbrella as JSONSchema, 'Everything', {
    bannerComment: `${BANNER}\n`,
    additionalProperties: false,
    unknownAny: false,
    style: { singleQuote: true, printWidth: 120 },
  });
  return code.replace(/export type Everything =[^;]*;\n/, '');
}

/**
 * The form that the generator is given. References become the names of the types (the generator would copy a schema that is
 * referred to with a description beside the reference); limits that would become unions of tuples, and the conditions that
 * no type can say, are left out.
 */
function forTypes(name: string, schema: Schema): Schema {
  const override = OVERRIDES[name];
  if (override !== undefined && typeof schema === 'object') return described(schema, { tsType: override });
  return mapSchema(schema, (node) => {
    if (node.$ref !== undefined) return described(node, { tsType: refName(node.$ref) });
    const { allOf: _, propertyNames: __, ...copy } = node;
    if (copy.anyOf?.every(isRequiredOnly)) delete copy.anyOf;
    if (!Array.isArray(copy.items)) {
      delete copy['minItems'];
      delete copy['maxItems'];
    }
    return copy;
  });
}

function described(node: SchemaObject, form: { tsType: string }): SchemaObject {
  return node.description === undefined ? form : { description: node.description, ...form };
}

function isRequiredOnly(schema: Schema): boolean {
  return typeof schema === 'object' && Object.keys(schema).join() === 'required';
}

/** What each event type carries, as a type and as a table for the validators. */
export function eventsModule(model: Model): string {
  const entries = [...model.eventTypes];
  const names = [...new Set(entries.map(([, name]) => name))].sort();
  return `${BANNER}
import type {
${names.map((name) => `  ${name},`).join('\n')}
} from './types.js';

/** Type of \`data\` by type of event. */
export interface EventTypes {
${entries.map(([type, name]) => `  '${type}': ${name};`).join('\n')}
}

/** Name of the schema of \`data\` by type of event. */
export const eventData = {
${entries.map(([type, name]) => `  '${type}': '${fileOf(model, name)}',`).join('\n')}
} as const;

/** Type by name of schema. */
export interface SchemaTypes {
${[...model.roots].map(([file, name]) => `  ${/^\w+$/.test(file) ? file : `'${file}'`}: import('./types.js').${name};`).join('\n')}
}
`;
}

function fileOf(model: Model, type: string): string {
  for (const [file, name] of model.roots) if (name === type) return file;
  throw new Error(`no file has the type ${type}`);
}
