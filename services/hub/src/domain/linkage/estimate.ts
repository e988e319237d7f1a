import { apartFrom, contactOf, groupOf } from './groups.js';
import type { Kind } from './kinds.js';
import type { HouseholdModel } from './model.js';
import type { PairTable } from './pair-table.js';
import { GIVEN } from './person-name.js';

/** What is estimated of one attribute: m and u by level, and whether exact agreements weigh by rarity. */
export interface SlotShares {
  attribute: string;
  kind: Kind;
  m: number[];
  u: number[];
  byRarity: boolean;
}

export interface Estimate {
  slots: SlotShares[];
  /** log2 odds that two records taken at random are one party. */
  prior: number;
  household: HouseholdModel;
}

const SMALLEST = 1e-7;

/** What was never seen among so many pairs is assumed of one of them, unless the shipped share is smaller. */
function floorOf(start: number, mass: number): number {
  return Math.max(SMALLEST, Math.min(start, 1 / (mass + 1)));
}

/** Bits by row; the same sum as the matcher's, before rounding. */
export function weighRows(table: PairTable, estimate: Estimate, into: Float64Array, parts?: RowParts): void {
  const { slots, levels, rarity } = table;
  const { household } = estimate;
  const weights = estimate.slots.map(({ m, u, byRarity }) =>
    m.map((share, level) => (level === 0 && byRarity ? Math.log2(share) : Math.log2(share / (u[level] ?? 1)))),
  );
  const givenSlot = estimate.slots.findIndex(({ attribute }) => attribute === 'name.given');
  const groups = estimate.slots.map(({ attribute }) => groupOf(attribute));
  const contacts = estimate.slots.map(({ attribute }) => contactOf(attribute));
  const apart = estimate.slots.map(({ kind, attribute }) => apartFrom(attribute, kind));
  for (let row = 0; row < table.rows; row += 1) {
    let [others, address, phone, mailbox, account, family] = [0, 0, 0, 0, 0, 0];
    let [compared, together, given, loss] = [0, 0, 0, 0];
    const at = row * slots;
    const isOther = (levels[at + givenSlot] ?? -1) === GIVEN.differs;
    for (let slot = 0; slot < slots; slot += 1) {
      const level = levels[at + slot] ?? -1;
      if (level < 0) continue;
      const weight = (weights[slot]?.[level] ?? 0) + (level === 0 ? (rarity[at + slot] ?? 0) : 0);
      const group = groups[slot];
      if (group === 'address') {
        address += weight;
        compared += 1;
        if (level < (apart[slot] ?? 0)) together += 1;
      } else if (group === 'phone' || group === 'employer') {
        phone += Math.max(0, weight);
        loss += Math.min(0, weight);
      } else if (group === 'surname') family += weight;
      else if (isOther && contacts[slot] !== undefined) {
        if (contacts[slot] === 'mailbox') mailbox += Math.max(0, weight);
        else account += Math.max(0, weight);
        loss += Math.min(0, weight);
      } else others += weight;
      if (slot === givenSlot) given = weight;
    }
    if (compared > 1 && together === 0) address = Math.max(address, household.moved);
    const shared = Math.min(address, household.address);
    let total = others + shared + phone + mailbox + account + loss + family;
    let common = Math.max(0, shared) + phone + Math.max(0, family);
    if ((shared > 0 || phone > 0) && common > household.family) {
      total -= common - household.family;
      total -= Math.max(0, given - household.namesake);
      common = household.family;
    }
    const isTogether = mailbox > 0 || phone > 0 || shared > 0;
    if (isOther && isTogether)
      total += Math.min(0, Math.max(common, household.contact ?? Infinity) - common - mailbox - account);
    into[row] = total;
    if (parts !== undefined) parts.others[row] = others;
  }
}

interface RowParts {
  /** Bits that neither address, phone nor family name add. */
  others: Float64Array;
}

export function probability(bits: number): number {
  return 1 / (1 + 2 ** -bits);
}

/** Weighted counts of levels with the starting shares as pseudo-counts. */
export function sharesOf(
  table: PairTable,
  slot: number,
  weightOf: (row: number) => number,
  start: readonly number[],
  pseudo: number,
): { shares: number[]; mass: number } {
  const sums = start.map((share) => share * pseudo);
  let mass = 0;
  for (let row = 0; row < table.rows; row += 1) {
    const level = table.levels[row * table.slots + slot] ?? -1;
    if (level < 0) continue;
    const weight = weightOf(row) * (table.repeats?.[row] ?? 1);
    sums[level] = (sums[level] ?? 0) + weight;
    mass += weight;
  }
  const total = mass + pseudo;
  return { shares: sums.map((sum, level) => Math.max(floorOf(start[level] ?? 0, mass), sum / total)), mass };
}

/** log2 odds that two are one party who share a mailbox and whose given names differ. */
const USUAL_OTHERS = -4;
/** Pairs' worth of it: couples and colleagues share, however few of them the records show. */
const PSEUDO_OTHERS = 40;

/**
 * Among pairs at one address (and of one family name; with one mailbox and two given names): the share that are one party, judged by everything else. From it follows the most
 * that what is shared can say. The given names that differ are what such pairs were picked by, and are no evidence about their share.
 */
