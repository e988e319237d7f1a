import { resolve } from 'node:path';
import { addressOrPath, path as always } from '@unsilo/connector-sdk';

const MARK = 'x-unsilo-path' satisfies keyof typeof always;

/** Options with every path that the connector's schema marks as one made absolute, from the configuration's folder. */
export function absolutePaths(schema: unknown, options: unknown, folder: string): unknown {
  if (!isObject(schema)) return options;
  if (typeof options === 'string') return isPath(schema, options) ? resolve(folder, options) : options;
  if (Array.isArray(options)) return options.map((item) => absolutePaths(schema['items'], item, folder));
  if (!isObject(options)) return options;
  const { properties } = [schema, ...listed(schema['anyOf'])].find((form) => isObject(form['properties'])) ?? {};
  return Object.fromEntries(
    Object.entries(options).map(([name, value]) => {
      const part = isObject(properties) && Object.hasOwn(properties, name) ? properties[name] : undefined;
      return [name, absolutePaths(part, value, folder)];
    }),
  );
}

function isPath(schema: Record<string, unknown>, text: string): boolean {
  const mark = schema[MARK];
  return mark === always[MARK] || (mark === addressOrPath[MARK] && /^\.{1,2}(?:\/|$)/.test(text));
}

function listed(forms: unknown): Record<string, unknown>[] {
  return Array.isArray(forms) ? forms.filter(isObject) : [];
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
