import type { Decision } from '@unsilo/schemas';
import { pairDecisions, pairKey, standingAboutPairs, type OrderedDecision } from '../../domain/decisions.js';
import type { MatchRow } from '../matching-rows.js';
import type { TrainingLine } from '../service.js';
import type { ServiceContext } from './context.js';
import { pages } from './matching-report.js';

/** The settings, every record that says something, and the last word about each pair, each in a fixed order. */
export async function* trainingData(context: ServiceContext, signal?: AbortSignal): AsyncGenerator<TrainingLine> {
  const { model, matching } = context.core;
  yield { type: 'settings', model: model.version, kinds: { ...matching.options.kinds } };
  for await (const { value } of pages(context, 'matching')) {
    if (signal?.aborted) return;
    yield { type: 'record', profile: (JSON.parse(value) as MatchRow).profile };
  }
  const decisions: OrderedDecision[] = [];
  for await (const { value } of pages(context, 'decisions')) {
    const decision = JSON.parse(value) as Decision;
    decisions.push({ seq: Date.parse(decision.decidedAt), decision });
  }
  // The last word about each pair counts, and is told to be one that turns another.
  const said = new Map<string, Set<Decision['kind']>>();
  for (const { kind, refs } of standingAboutPairs(decisions)) {
    const words = said.get(pairKey(refs));
    if (words) words.add(kind);
    else said.set(pairKey(refs), new Set([kind]));
  }
  const { links, cannotLink } = pairDecisions(decisions);
  for (const [pairs, same] of [
    [links, true],
    [cannotLink, false],
  ] as const)
    for (const [a, b] of pairs)
      yield { type: 'judgement', a, b, same, reversed: said.get(pairKey([a, b]))?.size === 2 };
}
