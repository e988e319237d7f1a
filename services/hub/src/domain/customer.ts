import type { AttributeValue, Customer, KeepDecision } from '@unsilo/schemas';
import { isReadable } from './attribute-value.js';
import { canonicalValue, elementKey, isListAttribute } from './attributes.js';
import { standing, type OrderedDecision, type Word } from './decisions.js';
import type { Normaliser } from './normalise.js';
import { statingMembers } from './creation.js';
import { byCreation, type Member } from './plan.js';
import { systemPolicy, type Policy } from './policy.js';
import { systemOf } from './ref.js';
import { goldenState, merge, provenance, type Golden, type Keep } from './survivorship.js';

/** A customer's id is derived from a member's ref, so that every id ever handed out can be found again. */
export function customerId(tenant: string, ref: string, digest: (text: string) => string): string {
  return `c${digest(`${tenant}\u001fcustomer\u001f${ref}`)}`;
}

/** What a decision keeps: of a list, each element is a word of its own. */
export function keepWords(decision: KeepDecision, seq: number, normaliser: Normaliser): (Word & { keep: Keep })[] {
  const { id, ref, attribute, undo = false, undoes } = decision;
  const words: (Word & { keep: Keep })[] = [];
  const values = Array.isArray(decision.value) ? decision.value : [decision.value];
  for (const value of values) {
    const keep: Keep = {
      seq,
      ref,
      attribute,
      value: value === null ? undefined : value,
      decidedAt: Date.parse(decision.decidedAt),
    };
    let said: AttributeValue = decision.value;
    if (isListAttribute(attribute)) {
      if (value === null || typeof value !== 'object' || !isReadable(attribute, [value], normaliser)) continue;
      keep.element = elementKey(attribute, value, normaliser);
      said = [value];
    }
    const says = [ref, attribute, canonicalValue(attribute, said, normaliser)].join('\u001f');
    words.push({ says, id, undo, undoes, keep });
  }
  return words;
}

/**
 * What stewards pinned and nobody took back, for the members of one customer: of several about one attribute or element, the last.
 * @param decisions In their order.
 */
export function keepsOf(decisions: Iterable<OrderedDecision>, normaliser: Normaliser): Keep[] {
  const words: (Word & { keep: Keep })[] = [];
  for (const { seq, decision } of decisions)
    if (decision.kind === 'keep') words.push(...keepWords(decision, seq, normaliser));
  const last = new Map<string, Keep>();
  for (const { keep } of standing(words)) last.set(`${keep.attribute}\u001f${keep.element ?? ''}`, keep);
  return [...last.values()];
}

export interface Merged {
  customer: Omit<Customer, 'revision'>;
  golden: Golden;
}

/**
 * The customer that a set of members makes. Pure; `revision` is the store's.
 * @param members At least one.
 */
export function mergeCustomer(
  tenant: string,
  members: readonly Member[],
  decisions: Iterable<OrderedDecision>,
  policy: Policy,
  normaliser: Normaliser,
  digest: (text: string) => string,
): Merged {
  const ordered = [...members].sort(byCreation);
  const [anchor] = ordered;
  if (!anchor) throw new Error('a customer has at least one member');
  const golden = merge(statingMembers(members), keepsOf(decisions, normaliser), policy);
  const ids = ordered.map((m) => customerId(tenant, m.facts.ref, digest));
  const customer: Omit<Customer, 'revision'> = {
    id: ids[0] ?? '',
    tenant,
    kind: golden.kind,
    members: ordered.map((m) => m.facts.ref),
    state: goldenState(golden),
    provenance: provenance(golden),
    aliases: ids.slice(1).sort(),
    changedAt: latestFact(ordered),
  };
  if (ordered.some((m) => m.evaluation.deleted && systemPolicy(policy, systemOf(m.facts.ref)).deletes === 'archive'))
    customer.archived = true;
  return { customer, golden };
}

/** When the newest fact about any member was learnt: no clock of ours, so that a rebuild says the same. */
function latestFact(members: readonly Member[]): string {
  let latest = '';
  for (const { facts } of members) {
    const { lastLearnt } = facts.summary ?? {};
    if (lastLearnt !== undefined && lastLearnt > latest) latest = lastLearnt;
    for (const { observedAt } of facts.observations) if (observedAt > latest) latest = observedAt;
    for (const { outcome } of facts.commands) if (outcome && outcome.reportedAt > latest) latest = outcome.reportedAt;
  }
  return latest || new Date(0).toISOString();
}
