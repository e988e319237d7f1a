import { compareNumbers, comparePhrases, comparePostcodes, type AddressParts } from './address.js';
import { compareEmails, compareHandles, comparePhones, compareUrls } from './contact.js';
import { compareDates } from './dates.js';
import { defaultAttribute } from './default-model.js';
import { apartFrom, contactOf, groupOf, type Group } from './groups.js';
import { ADDRESS_ATTRIBUTES, kindOf, LEVELS, NAME_ATTRIBUTES, type Kind } from './kinds.js';
import { createLexicon, rememberLevels, type Word } from './lexicon.js';
import type { AttributeModel, PartModel } from './model.js';
import { compareNames, type NameWords } from './name-comparison.js';
import { compareOrganizations } from './organization-name.js';
import { compareGiven, compareMiddle, compareSurname, GIVEN, type NameParts } from './person-name.js';
import type { Profile } from './profile.js';
import { isOneEdit } from './similarity.js';

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
  compare: (a: Word, b: Word) => number;
  weights: Int32Array;
  /** The most that a level other than the exact one adds. */
  mostOther: number;
  word: (text: string) => Word;
  group: Group | undefined;
  /** Of a part of an address: from this level on it speaks for another address. */
  apartFrom: number;
}

/** A profile laid out for comparing. */
export interface Prepared {
  profile: Profile;
  ref: string;
  names: readonly NameWords[];
  /** Parts in the order of `ADDRESS_ATTRIBUTES`. */
  addresses: readonly (readonly (Word | undefined)[])[];
  /** Values of the other attributes, by slot. */
  lists: (readonly Word[] | undefined)[];
  /** Slots that have a list. */
  stated: readonly number[];
  /** Has it several names, addresses or values of one attribute? */
  isPlural: boolean;
  /** Has it nothing that could be compared? */
  isSilent: boolean;
  /** The most that each of these and what follows can add; the address comes last. */
  most: Int32Array;
}

/** One pair, attribute by attribute. Belongs to the matcher, which writes the next pair into it. */
export interface Comparison {
  /** Level by slot; -1 where one of the two has no value. */
  levels: Int8Array;
  /** Values compared, by slot: of the record whose ref comes first, and of the other. */
  left: Word[];
  right: Word[];
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
  /** The weight, or undefined as soon as it is clear that it is below the floor. */
  weightFrom(floor: number, a: Prepared, b: Prepared): number | undefined;
  /** What one slot of the pair compared last adds, before what people share is capped. */
  slotWeight(slot: number): number;
  /** What was taken off because a household shares it or nothing but names agrees, or given back because who moves changes all of an address. */
  householdCap(): number;
  /** The part of it that is so because nothing but names agrees. */
  nameAloneCap(): number;
}

const exactOnly = (a: string, b: string): number => (a === b ? 0 : 1);
const identifiers = (a: string, b: string): number =>
  a === b ? 0 : Math.min(a.length, b.length) >= 5 && isOneEdit(a, b) ? 1 : 2;

function comparers(): Record<Kind, (a: Word, b: Word) => number> {
  const phrases = rememberLevels(comparePhrases);
  const plain = (compare: (a: string, b: string) => number) => (x: Word, y: Word) =>
    x.text < y.text ? compare(x.text, y.text) : compare(y.text, x.text);
  return {
    given: rememberLevels(compareGiven),
    middle: rememberLevels(compareMiddle),
    surname: rememberLevels(compareSurname),
    suffix: plain(exactOnly),
    date: rememberLevels(compareDates),
    email: rememberLevels(compareEmails),
    phone: plain(comparePhones),
    handle: plain(compareHandles),
    url: plain(compareUrls),
    identifier: plain(identifiers),
    number: plain(compareNumbers),
    street: phrases,
    place: phrases,
    postcode: rememberLevels(comparePostcodes),
    code: plain(exactOnly),
    text: phrases,
    organization: rememberLevels(compareOrganizations),
  };
}

const clip = (bits: number): number => Math.max(-MOST_BITS, Math.min(MOST_BITS, bits));

