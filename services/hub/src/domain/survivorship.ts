import type { Provenance, Statement } from '@unsilo/schemas';
import {
  isListAttribute,
  LIST_ATTRIBUTES,
  unflatten,
  type Element,
  type FlatState,
  type ListAttribute,
  type Scalar,
} from './attributes.js';
import { ruleFor, systemPolicy, type Policy, type SurvivorshipRule } from './policy.js';
import { withinFuller, type StandingAddress } from './fuller-addresses.js';
import { systemOf } from './ref.js';
import { rules as allRules, type RuleSwitches } from './rules.js';
import type { Evaluation, Testimony } from './testimony.js';
import type { Element as ElementType } from './attributes.js';
import type { PartyState } from '@unsilo/schemas';

/** A steward's wish that one value stays. Later ones (by `seq`) replace earlier ones about the same attribute or element. */
export interface Keep {
  seq: number;
  ref: string;
  attribute: string;
  /** Canonical element of a multi-valued attribute. */
  element?: string;
  value: Scalar | Element | undefined;
  decidedAt: number;
}

/** One member's statement about an attribute or an element of one. */
export interface Claim {
  ref: string;
  rank: number;
  testimony: Testimony;
}

export interface Winner {
  /** Undefined: all that was said has been withdrawn. */
  value: Scalar | undefined;
  raw: Scalar | ElementType | undefined;
  claim: Claim;
  rule: string;
  /** Best first. */
  alternatives: Claim[];
}

/** The merged record before it is written down: winners by attribute and element. Attributes that nobody ever stated are absent. */
export interface Golden {
  kind: 'person' | 'organization';
  scalars: Map<string, Winner>;
  lists: Map<ListAttribute, Map<string, Winner>>;
  /** Addresses that stand within a fuller one, by element: they are not given a slot of their own. */
  within: ReadonlyMap<string, string>;
  /** Elements that stand, in the order in which slots are given: latest statement first. */
  standing: ReadonlyMap<ListAttribute, readonly [key: string, winner: Winner][]>;
}

/** Latest first; then better rank; then ref. */
function byRecency(a: Claim, b: Claim): number {
  return b.testimony.asOf - a.testimony.asOf || a.rank - b.rank || (a.ref < b.ref ? -1 : Number(a.ref > b.ref));
}

/**
 * Merges what the members state (SYNC section 4). Pure: the result depends on the set of members alone.
 * @param members Any order.
 */
export function merge(
  members: readonly Evaluation[],
  keeps: readonly Keep[],
  policy: Policy,
  switches: RuleSwitches = allRules,
): Golden {
  const scalars = new Map<string, Claim[]>();
  const lists = new Map<ListAttribute, Map<string, Claim[]>>();
  const ordered = [...members].sort((a, b) => (a.ref < b.ref ? -1 : Number(a.ref > b.ref)));
  for (const member of ordered) {
    const { rank } = systemPolicy(policy, systemOf(member.ref));
    for (const [attribute, { testimony }] of member.scalars) {
      if (testimony) push(scalars, attribute, { ref: member.ref, rank, testimony });
    }
    for (const [attribute, registers] of member.lists) {
      let elements = lists.get(attribute);
      for (const [key, { testimony }] of registers) {
        if (!testimony) continue;
        if (!elements) lists.set(attribute, (elements = new Map()));
        push(elements, key, { ref: member.ref, rank, testimony });
      }
    }
  }
  const golden: Merged = { kind: majorityKind(ordered), scalars: new Map(), lists: new Map() };
  for (const [attribute, claims] of scalars) {
    golden.scalars.set(attribute, survive(claims, ruleFor(policy, attribute), switches));
  }
  for (const [attribute, elements] of lists) {
    const winners = new Map<string, Winner>();
    for (const [key, claims] of elements) {
      winners.set(key, attribute === 'consents' ? surviveConsent(claims, switches) : surviveElement(claims, policy));
    }
    golden.lists.set(attribute, winners);
  }
  for (const keep of [...keeps].sort((a, b) => a.seq - b.seq)) applyKeep(golden, keep);
  const within = withinFuller(standingAddresses(golden));
  const standing = new Map(
    [...golden.lists].map(([attribute, found]) => [
      attribute,
      inSlots(found).filter(([key]) => attribute !== 'addresses' || !within.has(key)),
    ]),
  );
  return { ...golden, within, standing };
}

type Merged = Omit<Golden, 'standing' | 'within'>;

