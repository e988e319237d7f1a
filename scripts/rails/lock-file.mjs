import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './root.mjs';

/** Where a package may find one of its dependencies: in its own `node_modules`, or in that of a folder above it. */
function* candidates(path, dependency) {
  for (let folder = path; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf('/')))) {
    if (!folder.endsWith('node_modules')) yield `${folder === '' ? '' : `${folder}/`}node_modules/${dependency}`;
    if (folder === '') return;
  }
}

/**
 * `npm ci` refuses a lock file that lacks the builds of a package for other platforms. npm leaves these out, without a word, when the
 * registry doesn't have all builds of one version: then the version is pinned to one that is complete (`overrides` in package.json).
 */
export function checkLockFile(lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'))) {
  const { packages } = lock;
  const problems = Object.entries(packages).flatMap(([path, { dependencies, optionalDependencies, link }]) =>
    link
      ? []
      : Object.keys({ ...dependencies, ...optionalDependencies })
          .filter((name) => ![...candidates(path, name)].some((candidate) => packages[candidate] !== undefined))
          .map(
            (name) =>
              `${path || 'package.json'} needs ${name}, which package-lock.json doesn't have: npm ci would refuse it.`,
          ),
  );
  return { problems, summary: `${Object.keys(packages).length} packages, complete` };
}
