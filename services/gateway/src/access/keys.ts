import { createHash, randomBytes } from 'node:crypto';
import type { Role } from '@unsilo/hub';

/** What is kept of an API key. The key itself is shown once, when it is made, and kept nowhere. */
export interface KeyRecord {
  /** Of the key, for limits and logs: no part of the key or its hash. */
  id: string;
  /** Who uses it; stands in decisions and logs. */
  name: string;
  tenant: string;
  /** All that it may do. Every role but `source` may read; `admin` may do everything. */
  roles: readonly Role[];
  /** RFC 3339; from then on it is refused. */
  expiresAt?: string;
}

export interface KeyStore {
  /** The key whose `hashKey` this is; undefined when it was never made or has been revoked. */
  find(keyHash: string): Promise<KeyRecord | undefined>;
}

const PREFIX = 'unsilo_';
const FORM = /^unsilo_[A-Za-z0-9_-]{43}$/;

/** A new API key of 256 random bits, and the hash to keep of it. */
export function makeKey(): { key: string; hash: string } {
  const key = PREFIX + randomBytes(32).toString('base64url');
  return { key, hash: hashKey(key) };
}

/** SHA-256, base64url: keys are random, so nothing slower is needed. */
export function hashKey(key: string): string {
  return createHash('sha256').update(key, 'utf8').digest('base64url');
}

/** Whether a text can be a key at all; what can't isn't looked up. */
export function looksLikeKey(text: string): boolean {
  return FORM.test(text);
}

/** The live record of a key; undefined when there is none or its time is over. */
export async function findKey(keys: KeyStore, keyHash: string, now: number): Promise<KeyRecord | undefined> {
  const record = await keys.find(keyHash);
  if (record?.expiresAt !== undefined && !(Date.parse(record.expiresAt) > now)) return undefined;
  return record;
}
