import type { Role } from '@unsilo/hub';
import { hashKey, makeKey, type KeyRecord, type KeyStore } from '../../src/index.js';

/** Keys in memory, one made for each set of roles. */
export class TestKeys implements KeyStore {
  readonly #records = new Map<string, KeyRecord>();

  make(roles: readonly Role[], more: Partial<KeyRecord> = {}): string {
    const { key, hash } = makeKey();
    const id = `key-${this.#records.size + 1}`;
    this.#records.set(hash, { id, name: roles.join('-') || 'nobody', tenant: 'acme', roles, ...more });
    return key;
  }

  revoke(key: string): void {
    this.#records.delete(hashKey(key));
  }

  async find(keyHash: string): Promise<KeyRecord | undefined> {
    return this.#records.get(keyHash);
  }
}
