import { fold } from './normalise.js';
import type { Evaluation } from './testimony.js';

/**
 * What matching knows of one party: its own testimony only, so that a value which the hub wrote never counts as evidence.
 * Plain JSON: it is kept with the record, so that a candidate need not be evaluated again.
 */
export interface MatchProfile {
  ref: string;
  kind: 'person' | 'organization';
  /** Folded name; empty when there is none. Counts how many different names share a value. */
  name: string;
  identifiers: Identifier[];
}

export interface Identifier {
  kind: IdentifierKind;
  /** Canonical. */
  value: string;
}
export type IdentifierKind = 'email' | 'phone' | 'handle' | 'external-id';

/** A matching model: replaced as data, never as code around it. Weights are whole numbers of 1/1024 bit. */
export interface Model {
  version: string;
  weights: Readonly<Record<IdentifierKind, number>>;
  /** A value with more distinct names than this is generic and counts for nothing. */
  genericAbove: Readonly<Record<IdentifierKind, number>>;
  /** Issuers of identifiers of which one party has exactly one: two different ones keep records apart. */
  exclusiveIssuers: readonly string[];
  /** Edges below it wait for a steward. */
  matchAt: number;
  /** Two clusters join only if the mean weight over all pairs between them is at least this. */
  guard: number;
}

const BIT = 1024;
export const DEFAULT_MODEL: Model = {
  version: 'identifiers-1',
  weights: { email: 14 * BIT, phone: 10 * BIT, handle: 16 * BIT, 'external-id': 20 * BIT },
  genericAbove: { email: 4, phone: 6, handle: 4, 'external-id': 4 },
  exclusiveIssuers: [],
  matchAt: 8 * BIT,
  guard: -3 * BIT,
};

/** A posting longer than this is generic whatever its names: nobody has so many records. Bounds the work for one value. */
export const LONGEST_POSTING = 300;

/** Values that people type where they have none. */
const PLACEHOLDERS: ReadonlySet<string> = new Set([
  '',
  'n a',
  'na',
  'none',
  'null',
  'unknown',
  'test test com',
  'none none com',
  'noemail noemail com',
  'no email',
  'x x com',
  'a a com',
]);

/** Fewer than three different digits, or 555-01xx style fillers, name nobody. */
function isPlaceholderPhone(value: string): boolean {
  const digits = value.replace(/\D/g, '');
  return value.startsWith('?') || digits.length < 7 || new Set(digits.slice(-7)).size < 3;
}

export function matchProfile(evaluation: Evaluation): MatchProfile {
  const identifiers: Identifier[] = [];
  const add = (kind: IdentifierKind, value: string): void => {
    if (!PLACEHOLDERS.has(fold(value))) identifiers.push({ kind, value });
  };
  const stated = (attribute: 'emails' | 'phones' | 'onlineServices' | 'identifiers'): string[] => {
    const keys: string[] = [];
    for (const [key, { testimony }] of evaluation.lists.get(attribute) ?? [])
      if (testimony?.value !== undefined) keys.push(key);
    return keys.sort();
  };
  for (const key of stated('emails')) if (key.includes('@')) add('email', key);
  for (const key of stated('phones')) if (!isPlaceholderPhone(key)) add('phone', key);
  for (const key of stated('onlineServices')) add('handle', key);
  for (const key of stated('identifiers')) add('external-id', key);
  return { ref: evaluation.ref, kind: evaluation.kind, name: statedName(evaluation), identifiers };
}

function statedName(evaluation: Evaluation): string {
  const text = (attribute: string): string => String(evaluation.scalars.get(attribute)?.testimony?.value ?? '');
  const parts = fold(`${text('name.given')} ${text('name.surname')}`);
  return parts || fold(text('name.full'));
}

/** Index keys of a party: refs that share one are candidates. */
export function blockingKeys(profile: MatchProfile): string[] {
  return profile.identifiers.map((i) => `${profile.kind === 'person' ? 'p' : 'o'}\u001f${i.kind}\u001f${i.value}`);
}

export function kindOfKey(key: string): IdentifierKind {
  return key.slice(2, key.indexOf('\u001f', 2)) as IdentifierKind;
}

export interface Evidence {
  kind: IdentifierKind;
  value: string;
  weight: number;
  generic: boolean;
}

/** What two parties share. Symmetric; generic values are named and weigh nothing. */
export function evidence(
  a: MatchProfile,
  b: MatchProfile,
  model: Model,
  isGeneric: (key: string) => boolean,
): Evidence[] {
  if (a.kind !== b.kind) return [];
  const theirs = new Set(blockingKeys(b));
  const shared: Evidence[] = [];
  const keys = blockingKeys(a);
  for (const [i, key] of keys.entries()) {
    const identifier = a.identifiers[i];
    if (!identifier || !theirs.has(key)) continue;
    const generic = isGeneric(key);
    shared.push({ ...identifier, weight: generic ? 0 : model.weights[identifier.kind], generic });
  }
  return shared;
}

export function weigh(shared: readonly { weight: number }[]): number {
  return shared.reduce((sum, e) => sum + e.weight, 0);
}

/** The exclusive identifiers of a party, `issuer → value`. */
export function exclusiveIdentifiers(profile: MatchProfile, model: Model): Map<string, string> {
  const found = new Map<string, string>();
  if (model.exclusiveIssuers.length === 0) return found;
  for (const { kind, value } of profile.identifiers) {
    if (kind !== 'external-id') continue;
    const issuer = value.slice(0, value.indexOf(':'));
    if (model.exclusiveIssuers.includes(issuer)) found.set(issuer, value);
  }
  return found;
}

/** More distinct names than the model allows, or longer than any person's posting. */
export function isGenericPosting(key: string, names: Iterable<string>, size: number, model: Model): boolean {
  if (size > LONGEST_POSTING) return true;
  const distinct = new Set<string>();
  for (const name of names) if (name !== '') distinct.add(name);
  return distinct.size > model.genericAbove[kindOfKey(key)];
}
