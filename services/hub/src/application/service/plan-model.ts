import { pairDecisions } from '../../domain/decisions.js';
import { identityChanges } from '../../domain/identity-change.js';
import { createMatcher } from '../../domain/linkage/matcher.js';
import { modelProblems, type LinkageModel } from '../../domain/linkage/model.js';
import { createPopulation, type Population } from '../../domain/linkage/population.js';
import { breathe } from '../breathe.js';
import type { MatchRow } from '../matching-rows.js';
import type { RecordRow } from '../rows.js';
import { ServiceError, type ModelPlan, type PlannedChange } from '../service.js';
import type { ServiceContext } from './context.js';
import { pages } from './matching-report.js';
import { writesOf } from './review.js';

/** Changes of which it is worked out what they would write. */
const WORKED_OUT = 1000;

/**
 * What another model would merge, split and write, without applying it: all records are matched in memory by the same rules. Takes about as long
 * as `unsilo match` for so many records, and their memory.
 * @throws ServiceError UNSILO_MODEL_INVALID
 */
export async function planModel(context: ServiceContext, value: unknown, limit: number): Promise<ModelPlan> {
  const problems = modelProblems(value);
  if (problems.length > 0)
    throw new ServiceError('invalid', 'UNSILO_MODEL_INVALID', 'This is no matching model.', {
      hint: '`unsilo train` writes one.',
      details: problems.slice(0, 20).map((message) => ({ path: '/model', message })),
    });
  const model = value as LinkageModel;
  const { kinds } = context.core.matching.options;
  const populations = {
    person: createPopulation(createMatcher(model.person, kinds)),
    organization: createPopulation(createMatcher(model.organization, kinds)),
  };
  let records = 0;
  for await (const { value: text } of pages(context, 'matching')) {
    const { profile } = JSON.parse(text) as MatchRow;
    populations[profile.kind].upsert(profile);
    records += 1;
  }
  const before = new Map<string, string[]>();
  for await (const { key, value: text } of pages(context, 'records')) {
    const row = JSON.parse(text) as RecordRow;
    if (row.customer === undefined) continue;
    before.set(row.customer, [...(before.get(row.customer) ?? []), key]);
    for (const population of Object.values(populations)) sayAbout(population, row);
  }
  const after = new Map<string, string[]>();
  for (const population of Object.values(populations)) {
    await breathe();
    population.settle();
    for (const refs of population.clusters()) after.set(refs[0] ?? '', refs);
  }
  const changes = identityChanges(before, after);
  const found: PlannedChange[] = [];
  let writes = 0;
  const counted = new Set<string>();
  for (const { kind, before: was, after: is } of changes.slice(0, WORKED_OUT)) {
    const groups = is.map((id) => after.get(id) ?? []);
    let its = 0;
    for (const refs of groups) {
      const would = await writesOf(context, refs);
      its += would;
      // A group that takes from one customer and leaves another stands in two changes.
      const [first = ''] = refs;
      if (!counted.has(first)) writes += would;
      counted.add(first);
    }
    found.push({ kind, customers: was, groups, writes: its });
  }
  const sizeOf = ({ groups }: PlannedChange): number => groups.reduce((sum, refs) => sum + refs.length, 0);
  found.sort((x, y) => y.writes - x.writes || sizeOf(y) - sizeOf(x));
  return {
    from: context.core.model.version,
    to: model.version,
    records,
    customers: { before: before.size, after: after.size },
    merges: changes.filter(({ kind }) => kind === 'merged').length,
    splits: changes.filter(({ kind }) => kind === 'split').length,
    writes,
    changes: found.slice(0, limit),
    isComplete: changes.length <= WORKED_OUT,
  };
}

/** Decisions and creations hold whatever the model. */
function sayAbout(population: Population, row: RecordRow): void {
  const { createdFor, ref } = row.facts;
  if (createdFor) population.decide(createdFor.ref, ref, 'made');
  const { links, cannotLink } = pairDecisions(row.decisions ?? []);
  for (const [a, b] of links) population.decide(a, b, 'link');
  for (const [a, b] of cannotLink) population.decide(a, b, 'apart');
}
