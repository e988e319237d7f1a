interface Schema {
  type?: string | string[];
  description?: string;
  default?: unknown;
  const?: unknown;
  enum?: unknown[];
  anyOf?: Schema[];
  items?: Schema;
  properties?: Record<string, Schema>;
  patternProperties?: Record<string, Schema>;
  required?: string[];
  writeOnly?: boolean;
}

export const optionsBegin = '<!-- options: generated from the schema -->';
export const optionsEnd = '<!-- /options -->';

/** A Markdown table of a connector's options, as its README shows it between the two marks. */
export function optionsTable(schema: object): string {
  const rows = rowsOf(schema, '');
  const head = ['| option | type | default | what it is |', '| --- | --- | --- | --- |'];
  return [...head, ...rows.map((cells) => `| ${cells.map(cell).join(' | ')} |`)].join('\n');
}

/** The README with the table brought up to date. @throws when it has no marks for it */
export function withOptionsTable(readme: string, schema: object): string {
  const begin = readme.indexOf(optionsBegin);
  const end = readme.indexOf(optionsEnd);
  if (begin < 0 || end < begin)
    throw new Error(`the README has no place for the options: ${optionsBegin} … ${optionsEnd}`);
  return `${readme.slice(0, begin + optionsBegin.length)}\n\n${optionsTable(schema)}\n\n${readme.slice(end)}`;
}

function rowsOf(schema: Schema, prefix: string): string[][] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, option]) => {
    const isRequired = schema.required?.includes(name) === true && option.default === undefined;
    const shown =
      option.default === undefined ? (isRequired ? 'required' : '') : `\`${JSON.stringify(option.default)}\``;
    const kept = option.writeOnly === true ? ' Secret.' : '';
    const row = [`\`${prefix}${name}\``, typeOf(option), shown, `${option.description ?? ''}${kept}`];
    return [row, ...rowsOf(option, `${prefix}${name}.`)];
  });
}

function typeOf(schema: Schema): string {
  if (schema.const !== undefined) return `\`${JSON.stringify(schema.const)}\``;
  if (schema.enum !== undefined) return schema.enum.map((value) => `\`${JSON.stringify(value)}\``).join(' or ');
  if (schema.anyOf !== undefined) return [...new Set(schema.anyOf.map(typeOf))].join(' or ');
  if (schema.items !== undefined) return `list of ${typeOf(schema.items)}`;
  const values = schema.patternProperties === undefined ? undefined : Object.values(schema.patternProperties)[0];
  if (values !== undefined) return `map of ${typeOf(values)}`;
  return Array.isArray(schema.type) ? schema.type.join(' or ') : (schema.type ?? 'any');
}

/** A bar would end the cell. */
function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll(/\s*\n\s*/g, ' ');
}
