import { MappingMistake } from './mistake.js';

export interface DateForm {
  /** `YYYY-MM-DD`; undefined when the text is no date of this form or no day that exists. */
  parse(text: string): string | undefined;
  /** The text for `YYYY-MM-DD`. */
  format(date: string): string;
}

/** What databases write where there is no date. */
export const NO_DATE = /^0000-00-00|^0+$|^00[./-]00[./-]0000$/;

const ISO = /^(\d{4})-(\d{2})-(\d{2})(?:[T ].*)?$/;

/** ISO 8601 dates; a time behind the date is cut off. */
export const isoForm: DateForm = {
  parse(text) {
    const [, year, month, day] = ISO.exec(text) ?? [];
    return year === undefined ? undefined : existing(Number(year), Number(month), Number(day));
  },
  format: (date) => date,
};

/** Dates of a form made of `yyyy`, `mm` or `m`, `dd` or `d`, and other characters standing for themselves. */
export function dateForm(form: string): DateForm {
  const parts = form.toLowerCase().match(/y+|m+|d+|[^ymd]+/g) ?? [];
  const letters = parts.filter((part) => /^[ymd]/.test(part));
  const wellMade =
    letters.length === 3 && ['yyyy', /^mm?$/, /^dd?$/].every((wanted) => letters.some((part) => fits(part, wanted)));
  if (!wellMade)
    throw new MappingMistake(
      'UNSILO_MAPPING_BAD_DATE_FORM',
      `${JSON.stringify(form)} is no form of a date`,
      'Write it with yyyy, mm (or m) and dd (or d), each once: yyyymmdd, dd.mm.yyyy, m/d/yyyy.',
      'date',
    );
  const pattern = new RegExp(`^${parts.map(partPattern).join('')}$`);
  const order = letters.map((part) => part[0]);
  return {
    parse(text) {
      const found = pattern.exec(text.trim());
      if (found === null) return undefined;
      const part = (letter: string) => Number(found[order.indexOf(letter) + 1]);
      return existing(part('y'), part('m'), part('d'));
    },
    format(date) {
      const [year = '', month = '', day = ''] = date.split('-');
      const digits: Record<string, string> = { y: year, m: month, d: day };
      return parts
        .map((part) => {
          const text = digits[part[0]!];
          if (text === undefined || !/^[ymd]/.test(part)) return part;
          return part.length === 1 ? String(Number(text)) : text;
        })
        .join('');
    },
  };
}

function fits(part: string, wanted: string | RegExp): boolean {
  return typeof wanted === 'string' ? part === wanted : wanted.test(part);
}

function partPattern(part: string): string {
  if (part.startsWith('y')) return '(\\d{4})';
  if (/^[md]/.test(part)) return part.length === 1 ? '(\\d{1,2})' : '(\\d{2})';
  return part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

function existing(year: number, month: number, day: number): string | undefined {
  if (year < 1 || month < 1 || month > 12 || day < 1) return undefined;
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  const days = [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
  if (day > days[month - 1]!) return undefined;
  return `${String(year).padStart(4, '0')}-${String(month).padStart(2, '0')}-${String(day).padStart(2, '0')}`;
}
