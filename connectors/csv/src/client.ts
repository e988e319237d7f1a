import { constants, createReadStream } from 'node:fs';
import { access, open, readdir, rename, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { PauseError, RetryableError } from '@unsilo/connector-sdk';

/** The only file that touches the folders. */

export interface FoundFile {
  name: string;
  path: string;
  size: number;
  /** As exact as the file system has it: two changes may share a millisecond. */
  mtimeMs: number;
}

/** Names that programs give to files they are still writing. */
const UNFINISHED = /^(?:\.|~\$)|\.(?:part|partial|tmp|temp|crdownload|filepart|download|swp|lock)$/i;

/**
 * The files to read, oldest first, those of one time by name.
 * @throws RetryableError UNSILO_CSV_FOLDER_MISSING (a share may come back), PauseError UNSILO_CSV_FOLDER_DENIED
 */
export async function listFiles(folder: string, patterns: readonly string[]): Promise<FoundFile[]> {
  const wanted = patterns.map(namePattern);
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: unknown) => {
    throw folderError(error, folder);
  });
  const names = entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => entry.name)
    .filter((name) => !UNFINISHED.test(name) && wanted.some((pattern) => pattern.test(name)));
  const found = await Promise.all(names.map((name) => look({ name, path: join(folder, name) })));
  return found
    .filter((file) => file !== undefined)
    .sort((a, b) => a.mtimeMs - b.mtimeMs || (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}

/** A file as it stands now; undefined when it is gone. */
export async function look({ name, path }: Pick<FoundFile, 'name' | 'path'>): Promise<FoundFile | undefined> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined || !found.isFile()) return undefined;
  return { name, path, size: found.size, mtimeMs: found.mtimeMs };
}

/** The bytes that the file had when it was found: what is appended meanwhile is left for the next reading. */
export function bytesOf(file: FoundFile): AsyncIterable<Buffer> {
  if (file.size === 0) return nothing();
  return createReadStream(file.path, { end: file.size - 1, highWaterMark: 256 * 1024 });
}

async function* nothing(): AsyncGenerator<Buffer> {}

export async function canRead(folder: string): Promise<boolean> {
  return access(folder, constants.R_OK | constants.X_OK).then(
    () => true,
    () => false,
  );
}

export async function canWrite(folder: string): Promise<boolean> {
  return access(folder, constants.W_OK | constants.X_OK).then(
    () => true,
    () => false,
  );
}

/**
 * Writes a file whole or not at all: beside its place first, then renamed. Readers never see half of it, and it is on the medium when this
 * resolves.
 * @throws RetryableError UNSILO_CSV_EXPORT_FAILED, PauseError UNSILO_CSV_FOLDER_DENIED
 */
export async function writeWhole(folder: string, name: string, chunks: AsyncIterable<Buffer>): Promise<void> {
  const path = join(folder, name);
  const beside = join(folder, `.${name}.part`);
  try {
    const file = await open(beside, 'w');
    try {
      for await (const chunk of chunks) await file.write(chunk);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(beside, path);
    const directory = await open(folder, 'r');
    await directory.sync().finally(() => directory.close());
  } catch (error) {
    await unlink(beside).catch(() => undefined);
    throw folderError(error, folder, 'UNSILO_CSV_EXPORT_FAILED');
  }
}

function folderError(error: unknown, folder: string, code = 'UNSILO_CSV_FOLDER_MISSING'): Error {
  const reason = (error as NodeJS.ErrnoException).code ?? 'unknown';
  if (reason === 'EACCES' || reason === 'EPERM' || reason === 'EROFS')
    return new PauseError('UNSILO_CSV_FOLDER_DENIED', `No access to the folder ${folder} (${reason})`, {
      hint: 'Give the user of this process the right to it, then resume the system.',
    });
  if (error instanceof RetryableError || error instanceof PauseError) return error;
  return new RetryableError(
    reason === 'ENOENT' ? 'UNSILO_CSV_FOLDER_MISSING' : code,
    `The folder ${folder} can't be used (${reason})`,
    {
      hint: reason === 'ENOSPC' ? 'The disk is full.' : 'Check that the folder exists and its share is mounted.',
    },
  );
}

function namePattern(pattern: string): RegExp {
  const escaped = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${escaped}$`, 'i');
}
