import { addressParts, type AddressParts, type StatedAddress } from './address.js';
import {
  canonicalEmail,
  canonicalHandle,
  canonicalPhone,
  canonicalUrl,
  emailParts,
  isSharedMailbox,
} from './contact.js';
import { canonicalDate } from './dates.js';
import { kindOf, type Kind } from './kinds.js';
import { canonicalOrganization } from './organization-name.js';
import { nameParts, type NameParts, type StatedName } from './person-name.js';
import { isPlaceholder, isPlaceholderEmail, isPlaceholderNumber, isPlaceholderPhone } from './placeholders.js';
import { handlesOfUrl } from './profile-links.js';
import { compareText, fold } from './text.js';

/** What a source says about one party, as it says it. */
export interface LinkageRecord {
  ref: string;
  kind: 'person' | 'organization';
  /** Several: aliases, former names. An organization's is in `full`. */
  names?: readonly StatedName[];
  addresses?: readonly StatedAddress[];
  /** By attribute: `birthDate`, `emails`, `phones`, `onlineServices` (`service:user`), `links`, `organizations`, `titles`, `identifiers:ISSUER`, `extra.NAME`. */
  values?: Readonly<Record<string, readonly string[]>>;
}

/** A party as it is compared: canonical, without placeholders, every list in text order. Plain JSON. */
export interface Profile {
  ref: string;
  kind: 'person' | 'organization';
  names: NameParts[];
  addresses: AddressParts[];
  /** Canonical values by attribute; the names of an organization under `name.organization`. */
  values: Record<string, string[]>;
}

export interface ProfileOptions {
  /** ISO 3166 code that phone numbers without a country code are read in. */
  country?: string;
  /** What attributes outside the canonical model are compared as. */
  kinds?: Readonly<Record<string, Kind>>;
}

/** More values of one attribute than this are cut off, in text order: comparing two lists costs the product of their lengths. */
const MOST_VALUES = 12;

export function createProfile(record: LinkageRecord, options: ProfileOptions = {}): Profile {
  const profile: Profile = { ref: record.ref, kind: record.kind, names: [], addresses: [], values: {} };
  const collected = new Map<string, Set<string>>();
  const add = (attribute: string, value: string | undefined): void => {
    if (value === undefined || value === '') return;
    const known = collected.get(attribute);
    if (known) known.add(value);
    else collected.set(attribute, new Set([value]));
  };
  for (const stated of record.names ?? []) {
    if (record.kind === 'organization') {
      const name = canonicalOrganization(stated.full ?? stated.surname ?? stated.given ?? '');
      if (!isPlaceholder(name)) add('name.organization', name);
    } else {
      const parts = nameParts(withoutPlaceholders(stated));
      if (parts) profile.names.push(parts);
    }
  }
  for (const stated of record.addresses ?? []) {
    const parts = addressParts(withoutPlaceholders(stated));
    if (parts) profile.addresses.push(parts);
  }
  for (const [attribute, values] of Object.entries(record.values ?? {})) {
    const kind = kindOf(attribute) ?? options.kinds?.[attribute];
    if (kind === undefined) continue;
    for (const value of values) {
      if (value.trim() === '') continue;
      const form = canonical(kind, value, options.country);
      // A team's mailbox says which organization, not which person.
      if (kind === 'email' && record.kind === 'person' && form !== undefined && isSharedMailbox(emailParts(form).local))
        continue;
      add(attribute, form);
      if (kind === 'url') for (const handle of handlesOfUrl(value)) add('onlineServices', handle);
    }
  }
  for (const [attribute, values] of [...collected].sort(([a], [b]) => compareText(a, b)))
    profile.values[attribute] = [...values].sort(compareText).slice(0, MOST_VALUES);
  profile.names = distinct(profile.names);
  profile.addresses = distinct(profile.addresses);
  return profile;
}

function withoutPlaceholders<T extends object>(stated: T): T {
  const kept = Object.entries(stated).filter(([, value]) => typeof value === 'string' && !isPlaceholder(fold(value)));
  return Object.fromEntries(kept) as T;
}

function distinct<T extends object>(parts: readonly T[]): T[] {
  if (parts.length <= 1) return [...parts];
  const byText = new Map(parts.map((part) => [JSON.stringify(part), part]));
  return [...byText]
    .sort(([a], [b]) => compareText(a, b))
    .map(([, part]) => part)
    .slice(0, MOST_VALUES);
}

/** The one form of a value; undefined for a placeholder and for what can't be read. */
function canonical(kind: Kind, value: string, country: string | undefined): string | undefined {
  switch (kind) {
    case 'email': {
      const address = canonicalEmail(value);
      return address === undefined || isPlaceholderEmail(address) ? undefined : address;
    }
    case 'phone': {
      const phone = canonicalPhone(value, country);
      return phone === undefined || isPlaceholderPhone(phone.replace(/;.*/, '').replace(/\D/g, '')) ? undefined : phone;
    }
    case 'handle': {
      const colon = value.indexOf(':');
      if (colon < 0) return undefined;
      const handle = canonicalHandle(value.slice(0, colon), value.slice(colon + 1));
      return isPlaceholder(fold(handle.slice(colon + 1))) ? undefined : handle;
    }
    case 'url':
      return canonicalUrl(value);
    case 'date':
      return canonicalDate(value);
    case 'identifier': {
      const number = value
        .slice(0, 120)
        .normalize('NFKC')
        .replace(/[^\p{L}\p{N}]+/gu, '')
        .toLowerCase();
      return isPlaceholderNumber(number) || isPlaceholder(number) ? undefined : number;
    }
    case 'organization': {
      const name = canonicalOrganization(value);
      return isPlaceholder(name) ? undefined : name;
    }
    default: {
      const folded = fold(value);
      // A code of one letter (`x`, `m`) is a value where a name of one letter is a filler.
      return kind === 'code' ? folded || undefined : isPlaceholder(folded) ? undefined : folded;
    }
  }
}

/** What the hub alone has written states nothing. */
export function statesSomething({ names, addresses, values }: Profile): boolean {
  return names.length > 0 || addresses.length > 0 || Object.keys(values).length > 0;
}

/** Folded names by which parties are told apart when counting who shares a value: first letters only, since spellings vary. */
export function nameSign(profile: Profile): string {
  if (profile.kind === 'organization') return (profile.values['name.organization']?.[0] ?? '').slice(0, 4);
  const [name] = profile.names;
  if (!name) return '';
  const letters = [name.given.charAt(0), name.surname.charAt(0)].filter((letter) => letter !== '');
  return letters.sort(compareText).join('');
}
