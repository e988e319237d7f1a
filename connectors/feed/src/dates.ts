/**
 * Dates as feeds write them: RFC 3339 and its short forms (Atom, JSON Feed, Dublin Core), RFC 822/2822 (RSS) and what is made of them
 * in the wild. A day or time that doesn't exist is no date: it never rolls over into the next month.
 */

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];

/** Minutes east of UTC; names of RFC 822 and those in common use with one meaning. */
const ZONES: ReadonlyMap<string, number> = new Map([
  ...['z', 'ut', 'utc', 'gmt', 'wet'].map((name) => [name, 0] as const),
  ...(
    [
      ['est', -5],
      ['edt', -4],
      ['cst', -6],
      ['cdt', -5],
      ['mst', -7],
      ['mdt', -6],
      ['pst', -8],
      ['pdt', -7],
      ['akst', -9],
      ['akdt', -8],
      ['hst', -10],
      ['west', 1],
      ['bst', 1],
      ['cet', 1],
      ['cest', 2],
      ['eet', 2],
      ['eest', 3],
      ['msk', 3],
      ['jst', 9],
      ['kst', 9],
      ['aest', 10],
      ['aedt', 11],
      ['nzst', 12],
      ['nzdt', 13],
    ] as const
  ).map(([name, hours]) => [name, hours * 60] as const),
]);

const ISO =
  /^(\d{4})(?:-?(\d{2})(?:-?(\d{2})(?:[Tt\s]+(\d{2})(?::?(\d{2})(?::?(\d{2})(?:[.,](\d+))?)?)?\s*(Z|z|[+-]\d{2}(?::?\d{2})?|[A-Za-z]{1,5})?)?)?)?$/;
const RFC822 =
  /^(?:[A-Za-z]{2,9}\.?\s*,?\s+)?(\d{1,2})[\s-]+([A-Za-z]{3,9})\.?,?[\s-]+(\d{4}|\d{2})(?:,?\s+(\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:\.\d+)?)?)?\s*(?:(?:UTC|GMT)?([+-]\d{1,2}:?\d{2})|\(?([A-Za-z]{1,5})\)?)?(?:\s*\([^)]*\))?$/;
const ASCTIME =
  /^(?:[A-Za-z]{3,9},?\s+)?([A-Za-z]{3,9})\.?\s+(\d{1,2}),?\s+(?:(\d{1,2}):(\d{2})(?::(\d{2}))?\s*([A-Za-z]{1,5})?\s+(\d{4})|(\d{4})(?:,?\s+(\d{1,2}):(\d{2})(?::(\d{2}))?\s*([A-Za-z]{1,5})?)?)$/;

/** Epoch milliseconds; undefined when the text isn't a date that exists. Without a zone it is taken as UTC. */
export function parseFeedDate(text: string): number | undefined {
  const trimmed = text.trim();
  if (trimmed.length === 0 || trimmed.length > 100) return undefined;
  const iso = ISO.exec(trimmed);
  if (iso !== null) {
    const [, year, month, day, hour, minute, second, fraction, zone] = iso;
    // Eight digits in one are a day; six in one are not told apart from HHMMSS, and mean nothing.
    if (/^\d{6}$/.test(trimmed)) return undefined;
    const ms = fraction === undefined ? 0 : Math.floor(Number(`0.${fraction}`) * 1000);
    return instant(num(year), num(month, 1), num(day, 1), num(hour), num(minute), num(second), ms, zoneMinutes(zone));
  }
  const rfc = RFC822.exec(trimmed);
  if (rfc !== null) {
    const [, day, month, year, hour, minute, second, offset, zone] = rfc;
    return instant(
      fullYear(year!),
      monthNumber(month!),
      num(day),
      num(hour),
      num(minute),
      num(second),
      0,
      zoneMinutes(offset ?? zone),
    );
  }
  const asc = ASCTIME.exec(trimmed);
  if (asc === null) return undefined;
  const [, month, day, h1, m1, s1, z1, y1, y2, h2, m2, s2, z2] = asc;
  return instant(
    num(y1 ?? y2),
    monthNumber(month!),
    num(day),
    num(h1 ?? h2),
    num(m1 ?? m2),
    num(s1 ?? s2),
    0,
    zoneMinutes(z1 ?? z2),
  );
}

function num(text: string | undefined, otherwise = 0): number {
  return text === undefined ? otherwise : Number(text);
}

function fullYear(text: string): number {
  const year = Number(text);
  if (text.length === 4) return year;
  return year < 70 ? 2000 + year : 1900 + year;
}

function monthNumber(name: string): number {
  return MONTHS.indexOf(name.slice(0, 3).toLowerCase()) + 1;
}

/** An unknown name counts as UTC, as RFC 2822 section 4.3 has it. */
function zoneMinutes(zone: string | undefined): number {
  if (zone === undefined) return 0;
  const offset = /^([+-])(\d{1,2}):?(\d{2})?$/.exec(zone);
  if (offset === null) return ZONES.get(zone.toLowerCase()) ?? 0;
  const minutes = Number(offset[2]) * 60 + num(offset[3]);
  return offset[1] === '-' ? -minutes : minutes;
}

function instant(
  year: number,
  month: number,
  day: number,
  hour: number,
  minute: number,
  second: number,
  ms: number,
  offsetMinutes: number,
): number | undefined {
  const midnight = hour === 24 && minute === 0 && second === 0;
  if (month < 1 || month > 12 || day < 1 || (hour > 23 && !midnight) || minute > 59 || second > 60) return undefined;
  if (Math.abs(offsetMinutes) > 18 * 60 || year < 1) return undefined;
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return undefined;
  // A leap second has no place in epoch time.
  date.setUTCHours(hour, minute, Math.min(second, 59), ms);
  const at = date.getTime() - offsetMinutes * 60_000;
  // What the contract can write: four digits of the year.
  return at >= -62_135_596_800_000 && at <= 253_402_300_799_999 ? at : undefined;
}
