import type { Decision } from '@unsilo/schemas';
import { keepWords } from './customer.js';
import { inOrder, pairWord, standing, type OrderedDecision, type Word } from './decisions.js';
import type { Normaliser } from './normalise.js';

/** What a decision says, or takes back: nothing of an erasure, which nobody can take back. */
function wordsOf(decision: Decision, normaliser: Normaliser): Word[] {
  switch (decision.kind) {
    case 'erase':
      return [];
    case 'keep':
      return keepWords(decision, 0, normaliser);
    default:
      return [pairWord(decision)];
  }
}

/** What decisions say that nobody took back, in its order. @param decisions All about the records that are named. */
function wordsThatStand(decisions: Iterable<OrderedDecision>, normaliser: Normaliser): Word[] {
  return standing(inOrder(decisions).flatMap(({ decision }) => wordsOf(decision, normaliser)));
}

/** Ids of the decisions that say something that nobody took back. */
export function idsThatStand(decisions: Iterable<OrderedDecision>, normaliser: Normaliser): Set<string> {
  return new Set(wordsThatStand(decisions, normaliser).map(({ id }) => id));
}

/**
 * Ids of the decisions that say the same and still stand, the latest last: a list for each thing that this one says, as of a list each element
 * is kept for itself.
 */
export function standingAlike(
  decisions: Iterable<OrderedDecision>,
  said: Decision,
  normaliser: Normaliser,
): string[][] {
  const left = wordsThatStand(decisions, normaliser);
  return wordsOf(said, normaliser).map(({ says }) => left.filter((word) => word.says === says).map(({ id }) => id));
}
