import { parsePhoneNumberFromString, type CountryCode } from 'libphonenumber-js';

/** Canonical forms of values: two values with one canonical form are one value. Pure; memoised because parsing a phone number is slow. */
export interface Normaliser {
  email(address: string): string;
  /** E.164, or `?` and the digits where the number can't be read as one of any country. */
  phone(number: string): string;
  handle(service: string, user: string): string;
  url(uri: string): string;
}

const MEMO_LIMIT = 200_000;

function memo(compute: (text: string) => string): (text: string) => string {
  const known = new Map<string, string>();
  return (text) => {
    let value = known.get(text);
    if (value === undefined) {
      value = compute(text);
      if (known.size >= MEMO_LIMIT) known.clear();
      known.set(text, value);
    }
    return value;
  };
}

const NOT_LETTER_OR_DIGIT = /[^\p{L}\p{N}]+/gu;
const ASCII_WORDS = /^[a-z0-9 ]*$/;

/** Case, width, accents' encoding and punctuation folded; words separated by one space. */
export function fold(text: string): string {
  const lower = text.normalize('NFKC').toLowerCase();
  if (ASCII_WORDS.test(lower) && !lower.includes('  ')) return lower.trim();
  return lower.replace(NOT_LETTER_OR_DIGIT, ' ').trim();
}

function canonicalEmail(address: string): string {
  const text = address.normalize('NFC').trim().toLowerCase();
  return text.startsWith('mailto:') ? text.slice(7) : text;
}

function canonicalUrl(uri: string): string {
  const text = uri.trim();
  try {
    const url = new URL(/^[a-z][a-z0-9+.-]*:/i.test(text) ? text : `https://${text}`);
    const host = url.host.replace(/^www\./, '');
    const path = url.pathname.replace(/\/+$/, '');
    return `${host}${path}${url.search}`;
  } catch {
    return fold(text);
  }
}

/** @param country ISO 3166 code that numbers without a country code are read in; without one only international numbers get E.164. */
export function createNormaliser(country?: string): Normaliser {
  const region = country?.toUpperCase() as CountryCode | undefined;
  const phone = memo((text) => {
    const parsed = parsePhoneNumberFromString(
      text,
      region ? { defaultCountry: region, extract: false } : { extract: false },
    );
    // Too long or too short a number is still one value, but no evidence for anything.
    if (parsed?.isPossible()) return parsed.ext ? `${parsed.number};${parsed.ext}` : parsed.number;
    return `?${text.replace(/\D+/g, '') || fold(text)}`;
  });
  const email = memo(canonicalEmail);
  const url = memo(canonicalUrl);
  return {
    email,
    phone,
    url,
    handle: (service, user) => `${service.trim().toLowerCase()}:${user.trim().replace(/^@/, '').toLowerCase()}`,
  };
}