function weightsOf(model: AttributeModel): Pick<Slot, 'weights' | 'mostOther' | 'word'> {
  const weights = Int32Array.from(model.m, (m, level) => toWeight(clip(Math.log2(m / (model.u[level] ?? 1)))));
  const mostOther = Math.max(0, ...weights.subarray(1));
  const [m = 1, u = 1] = [model.m[0], model.u[0]];
  const { frequencies } = model;
  if (frequencies !== undefined) weights[0] = toWeight(clip(Math.log2(m / (model.unseen ?? u))));
  const usual = weights[0] ?? 0;
  const byValue = new Map(
    Object.entries(frequencies ?? {}).map(([text, share]) => [text, toWeight(clip(Math.log2(m / share)))]),
  );
  return { weights, mostOther, word: createLexicon((text) => byValue.get(text) ?? usual) };
}

const NAMES = NAME_ATTRIBUTES.length;
const FIXED = NAMES + ADDRESS_ATTRIBUTES.length;
const GIVEN_SLOT = NAME_ATTRIBUTES.indexOf('name.given');
const SURNAME_SLOT = NAME_ATTRIBUTES.indexOf('name.surname');
const ADDRESS_PARTS = ADDRESS_ATTRIBUTES.map((attribute) => attribute.slice('addresses.'.length) as keyof AddressParts);
const NOTHING: Word = { text: '', id: 0, exact: 0 };

