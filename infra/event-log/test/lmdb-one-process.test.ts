import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openEnvironment, openLmdbEventLog } from '@unsilo/event-log/lmdb';
import { startChild, until, type Child } from '@unsilo/event-log/suite';
import { lifeOf, thisProcess } from '../src/lmdb/owner.js';
import { newFolder } from './lmdb-place.js';

const PROGRAM = join(__dirname, 'holding-child.ts');
const IN_USE = 'in-use.json';

let folder: string;
const children: Child[] = [];
beforeEach(() => {
  folder = newFolder();
});
afterEach(async () => {
  for (const child of children.splice(0)) {
    child.process.kill('SIGKILL');
    await child.ended;
  }
  rmSync(folder, { recursive: true, force: true });
});

async function startHolder(options?: { namespace: boolean }): Promise<Child> {
  const child = startChild(
    PROGRAM,
    [folder],
    options?.namespace === true ? ['unshare', '--pid', '--fork', '--mount-proc', '--kill-child'] : [],
  );
  children.push(child);
  await until(() => child.lines.length > 0, 'the child says something');
  return child;
}

async function ask(child: Child, order: string): Promise<string> {
  const before = child.lines.length;
  child.process.stdin!.write(`${order}\n`);
  await until(() => child.lines.length > before, `an answer to ${order}`);
  return child.lines.at(-1)!;
}

async function openFailure(): Promise<{ code?: string; message?: string }> {
  try {
    await (await openEnvironment({ folder })).close();
    return {};
  } catch (error) {
    return error as { code: string; message: string };
  }
}

describe('one process at a time has a data folder open', () => {
  test('a second one is refused and told who has it', async () => {
    const child = await startHolder();
    expect(child.lines).toEqual(['open']);
    const refused = await openFailure();
    expect(refused.code).toBe('UNSILO_DATA_LOCKED');
    expect(refused.message).toContain(`process ${child.process.pid}`);
    expect(refused.message).toContain(folder);
    expect(refused.message).toMatch(/Stop that process/);
    expect(await ask(child, 'append t')).toBe('done');
  });

  test('the refused one may come as often as it likes, and gets it after the first has closed', async () => {
    const first = await startHolder();
    const second = await startHolder();
    expect(second.lines).toEqual(['UNSILO_DATA_LOCKED']);
    expect(await ask(first, 'append t')).toBe('done');
    expect(await ask(first, 'close')).toBe('done');
    const third = await startHolder();
    expect(third.lines).toEqual(['open']);
  });

  test('it is refused as well when somebody removed the file that says who has it', async () => {
    const child = await startHolder();
    rmSync(join(folder, IN_USE));
    const refused = await openFailure();
    expect(refused.code).toBe('UNSILO_DATA_LOCKED');
    expect(refused.message).toContain(`process ${child.process.pid}`);
    expect(await ask(child, 'append t')).toBe('done');
  });

  test('the same process is refused as well, and gets it again after closing', async () => {
    const environment = await openEnvironment({ folder });
    const refused = await openFailure();
    expect(refused.code).toBe('UNSILO_DATA_LOCKED');
    expect(refused.message).toContain('this very process');
    await environment.close();
    expect(await openFailure()).toEqual({});
  });

  test('of several that begin at once, one gets it', async () => {
    const outcomes = await Promise.all([startHolder(), startHolder(), startHolder()]);
    expect(outcomes.map(({ lines }) => lines[0]).sort()).toEqual(['UNSILO_DATA_LOCKED', 'UNSILO_DATA_LOCKED', 'open']);
  });

  test('a killed process leaves no lock behind', async () => {
    const child = await startHolder();
    expect(await ask(child, 'append t')).toBe('done');
    child.process.kill('SIGKILL');
    await child.ended;
    expect(existsSync(join(folder, IN_USE))).toBe(true);
    const environment = await openEnvironment({ folder });
    const log = openLmdbEventLog(environment);
    expect(await log.ends(['t'])).toEqual([{ topic: 't', partition: 0, first: 0, next: 1 }]);
    await log.close();
    await environment.close();
    expect(existsSync(join(folder, IN_USE))).toBe(false);
  });

  test('nor does one whose pid another process has by now', async () => {
    writeFileSync(join(folder, IN_USE), JSON.stringify({ ...thisProcess(undefined), started: 'long ago' }));
    expect(await openFailure()).toEqual({});
  });

  test('a copy of a folder in use is nobody’s', async () => {
    const child = await startHolder();
    expect(await ask(child, 'append t')).toBe('done');
    const copy = newFolder();
    cpSync(folder, copy, { recursive: true });
    try {
      await (await openEnvironment({ folder: copy })).close();
      expect((await openFailure()).code).toBe('UNSILO_DATA_LOCKED');
      expect(await ask(child, 'append t')).toBe('done');
    } finally {
      rmSync(copy, { recursive: true, force: true });
    }
  });

  test.each([
    ['empty', ''],
    ['torn', '{"pid": 12'],
    ['of other content', '{"pid": "12"}'],
  ])('a lock file that is %s doesn’t keep anybody out', async (_, text) => {
    writeFileSync(join(folder, IN_USE), text);
    expect(await openFailure()).toEqual({});
  });

  test('tells a process from another that has its pid', () => {
    const me = thisProcess('7');
    expect(lifeOf(me, '7')).toBe('running');
    expect(lifeOf({ ...me, started: 'at another time' }, '7')).toBe('dead');
    expect(lifeOf({ ...me, space: 'another boot' }, '7')).toBe('unknown');
    expect(lifeOf(me, '8')).toBe('dead');
    const gone = spawnSync(process.execPath, ['-e', '']);
    expect(lifeOf({ ...me, pid: gone.pid }, '7')).toBe('dead');
  });
});

