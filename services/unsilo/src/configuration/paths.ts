import { resolve } from 'node:path';
import { path as mark } from '@unsilo/connector-sdk';

const [MARK] = Object.keys(mark);

/** Options with every path that the connector's schema marks as one made absolute, from the configuration's folder. */
export function absolutePaths(schema: unknown, options: unknown, folder: string): unknown {
  if (!isObject(schema)) return options;
  if (typeof options === 'string')
    return MARK !== undefined && schema[MARK] === true ? resolve(folder, options) : options;
  if (Array.isArray(options)) return options.map((item) => absolutePaths(schema['items'], item, folder));
  if (!isObject(options)) return options;
  const { properties } = schema;
  return Object.fromEntries(
    Object.entries(options).map(([name, value]) => {
      const part = isObject(properties) && Object.hasOwn(properties, name) ? properties[name] : undefined;
      return [name, absolutePaths(part, value, folder)];
    }),
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
