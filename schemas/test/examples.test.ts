import { Ajv } from 'ajv';
import addFormats from 'ajv-formats';
import { join } from 'node:path';
import { loadModel, readModelFiles, type Schema } from '../scripts/model.js';
import { parseEvent, validate, type SchemaName } from '../src/index.js';
import { exampleFolders, invalidExamples, validExamples } from './support/examples.js';

const MODEL = join(__dirname, '../model');
const model = loadModel(MODEL);

/** Keywords of soundness.ts: what no schema can say. */
const BEYOND_SCHEMA = new Set(['wellFormed', 'depth']);

/** The published files as anybody else would use them: no rewriting, ajv's own formats. */
function published(): Ajv {
  const ajv = new Ajv({ strict: false });
  addFormats.default(ajv);
  for (const { schema } of readModelFiles(MODEL)) ajv.addSchema(schema);
  return ajv;
}
const reference = published();
const referenceFor = (schema: string) => {
  const check = reference.getSchema(`https://unsilo.example/schemas/${schema}.schema.json`);
  if (!check) throw new Error(`no schema ${schema}`);
  return check;
};

describe('examples', () => {
  it('exist for every schema, of both sorts', () => {
    expect(exampleFolders()).toEqual([...model.roots.keys()].sort());
    for (const schema of exampleFolders()) {
      expect(validExamples().filter((example) => example.schema === schema).length).toBeGreaterThanOrEqual(2);
      expect(invalidExamples().filter((example) => example.schema === schema).length).toBeGreaterThanOrEqual(3);
    }
  });

  it('show every property of the model in some valid example', () => {
    const shown = new Set<string>();
    const visit = (value: unknown): void => {
      if (typeof value !== 'object' || value === null) return;
      if (!Array.isArray(value)) for (const key of Object.keys(value)) shown.add(key);
      Object.values(value).forEach(visit);
    };
    validExamples().forEach((example) => visit(example.data));
    const declared = Object.values(model.definitions).flatMap((definition) => propertyNames(definition));
    expect(declared.filter((name) => !shown.has(name))).toEqual([]);
  });

  it.each(validExamples().map((e) => [`${e.schema}/${e.name}`, e] as const))(
    '%s is valid',
    (_name, { schema, data }) => {
      const before = JSON.stringify(data);
      expect(validate(schema as SchemaName, data)).toEqual({ ok: true, value: data });
      expect(JSON.stringify(data)).toBe(before);
      expect(referenceFor(schema)(data)).toBe(true);
    },
  );

  it.each(invalidExamples().map((e) => [`${e.schema}/${e.name}`, e] as const))(
    '%s is refused for the named reason',
    (_name, { schema, data, error }) => {
      const result = validate(schema as SchemaName, data);
      expect(result.ok ? [] : result.errors.map(({ path, keyword }) => ({ path, keyword }))).toEqual([error]);
      if (!BEYOND_SCHEMA.has(error.keyword) && !isDeepKey(error.path)) expect(referenceFor(schema)(data)).toBe(false);
    },
  );

  it('that are whole events survive a message', () => {
    const events = validExamples().filter((example) => example.schema === 'envelope');
    expect(events.map((example) => (example.data as { type: string }).type).sort()).toEqual(
      [...model.eventTypes.keys()].sort(),
    );
    for (const { data } of events)
      expect(parseEvent(Buffer.from(JSON.stringify(data)))).toEqual({ ok: true, event: data });
  });

  it('leave every prototype as it was', () => {
    for (const { schema, data } of invalidExamples()) validate(schema as SchemaName, data);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
    expect(([] as unknown as Record<string, unknown>)['polluted']).toBeUndefined();
  });
});

/** Keys deep within the hub's own `summary`, of which the schema says nothing. */
function isDeepKey(path: string): boolean {
  return /^\/summary\/.+\/(__proto__|constructor)$/.test(path);
}

function propertyNames(schema: Schema): string[] {
  if (typeof schema === 'boolean') return [];
  return Object.entries(schema.properties ?? {}).flatMap(([name, property]) =>
    property === false ? [] : [name, ...propertyNames(property)],
  );
}
