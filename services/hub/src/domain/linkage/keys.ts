import { emailParts, handleParts, isProvider, isSharedMailbox, phoneTail } from './contact.js';
import { hash32 } from './hash.js';
import { fullForms } from './nicknames.js';
import { familyNames, type NameParts } from './person-name.js';
import type { Profile } from './profile.js';
import { skeleton, words } from './text.js';

/**
 * Keys under which a party is filed, as numbers: two parties that share one are compared. Many and loose, since a pair that shares none is lost; a
 * key that too many share proposes nobody, and the narrower ones, which combine it with something else, stand in for it.
 */
export function blockingKeys(profile: Profile): number[] {
  const keys = new Set<string>();
  contactKeys(profile, keys);
  if (profile.kind === 'person') personKeys(profile, keys);
  else organizationKeys(profile, keys);
  const hashed = new Set<number>();
  for (const key of keys) {
    const hash = hash32(key);
    hashed.add(LOOSE.has(key.slice(0, key.indexOf(' '))) ? hash | 1 : hash & ~1);
  }
  return [...hashed];
}

/** Keys of which nearly all pairs are chance: single names, names with a place or a number, beginnings of mailboxes, single words. */
const LOOSE: ReadonlySet<string> = new Set(['t', 'tk', 'ni', 'tl', 'tn', 'ef', 'w', 'oa', 'os']);

/** Does a key propose a pair? A loose one doesn't where both say so much of themselves that they would meet otherwise. */
export function proposes(key: number, isRichA: boolean, isRichB: boolean): boolean {
  return (key & 1) === 0 || !isRichA || !isRichB;
}

/** Has the party three or more of what points at it: e-mail, phone, birth date, address, account or page, number? */
export function isRich({ values, addresses }: Profile): boolean {
  let count = Number(
    addresses.some(({ street, number, postcode }) => street !== '' && (number !== '' || postcode !== '')),
  );
  for (const attribute of Object.keys(values)) {
    const points = POINTING.has(attribute) || attribute.startsWith('identifiers:');
    if (points) count += 1;
  }
  return count >= 3;
}

const POINTING: ReadonlySet<string> = new Set(['emails', 'phones', 'birthDate', 'onlineServices', 'links']);

/** Attributes whose values can turn generic. */
const GENERIC_ATTRIBUTES = ['emails', 'phones', 'onlineServices', 'links'] as const;

/** Under these the names that stand with a value are counted. */
export function sharedValues(profile: Profile): string[] {
  const found: string[] = [];
  for (const attribute of GENERIC_ATTRIBUTES)
    for (const value of profile.values[attribute] ?? []) found.push(sharedValue(attribute, value));
  return found;
}

export function sharedValue(attribute: string, value: string): string {
  return `${attribute}\u001f${attribute === 'phones' ? phoneTail(value) : value}`;
}

const FEW = 3;

function contactKeys({ values, kind }: Profile, keys: Set<string>): void {
  for (const email of values['emails'] ?? []) {
    const { local, domain } = emailParts(email);
    keys.add(`e ${email}`);
    if (isSharedMailbox(local)) continue;
    if (local.length >= 4) keys.add(`el ${local}`);
    if (!isProvider(domain)) keys.add(`ed ${domain}`);
    if (isProvider(domain)) keys.add(`ef ${local.slice(0, 6)}`);
    else keys.add(`ef ${local.slice(0, 4)} ${domain.slice(0, 3)}`);
  }
  for (const phone of values['phones'] ?? []) {
    const tail = phoneTail(phone);
    keys.add(`p ${tail.slice(-8)}`);
    if (tail.length >= 8) keys.add(`pt ${tail.slice(-4)} ${tail.slice(0, 3)}`);
  }
  for (const handle of values['onlineServices'] ?? []) keys.add(`h ${handleParts(handle)[1].replace(/@.*/, '')}`);
  for (const url of values['links'] ?? []) {
    keys.add(`u ${url}`);
    if (kind === 'organization') keys.add(`uh ${url.replace(/\/.*/, '')}`);
  }
  for (const [attribute, list] of Object.entries(values)) {
    if (!attribute.startsWith('identifiers:')) continue;
    for (const value of list) {
      keys.add(`i ${attribute} ${value}`);
      if (value.length >= 6) {
        const middle = value.length >> 1;
        keys.add(`ia ${attribute} ${value.slice(0, middle)}`);
        keys.add(`ib ${attribute} ${value.slice(middle)}`);
      }
    }
  }
}

