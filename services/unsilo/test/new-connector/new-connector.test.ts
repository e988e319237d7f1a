import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { makeConnector } from '../../src/new-connector/make.js';
import { REPOSITORY } from '../../src/new-connector/package-files.js';
import { unsilo, UnsiloProcess } from '../support/command-line.js';
import { temporaryFolder } from '../support/folders.js';

/** Each of the larger tests runs compiler, linter and a whole suite. */
jest.setTimeout(300_000);

const cwd = temporaryFolder();

/** Runs a tool of the repository; answers what it complains about, or nothing. */
function complaints(folder: string, tool: string, ...args: string[]): string {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(REPOSITORY, 'node_modules', tool), ...args], {
    cwd: folder,
    encoding: 'utf8',
    env: { ...process.env, UPDATE_README: '', NODE_OPTIONS: '' },
  });
  return status === 0 ? '' : `${tool} ended with ${String(status)}: ${stdout}${stderr}`;
}
const TSC = '@typescript/native/bin/tsc';
const PRETTIER = 'prettier/bin/prettier.cjs';
const OXLINT = 'oxlint/bin/oxlint';
const KNIP = 'knip/bin/knip.js';
const JEST = 'jest/bin/jest.js';

/** Rules of the repository for a place outside of it. */
function lay(folder: string, paths: readonly string[]): void {
  for (const path of paths) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    cpSync(join(REPOSITORY, path), join(folder, path), { recursive: true });
  }
}
function link(folder: string, paths: readonly string[]): void {
  for (const path of paths) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    symlinkSync(join(REPOSITORY, path), join(folder, path));
  }
}

describe('a package of its own', () => {
  const folder = join(cwd, 'acme-crm');

  it('is made whole, and told file by file', async () => {
    const { code, stdout, stderr } = await unsilo(['new-connector', 'acme-crm', '--folder', 'acme-crm', '--write'], {
      cwd,
    });
    expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringContaining('It works as it is. Next:') });
    for (const path of stdout.trim().split('\n')) expect(existsSync(join(cwd, path))).toBe(true);
    expect(stdout).toContain('acme-crm/src/write.ts');
    expect(readdirSync(cwd)).toEqual(['acme-crm']);
    // What `npm install` brings, from where it is already.
    link(folder, ['node_modules']);
  });

  it('compiles, is formatted and passes the linter', () => {
    lay(folder, ['.prettierrc.json', '.oxlintrc.json', 'scripts/rails/pure-domain.mjs']);
    expect(complaints(folder, TSC)).toBe('');
    expect(complaints(folder, PRETTIER, '--check', '.')).toBe('');
    expect(complaints(folder, OXLINT, '--type-aware', '--deny-warnings', 'src', 'test')).toBe('');
  });

  it('passes the conformance suite', () => {
    expect(complaints(folder, JEST, '--ci')).toBe('');
  });

  it('is built, and found by its path', async () => {
    expect(complaints(REPOSITORY, TSC, '-b', 'connectors/sdk')).toBe('');
    expect(complaints(folder, TSC, '-p', 'tsconfig.build.json')).toBe('');
    const asked = new UnsiloProcess(['connectors', './acme-crm', '--json'], { cwd });
    expect(await asked.ended).toBe(0);
    expect(JSON.parse(asked.stdout)).toMatchObject({
      id: 'acme-crm',
      title: 'Acme crm',
      reads: ['party'],
      writes: true,
    });
  });

  it('is not made over one that is there', async () => {
    const before = readFileSync(join(folder, 'src/map.ts'), 'utf8');
    const { code, stderr } = await unsilo(['new-connector', 'other', '--folder', 'acme-crm'], { cwd });
    expect(code).toBe(1);
    expect(stderr).toContain('is there and not empty. Choose another name or folder. [UNSILO_FOLDER_EXISTS]');
    expect(readFileSync(join(folder, 'src/map.ts'), 'utf8')).toBe(before);
  });
});

