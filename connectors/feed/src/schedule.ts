import type { HttpResponse } from '@unsilo/connector-sdk';

/** The least time between a failure and the next try; doubled at each further failure. */
const FIRST_RETRY_MS = 60_000;

export interface Bounds {
  intervalMs: number;
  maxMs: number;
}

/** When to read a feed again after it was read: at its interval, or later where the feed or its server asks for it. */
export function nextReading(
  now: number,
  bounds: Bounds,
  headers: HttpResponse['headers'],
  ttlMs: number | undefined,
): number {
  const asked = Math.max(freshFor(headers) ?? 0, ttlMs ?? 0);
  return later(now, Math.max(bounds.intervalMs, Math.min(asked, bounds.maxMs)));
}

/** When to try again after so many failures in a row. */
export function nextTry(now: number, bounds: Bounds, failures: number, retryAfterMs: number | undefined): number {
  const first = Math.min(bounds.intervalMs, FIRST_RETRY_MS);
  const wait = Math.min(first * 2 ** Math.min(failures - 1, 30), bounds.maxMs);
  return later(now, Math.max(wait, retryAfterMs ?? 0));
}

/** No wait is no time of the clock, which may be put back. */
function later(now: number, waitMs: number): number {
  return waitMs === 0 ? 0 : now + waitMs;
}

/** How long an answer stays fresh, milliseconds (RFC 9111 section 4.2.1); undefined where it doesn't say. */
export function freshFor(headers: HttpResponse['headers']): number | undefined {
  const directives = (headers['cache-control'] ?? '').toLowerCase();
  if (/\bno-(?:cache|store)\b/.test(directives)) return undefined;
  const maxAge = /\bmax-age\s*=\s*"?(\d{1,10})/.exec(directives)?.[1];
  if (maxAge !== undefined) {
    const age = Number(headers['age'] ?? 0);
    return Math.max(0, Number(maxAge) - (Number.isFinite(age) ? age : 0)) * 1000;
  }
  const expires = Date.parse(headers['expires'] ?? '');
  const date = Date.parse(headers['date'] ?? '');
  return Number.isNaN(expires) || Number.isNaN(date) ? undefined : Math.max(0, expires - date);
}
