import { StorageError } from '@unsilo/event-log';
import type { Commit } from './port.js';

/** What every adapter refuses alike, before it has touched anything. */

/** LMDB's own limit is 4,026 bytes at our page size; the tenant takes four of them. Others keep it, so that state can move. */
const MAX_KEY_BYTES = 4000;
/** Largest value, bytes. */
const MAX_VALUE_BYTES = 16 * 1024 * 1024;

/** @throws UNSILO_STATE_KEY_INVALID */
export function checkKey(key: string): void {
  if (!wellFormed(key)) {
    throw new StorageError(
      'UNSILO_STATE_KEY_INVALID',
      `The key ${JSON.stringify(key.slice(0, 80))} is no Unicode text.`,
      {
        hint: 'It holds half of a surrogate pair; clean or hash it first.',
      },
    );
  }
  if (key.length <= MAX_KEY_BYTES / 3) return;
  const bytes = Buffer.byteLength(key);
  if (bytes <= MAX_KEY_BYTES) return;
  throw new StorageError('UNSILO_STATE_KEY_INVALID', `A key has ${bytes} bytes; at most ${MAX_KEY_BYTES} are taken.`, {
    hint: `It begins with ${JSON.stringify(key.slice(0, 80))}. Hash what may be long.`,
  });
}

/**
 * The keys of a commit are valid, and none is changed twice.
 * @throws UNSILO_STATE_KEY_INVALID, UNSILO_STATE_COMMIT_INVALID
 */
export function checkKeys(commit: Commit): void {
  const seen = new Set<string>();
  const once = ({ table, key }: { table: string; key: string }): void => {
    checkKey(key);
    const place = `${table}\0${key}`;
    if (seen.has(place)) {
      throw new StorageError('UNSILO_STATE_COMMIT_INVALID', `A commit changes a key of ${table} twice.`, {
        hint: 'Within one commit a key stands in put or remove at most once.',
      });
    }
    seen.add(place);
  };
  for (const { key } of commit.expect ?? []) checkKey(key);
  for (const removed of commit.remove ?? []) once(removed);
  for (const put of commit.put ?? []) once(put);
}

/** @throws UNSILO_STATE_VALUE_INVALID */
export function checkText(table: string, value: string): void {
  if (wellFormed(value)) return;
  throw new StorageError('UNSILO_STATE_VALUE_INVALID', `A value for ${table} is no Unicode text.`, {
    hint: 'It holds half of a surrogate pair; JSON.stringify escapes those.',
  });
}

/** @throws UNSILO_STATE_VALUE_TOO_LARGE */
export function checkSize(table: string, bytes: number): void {
  if (bytes <= MAX_VALUE_BYTES) return;
  throw new StorageError(
    'UNSILO_STATE_VALUE_TOO_LARGE',
    `A value for ${table} has ${bytes} bytes; at most ${MAX_VALUE_BYTES} are taken.`,
    { hint: 'Nothing of the commit was written.' },
  );
}

/** Text that survives UTF-8: no half of a surrogate pair. */
function wellFormed(text: string): boolean {
  return (text as string & { isWellFormed(): boolean }).isWellFormed();
}
