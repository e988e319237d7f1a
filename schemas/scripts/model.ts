import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A JSON Schema (draft-07) as it stands in a file; `false` is the schema that nothing satisfies. */
export type Schema = boolean | SchemaObject;
export interface SchemaObject {
  [keyword: string]: unknown;
  $id?: string;
  $ref?: string;
  title?: string;
  description?: string;
  type?: string;
  const?: unknown;
  enum?: unknown[];
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema | Schema[];
  additionalProperties?: Schema;
  propertyNames?: Schema;
  oneOf?: Schema[];
  anyOf?: Schema[];
  allOf?: Schema[];
  if?: Schema;
  then?: Schema;
  else?: Schema;
  definitions?: Record<string, Schema>;
}

export interface ModelFile {
  /** File name without `.schema.json`. */
  name: string;
  schema: SchemaObject;
}

/** All schemas under their type names, with every `$ref` pointing into one document: `#/definitions/PartyState`. */
export interface Model {
  files: ModelFile[];
  definitions: Record<string, Schema>;
  /** Type name of a file's root: `party` → `Party`. `common` has none. */
  roots: Map<string, string>;
  /** Type of `data` by event type, in the order of the envelope's schema. */
  eventTypes: Map<string, string>;
}

export const packageRoot = join(import.meta.dirname, '..');
const SUFFIX = '.schema.json';

export function readModelFiles(folder: string): ModelFile[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith(SUFFIX))
    .sort()
    .map((file) => ({
      name: file.slice(0, -SUFFIX.length),
      schema: JSON.parse(readFileSync(join(folder, file), 'utf8')) as SchemaObject,
    }));
}

/** @throws when two schemas want one type name, or a `$ref` points nowhere. */
export function loadModel(folder = join(packageRoot, 'model')): Model {
  const files = readModelFiles(folder);
  const roots = new Map<string, string>();
  for (const { name, schema } of files) if (isType(schema) && schema.title) roots.set(name, schema.title);
  const definitions: Record<string, Schema> = {};
  const add = (name: string, schema: Schema, file: string): void => {
    if (name in definitions) throw new Error(`${file}${SUFFIX}: the type name ${name} is taken`);
    definitions[name] = mapRefs(schema, (ref) => resolveRef(ref, file, roots));
  };
  for (const { name, schema } of files) {
    const { definitions: inner, $schema: _, $id: __, title, ...root } = schema;
    if (isType(schema)) add(title ?? name, root, name);
    for (const [key, definition] of Object.entries(inner ?? {})) add(key, definition, name);
  }
  for (const schema of Object.values(definitions)) {
    mapRefs(schema, (ref) => {
      if (!(refName(ref) in definitions)) throw new Error(`${ref} points nowhere`);
      return ref;
    });
  }
  return { files, definitions, roots, eventTypes: eventTypesOf(files, roots) };
}

/** `#/definitions/Ref` → `Ref`. */
export function refName(ref: string): string {
  return ref.slice('#/definitions/'.length);
}

function isType(schema: SchemaObject): boolean {
  return schema.type !== undefined || schema.oneOf !== undefined;
}

function resolveRef(ref: string, file: string, roots: Map<string, string>): string {
  const [target = '', pointer = ''] = ref.split('#');
  if (pointer !== '') return `#${pointer}`;
  const name = target === '' ? file : target.slice(0, -SUFFIX.length);
  const type = roots.get(name);
  if (type === undefined) throw new Error(`${file}${SUFFIX}: ${ref} points nowhere`);
  return `#/definitions/${type}`;
}

/** A copy with every `$ref` replaced. */
export function mapRefs(schema: Schema, change: (ref: string) => string): Schema {
  return mapSchema(schema, (node) => (node.$ref === undefined ? node : { ...node, $ref: change(node.$ref) }));
}

/** A copy in which `change` has been applied to every object within, innermost first; values of const, enum and default are left alone. */
export function mapSchema(schema: Schema, change: (node: SchemaObject) => SchemaObject): Schema {
  if (typeof schema === 'boolean') return schema;
  const copy: SchemaObject = {};
  for (const [keyword, value] of Object.entries(schema)) copy[keyword] = mapKeyword(keyword, value, change);
  return change(copy);
}

function mapKeyword(keyword: string, value: unknown, change: (node: SchemaObject) => SchemaObject): unknown {
  const one = (schema: unknown): Schema => mapSchema(schema as Schema, change);
  switch (keyword) {
    case 'properties':
    case 'definitions':
    case 'patternProperties':
      return Object.fromEntries(Object.entries(value as object).map(([key, schema]) => [key, one(schema)]));
    case 'items':
    case 'oneOf':
    case 'anyOf':
    case 'allOf':
      return Array.isArray(value) ? value.map(one) : one(value);
    case 'additionalProperties':
    case 'additionalItems':
    case 'propertyNames':
    case 'not':
    case 'if':
    case 'then':
    case 'else':
      return one(value);
    default:
      return value;
  }
}

function eventTypesOf(files: ModelFile[], roots: Map<string, string>): Map<string, string> {
  const envelope = files.find((file) => file.name === 'envelope')?.schema;
  const types = new Map<string, string>();
  for (const branch of envelope?.allOf ?? []) {
    const { if: test, then } = branch as { if: SchemaObject; then: SchemaObject };
    const type = propertyOf(test, 'type').const;
    const data = propertyOf(then, 'data').$ref;
    if (typeof type !== 'string' || data === undefined) throw new Error('envelope: a branch names no type or no data');
    types.set(type, refName(resolveRef(data, 'envelope', roots)));
  }
  const declared = propertyOf(envelope ?? {}, 'type').enum ?? [];
  if (declared.join() !== [...types.keys()].join()) throw new Error('envelope: the types and the branches differ');
  return types;
}

function propertyOf(schema: SchemaObject, name: string): SchemaObject {
  const property = schema.properties?.[name];
  return typeof property === 'object' ? property : {};
}