/** What a steward keeps stands for itself. */
function standingAddresses({ lists }: Merged): StandingAddress[] {
  return [...(lists.get('addresses') ?? [])].flatMap(([key, { value, raw, rule, claim, alternatives }]) =>
    value === undefined || rule === 'keep'
      ? []
      : [
          {
            key,
            raw: raw as ElementType,
            refs: new Set([claim, ...alternatives].flatMap((c) => (c.testimony.value === undefined ? [] : [c.ref]))),
          },
        ],
  );
}

function push<K>(map: Map<K, Claim[]>, key: K, claim: Claim): void {
  const list = map.get(key);
  if (list) list.push(claim);
  else map.set(key, [claim]);
}

function majorityKind(members: readonly Evaluation[]): 'person' | 'organization' {
  let organizations = 0;
  for (const member of members) if (member.kind === 'organization') organizations += 1;
  return organizations * 2 > members.length ? 'organization' : 'person';
}

function survive(claims: Claim[], rule: SurvivorshipRule, switches: RuleSwitches): Winner {
  const sorted = claims.sort(byRecency);
  const standing = switches.clearsWithdraw
    ? withoutWithdrawn(sorted, rule)
    : sorted.filter((c) => c.testimony.value !== undefined);
  const [first] = sorted;
  if (!first) throw new Error('merge was called for an attribute without claims');
  if (standing.length === 0) return winner(first, sorted, rule);
  const best = RULES[rule](standing);
  return winner(best, sorted, rule);
}

/** A clear withdraws every statement before it; under source rank only those of equal or lower rank (SYNC section 4.2). */
function withoutWithdrawn(sorted: readonly Claim[], rule: SurvivorshipRule): Claim[] {
  const standing: Claim[] = [];
  let bestClear = Infinity;
  for (const claim of sorted) {
    if (claim.testimony.value === undefined) bestClear = Math.min(bestClear, claim.rank);
    else if (rule === 'source-rank' ? claim.rank < bestClear : bestClear === Infinity) standing.push(claim);
  }
  return standing;
}

/** Each gets the standing claims, latest first. */
const RULES: Record<SurvivorshipRule, (standing: readonly Claim[]) => Claim> = {
  'most-recent': (standing) => first(standing),
  'source-rank': (standing) => standing.reduce((best, claim) => (claim.rank < best.rank ? claim : best)),
  longest: (standing) => standing.reduce((best, claim) => (length(claim) > length(best) ? claim : best)),
  'most-frequent': (standing) => {
    const counts = new Map<Scalar, number>();
    for (const { testimony } of standing)
      if (testimony.value !== undefined) counts.set(testimony.value, (counts.get(testimony.value) ?? 0) + 1);
    const count = (claim: Claim): number =>
      claim.testimony.value === undefined ? 0 : (counts.get(claim.testimony.value) ?? 0);
    return standing.reduce((best, claim) => (count(claim) > count(best) ? claim : best));
  },
};

function first(claims: readonly Claim[]): Claim {
  const [claim] = claims;
  if (!claim) throw new Error('no claim stands');
  return claim;
}

function length(claim: Claim): number {
  return [...String(claim.testimony.value ?? '')].length;
}

/** The last statement about an element wins; what is removed where additions win is removed for nobody else (SYNC section 4.4). */
function surviveElement(claims: Claim[], policy: Policy): Winner {
  const sorted = claims.sort(byRecency);
  const last = first(sorted);
  const counting = sorted.find(
    ({ ref, testimony }) => testimony.value !== undefined || !systemPolicy(policy, systemOf(ref)).addWins,
  );
  if (counting && counting !== last && counting.testimony.value !== undefined)
    return winner(counting, sorted, 'add-wins');
  return winner(last, sorted, 'union');
}

/** A withdrawal wins whatever its rank and age, as long as the one who stated it does (SYNC section 4.3). */
function surviveConsent(claims: Claim[], switches: RuleSwitches): Winner {
  const sorted = claims.sort(byRecency);
  const withdrawn = switches.withdrawalWins ? sorted.find((c) => c.testimony.value === 'withdrawn') : undefined;
  return winner(withdrawn ?? first(sorted), sorted, 'withdrawal-wins');
}

function winner(claim: Claim, sorted: readonly Claim[], rule: string): Winner {
  return {
    value: claim.testimony.value,
    raw: claim.testimony.raw,
    claim,
    rule,
    alternatives: sorted.filter((c) => c !== claim),
  };
}

