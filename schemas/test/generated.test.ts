import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadModel, mapSchema, type SchemaObject } from '../scripts/model.js';

const PACKAGE = join(__dirname, '..');
const SCRIPT = join(PACKAGE, 'scripts/generate.ts');
const folders: string[] = [];
afterAll(() => folders.forEach((folder) => rmSync(folder, { recursive: true, force: true })));

function generate(...options: string[]) {
  const { status, stderr } = spawnSync(process.execPath, ['--import', 'tsx', SCRIPT, ...options], {
    cwd: PACKAGE,
    encoding: 'utf8',
  });
  return { status, stderr };
}

function copyOfPackage(): string {
  const copy = mkdtempSync(join(tmpdir(), 'unsilo-schemas-'));
  folders.push(copy);
  for (const part of ['model', 'examples', 'src', 'package.json', 'asyncapi.json']) {
    cpSync(join(PACKAGE, part), join(copy, part), { recursive: true });
  }
  return copy;
}

describe('generated files', () => {
  it('are what the model generates', () => {
    expect(generate('--check')).toEqual({ status: 0, stderr: '' });
  }, 60_000);

  it('are found stale after the model has changed', () => {
    const copy = copyOfPackage();
    const file = join(copy, 'model/signal.schema.json');
    const schema = JSON.parse(readFileSync(file, 'utf8')) as SchemaObject;
    writeFileSync(
      file,
      JSON.stringify({ ...schema, properties: { ...schema.properties, urgent: { type: 'boolean' } } }),
    );
    const { status, stderr } = generate('--check', '--package', copy);
    expect(status).toBe(1);
    expect(stderr.match(/^\S+/gm)).toEqual(['src/generated/types.ts', 'src/generated/validators.ts', 'asyncapi.json']);
  }, 60_000);

  it('need nothing but our own files at run time', () => {
    const text = readFileSync(join(PACKAGE, 'src/generated/validators.ts'), 'utf8');
    const imported = [...text.matchAll(/^import .* from '([^']+)';$/gm)].map(([, path]) => path);
    expect([...new Set(imported)].sort()).toEqual(['../formats.js', '../text.js']);
    expect(text).not.toMatch(/\brequire\(|new Function|\beval\(/);
  });

  it('work as ES modules, compiled as they are shipped', () => {
    const out = mkdtempSync(join(tmpdir(), 'unsilo-schemas-dist-'));
    folders.push(out);
    const tsc = join(PACKAGE, '../node_modules/@typescript/native/bin/tsc');
    const project = join(PACKAGE, 'tsconfig.json');
    const build = spawnSync(
      process.execPath,
      [tsc, '-p', project, '--outDir', out, '--tsBuildInfoFile', join(out, 'info')],
      { encoding: 'utf8' },
    );
    expect(build).toMatchObject({ status: 0, stdout: '' });
    writeFileSync(join(out, 'package.json'), '{"type":"module"}');
    const example = join(PACKAGE, 'examples/envelope/valid/party-changed.json');
    const program = `import { readFileSync } from 'node:fs'; import { parseEvent } from ${JSON.stringify(join(out, 'index.js'))};
      const text = readFileSync(${JSON.stringify(example)}, 'utf8');
      console.log(parseEvent(text).ok, parseEvent(text.replace('unsilo.party', 'unsilo.other')).ok);`;
    const run = spawnSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' });
    expect(run).toMatchObject({ status: 0, stdout: 'true false\n', stderr: '' });
  }, 60_000);
});

describe('the model', () => {
  const model = loadModel(join(PACKAGE, 'model'));
  const nodes: [type: string, node: SchemaObject][] = [];
  for (const [name, schema] of Object.entries(model.definitions)) {
    mapSchema(schema, (node) => {
      nodes.push([name, node]);
      return node;
    });
  }

  it('describes every type and every property', () => {
    const bare: string[] = [];
    for (const [name, schema] of Object.entries(model.definitions)) {
      if (typeof schema === 'object' && schema.description === undefined) bare.push(name);
    }
    for (const [name, node] of nodes) {
      // The condition of an envelope names properties without defining them.
      if (node.type !== 'object') continue;
      for (const [key, property] of Object.entries(node.properties ?? {})) {
        if (typeof property === 'object' && property.description === undefined) bare.push(`${name}.${key}`);
      }
    }
    expect(bare).toEqual([]);
  });

  it('is closed but for what is named open', () => {
    const open = nodes
      .filter(([, node]) => node.type === 'object' && node.additionalProperties !== false)
      .map(([name]) => name);
    expect([...new Set(open)].sort()).toEqual(
      // `data` of the envelope is closed by the schema that its type names; `set` and `attributes` are keyed by attribute path.
      ['AttributeElement', 'CreateCommand', 'EventEnvelope', 'Extra', 'KindProfile', 'RecordSummary', 'UpdateCommand'],
    );
  });

  it('limits every text, list, number and map', () => {
    const unlimited = nodes.filter(([, node]) => {
      const types = [(node.type as string | string[] | undefined) ?? []].flat();
      const free =
        (types.includes('string') &&
          node['maxLength'] === undefined &&
          node['pattern'] === undefined &&
          node['format'] === undefined) ||
        (types.includes('array') && node['maxItems'] === undefined) ||
        ((types.includes('integer') || types.includes('number')) &&
          (node['maximum'] === undefined || node['minimum'] === undefined)) ||
        (typeof node.additionalProperties === 'object' && node['maxProperties'] === undefined);
      return free;
    });
    expect(unlimited).toEqual([]);
  });
});
