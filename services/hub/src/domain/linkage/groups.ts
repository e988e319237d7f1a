import { LEVELS, type Kind } from './kinds.js';

/** Attributes that don't speak for themselves alone: who lives or works together shares them, who moves changes them together. */
export type Group = 'address' | 'phone' | 'employer' | 'surname';

export function groupOf(attribute: string): Group | undefined {
  if (attribute.startsWith('addresses.') && attribute !== 'addresses.country') return 'address';
  if (attribute === 'organizations') return 'employer';
  return attribute === 'phones' ? 'phone' : attribute === 'name.surname' ? 'surname' : undefined;
}

/** Is it a mailbox, an account or a page? Couples and colleagues, who are called differently, use one together. */
export function isContact(kind: Kind): boolean {
  return kind === 'email' || kind === 'handle' || kind === 'url';
}

/**
 * From this level on, a part of an address speaks for another address; regions and countries speak for none, as most moves stay within
 * them.
 */
export function apartFrom(attribute: string, kind: Kind): number {
  if (attribute === 'addresses.region' || attribute === 'addresses.country') return 0;
  return LEVELS[kind].length - (kind === 'number' ? 1 : 2);
}
