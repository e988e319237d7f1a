import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { REPOSITORY } from '../../src/new-connector/package-files.js';
import { render } from '../../src/new-connector/template.js';
import { NoPlace, withConnector, withDependency, withReference } from '../../src/new-connector/wiring.js';

const text = (path: string): string => readFileSync(join(REPOSITORY, path), 'utf8');

describe('a template', () => {
  it('keeps the sections that are wanted, and says names', () => {
    const template = 'a {{name}}\n{{#write}}\nwrites\n{{/write}}\n{{^write}}\nreads only\n{{/write}}\nz';
    expect(render(template, { name: 'b' }, new Set())).toBe('a b\nreads only\nz');
    expect(render(template, { name: 'b' }, new Set(['write']))).toBe('a b\nwrites\nz');
  });

  it.each([
    ['{{#a}}\n', 'The section a does not end.'],
    ['{{/a}}\n', 'The section a ends where it was not begun.'],
    ['{{nothing}}', '{{nothing}} stands for nothing.'],
  ])('%j is wrong', (template, words) => {
    expect(() => render(template, {}, new Set())).toThrow(words);
  });
});

describe('one more connector of the repository', () => {
  it.each(['acme-crm', 'zebra'])('%s is referred to by both projects', (name) => {
    for (const [path, folder] of [
      ['tsconfig.json', `./connectors/${name}`],
      ['services/unsilo/tsconfig.json', `../../connectors/${name}`],
    ] as const) {
      const before = JSON.parse(text(path)) as { references: { path: string }[] };
      const after = JSON.parse(withReference(text(path), folder)) as typeof before;
      const paths = after.references.map((reference) => reference.path);
      expect(paths.filter((other) => other !== folder)).toEqual(before.references.map((reference) => reference.path));
      expect(paths).toContain(folder);
    }
  });

  it('is a dependency of the composition root', () => {
    const after = withDependency(text('services/unsilo/package.json'), 'acme-crm');
    const { dependencies } = JSON.parse(after) as { dependencies: Record<string, string> };
    expect(dependencies['@unsilo/connector-acme-crm']).toBe('0.1.0');
    expect(Object.keys(dependencies)).toEqual(Object.keys(dependencies).sort());
  });

  it('stands in the list, which is wrapped when it grows long', () => {
    let source = text('services/unsilo/src/connectors.ts');
    source = withConnector(source, 'acme-crm');
    expect(source).toContain("import { connector as acmeCrm } from '@unsilo/connector-acme-crm';\n");
    expect(source).toMatch(/builtInConnectors: readonly Connector\[\] = \[acmeCrm, csv, /);
    for (const name of ['one-more-system', 'another-system', 'a-third-system', 'the-last-system'])
      source = withConnector(source, name);
    expect(source).toMatch(/= \[\n {2}aThirdSystem,\n(?: {2}\w+,\n)+\];/);
    expect(source.split('\n').filter((line) => line.startsWith('export const') && line.length > 120)).toEqual([]);
  });

  it('has no place in a file of another kind', () => {
    expect(() => withReference('{}', './connectors/a')).toThrow(NoPlace);
    expect(() => withDependency('{}', 'a')).toThrow(NoPlace);
    expect(() => withConnector('', 'a')).toThrow(NoPlace);
  });
});
