import { createRequire } from 'node:module';

/**
 * The published model (package schemas) as components of the OpenAPI document: each type under its own name, references between them
 * by that name. Fastify and the document know a component `Customer` by the reference `Customer#`.
 */
const FILES = [
  'common',
  'party',
  'object',
  'interaction',
  'command',
  'outcome',
  'decision',
  'customer',
  'customer-gone',
  'dead-letter',
  'dead-letter-settled',
  'record',
  'signal',
  'envelope',
  'system-profile',
] as const;

interface SchemaFile {
  $id: string;
  title: string;
  definitions?: Record<string, object>;
  [keyword: string]: unknown;
}
export interface Component {
  $id: string;
  [keyword: string]: unknown;
}

export function publishedComponents(): Component[] {
  const require = createRequire(import.meta.url);
  const files = new Map<string, SchemaFile>();
  for (const name of FILES) {
    const file = `${name}.schema.json`;
    files.set(file, require(`@unsilo/schemas/model/${file}`) as SchemaFile);
  }
  const components: Component[] = [];
  for (const [file, schema] of files) {
    const { $schema: _dialect, $id: _id, definitions, title, ...root } = schema;
    const rename = (ref: string): string => nameOf(ref, file, files);
    if ('type' in root || 'oneOf' in root) components.push({ $id: title, ...(renamed(root, rename) as object) });
    for (const [name, definition] of Object.entries(definitions ?? {}))
      components.push({ $id: name, ...(renamed(definition, rename) as object) });
  }
  return components;
}

/** `common.schema.json#/definitions/Ref` → `Ref#`. */
function nameOf(ref: string, file: string, files: ReadonlyMap<string, SchemaFile>): string {
  const [target = '', pointer = ''] = ref.split('#');
  if (pointer !== '') return `${pointer.slice(pointer.lastIndexOf('/') + 1)}#`;
  const title = files.get(target === '' ? file : target)?.title;
  if (title === undefined) throw new Error(`${file}: ${ref} points to a schema that the document doesn't take in`);
  return `${title}#`;
}

/** What draft 2020-12, which OpenAPI 3.1 speaks, calls the keywords of a tuple. */
const TUPLE_WORDS: Record<string, string> = { items: 'prefixItems', additionalItems: 'items' };

function renamed(value: unknown, rename: (ref: string) => string): unknown {
  if (Array.isArray(value)) return value.map((item) => renamed(item, rename));
  if (typeof value !== 'object' || value === null) return value;
  const isTuple = Array.isArray((value as { items?: unknown }).items);
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => {
      if (key === '$ref' && typeof item === 'string') return [key, rename(item)];
      return [isTuple ? (TUPLE_WORDS[key] ?? key) : key, renamed(item, rename)];
    }),
  );
}
