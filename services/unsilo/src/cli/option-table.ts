import { table } from './output.js';

export interface OptionRow {
  /** By its path: `mapping.fields`, `systems[].name`, `survivorship.*`. */
  name: string;
  type: string;
  required: boolean;
  secret: boolean;
  default?: unknown;
  description: string;
}

type Schema = Record<string, unknown>;

/** Every option that a JSON Schema describes, however deep. */
export function optionRows(schema: object, prefix = ''): OptionRow[] {
  const { properties = {}, required = [] } = schema as { properties?: Record<string, Schema>; required?: string[] };
  return Object.entries(properties).flatMap(([key, option]) => {
    const name = `${prefix}${key}`;
    const { description = '' } = option as { description?: string };
    const row: OptionRow = {
      name,
      type: typeOf(option),
      required: required.includes(key) && option['default'] === undefined,
      secret: option['writeOnly'] === true,
      ...(option['default'] === undefined ? {} : { default: option['default'] }),
      description,
    };
    return [row, ...inside(option, name)];
  });
}

function inside({ items, additionalProperties, ...option }: Schema, name: string): OptionRow[] {
  if (isGroup(items)) return optionRows(items, `${name}[].`);
  if (isGroup(additionalProperties)) return optionRows(additionalProperties, `${name}.*.`);
  return optionRows(option, `${name}.`);
}

function isGroup(schema: unknown): schema is Schema {
  return typeof schema === 'object' && schema !== null && 'properties' in schema;
}

function typeOf(schema: Schema): string {
  const branches = (schema['anyOf'] ?? schema['oneOf']) as Schema[] | undefined;
  if (branches !== undefined) return [...new Set(branches.map(typeOf))].join(' | ');
  if (schema['const'] !== undefined) return JSON.stringify(schema['const']);
  if (Array.isArray(schema['enum'])) return schema['enum'].map((value) => JSON.stringify(value)).join(' | ');
  if (schema['type'] === 'array') return `list of ${typeOf((schema['items'] ?? {}) as Schema)}`;
  if (schema['type'] === 'object') return 'group';
  return Array.isArray(schema['type']) ? schema['type'].join(' | ') : String(schema['type'] ?? 'any');
}

export function optionTable(title: string, rows: readonly OptionRow[]): string[] {
  return table(
    [title, 'TYPE', 'DEFAULT', 'DESCRIPTION'],
    rows.map(({ name, type, required, secret, default: usual, description }) => [
      name,
      type,
      required ? 'required' : usual === undefined ? '' : JSON.stringify(usual),
      `${description}${secret ? ' (secret)' : ''}`,
    ]),
  );
}
