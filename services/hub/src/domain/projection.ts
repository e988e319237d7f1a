import type { AttributeProfile, AttributeValue, KindProfile } from '@unsilo/schemas';
import {
  canonicalValue,
  elementKey,
  elementValue,
  isListAttribute,
  valueOf,
  type Element,
  type ListAttribute,
} from './attributes.js';
import { mark, type Answer } from './compaction.js';
import type { Normaliser } from './normalise.js';
import { mayWrite, systemPolicy, type Policy, type WritePolicy } from './policy.js';
import { systemOf } from './ref.js';
import { rewrite, rewriteElement } from './rewriting.js';
import { rules as allRules, type RuleSwitches } from './rules.js';
import type { Golden } from './survivorship.js';
import type { Evaluation } from './testimony.js';
import { compareVersions } from './version.js';

/** Why a record may differ from its customer's projection (SYNC section 7). `unsilo audit` names them. */
export type ExceptionReason =
  | 'acknowledged'
  | 'rejected'
  | 'uncertain'
  | 'pending'
  | 'conflict'
  | 'quarantined'
  | 'add-suppressed'
  | 'displaced'
  | 'not-writable'
  | 'clear-refused'
  | 'duplicate'
  | 'deleted';

/** One attribute of one record that differs from the projection of its customer. */
export interface Difference {
  attribute: string;
  wanted: AttributeValue;
  shadow: AttributeValue;
  /** Effective time of the winning statement. */
  asOf: number;
  from?: string;
  /** Why it isn't written. Absent: it is to be written. */
  reason?: ExceptionReason;
  /** It was part of a command of several fields that was rejected: to be sent alone (SYNC section 5.5). */
  suspect?: boolean;
}

export interface ProjectionContext {
  policy: Policy;
  normaliser: Normaliser;
  /** Epoch milliseconds; for the window of the quarantine alone. */
  now: number;
  switches?: RuleSwitches;
}

/** What to write for one attribute: the value as the system would keep it. Undefined: nothing to say about it. */
interface Wanted {
  value: AttributeValue;
  asOf: number;
  from?: string;
  /** Elements that stand but have no place, or whose people removed them here. */
  left?: ExceptionReason;
}

/** The wanted elements are those that stand. */
const AS_IT_STANDS = 'as it stands';

function isSame(
  attribute: string,
  chosen: ReadonlyMap<string, Element>,
  shadow: ReadonlyMap<string, Element>,
): boolean {
  if (chosen.size !== shadow.size) return false;
  for (const [key, element] of chosen) {
    const standing = shadow.get(key);
    if (standing === undefined || elementValue(attribute, standing) !== elementValue(attribute, element)) return false;
  }
  return true;
}

/**
 * Compares one record with the projection of its customer onto the record's own fields, in canonical form (SYNC section 5.2–5.6).
 * Open commands, conflicts and deletions of the whole record are the caller's.
 */
export function differences(
  member: Evaluation,
  golden: Golden,
  answers: readonly Answer[],
  profile: KindProfile,
  write: WritePolicy | undefined,
  context: ProjectionContext,
): Difference[] {
  const { normaliser } = context;
  const found: Difference[] = [];
  for (const [attribute, spec] of Object.entries(profile.attributes)) {
    if (spec.derived) continue;
    const wanted = isListAttribute(attribute)
      ? wantedList(member, golden, attribute, spec, write, context)
      : wantedScalar(member, golden, attribute, spec, context);
    if (!wanted) continue;
    // Most attributes are as they should be, which is seen without writing anything down.
    if (wanted === AS_IT_STANDS) continue;
    const shadow = valueOf(member.shadow, attribute);
    if (shadow === wanted.value && !wanted.left) continue;
    const canonical = canonicalValue(attribute, wanted.value, normaliser);
    const stands = canonicalValue(attribute, shadow, normaliser);
    if (canonical === stands) {
      const left = wanted.left && !isWritable(spec, write, attribute) ? 'not-writable' : wanted.left;
      if (left) found.push(describe(attribute, wanted, shadow, left));
      continue;
    }
    const reason =
      refusal(spec, write, attribute, wanted) ?? answered(member, attribute, canonical, stands, answers, context);
    const difference = describe(attribute, wanted, shadow, reason === 'suspect' ? undefined : reason);
    if (reason === 'suspect') difference.suspect = true;
    found.push(difference);
  }
  return found;
}

