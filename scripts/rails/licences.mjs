import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import satisfies from 'spdx-satisfies';
import { root } from './root.mjs';

/** Licences whose terms a product under Apache-2.0 can meet by shipping their texts. */
const ALLOWED = [
  '0BSD',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'CC0-1.0',
  'ISC',
  'MIT',
  'MIT-0',
  'Python-2.0',
  'Unlicense',
];

/** Why the licence of a package can't be accepted; undefined when it can. */
export function objection(licence) {
  if (typeof licence !== 'string') return 'states no licence';
  try {
    return satisfies(licence, ALLOWED) ? undefined : `is licensed ${licence}, which is not on the list`;
  } catch {
    return `states ${JSON.stringify(licence)}, which is no SPDX expression`;
  }
}

/** Packages that ship: everything in the lock file that isn't needed for development alone. */
export function checkLicences(lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'))) {
  const shipped = Object.entries(lock.packages).filter(
    ([path, entry]) => path.includes('node_modules/') && !entry.link && !entry.dev && !entry.devOptional,
  );
  const problems = shipped.flatMap(([path, entry]) => {
    const found = objection(entry.license);
    return found === undefined ? [] : [`${path.replace(/^.*node_modules\//, '')}@${entry.version} ${found}`];
  });
  if (shipped.length === 0) problems.push('The lock file names no package that ships: it could not be read right.');
  return { problems, summary: `${shipped.length} packages that ship` };
}
