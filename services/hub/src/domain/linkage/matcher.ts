import { compareNumbers, comparePhrases, comparePostcodes, type AddressParts } from './address.js';
import { compareEmails, compareHandles, comparePhones, compareUrls } from './contact.js';
import { compareDates } from './dates.js';
import { defaultAttribute } from './default-model.js';
import { apartFrom, groupOf, type Group } from './groups.js';
import { ADDRESS_ATTRIBUTES, kindOf, LEVELS, NAME_ATTRIBUTES, type Kind } from './kinds.js';
import type { AttributeModel, PartModel } from './model.js';
import { compareOrganizations } from './organization-name.js';
import {
  compareGiven,
  compareMiddle,
  compareSurname,
  GIVEN,
  soundAlike,
  SURNAME,
  type NameParts,
} from './person-name.js';
import type { Profile } from './profile.js';
import { isOneEdit, rememberPairs } from './similarity.js';

/** Weights are whole numbers of 1/1024 bit: sums of fractions would depend on their order. */
export const BIT = 1024;
/** No single attribute says more than this, either way: what it rests on is an estimate. */
const MOST_BITS = 16;

export function toWeight(bits: number): number {
  return Math.round(bits * BIT);
}

/** What one attribute adds: by level, and for an exact agreement by how frequent the value is. */
interface Slot {
  attribute: string;
  kind: Kind;
  compare: (a: string, b: string) => number;
  weights: Int32Array;
  byValue: Map<string, number> | undefined;
  group: Group | undefined;
  /** Of a part of an address: from this level on it speaks for another address. */
  apartFrom: number;
}

/** A profile laid out for comparing. */
export interface Prepared {
  profile: Profile;
  ref: string;
  names: readonly NameParts[];
  addresses: readonly AddressParts[];
  /** Values of the other attributes, by slot. */
  lists: (readonly string[] | undefined)[];
}

/** One pair, attribute by attribute. Belongs to the matcher, which writes the next pair into it. */
export interface Comparison {
  /** Level by slot; -1 where one of the two has no value. */
  levels: Int8Array;
  /** Values compared, by slot: of the record whose ref comes first, and of the other. */
  left: string[];
  right: string[];
}

export interface Matcher {
  readonly part: PartModel;
  readonly attributes: readonly { attribute: string; kind: Kind }[];
  /** @param isGeneric Tells values that stand with too many names: they are left out. */
  prepare(profile: Profile, isGeneric?: (attribute: string, value: string) => boolean): Prepared;
  compare(a: Prepared, b: Prepared): Comparison;
  /** Weight of the pair compared last: evidence and prior odds. */
  weigh(): number;
  weight(a: Prepared, b: Prepared): number;
  /** What one slot of the pair compared last adds, before what people share is capped. */
  slotWeight(slot: number): number;
  /** What was taken off because a household shares it, or given back because who moves changes all of an address. */
  householdCap(): number;
}

const exactOnly = (a: string, b: string): number => (a === b ? 0 : 1);
const identifiers = (a: string, b: string): number =>
  a === b ? 0 : Math.min(a.length, b.length) >= 5 && isOneEdit(a, b) ? 1 : 2;

function comparers(): Record<Kind, (a: string, b: string) => number> {
  const phrases = rememberPairs(comparePhrases);
  return {
    given: rememberPairs(compareGiven),
    middle: rememberPairs(compareMiddle),
    surname: rememberPairs(compareSurname),
    suffix: exactOnly,
    date: rememberPairs(compareDates),
    email: rememberPairs(compareEmails),
    phone: comparePhones,
    handle: compareHandles,
    url: compareUrls,
    identifier: identifiers,
    number: compareNumbers,
    street: phrases,
    place: phrases,
    postcode: comparePostcodes,
    code: exactOnly,
    text: phrases,
    organization: rememberPairs(compareOrganizations),
  };
}

const clip = (bits: number): number => Math.max(-MOST_BITS, Math.min(MOST_BITS, bits));

function weightsOf(model: AttributeModel): Pick<Slot, 'weights' | 'byValue'> {
  const weights = Int32Array.from(model.m, (m, level) => toWeight(clip(Math.log2(m / (model.u[level] ?? 1)))));
  const [m = 1, u = 1] = [model.m[0], model.u[0]];
  if (model.frequencies === undefined) return { weights, byValue: undefined };
  weights[0] = toWeight(clip(Math.log2(m / (model.unseen ?? u))));
  const byValue = new Map<string, number>();
  for (const [value, share] of Object.entries(model.frequencies))
    byValue.set(value, toWeight(clip(Math.log2(m / share))));
  return { weights, byValue };
}

const NAMES = NAME_ATTRIBUTES.length;
const FIXED = NAMES + ADDRESS_ATTRIBUTES.length;
const [G, M, S, X] = [0, 1, 2, 3];