function describe(
  attribute: string,
  wanted: Wanted,
  shadow: AttributeValue,
  reason: ExceptionReason | undefined,
): Difference {
  const difference: Difference = { attribute, wanted: wanted.value, shadow, asOf: wanted.asOf };
  if (wanted.from !== undefined) difference.from = wanted.from;
  if (reason) difference.reason = reason;
  return difference;
}

function isWritable(spec: AttributeProfile, write: WritePolicy | undefined, attribute: string): boolean {
  return spec.writable && mayWrite(write, attribute);
}

function refusal(
  spec: AttributeProfile,
  write: WritePolicy | undefined,
  attribute: string,
  wanted: Wanted,
): ExceptionReason | undefined {
  if (!isWritable(spec, write, attribute)) return 'not-writable';
  if (wanted.value === null && write && !write.clear) return 'clear-refused';
  return undefined;
}

function wantedScalar(
  member: Evaluation,
  golden: Golden,
  attribute: string,
  spec: AttributeProfile,
  context: ProjectionContext,
): Wanted | undefined {
  const switches = context.switches ?? allRules;
  const winner = golden.scalars.get(attribute);
  if (!winner) return orphan(switches, member.scalars.get(attribute)?.run);
  if (!switches.writeOwnValueBack && winner.claim.ref === member.ref) return undefined;
  const { value } = winner;
  const projected = value === undefined ? null : switches.projectRewritings ? rewrite(value, spec.rewrites) : value;
  return { value: projected === '' ? null : projected, asOf: winner.claim.testimony.asOf, from: winner.claim.ref };
}

/** Nobody states anything any more and what stands is ours: it goes (SYNC section 5.3). */
function orphan(switches: RuleSwitches, run: { echo: boolean; value: unknown } | undefined): Wanted | undefined {
  if (!switches.clearOrphanedEchoes || !run?.echo || run.value === undefined) return undefined;
  return { value: null, asOf: 0 };
}

function wantedList(
  member: Evaluation,
  golden: Golden,
  attribute: ListAttribute,
  spec: AttributeProfile,
  write: WritePolicy | undefined,
  context: ProjectionContext,
): Wanted | typeof AS_IT_STANDS | undefined {
  const switches = context.switches ?? allRules;
  const registers = member.lists.get(attribute);
  const shadow = member.shadow.lists.get(attribute) ?? new Map<string, Element>();
  const claims = golden.lists.get(attribute);
  if (!claims && shadow.size === 0) return undefined;
  // What a record shows beyond its slots takes up none of them (ADR 0016).
  const places = Math.max(spec.slots?.length ?? Infinity, shadow.size);
  const addWins = systemPolicy(context.policy, systemOf(member.ref)).addWins;
  const chosen = new Map<string, Element>();
  let left: ExceptionReason | undefined;
  let asOf = 0;
  let from: string | undefined;
  for (const [, { claim }] of claims ?? []) {
    if (claim.testimony.asOf >= asOf) {
      asOf = claim.testimony.asOf;
      from = claim.ref;
    }
  }
  if (write && !write.clear) {
    // What may not be cleared keeps its place.
    for (const [key, element] of shadow) {
      if (claims?.get(key)?.value !== undefined) continue;
      chosen.set(key, element);
      left = 'clear-refused';
    }
  }
  for (const [key, winner] of golden.standing.get(attribute) ?? []) {
    const element = switches.projectRewritings
      ? rewriteElement(winner.raw as Element, spec.rewrites)
      : (winner.raw as Element);
    const projectedKey = elementKey(attribute, element, context.normaliser);
    if (projectedKey === '' || chosen.has(projectedKey)) continue;
    const own = registers?.get(key);
    if (addWins && own?.testimony && own.testimony.value === undefined) left = 'add-suppressed';
    else if (chosen.size >= places) left ??= 'displaced';
    else chosen.set(projectedKey, element);
  }
  // A value that stands here though nobody states it, and that isn't ours, can only be behind an open command: leave it.
  for (const [key, element] of shadow) {
    if (chosen.has(key) || claims?.has(key) || chosen.size >= places) continue;
    const run = registers?.get(key)?.run;
    if (run && (!run.echo || !switches.clearOrphanedEchoes)) chosen.set(key, element);
  }
  if (left === undefined && isSame(attribute, chosen, shadow)) return AS_IT_STANDS;
  const wanted: Wanted = { value: chosen.size === 0 ? null : intoPlaces(attribute, chosen, shadow, spec.slots), asOf };
  if (from !== undefined) wanted.from = from;
  if (left) wanted.left = left;
  return wanted;
}

