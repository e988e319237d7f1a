import { parsePhoneNumberFromString, type CountryCode } from 'libphonenumber-js';
import { isAlike, isOneEdit, isWithinEdits } from './similarity.js';

/** Mailbox providers: their domain says nothing about a person. */
const PROVIDERS: ReadonlySet<string> = new Set(
  'gmail.com googlemail.com yahoo.com yahoo.co.uk hotmail.com hotmail.co.uk outlook.com live.com msn.com aol.com icloud.com me.com mac.com gmx.de gmx.net gmx.com web.de t-online.de proton.me protonmail.com mail.com mail.ru yandex.ru qq.com 163.com orange.fr free.fr wanadoo.fr laposte.net libero.it btinternet.com comcast.net verizon.net att.net bigpond.com'.split(
    ' ',
  ),
);

/** Mailboxes that a team or a program reads. */
const SHARED: ReadonlySet<string> = new Set(
  'info office contact kontakt sales support help service admin administrator team hello mail post billing accounts accounting hr jobs career marketing press webmaster postmaster reception enquiries inquiries booking bookings reservations shop store orders newsletter'.split(
    ' ',
  ),
);

export interface EmailParts {
  local: string;
  domain: string;
}

/** What stands before `+` is the mailbox; gmail also drops dots. */
export function emailParts(address: string): EmailParts {
  const at = address.lastIndexOf('@');
  const domain = address.slice(at + 1);
  const mailbox = address.slice(0, at).replace(/\+.*$/, '');
  return { local: domain === 'gmail.com' ? mailbox.replaceAll('.', '') : mailbox, domain };
}

export function isProvider(domain: string): boolean {
  return PROVIDERS.has(domain);
}

export function isSharedMailbox(local: string): boolean {
  return SHARED.has(local);
}

/** Lower case, without `mailto:` and sub-addresses. Undefined where there is no address in it. */
export function canonicalEmail(text: string): string | undefined {
  const address = text
    .normalize('NFKC')
    .trim()
    .toLowerCase()
    .replace(/^mailto:/, '')
    .replace(/\s+/g, '')
    .slice(0, 120);
  if (!/^[^@]+@.*[^@]$/.test(address)) return undefined;
  const { local, domain } = emailParts(address);
  return local === '' || domain === '' ? undefined : `${local}@${domain}`;
}

/** Levels of `email`, by index. */
const EMAIL = { exact: 0, close: 1, local: 2, near: 3, domain: 4, differs: 5 } as const;

export function compareEmails(a: string, b: string): number {
  if (a === b) return EMAIL.exact;
  const x = emailParts(a);
  const y = emailParts(b);
  if (isSharedMailbox(x.local) || isSharedMailbox(y.local))
    return x.domain === y.domain && !isProvider(x.domain) ? EMAIL.domain : EMAIL.differs;
  // One digit tells two mailboxes of one provider apart: `john1@`, `john2@`.
  const digitsDiffer = x.domain === y.domain && x.local.replace(/\d/g, '') === y.local.replace(/\d/g, '');
  // At one company short mailbox names differ by few letters: `ada@`, `carla@`.
  const isOther = digitsDiffer || (x.domain === y.domain && !isSlip(x.local, y.local));
  if (!isOther && (isOneEdit(a, b) || (a.length > 12 && isWithinEdits(a, b, 3)))) return EMAIL.close;
  if (x.local === y.local && x.local.length >= 4) return EMAIL.local;
  if (!digitsDiffer && (isAlike(x.local, y.local, 0.9) || (!isOther && isAlike(a, b, 0.92)))) return EMAIL.near;
  return x.domain === y.domain && !isProvider(x.domain) ? EMAIL.domain : EMAIL.differs;
}

/** One edit for two letters, three at most. */
function isSlip(x: string, y: string): boolean {
  const shorter = Math.min(x.length, y.length);
  return x === y || (shorter >= 4 && (isOneEdit(x, y) || isWithinEdits(x, y, Math.min(3, shorter >> 1))));
}

/** E.164 where the number can be read as one, else its digits behind `?`. Undefined where there is no number. */
export function canonicalPhone(text: string, country?: string): string | undefined {
  const short = text.slice(0, 60);
  // Reading a number is slow, and systems that keep it in this form have read it.
  if (/^\+[1-9]\d{7,14}$/.test(short)) return short;
  const parsed = parsePhoneNumberFromString(
    short,
    country === undefined ? { extract: false } : { defaultCountry: country as CountryCode, extract: false },
  );
  if (parsed?.isPossible()) return parsed.ext ? `${parsed.number};${parsed.ext}` : parsed.number;
  const digits = short.replace(/\D+/g, '');
  return digits.length < 5 ? undefined : `?${digits.replace(/^0+/, '')}`;
}

/** The digits that two spellings of one number have in common, whatever their country and trunk codes. */
export function phoneTail(phone: string): string {
  const end = phone.indexOf(';');
  return (end < 0 ? phone : phone.slice(0, end)).replace(/\D/g, '').slice(-9);
}

/** Levels exact, close, differs. */
export function comparePhones(a: string, b: string): number {
  if (a === b) return 0;
  // Two extensions of one switchboard are two numbers.
  if (a.includes(';') && b.includes(';')) return 2;
  const [x, y] = [phoneTail(a), phoneTail(b)];
  if (x === y) return 0;
  const length = Math.min(x.length, y.length);
  const isSpelling = (a.startsWith('?') || b.startsWith('?')) && length >= 7;
  if (isSpelling && (x.endsWith(y) || y.endsWith(x))) return 0;
  return length >= 7 && isOneEdit(x, y) ? 1 : 2;
}

/** `service:user` in lower case. The instance of a federated handle is part of it. */
export function canonicalHandle(service: string, user: string): string {
  return `${service.trim().toLowerCase()}:${user.trim().replace(/^@/, '').toLowerCase().slice(0, 120)}`;
}

/** Levels exact, user, close, differs. */
export function compareHandles(a: string, b: string): number {
  if (a === b) return 0;
  const [serviceA, userA] = handleParts(a);
  const [serviceB, userB] = handleParts(b);
  const [x, y] = [userA.replace(/@.*/, ''), userB.replace(/@.*/, '')];
  if (serviceA !== serviceB) return x === y && x.length >= 4 ? 1 : 3;
  return userA.length >= 6 && isOneEdit(userA, userB) && !/\d/.test(userA + userB) ? 2 : 3;
}

export function handleParts(handle: string): [service: string, user: string] {
  const colon = handle.indexOf(':');
  return [handle.slice(0, colon), handle.slice(colon + 1)];
}

/** Host without `www.`, path without the slash at its end, in lower case. Undefined where it is no address. */
export function canonicalUrl(text: string): string | undefined {
  const trimmed = text.trim().toLowerCase().slice(0, 200);
  const [, host = '', path = ''] =
    /^(?:[a-z][a-z0-9+.-]*:\/\/)?(?:[^@/]*@)?([^/?#:\s]+)(?::\d+)?([^?#\s]*)/.exec(trimmed) ?? [];
  if (!host.includes('.')) return undefined;
  return `${host.replace(/^www\./, '')}${path.replace(/\/+$/, '')}`;
}

/** Levels exact, site, differs. Two profiles on one network are not one site. */
export function compareUrls(a: string, b: string): number {
  if (a === b) return 0;
  const [x, y] = [a.split('/'), b.split('/')];
  return x[0] === y[0] && (x.length === 1 || y.length === 1) ? 1 : 2;
}
