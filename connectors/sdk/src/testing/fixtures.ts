import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface FixtureCase {
  name: string;
  input: unknown;
  expected: unknown;
}

/** The cases of a folder, `<case>/{input,expected}.json`, in order of their names; an incomplete one is an error. */
export function fixtureCases(folder: string): FixtureCase[] {
  const names = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort();
  if (names.length === 0) throw new Error(`no fixtures in ${folder}`);
  return names.map((name) => ({
    name,
    input: parsed(folder, name, 'input'),
    expected: parsed(folder, name, 'expected'),
  }));
}

function parsed(folder: string, name: string, part: 'input' | 'expected'): unknown {
  const path = join(folder, name, `${part}.json`);
  if (!existsSync(path)) throw new Error(`fixture ${name} has no ${part}.json`);
  return JSON.parse(readFileSync(path, 'utf8')) as unknown;
}
