const DATE = /^\d{4}-\d{2}-\d{2}$/;
const TIMESTAMP = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{3})?Z$/;
const DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** `YYYY-MM-DD`, a day that exists in the (proleptic) Gregorian calendar. */
export function isCalendarDate(text: string): boolean {
  return DATE.test(text) && dayExists(text);
}

/** `YYYY-MM-DDThh:mm:ss[.sss]Z`, a second that exists. No leap seconds: neither JavaScript's nor most databases' times have them. */
export function isUtcTimestamp(text: string): boolean {
  return TIMESTAMP.test(text) && dayExists(text) && two(text, 11) < 24 && two(text, 14) < 60 && two(text, 17) < 60;
}

export const formats = { date: isCalendarDate, 'date-time': isUtcTimestamp };

function dayExists(text: string): boolean {
  const month = two(text, 5);
  const days = month === 2 && isLeap(two(text, 0) * 100 + two(text, 2)) ? 29 : DAYS[month - 1];
  const day = two(text, 8);
  return days !== undefined && day >= 1 && day <= days;
}

function isLeap(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
}

function two(text: string, at: number): number {
  return (text.charCodeAt(at) - 48) * 10 + text.charCodeAt(at + 1) - 48;
}
