import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const FOLDER = join(__dirname, '../../examples');

export interface ValidExample {
  schema: string;
  name: string;
  data: unknown;
}
export interface InvalidExample extends ValidExample {
  error: { path: string; keyword: string };
}

export function exampleFolders(): string[] {
  return readdirSync(FOLDER).sort();
}

export function validExamples(): ValidExample[] {
  return files('valid').map(({ schema, name, content }) => ({ schema, name, data: content }));
}

export function invalidExamples(): InvalidExample[] {
  return files('invalid').map(({ schema, name, content }) => ({
    schema,
    name,
    ...(content as Omit<InvalidExample, 'schema' | 'name'>),
  }));
}

function files(group: 'valid' | 'invalid'): { schema: string; name: string; content: unknown }[] {
  return exampleFolders().flatMap((schema) =>
    readdirSync(join(FOLDER, schema, group))
      .sort()
      .map((file) => ({
        schema,
        name: file.replace(/\.json$/, ''),
        content: JSON.parse(readFileSync(join(FOLDER, schema, group, file), 'utf8')) as unknown,
      })),
  );
}
