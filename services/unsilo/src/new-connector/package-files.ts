import { readFileSync } from 'node:fs';
import { basename, join, relative, resolve, sep } from 'node:path';
import { render } from './template.js';

/** The repository that this file is part of, built or not. */
export const REPOSITORY = resolve(import.meta.dirname, '../../../..');
const TEMPLATES = resolve(import.meta.dirname, '../../templates/connector');

export interface NewConnector {
  /** Its id, and the name of its folder: `acme-crm`. */
  name: string;
  title: string;
  /** It writes as well. */
  writes: boolean;
  /** Folder of the package, absolute. */
  folder: string;
  /** `repository`: one more of those that come with Unsilo. `own`: a package of its own, anywhere. */
  place: 'repository' | 'own';
}

/** Files by their path in the package, and the template of each where it has another name. */
const EVERYWHERE = [
  'README.md',
  'src/client.ts',
  'src/connector.ts',
  'src/index.ts',
  'src/map.ts',
  'src/options.ts',
  'src/read.ts',
  'test/bad-input.test.ts',
  'test/conformance.test.ts',
  'test/fake-server.ts',
  'test/fixtures/contact/expected.json',
  'test/fixtures/contact/input.json',
  'test/fixtures/deleted-contact/expected.json',
  'test/fixtures/deleted-contact/input.json',
] as const;
const WRITING = ['src/write.ts'] as const;
const OWN: Readonly<Record<string, string>> = {
  '.gitignore': 'gitignore',
  'jest.config.js': 'jest.config.js',
  'tsconfig.build.json': 'tsconfig.build.json',
  'tsconfig.json': 'tsconfig.own.json',
};

/** The content of every file of the package, by its path in it. */
export function packageFiles(connector: NewConnector): Map<string, string> {
  const { name, title, writes, place, folder } = connector;
  const isOwn = place === 'own';
  const values = {
    name,
    title,
    code: name.toUpperCase().replaceAll('-', '_'),
    configured: isOwn ? `./${basename(folder)}` : name,
    test: isOwn ? 'npm install\nnpm test\nnpm run build' : `npx jest connectors/${name}`,
    unsilo: posix(relative(folder, REPOSITORY)),
  };
  const parts = new Set(writes ? ['write'] : []);
  const sources: Record<string, string> = {
    ...Object.fromEntries([...EVERYWHERE, ...(writes ? WRITING : [])].map((path) => [path, path])),
    ...(isOwn ? OWN : { 'tsconfig.json': 'tsconfig.repository.json' }),
  };
  const files = new Map(
    Object.entries(sources).map(([path, template]) => [
      path,
      render(readFileSync(join(TEMPLATES, `${template}.template`), 'utf8'), values, parts),
    ]),
  );
  files.set('package.json', `${JSON.stringify(isOwn ? ownManifest(connector) : manifest(connector), undefined, 2)}\n`);
  return new Map([...files].sort(([a], [b]) => (a < b ? -1 : 1)));
}

function manifest({ name }: NewConnector): object {
  return {
    name: `@unsilo/connector-${name}`,
    version: '0.1.0',
    private: true,
    license: 'Apache-2.0',
    type: 'module',
    exports: {
      '.': { '@unsilo/source': './src/index.ts', types: './dist/index.d.ts', default: './dist/index.js' },
    },
    dependencies: { '@unsilo/connector-sdk': '0.1.0', '@unsilo/schemas': '0.1.0', typebox: versionOf('typebox') },
  };
}

/** A package that lies beside Unsilo: it finds the SDK by its path. */
function ownManifest({ name, folder }: NewConnector): object {
  const linked = (path: string): string => `file:${posix(relative(folder, join(REPOSITORY, path)))}`;
  const tools = ['@swc/core', '@swc/jest', '@types/jest', '@types/node', 'jest'];
  return {
    name: `unsilo-connector-${name}`,
    version: '0.1.0',
    private: true,
    type: 'module',
    main: './dist/index.js',
    scripts: { test: 'tsc && jest', build: 'tsc -p tsconfig.build.json' },
    dependencies: {
      '@unsilo/connector-sdk': linked('connectors/sdk'),
      '@unsilo/schemas': linked('schemas'),
      typebox: versionOf('typebox'),
    },
    devDependencies: {
      ...Object.fromEntries(tools.map((tool) => [tool, versionOf(tool)])),
      typescript: versionOf('@typescript/native').replace(/^npm:typescript@/, ''),
    },
  };
}

/** The version of a package that Unsilo itself works with. */
function versionOf(dependency: string): string {
  for (const path of ['package.json', 'connectors/sdk/package.json']) {
    const read = JSON.parse(readFileSync(join(REPOSITORY, path), 'utf8')) as Record<string, Record<string, string>>;
    const found = read['dependencies']?.[dependency] ?? read['devDependencies']?.[dependency];
    if (found !== undefined) return found;
  }
  throw new RangeError(`No package.json names ${dependency}.`);
}

function posix(path: string): string {
  return path.split(sep).join('/');
}
