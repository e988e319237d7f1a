import type { AttributeProfile } from '@unsilo/schemas';
import type { Element, ListAttribute, Scalar } from './attributes.js';
import type { Normaliser } from './normalise.js';
import { isElementExplained, isExplained } from './rewriting.js';
import type { Write } from './testimony.js';

/**
 * Whether what stands may be what a write sent (SYNC section 2.2). Of a write whose values an erasure took nothing can be compared: whatever
 * stands in its window, where it wrote, may be ours, and must not come back as the system's own statement.
 */
export function explainsScalar(
  { known, scalars }: Write,
  attribute: string,
  value: Scalar | undefined,
  profile: AttributeProfile | undefined,
): boolean {
  if (!scalars.has(attribute)) return false;
  return known.redacted === true || isExplained(value, scalars.get(attribute), profile?.rewrites);
}

/** The same for one element of a list, or for its absence. */
export function explainsElement(
  { known, lists }: Write,
  attribute: ListAttribute,
  key: string,
  element: Element | undefined,
  rewrites: AttributeProfile['rewrites'],
  normaliser: Normaliser,
): boolean {
  const sent = lists.get(attribute);
  if (known.redacted) return sent !== undefined;
  return isElementExplained(attribute, key, element, sent, rewrites, normaliser);
}
