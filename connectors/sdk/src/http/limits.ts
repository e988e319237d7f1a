/** Reads what servers say of their limits. All times are epoch milliseconds. */

const LONGEST_HOLD_MS = 24 * 3600_000;

type Headers = Readonly<Record<string, string>>;

/**
 * When a `Retry-After` allows the next try: seconds, or an HTTP date (RFC 9110 section 10.2.3). A date is read against the server's own
 * `Date`, so that a wrong clock on either side does no harm.
 */
export function retryAfter(headers: Headers, now: number): number | undefined {
  const value = headers['retry-after']?.trim();
  if (value === undefined || value === '') return undefined;
  if (/^\d+(\.\d+)?$/.test(value)) return now + Math.min(Math.ceil(Number(value) * 1000), LONGEST_HOLD_MS);
  const at = Date.parse(value);
  if (Number.isNaN(at)) return undefined;
  const serverNow = Date.parse(headers['date'] ?? '');
  return now + clamp(at - (Number.isNaN(serverNow) ? now : serverNow));
}

/**
 * Until when to hold requests because the server says that none is left: `X-RateLimit-Remaining/-Reset`, `RateLimit-Remaining/-Reset`,
 * `RateLimit: limit=…, remaining=0, reset=…` (IETF drafts up to 7) and `RateLimit: "name";r=0;t=…` (from 8 on).
 */
export function exhaustedUntil(headers: Headers, now: number): number | undefined {
  const combined = headers['ratelimit'];
  if (combined !== undefined) {
    const until = combined
      .split(',')
      .filter((part) => /;\s*r\s*=\s*0+\s*(;|$)/.test(part))
      .map((part) => /;\s*t\s*=\s*(\d+)/.exec(part)?.[1])
      .filter((seconds) => seconds !== undefined)
      .map((seconds) => now + clamp(Number(seconds) * 1000));
    if (until.length > 0) return Math.max(...until);
    const older = /\bremaining\s*=\s*0+\b/.test(combined) ? /\breset\s*=\s*(\d+)/.exec(combined)?.[1] : undefined;
    if (older !== undefined) return now + clamp(Number(older) * 1000);
  }
  for (const name of ['ratelimit', 'x-ratelimit', 'x-rate-limit']) {
    if (!/^0+$/.test(headers[`${name}-remaining`]?.trim() ?? '')) continue;
    const reset = resetTime(headers[`${name}-reset`]?.trim(), now);
    if (reset !== undefined) return reset;
  }
  return undefined;
}

/** Servers write seconds to go, epoch seconds, epoch milliseconds or a date. */
function resetTime(value: string | undefined, now: number): number | undefined {
  if (value === undefined || value === '') return undefined;
  if (/^\d+(\.\d+)?$/.test(value)) {
    const number = Number(value);
    const at = number < 1e8 ? now + number * 1000 : number < 1e11 ? number * 1000 : number;
    return now + clamp(Math.ceil(at) - now);
  }
  const at = Date.parse(value);
  return Number.isNaN(at) ? undefined : now + clamp(at - now);
}

function clamp(ms: number): number {
  return Math.min(Math.max(0, ms), LONGEST_HOLD_MS);
}