function personKeys(profile: Profile, keys: Set<string>): void {
  const { names, values } = profile;
  const tokens = new Set<string>();
  for (const name of names.slice(0, FEW)) nameKeys(name, keys, tokens);
  const dates = (values['birthDate'] ?? []).slice(0, FEW);
  for (const date of dates) {
    const [year, month, day] = [date.slice(0, 4), date.slice(4, 6), date.slice(6)];
    const isWhole = !date.endsWith('00');
    if (isWhole) {
      keys.add(`d ${date}`);
      keys.add(`dx ${year} ${month < day ? month + day : day + month}`);
    }
    if (isWhole)
      for (const token of tokens) {
        const [start, sound] = [token.slice(0, 2), skeleton(token)];
        keys.add(`ym ${sound} ${year}${month}`);
        keys.add(`md ${sound} ${month}${day}`);
        keys.add(`yd ${start} ${year}${day}`);
      }
    if (!isWhole) for (const token of tokens) keys.add(`ty ${token} ${year}`);
  }
  const places = new Set<string>();
  for (const address of profile.addresses.slice(0, FEW)) {
    const { number, street, locality, postcode } = address;
    addressKeys(address, keys);
    for (const token of tokens) {
      if (postcode !== '') keys.add(`tp ${token} ${postcode}`);
      if (street !== '') keys.add(`ts ${token} ${street}`);
      if (number !== '') keys.add(`tn ${token} ${number}`);
    }
    if (locality !== '') places.add(locality);
    for (const date of dates) {
      if (postcode !== '') keys.add(`dp ${date.slice(0, 4)} ${postcode}`);
      if (locality !== '') keys.add(`dl ${date.slice(0, 6)} ${locality}`);
    }
  }
  for (const [attribute, list] of Object.entries(values))
    if (attribute.startsWith('extra.') || attribute === 'organizations')
      for (const value of list.slice(0, FEW)) places.add(value);
  for (const place of places) for (const token of tokens) keys.add(`tl ${token} ${place}`);
}

/** Names in any order, in full forms, by sound; `tokens` gets every single name. */
function nameKeys(name: NameParts, keys: Set<string>, tokens: Set<string>): void {
  const family = familyNames(name.surname).slice(0, FEW);
  const given = name.given === '' ? [] : fullForms(name.given).slice(0, FEW);
  const middle = words(name.middle)
    .filter((word) => word.length >= 3)
    .slice(0, 1);
  for (const token of [...given, ...family]) {
    if (token.length >= 2) {
      tokens.add(token);
      keys.add(`t ${token}`);
    }
  }
  for (const one of [...given, ...middle])
    for (const other of family) {
      const [a, b] = [skeleton(one), skeleton(other)];
      keys.add(a < b ? `nn ${a} ${b}` : `nn ${b} ${a}`);
      keys.add(`ni ${one} ${other.slice(0, 2)}`);
      keys.add(`ni ${other} ${one.slice(0, 2)}`);
    }
  for (const token of [...given.slice(0, 1), ...family]) if (token.length >= 5) keys.add(`tk ${skeleton(token)}`);
  if (family.length > 1) keys.add(`t ${family.join('')}`);
}

function addressKeys({ number, street, locality, postcode }: Profile['addresses'][number], keys: Set<string>): void {
  if (street !== '' && number !== '') keys.add(`an ${number} ${street}`);
  if (street !== '' && locality !== '') keys.add(`al ${street} ${locality}`);
  if (number !== '' && postcode !== '') keys.add(`ap ${number} ${postcode}`);
  if (street !== '' && postcode !== '') keys.add(`as ${skeleton(street.replace(/ .*/, ''))} ${postcode}`);
}

function organizationKeys(profile: Profile, keys: Set<string>): void {
  const names = (profile.values['name.organization'] ?? []).slice(0, FEW);
  const places: string[] = [];
  for (const address of profile.addresses.slice(0, FEW)) {
    const { number, locality, postcode } = address;
    addressKeys(address, keys);
    if (locality !== '') places.push(locality);
    if (postcode !== '') places.push(postcode, postcode.slice(0, 3));
    if (number !== '') places.push(number);
  }
  for (const phone of profile.values['phones'] ?? []) places.push(phoneTail(phone).slice(0, 6));
  for (const name of names) {
    const all = words(name);
    keys.add(`o ${all.join('')}`);
    keys.add(`os ${skeleton(all.join('')).slice(0, 8)}`);
    if (all.length > 1) keys.add(`oa ${all.map((word) => word.charAt(0)).join('')}`);
    for (const [index, word] of all.slice(0, 5).entries()) {
      if (word.length < 3) continue;
      keys.add(`w ${word}`);
      for (const other of all.slice(index + 1, 5))
        if (other.length >= 3) keys.add(word < other ? `ww ${word} ${other}` : `ww ${other} ${word}`);
      for (const place of places) keys.add(`wp ${word} ${place}`);
    }
    if (all.length === 1 && name.length <= 6) keys.add(`oa ${name}`);
  }
}
