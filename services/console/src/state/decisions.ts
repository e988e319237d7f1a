import { api } from '../api/client.js';
import type { Decision, DecisionRequest } from '../api/types.js';
import { problemOf } from './load.js';
import { notify } from './notices.js';

export function decide(request: DecisionRequest): Promise<Decision> {
  return api.post<Decision>('/v1/decisions', request);
}

/** Takes this very decision back; says so, or why not. */
export async function undo(decision: Decision): Promise<void> {
  try {
    if (decision.kind === 'keep') {
      const { ref, attribute, value } = decision;
      await decide({ kind: 'keep', ref, attribute, value, undo: true, undoes: decision.id });
    } else if (decision.kind !== 'erase') {
      await decide({ kind: decision.kind, refs: decision.refs, undo: true, undoes: decision.id });
    }
    notify('The decision is taken back.');
  } catch (error) {
    notify(`The decision could not be taken back: ${problemOf(error).detail}`, { kind: 'bad' });
  }
}
