import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { findViolations, type Violation } from './compatibility.js';
import { loadModel, packageRoot } from './model.js';
import { lastReleased } from './released.js';

function violationsOfNow(): Violation[] {
  const released = lastReleased(join(packageRoot, 'released'));
  return released === undefined ? [] : findViolations(loadModel(released), loadModel(join(packageRoot, 'model')));
}

/** Keeps the schemas as those of the package's version. A version that was kept is replaced only with `--replace`. */
function freeze(): void {
  const { version } = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as { version: string };
  const target = join(packageRoot, 'released', `v${version}`);
  if (existsSync(target) && readdirSync(target).length > 0 && !process.argv.includes('--replace')) {
    throw new Error(
      `v${version} was kept already: raise the package's version, or say --replace if it never left this repository`,
    );
  }
  rmSync(target, { recursive: true, force: true });
  mkdirSync(target, { recursive: true });
  cpSync(join(packageRoot, 'model'), target, { recursive: true });
  process.stdout.write(`${target}\n`);
}

if (process.argv.includes('--check')) {
  const violations = violationsOfNow();
  for (const { at, breaks, message } of violations) process.stderr.write(`${at}: ${message} (breaks ${breaks})\n`);
  process.exitCode = violations.length > 0 ? 1 : 0;
} else {
  freeze();
}
