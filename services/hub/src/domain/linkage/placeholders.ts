/** What people and programs type where they have nothing to say. Such a value is a missing one. Folded. */
const WORDS: ReadonlySet<string> = new Set([
  '',
  'n a',
  'na',
  'nan',
  'nil',
  'none',
  'no',
  'null',
  'undefined',
  'unknown',
  'not known',
  'not available',
  'not applicable',
  'not provided',
  'anonymous',
  'anon',
  'no name',
  'noname',
  'test',
  'test test',
  'tbd',
  'tba',
  'xxx',
  'xx',
  'x',
  'asdf',
  'dummy',
  'default',
  'customer',
  'first name',
  'last name',
  'firstname',
  'lastname',
]);

export function isPlaceholder(folded: string): boolean {
  return WORDS.has(folded) || /^(.)\1{2,}$/.test(folded.replaceAll(' ', ''));
}

const MAILBOXES: ReadonlySet<string> = new Set(
  'test none no noemail no-email na null unknown nobody noone noreply no-reply donotreply example x xx xxx a aa abc asdf user email mail nomail'.split(
    ' ',
  ),
);
const EXAMPLE_DOMAINS =
  /^(?:(?:test|none|noemail|nomail|email|mail|domain|x+|a+|na|null|unknown|invalid|localhost)\.[a-z]{1,7}|.*\.(?:invalid|test|example))$/;

/** `test@test.com`, `none@none.com`, `noreply@…`. */
export function isPlaceholderEmail(address: string): boolean {
  const at = address.lastIndexOf('@');
  if (at <= 0) return true;
  return MAILBOXES.has(address.slice(0, at)) || EXAMPLE_DOMAINS.test(address.slice(at + 1));
}

/** Too short, nearly all one digit, or counted through: `000-000`, `1234567`, `999 9999`. */
export function isPlaceholderPhone(digits: string): boolean {
  const end = digits.slice(-7);
  return end.length < 6 || new Set(end).size < 3 || '01234567890'.includes(end) || '09876543210'.includes(end);
}

export function isPlaceholderNumber(value: string): boolean {
  const digits = value.replace(/[^0-9a-z]/gi, '');
  return digits.length < 3 || new Set(digits).size < 2 || '01234567890'.includes(digits);
}
