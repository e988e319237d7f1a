import { DEFAULT_LINKAGE_MODEL } from './default-model.js';
import { LEVELS } from './kinds.js';
import type { LinkageModel, PartModel } from './model.js';
import { createProfile, type LinkageRecord, type ProfileOptions } from './profile.js';
import { trainPart, type TrainingOptions, type TrainingReport } from './train.js';

export interface LevelShares {
  kind: LinkageRecord['kind'];
  attribute: string;
  level: string;
  m: number;
  u: number;
  /** log2(m/u); an exact agreement on a value with a frequency weighs by that instead. */
  bits: number;
}

export interface ModelTraining {
  model: LinkageModel;
  person: TrainingReport | undefined;
  organization: TrainingReport | undefined;
  levels: LevelShares[];
}

/** With fewer records nothing can be estimated: the shipped part stays. */
const FEWEST = 10;

/** Estimates a model from records, persons and organizations each for themselves. */
export function trainModel(
  records: Iterable<LinkageRecord>,
  version: string,
  options: TrainingOptions & ProfileOptions = {},
  start: LinkageModel = DEFAULT_LINKAGE_MODEL,
): ModelTraining {
  const byKind = { person: new Map<string, LinkageRecord>(), organization: new Map<string, LinkageRecord>() };
  for (const record of records) byKind[record.kind].set(record.ref, record);
  const model: LinkageModel = { ...start, version };
  const result: ModelTraining = { model, person: undefined, organization: undefined, levels: [] };
  for (const kind of ['person', 'organization'] as const) {
    const profiles = [...byKind[kind].values()].map((record) => createProfile(record, options));
    if (profiles.length < FEWEST) continue;
    const { part, report } = trainPart(profiles, start[kind], options);
    model[kind] = part;
    result[kind] = report;
    result.levels.push(...levelShares(kind, part));
  }
  return result;
}

function levelShares(kind: LinkageRecord['kind'], part: PartModel): LevelShares[] {
  return Object.entries(part.attributes).flatMap(([attribute, { kind: compared, m, u }]) =>
    LEVELS[compared].map((level, i) => {
      const [share = 1, other = 1] = [m[i], u[i]];
      return { kind, attribute, level, m: share, u: other, bits: Number(Math.log2(share / other).toFixed(2)) };
    }),
  );
}
