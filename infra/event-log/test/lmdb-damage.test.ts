import { closeSync, copyFileSync, cpSync, openSync, rmSync, statSync, truncateSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { open } from 'lmdb';
import { openEnvironment, openLmdbEventLog } from '@unsilo/event-log/lmdb';
import { startChild } from '@unsilo/event-log/suite';
import { newFolder } from './lmdb-place.js';

const PAGE = 8192;

/** A folder with a few hundred pages in use, as a killed process leaves it. */
let original: string;
let folder: string;

beforeAll(async () => {
  original = newFolder();
  const child = startChild(join(__dirname, 'filling-child.ts'), [original]);
  const outcome = await child.ended;
  if (outcome !== 'SIGKILL') throw new Error(`the folder could not be made (${outcome}): ${child.errors()}`);
});
afterAll(() => rmSync(original, { recursive: true, force: true }));
beforeEach(() => {
  folder = newFolder();
  cpSync(original, folder, { recursive: true });
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const data = (): string => join(folder, 'data.mdb');

async function failure(): Promise<{ code?: string; message?: string }> {
  try {
    await (await openEnvironment({ folder })).close();
    return {};
  } catch (error) {
    return error as { code: string; message: string };
  }
}

function overwrite(at: number, bytes: Uint8Array): void {
  const file = openSync(data(), 'r+');
  writeSync(file, bytes, 0, bytes.length, at);
  closeSync(file);
}

test('a folder that was left open is checked, found sound and opened', async () => {
  expect(await failure()).toEqual({});
  const environment = await openEnvironment({ folder });
  const log = openLmdbEventLog(environment);
  const ends = await log.ends(['t']);
  expect(ends.reduce((sum, { next }) => sum + next, 0)).toBe(40 * 70);
  await log.close();
  await environment.close();
});

describe('a data file that was cut off', () => {
  test.each([0, 1, 100, PAGE - 1, PAGE, PAGE + 50, 2 * PAGE, 2 * PAGE + 5000, 40 * PAGE])(
    'after %d bytes is refused',
    async (length) => {
      truncateSync(data(), length);
      const error = await failure();
      expect(error.code).toBe('UNSILO_DATA_CORRUPT');
      expect(error.message).toContain(folder);
      expect(error.message).toMatch(/Restore the folder from a backup/);
      // Refusing changes nothing.
      expect(statSync(data()).size).toBe(length);
    },
  );

  test('after a clean end is refused too', async () => {
    expect(await failure()).toEqual({});
    truncateSync(data(), 40 * PAGE);
    expect((await failure()).code).toBe('UNSILO_DATA_CORRUPT');
  });
});

test('a file that only lacks pages that nobody uses is sound', async () => {
  const environment = await openEnvironment({ folder });
  const log = openLmdbEventLog(environment);
  await log.append(Array.from({ length: 500 }, (_, n) => ({ topic: 't', key: `k${n}`, value: 'x'.repeat(700) })));
  const ends = await log.ends(['t']);
  await log.close();
  await environment.close();
  // What this last page held was freed when the folder was closed, or the file is refused: never a crash, never less data.
  truncateSync(data(), statSync(data()).size - PAGE);
  const error = await failure();
  if (error.code !== undefined) {
    expect(error.code).toBe('UNSILO_DATA_CORRUPT');
    return;
  }
  const again = await openEnvironment({ folder });
  const log2 = openLmdbEventLog(again);
  expect(await log2.ends(['t'])).toEqual(ends);
  await log2.close();
  await again.close();
});

test.each([
  ['an overwritten header', 0, 64],
  ['an overwritten second header', PAGE, 64],
])('%s is refused', async (_, at, length) => {
  overwrite(at, Buffer.alloc(length, 'garbage '));
  expect((await failure()).code).toBe('UNSILO_DATA_CORRUPT');
});

test('a file of something else is refused', async () => {
  copyFileSync(__filename, data());
  expect((await failure()).code).toBe('UNSILO_DATA_CORRUPT');
});

test('wherever a page is torn, the process is told or not concerned, and never dies', async () => {
  const program = join(__dirname, 'reading-child.ts');
  const pages = statSync(data()).size / PAGE;
  let refused = 0;
  const trials = Array.from({ length: 24 }, (_, n) => ({ page: 2 + ((n * 37) % (pages - 2)), fill: n % 3 }));
  // One child for all, so that a death shows as a missing line.
  const folders = trials.map(({ page, fill }) => {
    const trial = newFolder();
    cpSync(original, trial, { recursive: true });
    const file = openSync(join(trial, 'data.mdb'), 'r+');
    const bytes =
      fill === 0
        ? Buffer.alloc(PAGE)
        : Buffer.from(Array.from({ length: fill === 1 ? PAGE : PAGE / 2 }, (_, n) => (n * 7919 + page) % 251));
    writeSync(file, bytes, 0, bytes.length, page * PAGE);
    closeSync(file);
    return trial;
  });
  try {
    const child = startChild(program, folders);
    expect(await child.ended).toBe(0);
    expect(child.lines).toHaveLength(trials.length);
    for (const line of child.lines) {
      expect(line).toMatch(/^(2800|UNSILO_DATA_CORRUPT)$/);
      if (line !== '2800') refused++;
    }
    expect(refused).toBeGreaterThan(trials.length / 4);
  } finally {
    for (const trial of folders) rmSync(trial, { recursive: true, force: true });
  }
}, 60_000);

test('a folder written by a newer version is refused and left as it is', async () => {
  expect(await failure()).toEqual({});
  const root = open({
    path: folder,
    noSubdir: false,
    pageSize: PAGE,
    overlappingSync: false,
    encoding: 'string',
    maxDbs: 10,
  });
  const meta = root.openDB({ name: 'meta', encoding: 'string', useVersions: true });
  await meta.put('format', '2', 0);
  await root.close();
  const error = await failure();
  expect(error.code).toBe('UNSILO_DATA_FORMAT');
  expect(error.message).toMatch(/format 2.*formats up to 1.*newer version/);
});
