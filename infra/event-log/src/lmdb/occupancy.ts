import {
  closeSync,
  fstatSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { StorageError } from '../errors.js';
import { lifeOf, thisProcess, type Owner } from './owner.js';

/** Folders of earlier versions have one without a number. */
const NAME = /^in-use\.(?:(\d+)\.)?json$/;
const SIGN_OF_LIFE_MS = 2000;
/** After so long without a sign of life, a process that can't be looked up counts as dead. */
const SILENCE_MS = 7000;
const LOOK_MS = 500;

/** What the file of one opening says. */
interface Opening {
  number: number;
  path: string;
  /** How it ended: properly, or given up with the folder as it was found. Absent while nobody has said so. */
  end?: 'closed' | 'given up';
  /** Absent also when it can't be read: somebody is just writing it, or had no space to. */
  owner?: Owner;
}

/**
 * Which process has the folder open. Each opening has a numbered file, and the highest number counts: it can be made only by
 * one process, which found the opening before closed or its process gone, and stays when it is closed, so that no number comes
 * twice. This comes before LMDB: opening an environment into which another process just writes can undo that one's last
 * transaction (OpenLDAP's ITS#9496; lmdb 3.5.6 has it in `mdb_env_open2`).
 */
export class Occupancy {
  private readonly folder: string;
  private path: string | undefined;
  private timer: NodeJS.Timeout | undefined;
  /** After `take`: whether the opening before this one was not closed properly. */
  left = false;

  constructor(folder: string) {
    this.folder = folder;
  }

  /**
   * Takes the folder for this process.
   * @throws UNSILO_DATA_LOCKED when a living process has it open
   */
  async take(): Promise<void> {
    for (;;) {
      const before = this.latest();
      if (before !== undefined && !(await isOver(before))) {
        const now = this.latest();
        if (now?.end !== undefined) continue;
        throw locked(this.folder, now?.owner ?? before.owner);
      }
      const number = (before?.number ?? 0) + 1;
      const path = join(this.folder, `in-use.${number}.json`);
      if (!announce(path)) continue;
      if (this.latest()?.number !== number) {
        // The number was used and removed while this process was looking.
        rmSync(path, { force: true });
        continue;
      }
      this.path = path;
      this.left = before !== undefined && before.end !== 'closed';
      for (const other of this.files()) if (other.number < number) rmSync(other.path, { force: true });
      this.timer = setInterval(() => this.giveSignOfLife(), SIGN_OF_LIFE_MS);
      this.timer.unref();
      return;
    }
  }

  /** Gives the folder back. */
  leave(end: 'closed' | 'given up'): void {
    clearInterval(this.timer);
    if (this.path === undefined) return;
    try {
      const file = openSync(this.path, 'r+');
      try {
        // In place: a full disk has no room for anything new.
        writeSync(file, JSON.stringify({ end }).padEnd(fstatSync(file).size), 0);
      } finally {
        closeSync(file);
      }
    } catch {
      // The next process finds out by itself that this one is gone.
    }
  }

  private giveSignOfLife(): void {
    const now = new Date();
    try {
      utimesSync(this.path!, now, now);
    } catch {
      this.announceAgain();
    }
  }

  /** Its file was removed: by hand, or by a process that took this one for dead. Then the owner's record in the environment fences it off. */
  private announceAgain(): void {
    try {
      if (this.files().length === 0) announce(this.path!);
    } catch {
      // The folder itself is gone, or out of reach: the next write will say so.
    }
  }

  private latest(): Opening | undefined {
    const [last] = this.files().sort((a, b) => b.number - a.number);
    return last === undefined ? undefined : { ...last, ...readOpening(last.path) };
  }

  private files(): { number: number; path: string }[] {
    return readdirSync(this.folder).flatMap((name) => {
      const match = NAME.exec(name);
      return match === null ? [] : [{ number: Number(match[1] ?? 0), path: join(this.folder, name) }];
    });
  }
}

/** Makes the file of an opening; false when there is one already. */
function announce(path: string): boolean {
  let file: number;
  try {
    file = openSync(path, 'wx');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
  try {
    writeSync(file, JSON.stringify(thisProcess(fstatSync(file, { bigint: true }).ino.toString())));
  } catch {
    // Without space it stays empty: others then go by the signs of life alone.
  } finally {
    closeSync(file);
  }
  return true;
}

function readOpening(path: string): Pick<Opening, 'end' | 'owner'> {
  try {
    const said = JSON.parse(readFileSync(path, 'utf8')) as Partial<Owner & Opening>;
    if (said.end === 'closed' || said.end === 'given up') return { end: said.end };
    return typeof said.pid === 'number' ? { owner: said as Owner } : {};
  } catch {
    return {};
  }
}

/** Whether an opening has ended, its process is dead for sure, or silent for so long that it must be. */
async function isOver({ end, path, owner }: Opening): Promise<boolean> {
  if (end !== undefined) return true;
  const file = statSync(path, { bigint: true, throwIfNoEntry: false })?.ino.toString();
  const life = owner === undefined ? 'unknown' : lifeOf(owner, file);
  return life === 'unknown' ? staysSilent(path) : life === 'dead';
}

async function staysSilent(path: string): Promise<boolean> {
  const last = (): number => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  const before = last();
  if (Date.now() - before > 10 * SILENCE_MS) return true;
  for (let waited = 0; waited < SILENCE_MS; waited += LOOK_MS) {
    await new Promise((done) => setTimeout(done, LOOK_MS));
    if (last() !== before) return false;
  }
  return true;
}

export function locked(folder: string, owner: Owner | undefined): StorageError {
  const who =
    owner === undefined
      ? 'another process'
      : `process ${owner.pid} on ${owner.host}${owner.pid === process.pid ? ' (this very process)' : ''}`;
  return new StorageError('UNSILO_DATA_LOCKED', `The data folder ${folder} is in use by ${who}.`, {
    hint: 'Stop that process first, or use another folder. The lock of a process that has died is taken over by itself.',
  });
}
