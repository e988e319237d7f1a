import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './root.mjs';

const CONSOLE = join(root, 'services/console');

/** Compiles all packages; the compiler itself looks up what is stale. */
function compile() {
  const compiler = join(root, 'node_modules/@typescript/native/bin/tsc');
  return spawnSync(process.execPath, [compiler, '-b'], { cwd: root, stdio: ['ignore', 2, 2] }).status === 0;
}

/** One hash over everything that goes into the console's bundle. */
function fingerprint() {
  const hash = createHash('sha256');
  const add = (path) => {
    if (statSync(path).isDirectory()) for (const name of readdirSync(path).sort()) add(join(path, name));
    else hash.update(path.slice(CONSOLE.length)).update('\0').update(readFileSync(path)).update('\0');
  };
  for (const name of readdirSync(CONSOLE).sort())
    if (!['dist', 'node_modules', 'test'].includes(name)) add(join(CONSOLE, name));
  hash.update(readFileSync(join(root, 'package-lock.json')));
  return hash.digest('hex');
}

function buildConsole() {
  if (!existsSync(join(CONSOLE, 'package.json'))) return true;
  const stamp = join(root, 'node_modules/.cache/unsilo/console');
  const current = fingerprint();
  if (existsSync(join(CONSOLE, 'dist')) && existsSync(stamp) && readFileSync(stamp, 'utf8') === current) return true;
  process.stderr.write('Building the console …\n');
  const done = spawnSync('npm', ['run', '--silent', 'build', '-w', 'services/console'], {
    cwd: root,
    stdio: ['ignore', 2, 2],
  });
  if (done.status !== 0) return false;
  mkdirSync(join(stamp, '..'), { recursive: true });
  writeFileSync(stamp, current);
  return true;
}

/** Brings everything that runs up to date with its sources. Answers whether that worked; messages go to stderr. */
export function build() {
  return compile() && buildConsole();
}
