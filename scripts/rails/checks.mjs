import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { checkFloors } from './floors.mjs';
import { checkLicences } from './licences.mjs';
import { checkLint } from './lint.mjs';
import { checkLockFile } from './lock-file.mjs';
import { root } from './root.mjs';

/** Runs a tool of node_modules; its words are the problem when it fails. */
function tool(path, args, summary) {
  const run = spawnSync(process.execPath, [join(root, 'node_modules', path), ...args], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  const words = `${run.stdout}${run.stderr}`.trim();
  return run.status === 0
    ? { problems: [], summary }
    : { problems: [words || `ended with ${run.status ?? run.signal}`], summary };
}

/** Runs a script in each workspace that has it. */
function inWorkspaces(script) {
  const queried = spawnSync('npm', ['query', '.workspace'], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  const having = JSON.parse(queried.stdout).filter(({ scripts }) => scripts?.[script] !== undefined);
  const problems = having.flatMap(({ name }) => {
    const run = spawnSync('npm', ['run', '--silent', script, '-w', name], { cwd: root, encoding: 'utf8' });
    return run.status === 0 ? [] : [`${name}: ${`${run.stdout}${run.stderr}`.trim()}`];
  });
  if (having.length === 0) problems.push(`No workspace has a script ${script}: nothing was checked.`);
  return { problems, summary: having.map(({ name }) => name).join(', ') };
}

/** All checks short of the tests, in order; each answers its problems and one line about what it looked at. */
export const checks = [
  // Workspaces that generate files say whether these are what they would be made of now.
  ['generated files', () => inWorkspaces('check:generated')],
  ['prettier', () => tool('prettier/bin/prettier.cjs', ['--check', '--cache', '--log-level=warn', '.'], 'formatted')],
  ['oxlint', checkLint],
  ['tsc -b', () => tool('@typescript/native/bin/tsc', ['-b'], 'compiles')],
  ['tsc (tests)', () => tool('@typescript/native/bin/tsc', ['-p', 'tsconfig.test.json'], 'compiles')],
  // The console is compiled for a browser, by a configuration of its own.
  ['tsc (console)', () => inWorkspaces('typecheck')],
  ['dependency-cruiser', checkFloors],
  ['knip', () => tool('knip/bin/knip.js', ['--no-progress', '--no-config-hints'], 'nothing unused')],
  ['lock file', checkLockFile],
  ['licences', checkLicences],
];
