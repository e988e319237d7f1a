import { randomUUID } from 'node:crypto';
import { mkdirSync, readFileSync, rmdirSync, statSync } from 'node:fs';
import { hashKey, makeKey, type KeyRecord, type KeyStore } from '@unsilo/gateway';
import type { Role } from '@unsilo/hub';
import { writePrivately } from './data-folder.js';

export const ROLES: readonly Role[] = ['reader', 'source', 'agent', 'steward', 'operator', 'admin'];

interface KeptKey extends KeyRecord {
  /** Of the key, which itself is kept nowhere. */
  hash: string;
  createdAt: string;
}
interface KeysFile {
  format: 1;
  keys: KeptKey[];
}

export class KeyError extends Error {
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.name = 'KeyError';
    this.code = code;
  }
}

/**
 * API keys by their hashes, in one file that the main process and `unsilo keys` share: what the command changes holds at the
 * process's next look, without a restart.
 */
export class KeyFile implements KeyStore {
  readonly #path: string;
  /** Keys of this process alone, never written. */
  readonly #own = new Map<string, KeyRecord>();
  #seen: { stamp: string; byHash: Map<string, KeptKey> } | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  find(keyHash: string): Promise<KeyRecord | undefined> {
    const found = this.#own.get(keyHash) ?? this.#current().get(keyHash);
    return Promise.resolve(found);
  }

  list(): (KeyRecord & { createdAt: string })[] {
    return [...this.#current().values()].map(({ hash: _, ...shown }) => shown);
  }

  /** A key that ends with this process. */
  lend(record: Omit<KeyRecord, 'id'>): string {
    const { key, hash } = makeKey();
    this.#own.set(hash, { id: randomUUID(), ...record });
    return key;
  }

  /** A key that somebody else made: it holds for as long as this process runs. */
  accept(key: string, record: Omit<KeyRecord, 'id'>): void {
    this.#own.set(hashKey(key), { id: randomUUID(), ...record });
  }

  /** Answers the key: the only time that it can be seen. */
  add(record: Omit<KeyRecord, 'id'>, now: number): { key: string; id: string } {
    const { key, hash } = makeKey();
    const id = randomUUID();
    this.#change((keys) => {
      if (keys.some(({ name, tenant }) => name === record.name && tenant === record.tenant))
        throw new KeyError(
          'UNSILO_KEY_NAME_TAKEN',
          `There is a key "${record.name}" already: take another name, or revoke it first.`,
        );
      return [...keys, { id, ...record, hash, createdAt: new Date(now).toISOString() }];
    });
    return { key, id };
  }

  /** By id or name. Sessions and live streams that were opened with it end as well. */
  revoke(idOrName: string): KeyRecord {
    let revoked: KeyRecord | undefined;
    this.#change((keys) => {
      revoked = keys.find(({ id, name }) => id === idOrName || name === idOrName);
      if (revoked === undefined) throw new KeyError('UNSILO_KEY_UNKNOWN', `There is no key "${idOrName}".`);
      return keys.filter((key) => key !== revoked);
    });
    return revoked!;
  }

  #current(): Map<string, KeptKey> {
    const stat = statSync(this.#path, { throwIfNoEntry: false });
    const stamp = stat === undefined ? 'none' : `${stat.ino} ${stat.mtimeMs} ${stat.size}`;
    if (this.#seen?.stamp !== stamp)
      this.#seen = { stamp, byHash: new Map(stat === undefined ? [] : this.#read().map((key) => [key.hash, key])) };
    return this.#seen.byHash;
  }

  #read(): KeptKey[] {
    const text = readFileSync(this.#path, 'utf8');
    let file: Partial<KeysFile>;
    try {
      file = JSON.parse(text) as Partial<KeysFile>;
    } catch {
      file = {};
    }
    if (file.format !== 1 || !Array.isArray(file.keys))
      throw new KeyError(
        'UNSILO_KEYS_UNREADABLE',
        `${this.#path} is not a file of keys. Restore it, or move it away to begin anew.`,
      );
    return file.keys;
  }

  #change(change: (keys: readonly KeptKey[]) => KeptKey[]): void {
    const lock = `${this.#path}.lock`;
    try {
      mkdirSync(lock);
    } catch {
      throw new KeyError(
        'UNSILO_KEYS_BUSY',
        `Another command is changing the keys. If none is, remove the folder ${lock}.`,
      );
    }
    try {
      const keys = statSync(this.#path, { throwIfNoEntry: false }) === undefined ? [] : this.#read();
      const file: KeysFile = { format: 1, keys: change(keys) };
      writePrivately(this.#path, `${JSON.stringify(file, undefined, 2)}\n`);
    } finally {
      rmdirSync(lock);
    }
  }
}
