import type { Decision } from '@unsilo/schemas';
import { systemOf } from './ref.js';

/** A decision with its place in the order of all decisions of the tenant: the time at which it was made, epoch milliseconds; ties by id. */
export interface OrderedDecision {
  seq: number;
  decision: Decision;
}

export function isLater(a: OrderedDecision, b: OrderedDecision): boolean {
  return a.seq > b.seq || (a.seq === b.seq && a.decision.id > b.decision.id);
}

/** Adds one to a list kept in order; a repeat changes nothing. */
export function addDecision(list: readonly OrderedDecision[], entry: OrderedDecision): OrderedDecision[] {
  if (list.some((d) => d.decision.id === entry.decision.id)) return list as OrderedDecision[];
  const at = list.findIndex((d) => isLater(d, entry));
  return at < 0 ? [...list, entry] : [...list.slice(0, at), entry, ...list.slice(at)];
}

export interface PairDecisions {
  links: [string, string][];
  cannotLink: [string, string][];
}

/** The last word about each pair stands; an undone one says nothing. */
export function pairDecisions(decisions: Iterable<OrderedDecision>): PairDecisions {
  const last = new Map<string, OrderedDecision>();
  for (const entry of decisions) {
    const { decision } = entry;
    if (decision.kind !== 'link' && decision.kind !== 'unlink') continue;
    const [a, b] = [...decision.refs].sort() as [string, string];
    const key = `${a}\u001f${b}`;
    const known = last.get(key);
    if (!known || isLater(entry, known)) last.set(key, entry);
  }
  const result: PairDecisions = { links: [], cannotLink: [] };
  for (const [, { decision }] of [...last].sort(([a], [b]) => (a < b ? -1 : 1))) {
    if ((decision.kind !== 'link' && decision.kind !== 'unlink') || decision.undo) continue;
    const pair = [...decision.refs].sort() as [string, string];
    if (decision.kind === 'link') result.links.push(pair);
    else result.cannotLink.push(pair);
  }
  return result;
}

/** Systems in which the customer of some members once had a record that was erased. @param decisions Those that name one of the members. */
export function erasedSystems(decisions: Iterable<OrderedDecision>): Set<string> {
  const systems = new Set<string>();
  for (const { decision } of decisions)
    if (decision.kind === 'erase') for (const ref of decision.refs) systems.add(systemOf(ref));
  return systems;
}
