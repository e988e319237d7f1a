import { createHmac, timingSafeEqual } from 'node:crypto';
import { TerminalError } from './errors.js';
import type { WebhookCall } from './connector.js';

export interface SignatureScheme {
  secret: string;
  /** Header that holds the signature; any case. */
  header: string;
  /** `sha1` only for senders that know no other. */
  algorithm: 'sha1' | 'sha256' | 'sha384' | 'sha512';
  encoding: 'hex' | 'base64';
  /** Stands before the signature: `sha256=`. */
  prefix?: string;
  /** Time of sending, part of what is signed; refuses old calls. */
  timestamp?: {
    header: string;
    /** Unit of the header's number. */
    unit: 's' | 'ms';
    toleranceMs: number;
    /** Stands between time and body in what is signed: `.` for `<time>.<body>`. */
    separator: string;
    /** Stands before the time: `v0:`. */
    prefix?: string;
  };
}

/**
 * Verifies an HMAC over the raw bytes of a call, in constant time.
 * @param now Epoch milliseconds by the sender's clock, as `verify` is given it.
 * @throws TerminalError UNSILO_WEBHOOK_UNSIGNED, UNSILO_WEBHOOK_STALE, UNSILO_WEBHOOK_FORGED
 */
export function verifySignature(call: WebhookCall, scheme: SignatureScheme, now: number = Date.now()): void {
  if (scheme.secret === '')
    throw new TerminalError('UNSILO_WEBHOOK_NO_SECRET', 'No secret is configured to verify webhooks with', {
      hint: 'Set the webhook secret of this system; without one every call is refused.',
    });
  const given = header(call, scheme.header);
  if (given === undefined)
    throw new TerminalError('UNSILO_WEBHOOK_UNSIGNED', `The call has no header ${scheme.header}`, {
      hint: 'Configure the same webhook secret in the sending system.',
    });
  const hmac = createHmac(scheme.algorithm, scheme.secret);
  if (scheme.timestamp !== undefined) {
    const { header: name, unit, toleranceMs, separator, prefix = '' } = scheme.timestamp;
    const sent = header(call, name);
    if (sent === undefined || !/^\d{1,16}$/.test(sent))
      throw new TerminalError('UNSILO_WEBHOOK_STALE', `The call has no usable time in header ${name}`);
    const sentMs = Number(sent) * (unit === 's' ? 1000 : 1);
    if (Math.abs(now - sentMs) > toleranceMs)
      throw new TerminalError(
        'UNSILO_WEBHOOK_STALE',
        `The call was signed ${Math.round((now - sentMs) / 1000)} s ago`,
        {
          hint: 'Check the clocks of both machines; repeated old calls are refused.',
        },
      );
    hmac.update(`${prefix}${sent}${separator}`);
  }
  const expected = hmac.update(call.raw).digest();
  const prefix = scheme.prefix ?? '';
  const matches = given
    .split(',')
    .map((part) => part.trim())
    .some((part) => part.startsWith(prefix) && sameBytes(decode(part.slice(prefix.length), scheme.encoding), expected));
  if (!matches)
    throw new TerminalError('UNSILO_WEBHOOK_FORGED', 'The signature does not fit the body', {
      hint: 'The secrets of both sides differ, or something between them changed the body.',
    });
}

/** Constant-time comparison of a shared token (query parameter, header) with the expected one. */
export function sameSecret(given: string | undefined, expected: string): boolean {
  if (given === undefined || expected === '') return false;
  // Equal lengths by hashing first, so that the length isn't told either.
  const digest = (text: string) => createHmac('sha256', 'unsilo').update(text, 'utf8').digest();
  return timingSafeEqual(digest(given), digest(expected));
}

function header(call: WebhookCall, name: string): string | undefined {
  const wanted = name.toLowerCase();
  for (const [key, value] of Object.entries(call.headers)) if (key.toLowerCase() === wanted) return value;
  return undefined;
}

function decode(text: string, encoding: 'hex' | 'base64'): Buffer {
  if (encoding === 'hex') return /^(?:[0-9a-f]{2})+$/i.test(text) ? Buffer.from(text, 'hex') : Buffer.alloc(0);
  return /^[A-Za-z0-9+/_-]+={0,2}$/.test(text) ? Buffer.from(text, 'base64') : Buffer.alloc(0);
}

function sameBytes(given: Buffer, expected: Buffer): boolean {
  return given.length === expected.length && timingSafeEqual(given, expected);
}
