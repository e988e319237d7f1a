import { exhaustedUntil, retryAfter } from '../../src/http/limits.js';

const NOW = Date.UTC(2026, 2, 1, 9, 30);
const seconds = (at: number | undefined) => (at === undefined ? undefined : (at - NOW) / 1000);

test.each<[string, Record<string, string>, number | undefined]>([
  ['seconds', { 'retry-after': '120' }, 120],
  ['fractions', { 'retry-after': '0.5' }, 0.5],
  [
    'a date by the server’s clock',
    { 'retry-after': 'Sun, 01 Mar 2026 12:00:30 GMT', date: 'Sun, 01 Mar 2026 12:00:00 GMT' },
    30,
  ],
  ['a date alone', { 'retry-after': 'Sun, 01 Mar 2026 09:31:00 GMT' }, 60],
  ['a date gone by', { 'retry-after': 'Sun, 01 Mar 2020 09:31:00 GMT' }, 0],
  ['nonsense', { 'retry-after': 'soon' }, undefined],
  ['nothing', {}, undefined],
  ['a year', { 'retry-after': '31536000' }, 86_400],
])('Retry-After: %s', (_, headers, expected) => {
  expect(seconds(retryAfter(headers, NOW))).toBe(expected);
});

test.each<[string, Record<string, string>, number | undefined]>([
  ['seconds to go', { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '42' }, 42],
  ['epoch seconds', { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(NOW / 1000 + 15) }, 15],
  ['epoch milliseconds', { 'x-rate-limit-remaining': '0', 'x-rate-limit-reset': String(NOW + 1500) }, 1.5],
  ['a date (Mastodon)', { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '2026-03-01T09:35:00.000000Z' }, 300],
  ['some left', { 'x-ratelimit-remaining': '3', 'x-ratelimit-reset': '42' }, undefined],
  ['the draft’s three headers', { 'ratelimit-remaining': '0', 'ratelimit-reset': '5' }, 5],
  ['the draft’s older single header', { ratelimit: 'limit=100, remaining=0, reset=50' }, 50],
  ['the draft’s newer header', { ratelimit: '"hour";r=0;t=30, "day";r=0;t=90' }, 90],
  ['the newer header with some left', { ratelimit: '"default";r=10;t=30' }, undefined],
  ['no reset', { 'x-ratelimit-remaining': '0' }, undefined],
])('none left: %s', (_, headers, expected) => {
  expect(seconds(exhaustedUntil(headers, NOW))).toBe(expected);
});
