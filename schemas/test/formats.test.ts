import { fullFormats } from 'ajv-formats/dist/formats.js';
import fc from 'fast-check';
import { isCalendarDate, isUtcTimestamp } from '../src/formats.js';
import { codePointLength } from '../src/text.js';

const ajvDate = (fullFormats.date as { validate: (text: string) => boolean }).validate;
const two = (limit: number) => fc.nat(limit).map((n) => String(n).padStart(2, '0'));
const year = fc.oneof(
  fc.constantFrom('0000', '1900', '2000', '2024', '2026', '9999'),
  fc.nat(9999).map((n) => String(n).padStart(4, '0')),
);
const date = fc.tuple(year, two(13), two(32)).map((parts) => parts.join('-'));
const time = fc
  .tuple(
    date,
    two(25),
    two(61),
    two(61),
    fc.constantFrom('', '.1', '.123', '.1234'),
    fc.constantFrom('Z', 'z', '', '+00:00'),
  )
  .map(([day, h, m, s, fraction, zone]) => `${day}T${h}:${m}:${s}${fraction}${zone}`);

describe('dates', () => {
  it('exist or not as ajv-formats has it', () => {
    fc.assert(
      fc.property(fc.oneof(date, fc.string()), (text) => expect(isCalendarDate(text)).toBe(ajvDate(text))),
      { numRuns: 2000 },
    );
  });

  it.each([
    '2026-02-30',
    '1900-02-29',
    '2026-00-10',
    '2026-13-01',
    '2026-04-31',
    '2026-1-01',
    '２０２６-01-01',
    '2026-01-01 ',
  ])('%s is none', (text) => {
    expect(isCalendarDate(text)).toBe(false);
  });
});

describe('times', () => {
  it('are those that JavaScript reads and writes back, with or without milliseconds', () => {
    const reference = (text: string): boolean => {
      const read = new Date(text);
      if (Number.isNaN(read.getTime()) || !/^\d{4}-/.test(text)) return false;
      return read.toISOString() === text || read.toISOString().replace('.000Z', 'Z') === text;
    };
    fc.assert(
      fc.property(fc.oneof(time, fc.string()), (text) => expect(isUtcTimestamp(text)).toBe(reference(text))),
      { numRuns: 2000 },
    );
  });

  it.each([
    '2016-12-31T23:59:60Z',
    '2026-03-01T24:00:00Z',
    '2026-02-30T00:00:00.000Z',
    '2026-03-01T09:30Z',
    '2026-03-01 09:30:00Z',
  ])('%s is none', (text) => {
    expect(isUtcTimestamp(text)).toBe(false);
  });
});

describe('length', () => {
  it('counts code points, lone surrogates as one each', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => expect(codePointLength(text)).toBe([...text].length)),
    );
    expect(codePointLength('\ud83d\ud83d\ude00\ude00')).toBe(3);
  });
});
