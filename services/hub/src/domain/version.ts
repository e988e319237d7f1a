import type { Version } from '@unsilo/schemas';

/** Order of the states of one ref: below, equal, above zero. */
export function compareVersions(a: Version, b: Version): number {
  return a.major - b.major || a.minor - b.minor;
}

/** One text for one version. */
export function versionKey(version: Version): string {
  return `${version.major}.${version.minor}`;
}

export function isAfter(a: Version, b: Version): boolean {
  return compareVersions(a, b) > 0;
}