export function householdCaps(
  table: PairTable,
  estimate: Estimate,
  others: Float64Array,
): Pick<HouseholdModel, 'address' | 'family' | 'contact'> {
  const slotOf = new Map(estimate.slots.map(({ attribute }, slot) => [attribute, slot]));
  const levelAt = (row: number, attribute: string): number => {
    const slot = slotOf.get(attribute);
    return slot === undefined ? -1 : (table.levels[row * table.slots + slot] ?? -1);
  };
  const address: number[] = [];
  const family: number[] = [];
  const contact: number[] = [];
  const given = estimate.slots[slotOf.get('name.given') ?? -1];
  const bitsOfOther = given ? Math.log2((given.m[GIVEN.differs] ?? 1) / (given.u[GIVEN.differs] ?? 1)) : 0;
  for (let row = 0; row < table.rows; row += 1) {
    const isHome = isSameAddress(row, levelAt);
    const isPhone = levelAt(row, 'phones') === 0;
    if (isHome) address.push(others[row] ?? 0);
    if ((isHome || isPhone) && levelAt(row, 'name.surname') >= 0 && levelAt(row, 'name.surname') <= 1)
      family.push(others[row] ?? 0);
    if (levelAt(row, 'name.given') === GIVEN.differs && levelAt(row, 'emails') === 0)
      contact.push((others[row] ?? 0) - bitsOfOther);
  }
  const cap = (evidence: readonly number[], usual: number, pseudo?: number): number =>
    shareOfMatches(evidence, usual, pseudo) - estimate.prior;
  return {
    address: cap(address, -2),
    family: cap(family, -1),
    contact: cap(contact, USUAL_OTHERS, PSEUDO_OTHERS) - bitsOfOther,
  };
}

/** log2 of how much less often an address differs in every part within a party than between two. */
export function movedBits(
  table: PairTable,
  random: PairTable,
  slots: readonly SlotShares[],
  matchOf: (row: number) => number,
  usual: number,
): number {
  const usualShare = 2 ** usual;
  const within = movedShare(table, slots, matchOf);
  const between = movedShare(random, slots, () => 1);
  const m = (within.moved + PSEUDO_MOVES * usualShare) / (within.all + PSEUDO_MOVES);
  const u = (between.moved + PSEUDO_MOVES) / (between.all + PSEUDO_MOVES);
  return Math.min(0, Math.log2(m / u));
}

/** Pairs' worth of the usual share of moves. */
const PSEUDO_MOVES = 10;

function movedShare(
  table: PairTable,
  slots: readonly SlotShares[],
  weightOf: (row: number) => number,
): { moved: number; all: number } {
  const parts = slots.flatMap(({ attribute, kind }, slot) =>
    groupOf(attribute) === 'address' ? [{ slot, from: apartFrom(attribute, kind) }] : [],
  );
  let [moved, all] = [0, 0];
  for (let row = 0; row < table.rows; row += 1) {
    let [compared, together] = [0, 0];
    for (const { slot, from } of parts) {
      const level = table.levels[row * table.slots + slot] ?? -1;
      if (level < 0) continue;
      compared += 1;
      if (level < from) together += 1;
    }
    if (compared < 2) continue;
    const weight = weightOf(row) * (table.repeats?.[row] ?? 1);
    all += weight;
    if (together === 0) moved += weight;
  }
  return { moved, all };
}

/** log2 odds that two records which agree on a value of such a kind are one party, before anything else is known. */
const USUAL_ODDS: Partial<Record<Kind, number>> = { email: 4, phone: 0, handle: 3, url: 1, identifier: 6 };

/**
 * How often two parties agree on an address, number or account can't be counted among random pairs, since hardly any agree at all. It
 * follows from what else the pairs say that do: the share of them that are one party.
 * @param bitsOf Evidence of a row, prior left out.
 * @returns The slots with u of the exact level set.
 */
export function pointedShares(
  table: PairTable,
  estimate: Estimate,
  bitsOf: Float64Array,
  others: Float64Array,
): SlotShares[] {
  return estimate.slots.map((slot, index) => {
    const usual = USUAL_ODDS[slot.kind];
    const [m, u] = [slot.m[0], slot.u[0]];
    if (usual === undefined || m === undefined || u === undefined) return slot;
    const own = groupOf(slot.attribute) === undefined ? Math.log2(m / u) : undefined;
    const evidence: number[] = [];
    for (let row = 0; row < table.rows; row += 1)
      if (table.levels[row * table.slots + index] === 0)
        evidence.push(own === undefined ? (others[row] ?? 0) : (bitsOf[row] ?? 0) - own);
    const bits = Math.max(1, shareOfMatches(evidence, usual) - estimate.prior);
    return { ...slot, u: [Math.max(SMALLEST, m * 2 ** -bits), ...slot.u.slice(1)] };
  });
}

/** One door: number and street agree, or street and place where there are no numbers. */
function isSameAddress(row: number, levelAt: (row: number, attribute: string) => number): boolean {
  const street = levelAt(row, 'addresses.street');
  if (street < 0 || street > 1) return false;
  const number = levelAt(row, 'addresses.number');
  if (number >= 0) return number === 0;
  return levelAt(row, 'addresses.locality') === 0 || levelAt(row, 'addresses.postcode') === 0;
}

/** Pairs' worth of the usual share. */
const PSEUDO_PAIRS = 2;

/** log2 odds at which the share of matches agrees with what each pair's evidence makes of it. */
function shareOfMatches(evidence: readonly number[], usual: number, pseudo = PSEUDO_PAIRS): number {
  const usualShare = probability(usual);
  let odds = usual;
  for (let round = 0; round < 30; round += 1) {
    let sum = usualShare * pseudo;
    for (const bits of evidence) sum += probability(odds + bits);
    const share = Math.min(0.99999, Math.max(0.0001, sum / (evidence.length + pseudo)));
    odds = Math.log2(share / (1 - share));
  }
  return odds;
}
