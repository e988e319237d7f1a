import type { Decision, LinkDecision } from '@unsilo/schemas';
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

/** Each decision once, in their order: every record that one names holds it. */
export function inOrder(entries: Iterable<OrderedDecision>): OrderedDecision[] {
  const byId = new Map<string, OrderedDecision>();
  for (const entry of entries) byId.set(entry.decision.id, entry);
  return [...byId.values()].sort((a, b) => (isLater(a, b) ? 1 : -1));
}

/** What a decision says about one thing, or takes back. */
export interface Word {
  /** Equal for those that say the same. */
  says: string;
  /** Of the decision. */
  id: string;
  undo: boolean;
  /** Id of the decision that is taken back. */
  undoes?: string | undefined;
}

/**
 * The words that nobody took back, in their order. One that takes back cancels the one before it that it names, or else the latest, that says
 * the same and still stood, and no other: what somebody else said, before or since, is still said.
 * @param words In their order.
 */
export function standing<W extends Word>(words: Iterable<W>): W[] {
  const left = new Set<W>();
  const equals = new Map<string, W[]>();
  for (const word of words) {
    let same = equals.get(word.says);
    if (!same) equals.set(word.says, (same = []));
    if (word.undo) {
      const { undoes } = word;
      const at = undoes === undefined ? same.length - 1 : same.findLastIndex(({ id }) => id === undoes);
      for (const cancelled of at < 0 ? [] : same.splice(at, 1)) left.delete(cancelled);
    } else {
      same.push(word);
      left.add(word);
    }
  }
  return [...left];
}

/** What a decision says about a pair. */
export function pairWord(decision: LinkDecision): Word & { decision: LinkDecision } {
  const { kind, refs, id, undo = false, undoes } = decision;
  return { says: `${kind}\u001f${pairKey(refs)}`, id, undo, undoes, decision };
}

/** What was said about pairs and nobody took back, in its order: the last about each pair counts. */
export function standingAboutPairs(decisions: Iterable<OrderedDecision>): LinkDecision[] {
  const words: (Word & { decision: LinkDecision })[] = [];
  for (const { decision } of inOrder(decisions))
    if (decision.kind === 'link' || decision.kind === 'unlink') words.push(pairWord(decision));
  return standing(words).map(({ decision }) => decision);
}

/** One text for a pair, whoever is named first. */
export function pairKey(refs: readonly string[]): string {
  return [...refs].sort().join('\u001f');
}

export interface PairDecisions {
  links: [string, string][];
  cannotLink: [string, string][];
}

/** What holds of each pair that somebody decided about. */
export function pairDecisions(decisions: Iterable<OrderedDecision>): PairDecisions {
  const last = new Map<string, LinkDecision>();
  for (const decision of standingAboutPairs(decisions)) last.set(pairKey(decision.refs), decision);
  const result: PairDecisions = { links: [], cannotLink: [] };
  for (const [, { kind, refs }] of [...last].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const pair = [...refs].sort() as [string, string];
    if (kind === 'link') result.links.push(pair);
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
