import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Files beside the database; all of them readable by their owner only. */
const FILES = {
  /** Hashes of the API keys, with roles. */
  keys: 'keys.json',
  /** Signs the console's sessions, so that they outlive a restart. */
  sessionSecret: 'session-secret',
  /** Where the running process listens, and a key for commands of the same user; gone when it stops. */
  running: 'running.json',
  /** What the folder was last used with, for commands that open it themselves. */
  lastRun: 'last-run.json',
} as const;

export interface RunningProcess {
  pid: number;
  url: string;
  key: string;
}
export interface LastRun {
  tenant: string;
  /** Path of the configuration; null when there was none. */
  configuration: string | null;
}

export class DataFolder {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  /** Path of the database's folder. */
  get database(): string {
    return join(this.path, 'store');
  }
  get keysFile(): string {
    return join(this.path, FILES.keys);
  }

  make(): void {
    mkdirSync(this.path, { recursive: true, mode: 0o700 });
    mkdirSync(this.database, { recursive: true, mode: 0o700 });
    // The files of a database are readable by all, and the data folder may be a volume that somebody else made.
    const { mode, uid } = statSync(this.database);
    if ((mode & 0o007) !== 0 && uid === process.getuid?.()) chmodSync(this.database, mode & 0o770);
  }

  sessionSecret(): Uint8Array {
    const path = join(this.path, FILES.sessionSecret);
    const known = readIfThere(path);
    if (known !== undefined && known.length >= 32) return known;
    const made = randomBytes(32);
    writePrivately(path, made);
    return made;
  }

  /** The process that runs on this folder, if it says so and lives. */
  running(): RunningProcess | undefined {
    const found = this.readJson<RunningProcess>(FILES.running);
    return found !== undefined && isAlive(found.pid) ? found : undefined;
  }
  announce(running: RunningProcess): void {
    writePrivately(join(this.path, FILES.running), JSON.stringify(running));
  }
  withdraw(): void {
    rmSync(join(this.path, FILES.running), { force: true });
  }

  lastRun(): LastRun | undefined {
    return this.readJson<LastRun>(FILES.lastRun);
  }
  rememberRun(run: LastRun): void {
    writePrivately(join(this.path, FILES.lastRun), JSON.stringify(run));
  }

  private readJson<T>(name: string): T | undefined {
    const bytes = readIfThere(join(this.path, name));
    if (bytes === undefined) return undefined;
    try {
      return JSON.parse(bytes.toString('utf8')) as T;
    } catch {
      // Written whole or not at all; what can't be read was not written by us.
      return undefined;
    }
  }
}

/** Whole or not at all, and readable by the owner only from its first byte on. */
export function writePrivately(path: string, content: string | Uint8Array): void {
  const temporary = `${path}.${process.pid}.${randomBytes(4).toString('hex')}.new`;
  writeFileSync(temporary, content, { mode: 0o600, flag: 'wx', flush: true });
  // The process may have been told to give fewer rights still, or its user to give more.
  chmodSync(temporary, 0o600);
  renameSync(temporary, path);
}

function readIfThere(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // It lives but belongs to somebody else.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