const namespaces = spawnSync('unshare', ['--pid', '--fork', '--mount-proc', 'true']).status === 0;
if (!namespaces) {
  if (process.env['REQUIRE_SERVERS'] === '1')
    throw new Error('pid namespaces are needed: run as root on Linux with unshare');
  process.stderr.write('SKIPPED: holders in other containers (needs root and unshare for a pid namespace)\n');
}
(namespaces ? describe : describe.skip)('a holder in another container', () => {
  test('keeps others out by its signs of life', async () => {
    const child = await startHolder({ namespace: true });
    expect(child.lines).toEqual(['open']);
    expect((JSON.parse(readFileSync(join(folder, IN_USE), 'utf8')) as { pid: number }).pid).toBeLessThan(100);
    const refused = await openFailure();
    expect(refused.code).toBe('UNSILO_DATA_LOCKED');
  });

  test('loses the folder when it has been silent for long, and can write nothing after that', async () => {
    const child = await startHolder({ namespace: true });
    expect(await ask(child, 'append t')).toBe('done');
    const inside = childOf(child.process.pid!);
    process.kill(inside, 'SIGSTOP');
    const longAgo = new Date(Date.now() - 3_600_000);
    utimesSync(join(folder, IN_USE), longAgo, longAgo);
    const environment = await openEnvironment({ folder });
    const log = openLmdbEventLog(environment);
    process.kill(inside, 'SIGCONT');
    expect(await ask(child, 'append t')).toBe('UNSILO_DATA_LOCKED');
    expect(await ask(child, 'append t')).toBe('UNSILO_DATA_LOCKED');
    expect(await ask(child, 'close')).toBe('done');
    expect(await log.append([{ topic: 't', key: 'k', value: 'v' }])).toEqual([{ topic: 't', partition: 0, offset: 1 }]);
    await log.close();
    await environment.close();
    expect(await openFailure()).toEqual({});
  });
});

/** `unshare --fork` runs the program as its only child. */
function childOf(pid: number): number {
  return Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').trim());
}
