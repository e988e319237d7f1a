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

/** What LMDB or the system said, in our codes. `folder` tells how full the disk is. */
export function storageError(error: unknown, folder: string, area: Area): StorageError {
  if (error instanceof StorageError) return error;
  const code = numberOf(error);
  if (isFull(code, error, folder)) {
    return new StorageError(
      `UNSILO_${area}_FULL`,
      `There is no space left for ${folder}; nothing of this write was kept.`,
      {
        hint: 'Free disk space; reading goes on, and writing works again as soon as there is space. Nothing needs a restart.',
        cause: error,
      },
    );
  }
  if (CORRUPT.has(code)) return corrupt(folder, reason(error), error);
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

export function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function numberOf(error: unknown): number {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'number' ? code : 0;
}

function isFull(code: number, error: unknown, folder: string): boolean {
  if (code === ENOSPC || code === EDQUOT || code === MDB_MAP_FULL) return true;
  if ((error as NodeJS.ErrnoException | null)?.code === 'ENOSPC') return true;
  // After its first failure in a transaction LMDB reports only that the transaction is bad.
  try {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize < LITTLE_SPACE;
  } catch {
    return false;
  }
}
