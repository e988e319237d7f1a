import { createHmac, timingSafeEqual } from 'node:crypto';

/**
 * Sessions of the console: the cookie names the hash of the key and its end, signed. The key is looked up at every request, so revoking
 * it ends its sessions; nothing is kept on the server.
 */
export class Sessions {
  readonly #secret: Uint8Array;

  constructor(secret: Uint8Array) {
    if (secret.length < 32) throw new RangeError('The session secret must have at least 32 bytes.');
    this.#secret = secret;
  }

  /** Value of the cookie for a session that ends at `endsAt` (epoch milliseconds). */
  issue(keyHash: string, endsAt: number): string {
    const content = `${keyHash}.${endsAt}`;
    return `${content}.${this.#sign(content)}`;
  }

  /** Hash of the session's key; undefined when the cookie isn't ours or the session is over. */
  read(cookie: string, now: number): { keyHash: string; endsAt: number } | undefined {
    const [keyHash, end, signature, ...rest] = cookie.split('.');
    if (keyHash === undefined || end === undefined || signature === undefined || rest.length > 0) return undefined;
    const given = Buffer.from(signature, 'base64url');
    const expected = Buffer.from(this.#sign(`${keyHash}.${end}`), 'base64url');
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) return undefined;
    const endsAt = Number(end);
    return endsAt > now ? { keyHash, endsAt } : undefined;
  }

  #sign(content: string): string {
    return createHmac('sha256', this.#secret).update(`session:${content}`).digest('base64url');
  }
}
