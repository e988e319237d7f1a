import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './root.mjs';

/** Packages by path, as a lock file lists them; undefined where it can't be read. */
function packagesOf(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8')).packages;
  } catch {
    return undefined;
  }
}

/** Is what `node_modules` holds what the lock file names? Compared by content: times of files say nothing after a checkout. */
export function installed(folder = root) {
  const wanted = packagesOf(join(folder, 'package-lock.json'));
  const present = packagesOf(join(folder, 'node_modules/.package-lock.json'));
  if (wanted === undefined || present === undefined) return false;
  return Object.entries(wanted).every(([path, { version, integrity, resolved, link, optional }]) => {
    // The root itself, and workspaces (whose dependencies have entries of their own).
    if (!path.includes('node_modules/')) return true;
    const there = present[path];
    if (there === undefined) return optional === true;
    return link
      ? there.link === true && there.resolved === resolved
      : there.version === version && there.integrity === integrity;
  });
}

/** Installs what the lock file names, unless it is there. */
export function install() {
  if (installed()) return;
  process.stderr.write('Installing the packages of package-lock.json …\n');
  const done = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    stdio: ['ignore', 2, 2],
  });
  if (done.status !== 0) {
    process.stderr.write('npm ci failed (above). Node 20 or newer and access to the package registry are needed.\n');
    process.exit(1);
  }
}
