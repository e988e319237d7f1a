import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openEnvironment, openLmdbEventLog } from '@unsilo/event-log/lmdb';
import { startChild, until, type Child } from '@unsilo/event-log/suite';
import { Occupancy } from '../src/lmdb/occupancy.js';
import { lifeOf, thisProcess } from '../src/lmdb/owner.js';
import { newFolder } from './lmdb-place.js';

const PROGRAM = join(__dirname, 'holding-child.ts');

const LONG_AGO = new Date(Date.now() - 3_600_000);

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

/** The file that says who has the folder open. */
function inUse(): string {
  const files = readdirSync(folder).filter((name) => name.startsWith('in-use.'));
  if (files.length !== 1) throw new Error(`one file was expected, not ${files.join(', ')}`);
  return join(folder, files[0]!);
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
    rmSync(inUse());
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
    const environment = await openEnvironment({ folder });
    const log = openLmdbEventLog(environment);
    expect(await log.ends(['t'])).toEqual([{ topic: 't', partition: 0, first: 0, next: 1 }]);
    await log.close();
    await environment.close();
  });

  test('nor does one whose pid another process has by now', async () => {
    const file = join(folder, 'in-use.1.json');
    writeFileSync(file, '');
    const me = thisProcess(statSync(file, { bigint: true }).ino.toString());
    writeFileSync(file, JSON.stringify(me));
    expect((await openFailure()).code).toBe('UNSILO_DATA_LOCKED');
    writeFileSync(file, JSON.stringify({ ...me, started: 'long ago' }));
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
  ])('a lock file that is %s doesn’t keep anybody out for long', async (_, text) => {
    const file = join(folder, 'in-use.3.json');
    writeFileSync(file, text);
    utimesSync(file, LONG_AGO, LONG_AGO);
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

describe('the turn of opening', () => {
  const opening = (number: number): string => join(folder, `in-use.${number}.json`);
  const outcome = (taking: Promise<void>): Promise<string> =>
    taking.then(
      () => 'taken',
      (error: { code: string }) => error.code,
    );

  test('comes to one of many that find the same process gone', async () => {
    writeFileSync(opening(4), JSON.stringify({ ...thisProcess('1'), pid: 2 ** 22 + 1 }));
    const all = Array.from({ length: 5 }, () => new Occupancy(folder));
    const outcomes = await Promise.all(all.map((each) => outcome(each.take())));
    expect(outcomes).toEqual(['taken', ...Array<string>(4).fill('UNSILO_DATA_LOCKED')]);
    expect(all[0]!.left).toBe(true);
    expect(readdirSync(folder)).toEqual(['in-use.5.json']);
    all[0]!.leave('closed');
    const next = new Occupancy(folder);
    await next.take();
    expect(next.left).toBe(false);
    next.leave('given up');
    const last = new Occupancy(folder);
    await last.take();
    expect(last.left).toBe(true);
    expect(readdirSync(folder)).toEqual(['in-use.7.json']);
    last.leave('closed');
  });

  test('is announced again when somebody removes its file, and a folder that is gone ends nobody’s process', async () => {
    jest.useFakeTimers();
    try {
      const occupancy = new Occupancy(folder);
      await occupancy.take();
      rmSync(inUse());
      jest.advanceTimersByTime(2500);
      expect(await outcome(new Occupancy(folder).take())).toBe('UNSILO_DATA_LOCKED');
      rmSync(folder, { recursive: true });
      jest.advanceTimersByTime(2500);
      expect(existsSync(folder)).toBe(false);
      occupancy.leave('closed');
    } finally {
      jest.useRealTimers();
    }
  });

  test('is not taken again by one that was looking while others came and went', async () => {
    jest.useFakeTimers({ now: Date.now() });
    try {
      const write = (text: string, time: Date): void => {
        writeFileSync(opening(1), text);
        utimesSync(opening(1), time, time);
      };
      const time = new Date();
      write('', time);
      const file = statSync(opening(1), { bigint: true }).ino.toString();
      write(JSON.stringify({ ...thisProcess(file), space: 'elsewhere' }), time);
      const slow = outcome(new Occupancy(folder).take());
      write('{"end":"closed"}', time);
      for (let turn = 0; turn < 2; turn++) {
        const other = new Occupancy(folder);
        await other.take();
        if (turn === 0) other.leave('closed');
      }
      expect(readdirSync(folder)).toEqual(['in-use.3.json']);
      write('{"end":"closed"}', time);
      await jest.advanceTimersByTimeAsync(10_000);
      expect(await slow).toBe('UNSILO_DATA_LOCKED');
      expect(readdirSync(folder).sort()).toEqual(['in-use.1.json', 'in-use.3.json']);
    } finally {
      jest.useRealTimers();
    }
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
    expect((JSON.parse(readFileSync(inUse(), 'utf8')) as { pid: number }).pid).toBeLessThan(100);
    const refused = await openFailure();
    expect(refused.code).toBe('UNSILO_DATA_LOCKED');
  });

  test('loses the folder when it has been silent for long, and can write nothing after that', async () => {
    const child = await startHolder({ namespace: true });
    expect(await ask(child, 'append t')).toBe('done');
    const inside = childOf(child.process.pid!);
    process.kill(inside, 'SIGSTOP');
    utimesSync(inUse(), LONG_AGO, LONG_AGO);
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
