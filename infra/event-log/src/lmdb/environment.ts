import { mkdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { open, type Database, type DatabaseOptions, type RootDatabase, type RootDatabaseOptionsWithPath } from 'lmdb';
import { StorageError } from '../errors.js';
import { checkDataFile, dataFileIdentity, reserveLockFile } from './data-file.js';
import { corrupt, readError, writeError } from './failures.js';
import { locked, Occupancy } from './occupancy.js';
import { lifeOf, thisProcess, type Owner } from './owner.js';
import { Writer, type Write } from './writer.js';

export interface EnvironmentOptions {
  /** The data folder; made when it doesn't exist. One process at a time has it open. */
  folder: string;
  /** Address space to reserve for the data file, bytes (default 64 GiB). It grows beyond when needed; no disk space is taken. */
  mapSize?: number;
  /** Largest message that the log takes: bytes of key and value (default 8 MiB). */
  maxMessageBytes?: number;
  /** Keys that compaction keeps in memory at a time (default 200,000, about 20 MB). */
  compactionKeys?: number;
  /** How long compaction keeps a tombstone, so that slow readers see it, milliseconds (default one day). */
  tombstoneMs?: number;
}

/** What is written by this software; raised when an older one couldn't read it. */
const FORMAT = 1;
const PAGE_SIZE = 8192;
const DEFAULT_MAP_SIZE = 64 * 2 ** 30;
const MAX_DATABASES = 250;
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
  readonly compactionKeys: number;
  readonly tombstoneMs: number;
  readonly writer: Writer;
  private readonly parts = new Map<string, unknown>();
  private readonly occupancy: Occupancy;
  private readonly root: RootDatabase;
  private readonly meta: Database<string, string>;
  private epoch = 0;
  private failed: StorageError | undefined;
  private closing: Promise<void> | undefined;

  private constructor(options: EnvironmentOptions, occupancy: Occupancy) {
    this.folder = resolve(options.folder);
    this.occupancy = occupancy;
    this.maxMessageBytes = options.maxMessageBytes ?? 8 * 1024 * 1024;
    this.compactionKeys = options.compactionKeys ?? 200_000;
    this.tombstoneMs = options.tombstoneMs ?? 24 * 3600 * 1000;
    // The library's types leave one of its options out.
    const settings: RootDatabaseOptionsWithPath & { noReadAhead: boolean } = {
      path: this.folder,
      noSubdir: false,
      mapSize: options.mapSize ?? DEFAULT_MAP_SIZE,
      pageSize: PAGE_SIZE,
      maxDbs: MAX_DATABASES,
      // A transaction is visible only when it is durable, and durable when it resolves: infra/decisions/0004-embedded-durability.md.
      overlappingSync: false,
      // Rows are read here and there, and what surrounds them takes the place of what is needed: infra/decisions/0013-no-read-ahead.md.
      noReadAhead: true,
      eventTurnBatching: false,
      commitDelay: 0,
      noMemInit: true,
      cache: false,
      encoding: 'string',
    };
    this.root = open(settings);
    this.meta = this.database('meta', { encoding: 'string', useVersions: true });
    this.writer = new Writer({
      transact: (put) => this.transact(put),
      reclaim: () => this.reclaim(),
      translate: (error, area) => writeError(error, this.folder, area),
    });
  }

  /** For `openEnvironment` only. */
  static async open(options: EnvironmentOptions): Promise<LmdbEnvironment> {
    const folder = resolve(options.folder);
    const occupancy = new Occupancy(folder);
    try {
      mkdirSync(folder, { recursive: true });
      await occupancy.take();
      checkDataFile(folder, { thorough: occupancy.left });
      reserveLockFile(folder);
      const environment = new LmdbEnvironment(options, occupancy);
      try {
        environment.checkFormat();
        environment.claim();
      } catch (error) {
        await environment.root.close();
        throw error;
      }
      return environment;
    } catch (error) {
      occupancy.leave(occupancy.left ? 'given up' : 'closed');
      throw writeError(error, folder, 'STATE');
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

  /** Runs a read and gives its errors in our codes. */
  read<T>(read: () => T): T {
    try {
      return read();
    } catch (error) {
      throw readError(error, this.folder);
    }
  }

  /** Waits for writes under way and releases the folder. Repeats are harmless. */
  close(): Promise<void> {
    this.closing ??= this.shut();
    return this.closing;
  }

  private async shut(): Promise<void> {
    await this.writer.drain();
    if (this.failed === undefined) {
      // Without it, the next process finds out by itself that this one is gone.
      await this.transact(() => void this.meta.put(OWNER, 'null', this.epoch)).catch(() => undefined);
    }
    await this.root.close();
    this.occupancy.leave(this.failed === undefined ? 'closed' : 'given up');
  }

  /** LMDB uses pages that a transaction has freed only after another one, so these write next to nothing. */
  private async reclaim(): Promise<void> {
    for (let turn = 0; turn < 2; turn++) {
      await this.transact(() => void this.meta.put('reclaim', '', 0)).catch(() => undefined);
    }
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
      const cause = await causeOf(error);
      const told = writeError(cause, this.folder, 'STATE') as StorageError;
      // Only a lack of space passes. After anything else what the disk holds is uncertain, and LMDB may not go on.
      if (told.code !== 'UNSILO_STATE_FULL') this.failed = told;
      throw cause;
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
  private claim(): void {
    const file = dataFileIdentity(this.folder);
    const holder = this.root.transactionSync(() => {
      const entry = this.meta.getEntry(OWNER);
      const owner = entry === undefined ? null : (JSON.parse(entry.value) as Owner | null);
      // One of unknown life was silent when the folder was taken, or somebody removed the file of its signs of life.
      if (owner !== null && lifeOf(owner, file) === 'running') return owner;
      this.epoch = (entry?.version ?? 0) + 1;
      void this.meta.put(OWNER, JSON.stringify(thisProcess(file)), this.epoch);
      return undefined;
    });
    if (holder !== undefined) throw locked(this.folder, holder);
  }
}

function takenOver(folder: string): StorageError {
  return new StorageError('UNSILO_DATA_LOCKED', `Another process has taken over the data folder ${folder}.`, {
    hint: 'This process was silent for too long. Stop it; the other one goes on.',
  });
}

/** lmdb rejects with "Commit failed" and gives the reason in another promise. */
async function causeOf(failure: unknown): Promise<Error> {
  const commitError = (failure as { commitError?: Promise<unknown> } | null)?.commitError;
  try {
    await commitError;
  } catch (cause) {
    return cause as Error;
  }
  return failure as Error;
}
