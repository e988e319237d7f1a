import type { Rewrite } from '@unsilo/schemas';
import { elementKey, elementValue, type Element, type ListAttribute, type Scalar } from './attributes.js';
import { fold, type Normaliser } from './normalise.js';

/** What a system is declared to make of a text (DESIGN section 6). */
export function rewrite(value: Scalar, rules: readonly Rewrite[] | undefined): Scalar {
  if (rules === undefined || typeof value !== 'string') return value;
  let text = value;
  for (const rule of rules) text = RULES[rule.rule](text, rule);
  return text;
}

const RULES: { [R in Rewrite['rule']]: (text: string, rule: Rewrite) => string } = {
  truncate: (text, rule) => (rule.rule === 'truncate' ? truncate(text, rule.length) : text),
  upper: (text) => text.toUpperCase(),
  lower: (text) => text.toLowerCase(),
  trim: (text) => text.trim(),
  'collapse-spaces': (text) => text.replace(/\s+/g, ' '),
  'digits-only': (text) => text.replace(/\D+/g, ''),
  ascii: (text) => text.normalize('NFKD').replace(/[^\x20-\x7e]/g, ''),
};

/** Counts code points, as databases do, and leaves no half of a surrogate pair. */
function truncate(text: string, length: number): string {
  if (text.length <= length) return text;
  return [...text].slice(0, length).join('').trimEnd();
}

/** Every text of an element rewritten: labels and codes stay as they are. */
export function rewriteElement(element: object, rules: readonly Rewrite[] | undefined): object {
  if (rules === undefined || rules.length === 0) return element;
  const copy: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(element)) {
    copy[name] = typeof value === 'string' && !KEPT.has(name) ? rewrite(value, rules) : value;
  }
  return copy;
}
const KEPT: ReadonlySet<string> = new Set(['label', 'service', 'issuer', 'purpose', 'channel', 'status']);

/**
 * Whether what stands may be what the system made of what was sent (SYNC section 2.2): equal, equal after the declared
 * rewriting, a prefix of it, or equal but for case and punctuation.
 */
export function isExplained(
  left: Scalar | undefined,
  sent: Scalar | undefined,
  rules: readonly Rewrite[] | undefined,
): boolean {
  if (left === sent) return true;
  if (left === undefined || sent === undefined) return false;
  if (rewrite(sent, rules) === left) return true;
  const [l, s] = [String(left), String(sent)];
  if (l !== '' && s.startsWith(l)) return true;
  const folded = fold(l);
  return folded !== '' && folded === fold(s);
}

/** The same for one element of a list, or for its absence. @param sent Undefined: nothing was sent of that list. */
export function isElementExplained(
  attribute: ListAttribute,
  key: string,
  element: Element | undefined,
  sent: ReadonlyMap<string, Element> | undefined,
  rewrites: readonly Rewrite[] | undefined,
  normaliser: Normaliser,
): boolean {
  if (!sent) return false;
  if (element === undefined) return !sent.has(key);
  const same = sent.get(key);
  if (same) return elementValue(attribute, same) === elementValue(attribute, element);
  for (const [sentKey, candidate] of sent) {
    if (isExplained(key, sentKey, undefined)) return true;
    if (rewrites && elementKey(attribute, rewriteElement(candidate, rewrites), normaliser) === key) return true;
  }
  return false;
}
