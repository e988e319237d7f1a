import { readdirSync } from 'node:fs';
import { join } from 'node:path';

/** Folder of the forms released last; undefined before the first release. */
export function lastReleased(folder: string): string | undefined {
  const numbers = (name: string): number[] => name.slice(1).split('.').map(Number);
  const versions = readdirSync(folder).filter((name) => /^v\d+\.\d+\.\d+$/.test(name));
  versions.sort((a, b) => {
    const [x, y] = [numbers(a), numbers(b)];
    return (x[0] ?? 0) - (y[0] ?? 0) || (x[1] ?? 0) - (y[1] ?? 0) || (x[2] ?? 0) - (y[2] ?? 0);
  });
  const last = versions.at(-1);
  return last === undefined ? undefined : join(folder, last);
}
