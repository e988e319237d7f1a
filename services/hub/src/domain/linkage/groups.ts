import { LEVELS, type Kind } from './kinds.js';

/** Attributes that don't speak for themselves alone: who lives or works together shares them, who moves changes them together. */
export type Group = 'address' | 'phone' | 'employer' | 'surname';

export function groupOf(attribute: string): Group | undefined {
  if (attribute.startsWith('addresses.') && attribute !== 'addresses.country') return 'address';
  if (attribute === 'organizations') return 'employer';
  return attribute === 'phones' ? 'phone' : attribute === 'name.surname' ? 'surname' : undefined;
}

/** What couples and colleagues, who are called differently, use together. An account or a page that nothing else goes with may as well be a pseudonym's. */
export function contactOf(attribute: string): 'mailbox' | 'account' | undefined {
  if (attribute === 'emails') return 'mailbox';
  return attribute === 'onlineServices' || attribute === 'links' ? 'account' : undefined;
}

/**
 * From this level on, a part of an address speaks for another address; regions and countries speak for none, as most moves stay within
 * them.
 */
export function apartFrom(attribute: string, kind: Kind): number {
  if (attribute === 'addresses.region' || attribute === 'addresses.country') return 0;
  return LEVELS[kind].length - (kind === 'number' ? 1 : 2);
}
