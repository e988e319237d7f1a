import fc from 'fast-check';
import { parseFeedDate } from '../src/dates.js';

const iso = (text: string) => {
  const at = parseFeedDate(text);
  return at === undefined ? undefined : new Date(at).toISOString();
};

describe('dates of feeds', () => {
  test.each([
    ['2026-03-01T09:30:00Z', '2026-03-01T09:30:00.000Z'],
    ['2026-03-01t09:30:00.1239z', '2026-03-01T09:30:00.123Z'],
    ['2026-03-01T09:30:00,5+02:00', '2026-03-01T07:30:00.500Z'],
    ['2026-03-01 09:30:00 -0530', '2026-03-01T15:00:00.000Z'],
    ['2026-03-01T09:30+01', '2026-03-01T08:30:00.000Z'],
    ['2026-03-01T24:00:00Z', '2026-03-02T00:00:00.000Z'],
    ['2026-03', '2026-03-01T00:00:00.000Z'],
    ['2026', '2026-01-01T00:00:00.000Z'],
    ['20260301T093000Z', '2026-03-01T09:30:00.000Z'],
    ['Sun, 01 Mar 2026 09:30:00 GMT', '2026-03-01T09:30:00.000Z'],
    ['Sun, 1 Mar 26 09:30 EST', '2026-03-01T14:30:00.000Z'],
    ['1 March 2026 09:30:00 +0100 (CET)', '2026-03-01T08:30:00.000Z'],
    ['Thu, 01 Jan 2004 19:48:21 GMT', '2004-01-01T19:48:21.000Z'],
    ['01 Jan 99', '1999-01-01T00:00:00.000Z'],
    ['Sun, 01 Mar 2026 09:30:60 GMT', '2026-03-01T09:30:59.000Z'],
    ['Sunday, 01-Mar-26 09:30:00 UTC', '2026-03-01T09:30:00.000Z'],
    ['Sun Mar  1 09:30:00 2026', '2026-03-01T09:30:00.000Z'],
    ['Sun Mar 1 09:30:00 PST 2026', '2026-03-01T17:30:00.000Z'],
    ['March 1, 2026', '2026-03-01T00:00:00.000Z'],
    ['29 Feb 2024 00:00:00 GMT', '2024-02-29T00:00:00.000Z'],
  ])('%s is %s', (text, expected) => expect(iso(text)).toBe(expected));

  test.each([
    'Tue, 31 Feb 2026 10:00:00 GMT',
    '2026-02-29T00:00:00Z',
    '2026-13-01',
    '2026-00-10',
    '2026-03-01T25:00:00Z',
    '2026-03-01T09:61:00Z',
    '1 Foo 2026 10:00:00 GMT',
    'gestern',
    '',
    '202603',
    '0000-01-01',
    '1'.repeat(200),
  ])('%s is no date', (text) => expect(parseFeedDate(text)).toBeUndefined());

  test('every time survives being written in the forms of RSS and Atom', () => {
    fc.assert(
      fc.property(fc.integer({ min: Date.UTC(1970, 0, 1), max: Date.UTC(2099, 0, 1) }), (at) => {
        const whole = Math.floor(at / 1000) * 1000;
        expect(parseFeedDate(new Date(whole).toUTCString())).toBe(whole);
        expect(parseFeedDate(new Date(at).toISOString())).toBe(at);
      }),
    );
  });

  test('no text makes it throw', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const at = parseFeedDate(text);
        expect(at === undefined || Number.isInteger(at)).toBe(true);
      }),
    );
  });
});
