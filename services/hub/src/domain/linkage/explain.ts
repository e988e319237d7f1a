import { BIT, levelName, type Matcher, type Prepared } from './matcher.js';
import type { Kind } from './kinds.js';

/** What one attribute says about a pair. */
export interface AttributeEvidence {
  attribute: string;
  level: string;
  left: string;
  right: string;
  bits: number;
  words: string;
}

/** Why two records are, or are not, one party: the numbers add up to `bits`. */
export interface PairExplanation {
  a: string;
  b: string;
  bits: number;
  threshold: number;
  verdict: 'match' | 'review' | 'no match';
  /** log2 odds of any two records, before anything is compared. */
  prior: number;
  /** In descending order of what it says. */
  evidence: AttributeEvidence[];
  /**
   * What was taken off since people share addresses, phones, family names and mailboxes, or since nothing but the names agrees; or given back since who moves
   * changes all of an address.
   */
  household: number;
  /** Why, where that is not 0. */
  householdBy?: HouseholdReason;
  /** Values left out because too many different names stand with them. */
  generic: string[];
}

/** `shared`: households, couples and colleagues share things. `names`: nothing but the names agrees. `moved`: who moves changes all of an address. */
export type HouseholdReason = 'shared' | 'names' | 'moved';

const IN_WORDS: Readonly<Record<string, string>> = {
  exact: 'are the same',
  nickname: 'are forms of one name',
  initial: 'one is the beginning of the other',
  close: 'differ by a slip',
  fuzzy: 'are similar',
  swapped: 'are given and family name the other way round',
  cross: 'the only name of one is a name of the other',
  part: 'have a family name in common',
  typo: 'differ by one digit or by a swap',
  parts: 'agree in two of year, month and day',
  near: 'are near each other',
  year: 'agree in the year',
  generation: 'are a generation apart',
  local: 'have the same mailbox name',
  domain: 'have the same domain',
  user: 'are one name on two networks',
  site: 'are on one site',
  overlap: 'have words in common',
  prefix: 'begin alike',
  strong: 'have their telling words in common',
  partial: 'have some words in common',
  acronym: 'one abbreviates the other',
  weak: 'have little in common',
  differs: 'differ',
};

/** Attributes whose own name says too little. */
const NAMES: Readonly<Record<string, string>> = { 'addresses.number': 'house number' };

function inWords(attribute: string, kind: Kind, level: string, bits: number): string {
  const what = NAMES[attribute] ?? attribute.replace(/^(?:name|addresses)\./, '').replace(/^extra\./, '');
  const said = level === 'near' && kind === 'email' ? 'are similar' : (IN_WORDS[level] ?? level);
  const size = Math.abs(bits);
  const strength = size < 1 ? 'says next to nothing' : size < 4 ? 'weak' : size < 8 ? 'moderate' : 'strong';
  return `${what}: ${said} (${strength}${size < 1 ? '' : bits > 0 ? ' evidence for one party' : ' evidence against'})`;
}

/** To the thousandth. */
export function bitsOf(weight: number): number {
  return Number((weight / BIT).toFixed(3));
}

export function explainPair(
  x: Prepared,
  y: Prepared,
  matcher: Matcher,
  isGeneric: (attribute: string, value: string) => boolean,
): PairExplanation {
  const [a, b] = x.ref <= y.ref ? [x, y] : [y, x];
  const { part } = matcher;
  const { levels, left, right } = matcher.compare(a, b);
  const weight = matcher.weigh();
  const evidence: AttributeEvidence[] = [];
  for (const [slot, { attribute, kind }] of matcher.attributes.entries()) {
    const level = levels[slot] ?? -1;
    if (level < 0) continue;
    const bits = bitsOf(matcher.slotWeight(slot));
    const name = levelName(kind, level);
    evidence.push({
      attribute,
      level: name,
      left: left[slot]?.text ?? '',
      right: right[slot]?.text ?? '',
      bits,
      words: inWords(attribute, kind, name, bits),
    });
  }
  const household = bitsOf(matcher.householdCap());
  const bits = bitsOf(weight);
  return {
    a: a.ref,
    b: b.ref,
    bits,
    threshold: part.threshold,
    verdict: bits >= part.threshold ? 'match' : bits >= part.review ? 'review' : 'no match',
    prior: part.prior,
    evidence: evidence.sort((e, f) => f.bits - e.bits || (e.attribute < f.attribute ? -1 : 1)),
    household,
    ...(household === 0
      ? {}
      : { householdBy: household > 0 ? 'moved' : matcher.nameAloneCap() < 0 ? 'names' : 'shared' }),
    generic: genericValues(a, b, isGeneric),
  };
}

function genericValues(a: Prepared, b: Prepared, isGeneric: (attribute: string, value: string) => boolean): string[] {
  const found: string[] = [];
  for (const [attribute, values] of Object.entries(a.profile.values))
    for (const value of values)
      if (b.profile.values[attribute]?.includes(value) === true && isGeneric(attribute, value))
        found.push(`${attribute} ${value}`);
  return found;
}
