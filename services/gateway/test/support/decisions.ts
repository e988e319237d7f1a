import type { DecisionList, DecisionRequest } from '@unsilo/hub';
import type { Decision } from '@unsilo/schemas';
import { paged } from './paging.js';

/** What stewards of the made-up company said, newest first. */
export class Decisions {
  readonly all: Decision[] = [];

  add(author: string, decidedAt: string, request: DecisionRequest): Decision {
    const base = { id: `decision-${this.all.length + 1}`, author, decidedAt };
    const undoes = 'undo' in request && request.undo ? (request.undoes ?? this.#latest(request)) : undefined;
    const decision = { ...base, ...request, ...(undoes === undefined ? {} : { undoes }) } as Decision;
    this.all.unshift(decision);
    return decision;
  }

  /** @param members Refs of the customer that was asked for. */
  page(query: { cursor?: string; limit: number }, members?: readonly string[]): DecisionList {
    const own =
      members === undefined ? this.all : this.all.filter((one) => refsOf(one).some((r) => members.includes(r)));
    const page = paged(own, query);
    return { ...page, standing: page.items.filter((one) => this.#stands(one)).map(({ id }) => id) };
  }

  #latest(request: DecisionRequest): string | undefined {
    return this.all.find((one) => this.#stands(one) && says(one) === says(request))?.id;
  }

  #stands(decision: Decision): boolean {
    if (decision.kind === 'erase' || decision.undo) return false;
    return !this.all.some((other) => 'undoes' in other && other.undoes === decision.id);
  }
}

function refsOf(decision: Decision | DecisionRequest): readonly string[] {
  return decision.kind === 'keep' ? [decision.ref] : decision.refs;
}

function says(decision: Decision | DecisionRequest): string {
  const kept = decision.kind === 'keep' ? [decision.attribute, decision.value] : [];
  return JSON.stringify([decision.kind, [...refsOf(decision)].sort(), ...kept]);
}