function applyKeep(golden: Merged, keep: Keep): void {
  const testimony: Testimony = {
    value:
      keep.element === undefined ? (keep.value as Scalar | undefined) : keep.value === undefined ? undefined : true,
    raw: keep.value,
    asOf: keep.decidedAt,
    version: { major: 0, minor: 0 },
  };
  const claim: Claim = { ref: keep.ref, rank: -1, testimony };
  if (keep.element === undefined) {
    const before = golden.scalars.get(keep.attribute);
    golden.scalars.set(keep.attribute, winner(claim, before ? [before.claim, ...before.alternatives] : [], 'keep'));
  } else if (isListAttribute(keep.attribute)) {
    let elements = golden.lists.get(keep.attribute);
    if (!elements) golden.lists.set(keep.attribute, (elements = new Map()));
    const before = elements.get(keep.element);
    if (keep.attribute === 'consents' && keep.value !== undefined) {
      testimony.value = (keep.value as { status: string }).status;
      if (testimony.value !== 'withdrawn' && isWithdrawnSince(before, keep.decidedAt)) return;
    }
    elements.set(keep.element, winner(claim, before ? [before.claim, ...before.alternatives] : [], 'keep'));
  }
}

/** No steward's word of yesterday stands against who withdraws a consent today (SYNC section 4.3, ADR 0014). */
function isWithdrawnSince(standing: Winner | undefined, decidedAt: number): boolean {
  return standing?.value === 'withdrawn' && standing.claim.testimony.asOf >= decidedAt;
}

function inSlots(elements: ReadonlyMap<string, Winner>): [key: string, winner: Winner][] {
  return [...elements]
    .filter(([, w]) => w.value !== undefined)
    .sort(([ka, a], [kb, b]) => byRecency(a.claim, b.claim) || (ka < kb ? -1 : Number(ka > kb)));
}

/** The merged record as a party's state, lists in their order of precedence. */
export function goldenState(golden: Golden): PartyState {
  const flat: FlatState = { kind: golden.kind, scalars: new Map(), lists: new Map() };
  for (const attribute of [...golden.scalars.keys()].sort()) {
    const value = golden.scalars.get(attribute)?.value;
    if (value !== undefined) flat.scalars.set(attribute, value);
  }
  for (const attribute of LIST_ATTRIBUTES) {
    const elements = golden.standing.get(attribute) ?? [];
    if (elements.length > 0) flat.lists.set(attribute, new Map(elements.map(([key, w]) => [key, w.raw as Element])));
  }
  return unflatten(flat);
}

function statement(claim: Claim): Statement {
  const { testimony } = claim;
  const raw = testimony.value === undefined ? null : (testimony.raw ?? null);
  const out: Statement = {
    ref: claim.ref,
    value: raw !== null && typeof raw === 'object' ? [raw] : raw,
    asOf: testimony.asOf,
    version: testimony.version,
  };
  if (testimony.overEchoOf !== undefined) out.overEchoOf = testimony.overEchoOf;
  return out;
}

/** An address, with who states less of it among the alternatives; undefined for what is within a fuller one. */
function withLesser({ lists, within }: Golden, key: string): Winner | undefined {
  const addresses = lists.get('addresses');
  const found = addresses?.get(key);
  if (found === undefined || within.size === 0) return found;
  if (within.has(key)) return undefined;
  const lesser = [...within].flatMap(([less, fuller]) => (fuller === key ? (addresses?.get(less) ?? []) : []));
  const claims = lesser.flatMap(({ claim, alternatives }) => [claim, ...alternatives]);
  return { ...found, alternatives: [...found.alternatives, ...claims].sort(byRecency) };
}

/** Who said each value, since when, by which rule, and what it beat; in one order for equal records. */
export function provenance(golden: Golden): Provenance[] {
  const out: Provenance[] = [];
  const add = (attribute: string, winner: Winner, element?: string): void => {
    const from = statement(winner.claim);
    const entry: Provenance = {
      attribute,
      value: from.value,
      from,
      rule: winner.rule,
      alternatives: winner.alternatives.map(statement),
    };
    if (element !== undefined) entry.element = element;
    out.push(entry);
  };
  for (const attribute of [...golden.scalars.keys()].sort()) {
    const found = golden.scalars.get(attribute);
    if (found) add(attribute, found);
  }
  for (const attribute of LIST_ATTRIBUTES) {
    const elements = golden.lists.get(attribute);
    for (const key of [...(elements?.keys() ?? [])].sort()) {
      const found = attribute === 'addresses' ? withLesser(golden, key) : elements?.get(key);
      // What the only one who ever said it took back concerns nobody: every number somebody once had would be told for ever.
      if (found && (found.value !== undefined || found.alternatives.length > 0)) add(attribute, found, key);
    }
  }
  return out;
}
