import { statfsSync } from 'node:fs';
import { StorageError } from '../errors.js';

const MDB_PAGE_NOTFOUND = -30797;
const MDB_CORRUPTED = -30796;
const MDB_PANIC = -30795;
const MDB_VERSION_MISMATCH = -30794;
const MDB_INVALID = -30793;
const MDB_MAP_FULL = -30792;
const ENOSPC = 28;
const EDQUOT = 122;
const CORRUPT = new Set([MDB_PAGE_NOTFOUND, MDB_CORRUPTED, MDB_VERSION_MISMATCH, MDB_INVALID]);
/** Below this a failed write is put down to the full disk, whatever LMDB called it in the end. */
const LITTLE_SPACE = 256 * 1024;

/** The part of the product whose write failed; names the error code. */
export type Area = 'LOG' | 'STATE';

/**
 * What LMDB or the system said about a write, in our codes. `folder` tells how full the disk is. Errors of other origin are
 * given back as they are.
 */
export function writeError(error: unknown, folder: string, area: Area): Error {
  if (isFull(error, folder)) {
    return new StorageError(
      `UNSILO_${area}_FULL`,
      `There is no space left for ${folder}; nothing of this write was kept.`,
      {
        hint: 'Free disk space; reading goes on, and writing works again as soon as there is space. Nothing needs a restart.',
        cause: error,
      },
    );
  }
  return readError(error, folder);
}

/** The same about reading. */
export function readError(error: unknown, folder: string): Error {
  const code = codeOf(error);
  if (error instanceof Error && (code === undefined || error instanceof StorageError)) return error;
  if (typeof code === 'number' && CORRUPT.has(code)) return corrupt(folder, reason(error), error);
  return new StorageError('UNSILO_DATA_IO', `The storage under ${folder} failed: ${reason(error)}.`, {
    hint:
      code === MDB_PANIC
        ? 'Restart the process; if it happens again, check the disk.'
        : 'Check the disk, the rights and the limits of this process.',
    cause: error,
  });
}

export function corrupt(folder: string, what: string, cause?: unknown): StorageError {
  return new StorageError('UNSILO_DATA_CORRUPT', `The data file in ${folder} is damaged: ${what}.`, {
    hint:
      'Restore the folder from a backup, or move it away and start on an empty one: the sources are then read again. ' +
      'Keep the damaged file until the new state has been checked.',
    ...(cause === undefined ? {} : { cause }),
  });
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** LMDB's and the system's errors have codes: numbers from LMDB, names from Node. */
function codeOf(error: unknown): number | string | undefined {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'number' || typeof code === 'string' ? code : undefined;
}

function isFull(error: unknown, folder: string): boolean {
  const code = codeOf(error);
  if (code === ENOSPC || code === EDQUOT || code === MDB_MAP_FULL || code === 'ENOSPC' || code === 'EDQUOT')
    return true;
  if (typeof code !== 'number' || CORRUPT.has(code)) return false;
  // A write that the system cut short is EIO to LMDB, and after its first failure a transaction is only "bad".
  try {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize < LITTLE_SPACE;
  } catch {
    return false;
  }
}
