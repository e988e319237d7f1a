import { closeSync, mkdirSync, openSync, statSync, utimesSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { open, type Database, type DatabaseOptions, type RootDatabase } from 'lmdb';
import { StorageError } from '../errors.js';
import { checkDataFile } from './data-file.js';
import { corrupt, storageError, type Area } from './failures.js';
import { lifeOf, thisProcess, type Owner } from './owner.js';
import { Writer, type Write } from './writer.js';

export interface EnvironmentOptions {
  /** The data folder; made when it doesn't exist. One process at a time has it open. */
  folder: string;
  /** Address space to reserve for the data file, bytes (default 64 GiB). It grows beyond when needed; no disk space is taken. */
  mapSize?: number;
  /** Largest message that the log takes: bytes of key and value (default 8 MiB). */
  maxMessageBytes?: number;
  /** How long compaction keeps a tombstone, so that slow readers see it, milliseconds (default one day). */
  tombstoneMs?: number;
}

/** What is written by this software; raised when an older one couldn't read it. */
const FORMAT = 1;
const PAGE_SIZE = 8192;
const DEFAULT_MAP_SIZE = 64 * 2 ** 30;
const MAX_DATABASES = 250;
const SIGN_OF_LIFE_MS = 2000;
const SIGN_OF_LIFE_FILE = 'alive';
/** After so long without a sign of life, a process that can't be looked up counts as dead. */
const SILENCE_MS = 7000;
const OWNER = 'owner';
const FORMAT_KEY = 'format';

/**
 * One LMDB environment for one data folder, shared by the event log and the state store.
 *
 * Who may write is recorded inside the environment: each opening raises the owner's epoch, and every transaction is bound to
 * that epoch. So a process that lost the folder (stopped so long that it was taken for dead) can't write any more.
 */
export class LmdbEnvironment {
  readonly folder: string;
  readonly maxMessageBytes: number;
  readonly tombstoneMs: number;
  readonly writer: Writer;
  private readonly parts = new Map<string, unknown>();
  private readonly root: RootDatabase;
  private readonly meta: Database<string, string>;
  private epoch = 0;
  private failed: StorageError | undefined;
  private closing: Promise<void> | undefined;
  private heartbeat: NodeJS.Timeout | undefined;

  private constructor(options: EnvironmentOptions) {
    this.folder = resolve(options.folder);
    this.maxMessageBytes = options.maxMessageBytes ?? 8 * 1024 * 1024;
    this.tombstoneMs = options.tombstoneMs ?? 24 * 3600 * 1000;
    this.root = open({
      path: this.folder,
      noSubdir: false,
      mapSize: options.mapSize ?? DEFAULT_MAP_SIZE,
      pageSize: PAGE_SIZE,
      maxDbs: MAX_DATABASES,
      // A transaction is visible only when it is durable, and durable when it resolves: infra/decisions/embedded-durability.md.
      overlappingSync: false,
      eventTurnBatching: false,
      commitDelay: 0,
      noMemInit: true,
      cache: false,
      encoding: 'string',
    });
    this.meta = this.database('meta', { encoding: 'string', useVersions: true });
    this.writer = new Writer({
      transact: (put) => this.transact(put),
      translate: (error, area) => this.translate(error, area),
    });
  }

  /** For `openEnvironment` only. */
  static async open(options: EnvironmentOptions): Promise<LmdbEnvironment> {
    const folder = resolve(options.folder);
    mkdirSync(folder, { recursive: true });
    try {
      checkDataFile(folder);
      const environment = new LmdbEnvironment(options);
      try {
        environment.checkFormat();
        await environment.claim();
      } catch (error) {
        await environment.root.close();
        throw error;
      }
      return environment;
    } catch (error) {
      throw storageError(error, folder, 'STATE');
    }
  }

  /** A named database; made when it doesn't exist. Only while no transaction is under way: at opening, or in a write's `check`. */
  database<V = unknown, K extends string | number | Uint8Array | (string | number)[] = string>(
    name: string,
    options: DatabaseOptions & { keyEncoder?: unknown },
  ): Database<V, K> {
    return this.root.openDB(name, options) as unknown as Database<V, K>;
  }

  /** What is shared by several adapters over this environment, made at the first call. */
  part<T>(name: string, make: () => T): T {
    let part = this.parts.get(name) as T | undefined;
    if (part === undefined) {
      part = make();
      this.parts.set(name, part);
    }
    return part;
  }

  write<T>(write: Write<T>): Promise<T> {
    const refusal = this.refusal();
    return refusal === undefined ? this.writer.write(write) : Promise.reject(refusal);
  }

  /** A transaction of its own that ends before this returns. Only in a write's `check`, and only where that is rare. */
  writeNow(put: () => void): void {
    this.root.transactionSync(() => {
      if (this.meta.getEntry(OWNER)?.version === this.epoch) put();
      else throw (this.failed = takenOver(this.folder));
    });
  }

  /** Why nothing can be written any more, if so. */
  refusal(): StorageError | undefined {
    if (this.closing !== undefined)
      return new StorageError('UNSILO_DATA_CLOSED', `The data folder ${this.folder} has been closed.`);
    return this.failed;
  }

  translate(error: unknown, area: Area): StorageError {
    return storageError(error, this.folder, area);
  }

  /** Waits for writes under way and releases the folder. Repeats are harmless. */
  close(): Promise<void> {
    this.closing ??= this.shut();
    return this.closing;
  }

  private async shut(): Promise<void> {
    clearInterval(this.heartbeat);
    await this.writer.drain();
    if (this.failed === undefined) {
      // Without it, the next process finds out by itself that this one is gone.
      await this.transact(() => void this.meta.put(OWNER, 'null', this.epoch)).catch(() => undefined);
    }
    await this.root.close();
  }

  private async transact(put: () => void): Promise<void> {
    if (this.failed !== undefined) throw this.failed;
    let thrown: unknown;
    let mine: boolean;
    try {
      mine = await this.meta.ifVersion(OWNER, this.epoch, () => {
        try {
          put();
        } catch (error) {
          thrown = error;
        }
      });
    } catch (error) {
      throw await causeOf(error);
    }
    if (thrown !== undefined) {
      // Half a transaction may have been written; whoever goes on from memory would go wrong.
      this.failed = new StorageError(
        'UNSILO_DATA_IO',
        `Writing to ${this.folder} was interrupted by a fault of the software.`,
        {
          hint: 'Restart the process and report this.',
          cause: thrown,
        },
      );
      throw this.failed;
    }
    if (!mine) {
      this.failed = takenOver(this.folder);
      throw this.failed;
    }
  }

  private checkFormat(): void {
    const written = this.meta.get(FORMAT_KEY);
    if (written === undefined) {
      this.root.transactionSync(() => void this.meta.put(FORMAT_KEY, String(FORMAT), 0));
      return;
    }
    const format = Number(written);
    if (!Number.isInteger(format) || format < 1) throw corrupt(this.folder, 'its format record can not be read');
    if (format > FORMAT) {
      throw new StorageError(
        'UNSILO_DATA_FORMAT',
        `The data folder ${this.folder} was written in format ${format}; this software knows formats up to ${FORMAT}.`,
        { hint: 'Install the newer version again, or use another folder.' },
      );
    }
  }

  /** Enters this process as the owner, unless another one lives. LMDB's write lock makes looking and entering one step. */
  private async claim(): Promise<void> {
    const me = thisProcess();
    let silent: string | undefined;
    for (;;) {
      let holder: Owner | null = null;
      const entered = this.root.transactionSync(() => {
        const entry = this.meta.getEntry(OWNER);
        holder = entry === undefined ? null : (JSON.parse(entry.value) as Owner | null);
        const life = holder === null ? 'dead' : lifeOf(holder);
        if (life === 'running' || (life === 'unknown' && holder?.token !== silent)) return false;
        this.epoch = (entry?.version ?? 0) + 1;
        void this.meta.put(OWNER, JSON.stringify(me), this.epoch);
        return true;
      });
      if (entered) break;
      const other = holder as Owner | null;
      if (other === null || lifeOf(other) !== 'unknown' || !(await this.staysSilent()))
        throw locked(this.folder, other);
      silent = other.token;
    }
    this.giveSignOfLife();
    this.heartbeat = setInterval(() => this.giveSignOfLife(), SIGN_OF_LIFE_MS);
    this.heartbeat.unref();
  }

  private giveSignOfLife(): void {
    const path = join(this.folder, SIGN_OF_LIFE_FILE);
    const now = new Date();
    try {
      utimesSync(path, now, now);
    } catch {
      try {
        closeSync(openSync(path, 'a'));
      } catch {
        // Only processes that can't look this one up need it, and the epoch protects the data without it.
      }
    }
  }

  private async staysSilent(): Promise<boolean> {
    const path = join(this.folder, SIGN_OF_LIFE_FILE);
    const last = (): number => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
    const before = last();
    if (Date.now() - before > 10 * SILENCE_MS) return true;
    for (let waited = 0; waited < SILENCE_MS; waited += 500) {
      await new Promise((done) => setTimeout(done, 500));
      if (last() !== before) return false;
    }
    return true;
  }
}

function takenOver(folder: string): StorageError {
  return new StorageError('UNSILO_DATA_LOCKED', `Another process has taken over the data folder ${folder}.`, {
    hint: 'This process was silent for too long. Stop it; the other one goes on.',
  });
}

function locked(folder: string, owner: Owner | null): StorageError {
  const who =
    owner === null
      ? 'another process'
      : `process ${owner.pid} on ${owner.host}${owner.pid === process.pid ? ' (this very process)' : ''}`;
  return new StorageError('UNSILO_DATA_LOCKED', `The data folder ${folder} is in use by ${who}.`, {
    hint: 'Stop that process first, or use another folder. The lock of a process that has died is taken over by itself.',
  });
}

/** lmdb rejects with "Commit failed" and gives the reason in another promise. */
async function causeOf(error: unknown): Promise<unknown> {
  const commitError = (error as { commitError?: Promise<unknown> } | null)?.commitError;
  if (commitError === undefined) return error;
  try {
    await commitError;
    return error;
  } catch (cause) {
    return cause;
  }
}
