import { createHash } from 'node:crypto';
import type { DeadLetter } from '@unsilo/schemas';
import { timestamp } from '../clock.js';
import { wellFormed } from '../text.js';

/** A payload larger than this is cut; what is wrong with it shows at its beginning or by its coordinates. */
const LONGEST_PAYLOAD_BYTES = 256 * 1024;

export interface Rejected {
  code: string;
  message: string;
  hint?: string;
  at: DeadLetter['at'];
  payload: string | Uint8Array;
}

/** The same input at the same place gives the same id, however often it is met. */
export function deadLetter(tenant: string, system: string, rejected: Rejected, now: number): DeadLetter {
  const bytes =
    typeof rejected.payload === 'string' ? Buffer.from(rejected.payload, 'utf8') : Buffer.from(rejected.payload);
  const at = { ...rejected.at, system };
  const id = createHash('sha256')
    .update(JSON.stringify([tenant, at, rejected.code]))
    .update(bytes)
    .digest('base64url')
    .slice(0, 27);
  const kept = bytes.subarray(0, LONGEST_PAYLOAD_BYTES);
  const text = asText(kept, kept.length < bytes.length);
  return {
    id,
    code: /^UNSILO_[A-Z0-9_]{1,100}$/.test(rejected.code) ? rejected.code : 'UNSILO_CONNECTOR_BAD_INPUT',
    message: wellFormed(rejected.message).slice(0, 2000),
    ...(rejected.hint === undefined ? {} : { hint: wellFormed(rejected.hint).slice(0, 2000) }),
    at,
    payload: text ?? kept.toString('base64'),
    encoding: text === undefined ? 'base64' : 'utf8',
    ...(kept.length < bytes.length ? { truncated: true } : {}),
    parkedAt: timestamp(now),
  };
}

/** Undefined when the bytes aren't UTF-8; a character cut in two at the end doesn't count. */
function asText(bytes: Buffer, cut: boolean): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes, { stream: cut });
  } catch {
    return undefined;
  }
}
