import type { Address } from '@unsilo/schemas';
import type { Element } from './attributes.js';
import { countryOf } from './country.js';
import { fold } from './normalise.js';

const PARTS = ['street', 'locality', 'region', 'postcode', 'country'] as const;

/** One address that stands, and who states it. */
export interface StandingAddress {
  key: string;
  raw: Element;
  refs: ReadonlySet<string>;
}

/**
 * Addresses that say nothing beyond a fuller one: each part of them is a part of that one, too, as where an export has no column for the
 * country (ADR 0015). A record that states both means both.
 * @param addresses Any order; the result doesn't depend on it.
 * @returns The fuller one's key by the key of each that is within it; the fuller ones are within none themselves.
 */
export function withinFuller(addresses: readonly StandingAddress[]): Map<string, string> {
  const within = new Map<string, string>();
  if (addresses.length < 2) return within;
  const fullest: { address: StandingAddress; parts: ReadonlyMap<string, string> }[] = [];
  const inOrder = addresses
    .map((address) => ({ address, parts: partsOf(address.raw) }))
    .sort((a, b) => b.parts.size - a.parts.size || (a.address.key < b.address.key ? -1 : 1));
  for (const entry of inOrder) {
    const fuller = entry.parts.size === 0 ? undefined : fullest.find((other) => isWithin(entry, other));
    if (fuller) within.set(entry.address.key, fuller.address.key);
    else fullest.push(entry);
  }
  return within;
}

function partsOf(raw: Element): Map<string, string> {
  const parts = new Map<string, string>();
  for (const name of PARTS) {
    const stated = (raw as Address)[name] ?? '';
    const text = (name === 'country' ? countryOf(stated) : undefined) ?? fold(stated);
    if (text !== '') parts.set(name, text);
  }
  return parts;
}

type Parted = { address: StandingAddress; parts: ReadonlyMap<string, string> };

function isWithin(less: Parted, more: Parted): boolean {
  if (less.parts.size >= more.parts.size) return false;
  for (const [name, text] of less.parts) if (more.parts.get(name) !== text) return false;
  for (const ref of less.address.refs) if (more.address.refs.has(ref)) return false;
  return true;
}
