import { randomBytes } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { pipeline } from 'node:stream/promises';

/**
 * Writes lines into a file that is there whole or not at all: under another name beside it, made durable, then renamed. Readable by its owner alone.
 * Whatever `lines` throws leaves neither file nor remains behind.
 * @returns How many lines were written.
 */
export async function writeLines(path: string, lines: AsyncIterable<string>): Promise<number> {
  const draft = `${path}.${randomBytes(4).toString('hex')}.part`;
  let count = 0;
  try {
    const counted = async function* (): AsyncGenerator<string> {
      for await (const line of lines) {
        yield `${line}\n`;
        count += 1;
      }
    };
    await pipeline(counted, createWriteStream(draft, { flags: 'wx', mode: 0o600, flush: true }));
    await rename(draft, path);
    await flushed(dirname(path));
    return count;
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
}

/** The new name is durable once the folder is. */
async function flushed(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