describe('one more of the repository', () => {
  // As long as names get, which is what formatting depends on.
  const name = 'a-system-with-the-longest-name';
  const repository = join(cwd, 'repository');
  const naming = [
    'tsconfig.json',
    ...['tsconfig.json', 'package.json', 'src/connectors.ts'].map((path) => `services/unsilo/${path}`),
  ];

  it('is made, and named where the others are', () => {
    lay(repository, [
      ...naming,
      'package.json',
      'jest.config.js',
      'knip.json',
      'tsconfig.base.json',
      '.prettierrc.json',
      '.oxlintrc.json',
    ]);
    link(repository, ['node_modules', 'scripts', 'schemas', 'infra', 'connectors/sdk']);
    const folder = join(repository, 'connectors', name);
    const made = makeConnector({ name, title: 'A system', writes: false, folder, place: 'repository' }, repository);
    expect(made.changed.sort()).toEqual([...naming].sort());
    expect(made.files).not.toContain('src/write.ts');
    for (const path of naming) expect(readFileSync(join(repository, path), 'utf8')).toMatch(/longest-?name/i);
  });

  it('has nothing that is unused', () => {
    expect(
      complaints(repository, KNIP, '--no-progress', '--no-config-hints', '--workspace', `connectors/${name}`),
    ).toBe('');
  });

  it('compiles, is formatted and passes the linter, and so do the files that name it', () => {
    const options = { composite: false, noEmit: true, customConditions: ['@unsilo/source'], types: ['node', 'jest'] };
    const project = { extends: './tsconfig.base.json', compilerOptions: options, include: [`connectors/${name}`] };
    writeFileSync(join(repository, 'tsconfig.new.json'), JSON.stringify(project));
    expect(complaints(repository, TSC, '-p', 'tsconfig.new.json')).toBe('');
    expect(complaints(repository, PRETTIER, '--check', `connectors/${name}`, ...naming)).toBe('');
    expect(complaints(repository, OXLINT, '--type-aware', '--deny-warnings', `connectors/${name}`)).toBe('');
  });

  it('passes the conformance suite', () => {
    expect(complaints(repository, JEST, '--ci', `connectors/${name}`)).toBe('');
  });

  it.each([
    ['csv', 'UNSILO_FOLDER_EXISTS'],
    ['switch', 'UNSILO_CONNECTOR_NAME'],
    ['load', 'UNSILO_CONNECTOR_NAME'],
  ])('%s can not be made: %s', (taken, code) => {
    const folder = taken === 'csv' ? join(REPOSITORY, 'connectors/csv') : join(repository, 'connectors', taken);
    expect(() =>
      makeConnector({ name: taken, title: 'A', writes: true, folder, place: 'repository' }, repository),
    ).toThrow(expect.objectContaining({ code }));
  });
});

describe('the README of the SDK', () => {
  const readme = readFileSync(join(REPOSITORY, 'connectors/sdk/README.md'), 'utf8');
  const walks = [...readme.matchAll(/^```sh\n(.*?)^```/gms)].map(([, text = '']) => text.trim().split('\n'));

  it('begins with the command, in the repository and outside, and says what is next as the command does', async () => {
    expect(walks).toHaveLength(2);
    const place = join(cwd, 'somebody/clone');
    mkdirSync(place, { recursive: true });
    for (const [first = '', ...next] of walks) {
      const args = first.replace(/^npx unsilo /, '').split(' ');
      const isOwn = args.includes('--folder');
      const made = await unsilo([...args, ...(isOwn ? [] : ['--folder', 'own']), '--json'], { cwd: place });
      expect(made).toMatchObject({ code: 0 });
      const told = JSON.parse(made.stdout) as { folder: string; next: string[] };
      expect(next).toEqual(isOwn ? told.next : ['npm install', `npx jest connectors/${args[1] ?? ''}`, 'npm test']);
    }
  });
});

describe('wrong usage', () => {
  it.each<[args: string[], words: string]>([
    [['new-connector'], 'The name of the connector is missing.'],
    ...['Acme', 'acme_crm', '-acme', 'acme-', '7up', '../acme', 'sdk', 'a'.repeat(31)].map(
      (name): [string[], string] => [
        ['new-connector', '--folder', 'x', '--', name],
        `"${name}" is no name for a connector`,
      ],
    ),
    [['new-connector', 'acme', 'crm'], '"crm" is one argument too many.'],
    [['new-connector', 'acme', '--title', "it's"], '--title takes up to 60 letters'],
  ])('%j', async (args, words) => {
    const { code, stdout, stderr } = await unsilo(args, { cwd });
    expect(stderr).toContain(words);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  });
});
