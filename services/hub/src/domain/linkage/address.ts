import { countryOf } from '../country.js';
import { isOneEdit, isWithinEdits, jaroWinkler } from './similarity.js';
import { fold, words } from './text.js';

/** A postal address in parts, folded; an absent part is empty. */
export interface AddressParts {
  number: string;
  street: string;
  unit: string;
  locality: string;
  region: string;
  postcode: string;
  country: string;
}

export interface StatedAddress extends Partial<AddressParts> {
  full?: string;
}

/** Words for kinds of streets and directions, and what stands for them everywhere. */
const SHORT: Readonly<Record<string, string>> = Object.fromEntries(
  'street str st|strasse str|avenue ave av|road rd|drive dr drv|place pl|court ct crt|crescent cres cr|circuit cct|close cl|lane ln|terrace tce ter|boulevard blvd boul blv bd|square sq|highway hwy|parade pde|parkway pkwy|grove gr gve|north n|south s|east e|west w|northeast ne|northwest nw|southeast se|southwest sw|apartment apt|suite ste|floor fl|saint st|mount mt|fort ft|building bldg|department dept|first 1st|second 2nd|third 3rd|fourth 4th|fifth 5th|sixth 6th|seventh 7th|eighth 8th|ninth 9th|tenth 10th|route rte|expressway expy|plaza plz|center ctr|centre ctr|trail trl|heights hts'
    .split('|')
    .flatMap((line) => {
      const [long = '', short = '', ...others] = line.split(' ');
      return [long, ...others].map((word) => [word, short] as const);
    }),
);
const UNIT = /\b(?:apt|unit|ste|flat|fl|rm|room|no) ?([0-9]+[a-z]?|[a-z])\b/;

function shorten(folded: string): string {
  return words(folded)
    .map((word) => (/^\p{L}+strasse$/u.test(word) ? word.replace(/strasse$/, 'str') : (SHORT[word] ?? word)))
    .join(' ');
}

export function addressParts(stated: StatedAddress): AddressParts | undefined {
  const parts: AddressParts = {
    number: fold(stated.number ?? '').replaceAll(' ', ''),
    street: shorten(fold(stated.street ?? '')),
    unit: shorten(fold(stated.unit ?? '')),
    locality: fold(stated.locality ?? ''),
    region: fold(stated.region ?? ''),
    postcode: fold(stated.postcode ?? '').replaceAll(' ', ''),
    country: fold(stated.country ?? ''),
  };
  parts.country = countryOf(parts.country) ?? parts.country;
  if (stated.full !== undefined && parts.street === '') readWhole(stated.full, parts);
  if (parts.street !== '' && parts.number === '') splitStreet(parts);
  parts.number = parts.number.replace(/^0+(?=\d)/, '');
  return Object.values(parts).some((part) => part !== '') ? parts : undefined;
}

/** What behind a place is a region's name more often than a country's. */
const IS_REGION = /^(?!uk$)[a-z]{2}$|^georgia$/;

/** `123 Main Street, Las Vegas NV 89132`: what commas part, from the back. */
function readWhole(text: string, parts: AddressParts): void {
  const pieces = text
    .slice(0, 240)
    .split(/[,\n;]/)
    .map((piece) => piece.trim())
    .filter((piece) => piece !== '');
  if (pieces.length === 1) {
    // `1515 Adela Lane Las Vegas NV 89111`: where street and place part can't be seen, region and postcode can.
    const [, street, region = '', postcode = ''] =
      /^(.+?) ([A-Za-z]{2}) (\d{5})(?:-\d{4})?$/.exec(pieces[0] ?? '') ?? [];
    if (street !== undefined) {
      parts.region ||= region.toLowerCase();
      parts.postcode ||= postcode;
      parts.street = shorten(fold(street));
      return;
    }
  }
  let last = fold(pieces.at(-1) ?? '');
  const country = IS_REGION.test(last) ? undefined : countryOf(last);
  if (pieces.length > 1 && (country !== undefined || /^[a-z]{2}$/.test(last))) {
    if (country === undefined) parts.region ||= last;
    else parts.country ||= country;
    pieces.pop();
    last = fold(pieces.at(-1) ?? '');
  }
  if (pieces.length > 1) {
    pieces.pop();
    const [, before = '', code = '', behind = ''] =
      /^(.*?)\b((?:[a-z]{1,2}\d[a-z0-9]? ?\d[a-z]{2})|\d{4,6}(?: \d{4})?)\b(.*)$/.exec(last) ?? ['', last];
    parts.postcode ||= code.replaceAll(' ', '').slice(0, /^\d{9}$/.test(code.replaceAll(' ', '')) ? 5 : undefined);
    const [, place = '', region = ''] =
      /^(.*?)(?:(?:^| )([a-z]{2}))?$/.exec(`${before} ${behind}`.trim().replace(/ +/g, ' ')) ?? [];
    if (region !== '') parts.region ||= region;
    if (place !== '') parts.locality ||= place;
    if (parts.locality === '' && pieces.length > 1) parts.locality = fold(pieces.pop() ?? '');
  }
  parts.street = shorten(fold(pieces.join(' ')));
}