/** @param kinds What attributes are compared as that the model doesn't name. */
export function createMatcher(part: PartModel, kinds: Readonly<Record<string, Kind>> = {}): Matcher {
  const compareBy = comparers();
  const slots: Slot[] = [];
  const slotOf = new Map<string, number>();
  const addSlot = (attribute: string, kind: Kind): number => {
    const model = part.attributes[attribute] ?? defaultAttribute(attribute, kind);
    slots.push({
      attribute,
      kind,
      compare: compareBy[kind],
      ...weightsOf(model),
      group: groupOf(attribute),
      apartFrom: apartFrom(attribute, kind),
    });
    slotOf.set(attribute, slots.length - 1);
    return slots.length - 1;
  };
  for (const attribute of [...NAME_ATTRIBUTES, ...ADDRESS_ATTRIBUTES]) addSlot(attribute, kindOf(attribute) ?? 'text');
  const others = new Map<string, Kind>(Object.entries(kinds));
  for (const [attribute, { kind }] of Object.entries(part.attributes)) others.set(attribute, kind);
  for (const attribute of [...others.keys()].sort())
    if (!slotOf.has(attribute)) addSlot(attribute, others.get(attribute) ?? 'text');

  let levels = new Int8Array(slots.length);
  const left: string[] = [];
  const right: string[] = [];
  const comparison: Comparison = { levels, left, right };
  const [capAddress, capFamily] = [toWeight(part.household.address), toWeight(part.household.family)];
  const leastAddress = toWeight(part.household.moved);
  const prior = toWeight(part.prior);

  const put = (slot: number, level: number, a: string, b: string): void => {
    levels[slot] = level;
    left[slot] = a;
    right[slot] = b;
  };
  const clear = (slot: number): void => {
    levels[slot] = -1;
  };
  const slotWeight = (index: number): number => {
    const level = levels[index] ?? -1;
    const slot = slots[index];
    if (level < 0 || slot === undefined) return 0;
    if (level === 0 && slot.byValue !== undefined) {
      const known = slot.byValue.get(left[index] ?? '');
      if (known !== undefined) return known;
    }
    return slot.weights[level] ?? 0;
  };

  /** Who issues identifiers shows only as records come. */
  const slotOfIssuer = (attribute: string): number | undefined => {
    if (!attribute.startsWith('identifiers:')) return undefined;
    const slot = addSlot(attribute, 'identifier');
    levels = new Int8Array(slots.length);
    comparison.levels = levels;
    return slot;
  };

  const given = compareBy.given;
  const surname = compareBy.surname;
  const isSame = (a: string, b: string): boolean => {
    if (a === b) return true;
    const level = given(a, b);
    return level === GIVEN.close;
  };
  const compareNames = (a: NameParts, b: NameParts): void => {
    clear(G);
    clear(M);
    clear(S);
    clear(X);
    const guess = (a.guess ?? false) !== (b.guess ?? false);
    if (a.given !== '' && b.given !== '') {
      let level = given(a.given, b.given);
      if (level === GIVEN.differs) {
        if (guess && soundAlike(a.given, b.given)) level = GIVEN.fuzzy;
        else if ((a.middle !== '' && a.middle === b.given) || (b.middle !== '' && b.middle === a.given))
          level = GIVEN.fuzzy;
      }
      put(G, level, a.given, b.given);
    }
    if (a.surname !== '' && b.surname !== '') {
      let level = surname(a.surname, b.surname);
      if (level === SURNAME.differs && guess && soundAlike(a.surname, b.surname)) level = SURNAME.fuzzy;
      put(S, level, a.surname, b.surname);
    }
    const isApart =
      (levels[G] === -1 || levels[G] === GIVEN.differs) && (levels[S] === -1 || levels[S] === SURNAME.differs);
    if (isApart) crossNames(a, b);
    if (a.middle !== '' && b.middle !== '' && levels[G] !== GIVEN.cross)
      put(M, compareBy.middle(a.middle, b.middle), a.middle, b.middle);
    if (a.suffix !== '' && b.suffix !== '') put(X, a.suffix === b.suffix ? 0 : 1, a.suffix, b.suffix);
  };
  const crossNames = (a: NameParts, b: NameParts): void => {
    const forth = a.given !== '' && b.surname !== '' ? isSame(a.given, b.surname) : undefined;
    const back = a.surname !== '' && b.given !== '' ? isSame(a.surname, b.given) : undefined;
    if (forth === undefined && back === undefined) return;
    const whole = (name: NameParts): string => `${name.given} ${name.surname}`.trim();
    if (forth === true && back === true) put(G, GIVEN.swapped, whole(a), whole(b));
    else if ((forth === true && back === undefined) || (back === true && forth === undefined))
      put(G, GIVEN.cross, whole(a), whole(b));
    else return;
    clear(S);
  };

  const addressSlot = (slot: number, a: string, b: string): void => {
    if (a === '' || b === '') clear(slot);
    else put(slot, a === b ? 0 : (slots[slot]?.compare(a, b) ?? -1), a, b);
  };
  const compareAddresses = (a: AddressParts, b: AddressParts): void => {
    addressSlot(NAMES, a.number, b.number);
    addressSlot(NAMES + 1, a.street, b.street);
    addressSlot(NAMES + 2, a.unit, b.unit);
    addressSlot(NAMES + 3, a.locality, b.locality);
    addressSlot(NAMES + 4, a.region, b.region);
    addressSlot(NAMES + 5, a.postcode, b.postcode);
    addressSlot(NAMES + 6, a.country, b.country);
  };
  const sumOf = (from: number, to: number): number => {
    let sum = 0;
    for (let slot = from; slot < to; slot += 1) sum += slotWeight(slot);
    return sum;
  };
  /** Of all combinations the one that speaks most for the pair; the first of equals, as the lists are in order. */
  const best = <T>(
    ours: readonly T[],
    theirs: readonly T[],
    from: number,
    to: number,
    compareParts: (a: T, b: T) => void,
  ): void => {
    const [x] = ours;
    const [y] = theirs;
    if (x === undefined || y === undefined) {
      for (let slot = from; slot < to; slot += 1) clear(slot);
      return;
    }
    if (ours.length === 1 && theirs.length === 1) {
      compareParts(x, y);
      return;
    }
    let most = -Infinity;
    let bestPair: [T, T] = [x, y];
    for (const a of ours)
      for (const b of theirs) {
        compareParts(a, b);
        const sum = sumOf(from, to);
        if (sum > most) [most, bestPair] = [sum, [a, b]];
      }
    compareParts(...bestPair);
  };
  const compareList = (slot: number, ours: readonly string[], theirs: readonly string[]): void => {
    const compare = slots[slot]?.compare ?? exactOnly;
    let most = -Infinity;
    let [level, x, y] = [-1, '', ''];
    for (const a of ours)
      for (const b of theirs) {
        put(slot, a === b ? 0 : compare(a, b), a, b);
        const weight = slotWeight(slot);
        if (weight > most) [most, level, x, y] = [weight, levels[slot] ?? -1, a, b];
      }
    put(slot, level, x, y);
  };

  const compare = (first: Prepared, second: Prepared): Comparison => {
    const [a, b] = first.ref <= second.ref ? [first, second] : [second, first];
    best(a.names, b.names, 0, NAMES, compareNames);
    best(a.addresses, b.addresses, NAMES, FIXED, compareAddresses);
    for (let slot = FIXED; slot < slots.length; slot += 1) {
      const ours = a.lists[slot];
      const theirs = ours && b.lists[slot];
      if (!ours || !theirs) {
        levels[slot] = -1;
        continue;
      }
      const [x, y] = [ours[0] ?? '', theirs[0] ?? ''];
      if (ours.length === 1 && theirs.length === 1) put(slot, x === y ? 0 : (slots[slot]?.compare(x, y) ?? -1), x, y);
      else compareList(slot, ours, theirs);
    }
    return comparison;
  };

  let capped = 0;
  const weigh = (): number => {
    let total = prior;
    let address = 0;
    let phone = 0;
    let family = 0;
    let compared = 0;
    let together = 0;
    for (let slot = 0; slot < slots.length; slot += 1) {
      const level = levels[slot] ?? -1;
      if (level < 0) continue;
      const weight = slotWeight(slot);
      total += weight;
      const group = slots[slot]?.group;
      if (group === 'address') {
        address += weight;
        compared += 1;
        if (level < (slots[slot]?.apartFrom ?? 0)) together += 1;
      } else if (group === 'phone') phone = Math.max(0, weight);
      else if (group === 'surname') family = Math.max(0, weight);
    }
    capped = Math.min(0, capAddress - address);
    if (compared > 1 && together === 0) capped += Math.max(0, leastAddress - address);
    const shared = address + capped;
    if (shared + phone > 0 && (shared > 0 || phone > 0)) {
      const sum = Math.max(0, shared) + phone + family;
      if (sum > capFamily) capped += Math.max(capFamily - sum, -Math.max(0, shared) - phone);
    }
    return total + capped;
  };

  return {
    part,
    get attributes() {
      return slots.map(({ attribute, kind }) => ({ attribute, kind }));
    },
    prepare(profile, isGeneric) {
      const lists: (readonly string[] | undefined)[] = new Array(slots.length).fill(undefined);
      for (const [attribute, values] of Object.entries(profile.values)) {
        const slot = slotOf.get(attribute) ?? slotOfIssuer(attribute);
        if (slot === undefined) continue;
        const kept = isGeneric === undefined ? values : values.filter((value) => !isGeneric(attribute, value));
        if (kept.length > 0) lists[slot] = kept;
      }
      return { profile, ref: profile.ref, names: profile.names, addresses: profile.addresses, lists };
    },
    compare,
    weigh,
    weight(a, b) {
      compare(a, b);
      return weigh();
    },
    slotWeight,
    householdCap: () => capped,
  };
}

/** Names of levels of a slot's kind. */
export function levelName(kind: Kind, level: number): string {
  return LEVELS[kind][level] ?? 'missing';
}
