import type { RecordFacts } from '../domain/facts.js';
import { evaluate, type Evaluation } from '../domain/testimony.js';
import { kindProfile, type Core } from './core.js';

export function evaluateFacts(core: Core, facts: RecordFacts): Evaluation {
  return evaluate(facts, { normaliser: core.normaliser, profile: kindProfile(core, facts.ref) });
}

/**
 * Evaluations by the very facts that they were made from. For one batch: what outlived that in here, or in a map with weak keys, would be moved
 * about by every collection of young objects.
 */
export class Evaluations {
  private readonly known = new Map<RecordFacts, Evaluation>();
  private readonly core: Core;
  constructor(core: Core) {
    this.core = core;
  }

  of(facts: RecordFacts): Evaluation {
    let evaluation = this.known.get(facts);
    if (!evaluation) {
      evaluation = evaluateFacts(this.core, facts);
      this.known.set(facts, evaluation);
    }
    return evaluation;
  }
}