/** Elements that stand keep their place; the others get the free one of their own label, else the first free one. */
function intoPlaces(
  attribute: ListAttribute,
  chosen: ReadonlyMap<string, Element>,
  shadow: ReadonlyMap<string, Element>,
  slots: readonly string[] | undefined,
): object[] {
  const label = (element: Element): string | undefined => (element as { label?: string }).label;
  if (!slots) {
    return [...chosen].map(([key, element]) => {
      const old = shadow.get(key);
      return old && attribute !== 'consents' ? old : element;
    });
  }
  const placed = new Map<string, object>();
  const waiting: Element[] = [];
  for (const [key, element] of chosen) {
    const old = shadow.get(key);
    const place = old && label(old);
    if (old && place !== undefined && slots.includes(place) && !placed.has(place))
      placed.set(place, attribute === 'consents' ? element : old);
    else waiting.push(element);
  }
  for (const pass of ['own', 'any'] as const) {
    for (const element of waiting.splice(0)) {
      const wish = label(element);
      const place =
        pass === 'own' ? slots.find((s) => s === wish && !placed.has(s)) : slots.find((s) => !placed.has(s));
      if (place === undefined) waiting.push(element);
      else placed.set(place, { ...element, label: place });
    }
  }
  return slots.flatMap((slot) => placed.get(slot) ?? []);
}

/** What earlier commands say about sending this value now (SYNC sections 5.4 to 5.6). */
function answered(
  member: Evaluation,
  attribute: string,
  wantedValue: string,
  standingValue: string,
  answers: readonly Answer[],
  context: ProjectionContext,
): ExceptionReason | 'suspect' | undefined {
  if (answers.length === 0) return undefined;
  const wanted = mark(wantedValue);
  const stands = mark(standingValue);
  const switches = context.switches ?? allRules;
  let readBacks = 0;
  let sends = 0;
  let suspect = false;
  let rejected = false;
  const { sends: limit, windowMs } = context.policy.quarantine;
  for (const answer of answers) {
    if (answer.sent[attribute] !== wanted) continue;
    if (Date.parse(answer.issuedAt) > context.now - windowMs) sends += 1;
    if (answer.status === 'applied' && answer.left[attribute] === stands) {
      if (answer.exact) readBacks += 2;
      else readBacks += 1;
    }
    if (answer.status === 'rejected' && isUnchangedSince(member, attribute, answer)) {
      if (Object.keys(answer.sent).length === 1 || !switches.splitRejected) rejected = true;
      else suspect = true;
    }
  }
  if (switches.acknowledgeRewriting && readBacks >= 2) return 'acknowledged';
  if (rejected) return 'rejected';
  if (switches.quarantine && sends >= limit) return 'quarantined';
  return suspect ? 'suspect' : undefined;
}

function isUnchangedSince(member: Evaluation, attribute: string, answer: Answer): boolean {
  const since = isListAttribute(attribute)
    ? [...(member.lists.get(attribute)?.values() ?? [])].map((r) => r.run.since)
    : [member.scalars.get(attribute)?.run.since];
  return since.every((v) => v === undefined || compareVersions(v, answer.base) <= 0);
}

/** The customer as a new record of this kind would hold it. */
export function projectNew(
  golden: Golden,
  profile: KindProfile,
  write: WritePolicy,
  context: ProjectionContext,
): Record<string, { value: AttributeValue; asOf: number; from?: string }> {
  const nobody: Evaluation = {
    ref: `${profile.kind}/new/`,
    kind: golden.kind,
    deleted: false,
    shadow: { kind: golden.kind, scalars: new Map(), lists: new Map() },
    scalars: new Map(),
    lists: new Map(),
    createdAt: 0,
  };
  const set: Record<string, { value: AttributeValue; asOf: number; from?: string }> = {};
  for (const d of differences(nobody, golden, [], profile, write, context)) {
    if (d.reason || d.wanted === null) continue;
    set[d.attribute] =
      d.from === undefined ? { value: d.wanted, asOf: d.asOf } : { value: d.wanted, asOf: d.asOf, from: d.from };
  }
  return set;
}

/** Whether the customer has anything to say about an attribute. */
export function hasValue(golden: Golden, attribute: string): boolean {
  return isListAttribute(attribute)
    ? (golden.standing.get(attribute) ?? []).length > 0
    : golden.scalars.get(attribute)?.value !== undefined;
}
