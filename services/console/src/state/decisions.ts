import { api } from '../api/client.js';
import type { Decision, DecisionRequest } from '../api/types.js';
import { problemOf } from './load.js';
import { notify } from './notices.js';

export function decide(request: DecisionRequest): Promise<Decision> {
  return api.post<Decision>('/v1/decisions', request);
}

/**
 * Ids of those that can be taken back: of decisions that say the same, the latest that nobody took back yet. Taking back an older one would
 * take back that one.
 * @param decisions Newest first.
 */
export function takenBackNext(decisions: readonly Decision[]): ReadonlySet<string> {
  const found = new Set<string>();
  /** Of those that say the same: how many that follow are taken back, and none once the latest that stands was met. */
  const undone = new Map<string, number>();
  for (const decision of decisions) {
    if (decision.kind === 'erase') continue;
    const says = textOf(decision);
    const count = undone.get(says) ?? 0;
    if (decision.undo) undone.set(says, count + 1);
    else if (count > 0) undone.set(says, count - 1);
    else if (count === 0) {
      found.add(decision.id);
      undone.set(says, -Infinity);
    }
  }
  return found;
}

/** Equal for decisions that say the same. */
function textOf(decision: Exclude<Decision, { kind: 'erase' }>): string {
  const { kind } = decision;
  if (kind === 'keep') return JSON.stringify([kind, decision.ref, decision.attribute, decision.value]);
  return JSON.stringify([kind, [...decision.refs].sort()]);
}

/** Takes a decision back; says so, or why not. */
export async function undo(decision: Decision): Promise<void> {
  try {
    if (decision.kind === 'keep') {
      const { ref, attribute, value } = decision;
      await decide({ kind: 'keep', ref, attribute, value, undo: true });
    } else if (decision.kind !== 'erase') {
      await decide({ kind: decision.kind, refs: decision.refs, undo: true });
    }
    notify('The decision is taken back.');
  } catch (error) {
    notify(`The decision could not be taken back: ${problemOf(error).detail}`, { kind: 'bad' });
  }
}
