/** Levels of `date`, by index. */
const DATE = { exact: 0, typo: 1, parts: 2, near: 3, year: 4, generation: 5, differs: 6 } as const;

const FORMS: readonly [RegExp, (parts: string[]) => string][] = [
  [/^(\d{4})[-./ ](\d{1,2})[-./ ](\d{1,2})(?:[T ].*)?$/, ([y = '', m = '', d = '']) => y + two(m) + two(d)],
  [/^(\d{8})$/, ([text = '']) => text],
  [/^(\d{1,2})[-.](\d{1,2})[-.](\d{4})$/, ([d = '', m = '', y = '']) => y + two(m) + two(d)],
  [/^(\d{1,2})\/(\d{1,2})\/(\d{4})$/, ([a = '', b = '', y = '']) => slashed(a, b, y)],
  [/^(\d{4})$/, ([y = '']) => `${y}0000`],
  [/^(\d{4})[-./](\d{1,2})$/, ([y = '', m = '']) => `${y}${two(m)}00`],
];

function two(text: string): string {
  return text.padStart(2, '0');
}

/** Month first, as they are written with slashes most often, unless that is no month. */
function slashed(a: string, b: string, year: string): string {
  return Number(a) > 12 ? year + two(b) + two(a) : year + two(a) + two(b);
}

/**
 * Eight digits, `yyyymmdd`; `00` where month or day is unknown. What is no day of the calendar stays: a typing error is evidence too.
 * Undefined when there is no date in it, or the filler that databases write.
 */
export function canonicalDate(text: string): string | undefined {
  const trimmed = text.trim();
  for (const [form, read] of FORMS) {
    const found = form.exec(trimmed);
    if (found === null) continue;
    const digits = read(found.slice(1));
    return /^(?:0000|1900-?01-?01|19000101|19700101|99991231|11111111)/.test(digits) ? undefined : digits;
  }
  return undefined;
}

/** `yyyy-mm-dd` of a text in the form given (`dd/mm/yyyy`, `yyyymmdd`); the text itself where it has another one. */
export function readDate(text: string, form: string): string {
  const fields = form.toLowerCase().match(/y+|m+|d+/g) ?? [];
  const groups = text.match(/\d+/g) ?? [];
  const parts: Record<string, string> = {};
  let at = 0;
  for (const [index, field] of fields.entries()) {
    const digits = groups.length === fields.length ? groups[index] : groups[0]?.slice(at, at + field.length);
    parts[field.charAt(0)] = digits ?? '';
    at += field.length;
  }
  const { y = '', m = '', d = '' } = parts;
  return y.length === 4 && m !== '' && d !== '' ? `${y}-${m}-${d}` : text;
}

/** Two dates of eight digits. */
export function compareDates(a: string, b: string): number {
  if (a === b) return DATE.exact;
  let different = 0;
  let first = -1;
  let last = -1;
  for (let i = 0; i < 8; i += 1) {
    if (a.charCodeAt(i) === b.charCodeAt(i)) continue;
    different += 1;
    if (first < 0) first = i;
    last = i;
  }
  const partial = a.endsWith('00') || b.endsWith('00');
  const year = a.slice(0, 4) === b.slice(0, 4);
  if (partial) return comparePartial(a, b, year);
  if (different === 1) return DATE.typo;
  if (different === 2 && last - first === 1 && a[first] === b[last] && a[last] === b[first]) return DATE.typo;
  const month = a.slice(4, 6) === b.slice(4, 6);
  const day = a.slice(6) === b.slice(6);
  if (year && a.slice(4, 6) === b.slice(6) && a.slice(6) === b.slice(4, 6)) return DATE.typo;
  if (Number(year) + Number(month) + Number(day) === 2) return DATE.parts;
  if (Math.abs(daysOf(a) - daysOf(b)) <= 400 || different === 2) return DATE.near;
  return year ? DATE.year : farApart(a, b);
}

function farApart(a: string, b: string): number {
  const years = Math.abs(Number(a.slice(0, 4)) - Number(b.slice(0, 4)));
  return years >= 15 && years <= 60 ? DATE.generation : DATE.differs;
}

/** Only the year, or year and month, is known of one of them. */
function comparePartial(a: string, b: string, year: boolean): number {
  if (!year) return Math.abs(daysOf(a) - daysOf(b)) <= 400 ? DATE.near : farApart(a, b);
  const [x, y] = [a.slice(4, 6), b.slice(4, 6)];
  if (x === '00' || y === '00') return DATE.year;
  return x === y ? DATE.parts : DATE.near;
}

/** Days since the year 0, near enough. */
function daysOf(date: string): number {
  return Number(date.slice(0, 4)) * 365 + Number(date.slice(4, 6)) * 30 + Number(date.slice(6));
}
