import { existsSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { StorageError } from '../errors.js';
import { dataFileIdentity } from './data-file.js';
import { lifeOf, type Owner } from './owner.js';

const FILE = 'in-use.json';
const SIGN_OF_LIFE_MS = 2000;
/** After so long without a sign of life, a process that can't be looked up counts as dead. */
const SILENCE_MS = 7000;
const LOOK_MS = 500;

/**
 * The file that tells other processes who has the folder open, and whether it was closed properly. It is a courtesy: it lets
 * others refuse early and clearly. What keeps two processes from writing is the owner's record inside the environment.
 */
export class Occupancy {
  private readonly folder: string;
  private readonly path: string;
  /** Those that were silent when we looked. */
  private readonly silent = new Set<string>();
  private timer: NodeJS.Timeout | undefined;

  constructor(folder: string) {
    this.folder = folder;
    this.path = join(folder, FILE);
  }

  /** Whether somebody opened the folder and didn't close it. */
  get left(): boolean {
    return existsSync(this.path);
  }

  /** @throws UNSILO_DATA_LOCKED when a living process has the folder open */
  async refuseLiving(): Promise<void> {
    const owner = this.owner();
    if (owner !== undefined && !(await this.isGone(owner))) throw locked(this.folder, owner);
  }

  /** Whether this process is dead for sure, or silent for so long that it must be. */
  async isGone(owner: Owner): Promise<boolean> {
    if (this.silent.has(owner.token)) return true;
    const life = lifeOf(owner, dataFileIdentity(this.folder));
    if (life !== 'unknown') return life === 'dead';
    const silent = await this.staysSilent();
    if (silent) this.silent.add(owner.token);
    return silent;
  }

  enter(owner: Owner): void {
    try {
      writeFileSync(this.path, JSON.stringify(owner));
    } catch {
      // Without space others get less clear an answer, but no access.
    }
    this.timer = setInterval(() => this.giveSignOfLife(), SIGN_OF_LIFE_MS);
    this.timer.unref();
  }

  /** Ends the signs of life; `closed` when the folder was closed properly. */
  leave(closed: boolean): void {
    clearInterval(this.timer);
    if (closed) rmSync(this.path, { force: true });
  }

  private owner(): Owner | undefined {
    try {
      const owner = JSON.parse(readFileSync(this.path, 'utf8')) as Partial<Owner>;
      return typeof owner.pid === 'number' && typeof owner.token === 'string' ? (owner as Owner) : undefined;
    } catch {
      return undefined;
    }
  }

  private giveSignOfLife(): void {
    const now = new Date();
    try {
      utimesSync(this.path, now, now);
    } catch {
      // See `enter`.
    }
  }

  private async staysSilent(): Promise<boolean> {
    const last = (): number => statSync(this.path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
    const before = last();
    if (Date.now() - before > 10 * SILENCE_MS) return true;
    for (let waited = 0; waited < SILENCE_MS; waited += LOOK_MS) {
      await new Promise((done) => setTimeout(done, LOOK_MS));
      if (last() !== before) return false;
    }
    return true;
  }
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
