/** A value of the options, and the way to it. */
export interface Marked {
  path: readonly string[];
  value: unknown;
}

/** The values of the options whose schema bears the mark, however deep; nothing is looked for inside of one. */
export function markedValues(
  schema: unknown,
  options: unknown,
  isMarked: (schema: Readonly<Record<string, unknown>>) => boolean,
): Marked[] {
  const found = new Map<string, Marked>();
  walk(schema, options, []);
  return [...found.values()];

  function walk(part: unknown, value: unknown, path: readonly string[]): void {
    if (!isObject(part) || value === undefined || value === null) return;
    // Several branches of a union may lead to the same value.
    if (isMarked(part)) return void found.set(JSON.stringify(path), { path, value });
    for (const union of ['anyOf', 'oneOf', 'allOf']) {
      const branches = part[union];
      if (Array.isArray(branches)) for (const branch of branches) walk(branch, value, path);
    }
    if (Array.isArray(value)) {
      for (const [index, item] of value.entries()) walk(part['items'], item, [...path, String(index)]);
      return;
    }
    if (!isObject(value)) return;
    const properties = isObject(part['properties']) ? part['properties'] : {};
    const others = part['additionalProperties'] ?? firstOf(part['patternProperties']);
    for (const [name, inner] of Object.entries(value))
      walk(Object.hasOwn(properties, name) ? properties[name] : others, inner, [...path, name]);
  }
}

function firstOf(value: unknown): unknown {
  return isObject(value) ? Object.values(value)[0] : undefined;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
