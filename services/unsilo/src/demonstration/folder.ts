import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { CommandError } from '../cli/command.js';
import { DataFolder, writePrivately } from '../running/data-folder.js';

/** Where the demonstration keeps its data unless it is told otherwise. */
export const DEFAULT_FOLDER = '.unsilo-demonstration';
const OWN = 'demonstration';
/** Says that all in the folder belongs to a demonstration and may be thrown away. */
const MARK = 'THROWN-AWAY-AT-EACH-START';

/**
 * An empty folder for one demonstration: what an earlier one left in it is removed. Answers the folder for its own files in it.
 * @throws CommandError UNSILO_DEMONSTRATION_FOLDER when it holds anything else, UNSILO_DEMONSTRATION_RUNNING when one runs on it
 */
export function emptyFolder(path: string): string {
  const own = join(path, OWN);
  if (existsSync(path)) {
    if (new DataFolder(path).running() !== undefined)
      throw new CommandError(
        'UNSILO_DEMONSTRATION_RUNNING',
        `A demonstration runs on ${path} already.`,
        'Stop it, or name another folder with --data.',
      );
    const entries = readdirSync(path);
    if (entries.length > 0 && !existsSync(join(own, MARK)))
      throw new CommandError(
        'UNSILO_DEMONSTRATION_FOLDER',
        `${path} holds something else than a demonstration.`,
        'The demonstration throws its folder away at each start: name an empty one with --data, or your own configuration with --config.',
      );
    // The mark goes last: what is left of a removal that was cut off is still known to be ours.
    for (const entry of entries) if (entry !== OWN) rmSync(join(path, entry), { recursive: true, force: true });
    rmSync(own, { recursive: true, force: true });
  }
  new DataFolder(path).make();
  mkdirSync(join(own, 'secrets'), { recursive: true, mode: 0o700 });
  writePrivately(join(own, MARK), 'This folder is made by `unsilo start` without a configuration.\n');
  return own;
}