/** @param kinds What attributes are compared as that the model doesn't name. */
export function createMatcher(part: PartModel, kinds: Readonly<Record<string, Kind>> = {}): Matcher {
  const compareBy = comparers();
  const slots: Slot[] = [];
  const slotOf = new Map<string, number>();
  const addSlot = (attribute: string, kind: Kind): number => {
    const model = part.attributes[attribute] ?? defaultAttribute(attribute, kind);
    const common = { attribute, kind, compare: compareBy[kind], group: groupOf(attribute) };
    slots.push({ ...common, ...weightsOf(model), apartFrom: apartFrom(attribute, kind) });
    slotOf.set(attribute, slots.length - 1);
    return slots.length - 1;
  };
  for (const attribute of [...NAME_ATTRIBUTES, ...ADDRESS_ATTRIBUTES]) addSlot(attribute, kindOf(attribute) ?? 'text');
  const others = new Map<string, Kind>(Object.entries(kinds));
  for (const [attribute, { kind }] of Object.entries(part.attributes)) others.set(attribute, kind);
  for (const attribute of [...others.keys()].sort())
    if (!slotOf.has(attribute)) addSlot(attribute, others.get(attribute) ?? 'text');

  const [phoneSlot, employerSlot] = [slotOf.get('phones') ?? -1, slotOf.get('organizations') ?? -1];
  const contacts = slots.map(({ attribute }) => contactOf(attribute));

  const comparison: Comparison = { levels: new Int8Array(slots.length), left: [], right: [] };
  let { levels } = comparison;
  const { left, right } = comparison;
  const [capAddress, capFamily] = [toWeight(part.household.address), toWeight(part.household.family)];
  const capContact = part.household.contact === undefined ? Infinity : toWeight(part.household.contact);
  const capNamesake = toWeight(part.household.namesake);
  const leastAddress = toWeight(part.household.moved);
  const prior = toWeight(part.prior);
  const mostByNames = part.nameAlone === undefined ? Infinity : toWeight(part.nameAlone);
  /** Who issues identifiers shows only as records come. */
  const slotOfIssuer = (attribute: string): number | undefined => {
    if (!attribute.startsWith('identifiers:')) return undefined;
    const slot = addSlot(attribute, 'identifier');
    levels = new Int8Array(slots.length);
    comparison.levels = levels;
    return slot;
  };

  const put = (slot: number, level: number, a: Word, b: Word): void => {
    levels[slot] = level;
    left[slot] = a;
    right[slot] = b;
  };
  const slotWeight = (index: number): number => {
    const level = levels[index] as number;
    if (level < 0) return 0;
    return level === 0 ? (left[index] as Word).exact : ((slots[index] as Slot).weights[level] as number);
  };
  const sumOf = (from: number, to: number): number => {
    let sum = 0;
    for (let slot = from; slot < to; slot += 1) sum += slotWeight(slot);
    return sum;
  };
  const clear = (from: number, to: number): void => {
    for (let slot = from; slot < to; slot += 1) levels[slot] = -1;
  };
  const nameComparers = { given: compareBy.given, middle: compareBy.middle, surname: compareBy.surname };
  const namePair = (a: NameWords, b: NameWords): void => {
    clear(0, NAMES);
    compareNames(a, b, nameComparers, put);
  };
  const addressPair = (a: readonly (Word | undefined)[], b: readonly (Word | undefined)[]): void => {
    for (let i = 0; i < ADDRESS_PARTS.length; i += 1) {
      const x = a[i];
      const y = b[i];
      if (x === undefined || y === undefined) levels[NAMES + i] = -1;
      else put(NAMES + i, x.text === y.text ? 0 : (slots[NAMES + i] as Slot).compare(x, y), x, y);
    }
  };
  /** Of all combinations the one that speaks most for the pair; the first of equals, as the lists are in order. */
  const best = <T>(
    ours: readonly T[],
    theirs: readonly T[],
    from: number,
    to: number,
    comparePair: (a: T, b: T) => void,
  ): void => {
    const [x, y] = [ours[0], theirs[0]];
    if (x === undefined || y === undefined) {
      clear(from, to);
      return;
    }
    if (ours.length === 1 && theirs.length === 1) {
      comparePair(x, y);
      return;
    }
    let most = -Infinity;
    let bestPair: [T, T] = [x, y];
    for (const a of ours)
      for (const b of theirs) {
        comparePair(a, b);
        const sum = sumOf(from, to);
        if (sum > most) [most, bestPair] = [sum, [a, b]];
      }
    comparePair(...bestPair);
  };
  const compareList = (slot: number, ours: readonly Word[], theirs: readonly Word[]): void => {
    const { compare } = slots[slot] as Slot;
    let most = -Infinity;
    let [level, x, y] = [-1, NOTHING, NOTHING];
    for (const a of ours)
      for (const b of theirs) {
        put(slot, a.text === b.text ? 0 : compare(a, b), a, b);
        const weight = slotWeight(slot);
        if (weight > most) [most, level, x, y] = [weight, levels[slot] ?? -1, a, b];
      }
    put(slot, level, x, y);
  };

  let stated: readonly number[] = [];
  let other: Prepared['lists'] = [];
  /** Compares slot by slot; false as soon as the rest can't bring the pair to the floor. */
  const compareFrom = (floor: number, a: Prepared, b: Prepared): boolean => {
    levels.fill(-1);
    best(a.names, b.names, 0, NAMES, namePair);
    let total = prior + sumOf(0, NAMES);
    [stated, other] = [a.stated, b.lists];
    for (let i = 0; i < stated.length; i += 1) {
      const slot = stated[i] as number;
      const theirs = other[slot];
      if (theirs === undefined) continue;
      if (total + (a.most[i] as number) < floor) return false;
      const ours = a.lists[slot] as readonly Word[];
      const [x, y] = [ours[0] as Word, theirs[0] as Word];
      if (ours.length === 1 && theirs.length === 1)
        put(slot, x.text === y.text ? 0 : (slots[slot] as Slot).compare(x, y), x, y);
      else compareList(slot, ours, theirs);
      total += slotWeight(slot);
    }
    const addressMost = Math.min(capAddress, a.most[a.most.length - 1] as number, b.most[b.most.length - 1] as number);
    if (total + addressMost < floor) return false;
    best(a.addresses, b.addresses, NAMES, FIXED, addressPair);
    return true;
  };

  /** Among combinations of several names, addresses or values the first of equals is taken: there the order of the two counts. */
  const compareInOrder = (floor: number, a: Prepared, b: Prepared): boolean =>
    (a.isPlural || b.isPlural) && a.ref > b.ref ? compareFrom(floor, b, a) : compareFrom(floor, a, b);

  let [capped, cappedByNames] = [0, 0];
  const weigh = (): number => {
    let total = prior;
    let [address, phone, mailbox, account, family, compared, together] = [0, 0, 0, 0, 0, 0, 0];
    let isNameAlone = true;
    for (let slot = 0; slot < NAMES; slot += 1) total += slotWeight(slot);
    family = Math.max(0, slotWeight(SURNAME_SLOT));
    for (let slot = NAMES; slot < FIXED; slot += 1) {
      const level = levels[slot] as number;
      if (level < 0) continue;
      const { group, apartFrom } = slots[slot] as Slot;
      const weight = slotWeight(slot);
      total += weight;
      if (group !== 'address') continue;
      address += weight;
      compared += 1;
      if (level < apartFrom) together += 1;
    }
    for (const slot of stated) {
      if (other[slot] === undefined) continue;
      const weight = slotWeight(slot);
      total += weight;
      if (weight > 0) isNameAlone = false;
      if (slot === phoneSlot || slot === employerSlot) phone += Math.max(0, weight);
      else if (contacts[slot] === 'mailbox') mailbox = Math.max(0, weight);
      else if (contacts[slot] === 'account') account += Math.max(0, weight);
    }
    capped = Math.min(0, capAddress - address);
    if (compared > 1 && together === 0) capped += Math.max(0, leastAddress - address);
    const shared = address + capped;
    let common = Math.max(0, shared) + phone + family;
    if ((shared > 0 || phone > 0) && common > capFamily) {
      capped += capFamily - common;
      capped -= Math.max(0, slotWeight(GIVEN_SLOT) - capNamesake);
      common = capFamily;
    }
    const isTogether = mailbox > 0 || phone > 0 || shared > 0;
    if (isTogether && levels[GIVEN_SLOT] === GIVEN.differs)
      capped += Math.min(0, Math.max(common, capContact) - common - mailbox - account);
    cappedByNames = isNameAlone && shared <= 0 ? Math.min(0, mostByNames - total - capped) : 0;
    capped += cappedByNames;
    return total + capped;
  };
  /** What a profile can add at most, from each slot on. */
  const mostOf = (prepared: Pick<Prepared, 'lists' | 'stated' | 'addresses'>): Int32Array => {
    let most = 0;
    for (const address of prepared.addresses) {
      let sum = 0;
      for (const [i, word] of address.entries())
        if (word !== undefined) sum += Math.max(word.exact, slots[NAMES + i]?.mostOther ?? 0);
      most = Math.max(most, sum);
    }
    most = Math.min(most, capAddress);
    const bounds = new Int32Array(prepared.stated.length + 1);
    bounds[bounds.length - 1] = most;
    for (let i = prepared.stated.length - 1; i >= 0; i -= 1) {
      const slot = prepared.stated[i] as number;
      const words = prepared.lists[slot] ?? [];
      most += words.reduce((sum, word) => Math.max(sum, word.exact), slots[slot]?.mostOther ?? 0);
      bounds[i] = most;
    }
    return bounds;
  };
  const nameWords = ({ given, middle, surname, suffix, guess }: NameParts): NameWords => {
    const word = (slot: number, text: string): Word | undefined => (text === '' ? undefined : slots[slot]?.word(text));
    return {
      given: word(0, given),
      middle: word(1, middle),
      surname: word(2, surname),
      suffix: word(3, suffix),
      guess: guess ?? false,
    };
  };

  return {
    part,
    get attributes() {
      return slots.map(({ attribute, kind }) => ({ attribute, kind }));
    },
    prepare(profile, isGeneric) {
      const lists: (readonly Word[] | undefined)[] = [];
      for (const [attribute, values] of Object.entries(profile.values)) {
        const slot = slotOf.get(attribute) ?? slotOfIssuer(attribute);
        if (slot === undefined) continue;
        const kept = isGeneric === undefined ? values : values.filter((value) => !isGeneric(attribute, value));
        if (kept.length > 0) lists[slot] = kept.map((value) => (slots[slot] as Slot).word(value));
      }
      const stated: number[] = [];
      for (let slot = 0; slot < slots.length; slot += 1) {
        lists[slot] ??= undefined;
        if (lists[slot] !== undefined) stated.push(slot);
      }
      const addresses = profile.addresses.map((address) =>
        ADDRESS_PARTS.map((name, i) => (address[name] === '' ? undefined : slots[NAMES + i]?.word(address[name]))),
      );
      const laidOut = { profile, ref: profile.ref, names: profile.names.map(nameWords), addresses, lists, stated };
      const isPlural =
        laidOut.names.length > 1 || addresses.length > 1 || stated.some((slot) => (lists[slot]?.length ?? 0) > 1);
      const isSilent = laidOut.names.length + addresses.length + stated.length === 0;
      return { ...laidOut, isPlural, isSilent, most: mostOf(laidOut) };
    },
    compare(a, b) {
      if (a.ref <= b.ref) compareFrom(-Infinity, a, b);
      else compareFrom(-Infinity, b, a);
      return comparison;
    },
    weigh,
    weight(a, b) {
      compareInOrder(-Infinity, a, b);
      return weigh();
    },
    weightFrom(floor, a, b) {
      if (!compareInOrder(floor, a, b)) return undefined;
      const weight = weigh();
      return weight < floor ? undefined : weight;
    },
    slotWeight,
    householdCap: () => capped,
    nameAloneCap: () => cappedByNames,
  };
}

/** Names of levels of a slot's kind. */
export function levelName(kind: Kind, level: number): string {
  return LEVELS[kind][level] ?? 'missing';
}