/** Number and unit that stand in the street's line. */
function splitStreet(parts: AddressParts): void {
  let line = parts.street;
  const unit = UNIT.exec(line);
  if (unit?.[1] !== undefined && line.length > unit[0].length) {
    if (parts.unit === '') parts.unit = unit[1];
    line = line.replace(unit[0], ' ').replace(/ +/g, ' ').trim();
  }
  const [, front, rest] = /^(\d+[a-z]?) (.+)$/.exec(line) ?? [];
  const [, start, behind] = /^(.+?) (\d+[a-z]?)$/.exec(line) ?? [];
  if (front !== undefined && rest !== undefined) [parts.number, line] = [front, rest];
  else if (start !== undefined && behind !== undefined) [parts.number, line] = [behind, start];
  parts.street = line;
}

/** Levels exact, close, differs. */
export function compareNumbers(a: string, b: string): number {
  if (a === b) return 0;
  const [x, y] = [a.replace(/\D/g, ''), b.replace(/\D/g, '')];
  return (x !== '' && x === y) || (Math.max(a.length, b.length) >= 2 && isOneEdit(a, b)) ? 1 : 2;
}

/** Levels exact, close, prefix (one district), differs. */
export function comparePostcodes(a: string, b: string): number {
  if (a === b) return 0;
  if (isOneEdit(a, b)) return 1;
  const length = Math.min(a.length, b.length);
  const prefix = length >= 5 ? 3 : 2;
  return length >= 3 && a.slice(0, prefix) === b.slice(0, prefix) ? 2 : 3;
}

/** Streets, places, other short texts: levels exact, close, fuzzy, overlap (words in common), differs. */
export function comparePhrases(a: string, b: string): number {
  if (a === b) return 0;
  const [x, y] = [a.replaceAll(' ', ''), b.replaceAll(' ', '')];
  if (x === y) return 0;
  const length = Math.min(x.length, y.length);
  if ((length >= 4 && isOneEdit(x, y)) || (length >= 8 && isWithinEdits(x, y, 2))) return 1;
  const likeness = jaroWinkler(x, y, 0.88);
  if (likeness >= 0.95) return 1;
  if (a.includes(' ') || b.includes(' ')) {
    const shared = sharedWords(words(a), words(b));
    if (shared >= 0.99) return 1;
    if (shared >= 0.66) return 2;
    if (shared >= 0.5) return likeness >= 0.88 ? 2 : 3;
  }
  return likeness >= 0.88 || (length >= 6 && isWithinEdits(x, y, 2)) ? 2 : 4;
}

/** Letters of the words in common, of those of the value with fewer: 0 to 1. */
function sharedWords(a: readonly string[], b: readonly string[]): number {
  const ours = lettersOf(a);
  const theirs = lettersOf(b);
  const [few, many, most] = ours <= theirs ? [a, b, ours] : [b, a, theirs];
  let shared = 0;
  for (const word of few)
    if (many.some((other) => other === word || (word.length >= 4 && isOneEdit(word, other)))) shared += word.length;
  return shared / most;
}

function lettersOf(all: readonly string[]): number {
  return all.reduce((sum, word) => sum + word.length, 0);
}
