import { DEFAULT_LINKAGE_MODEL } from './default-model.js';
import { LEVELS } from './kinds.js';
import { soundLabels, type Label } from './labels.js';
import type { LinkageModel, PartModel } from './model.js';
import { createProfile, statesSomething, type LinkageRecord, type Profile, type ProfileOptions } from './profile.js';
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

/** What became of pairs that people judged. */
export interface LabelReport {
  /** Pairs that were taken for one party, and for two. */
  same: number;
  different: number;
  /** Left out, since they can't all be true. */
  contradictory: Label[];
  /** Left out, since a record is missing or states nothing, the two are a person and an organization, or there are too few of their kind to train anything. */
  unknown: number;
}

export interface ModelTraining {
  model: LinkageModel;
  labels: LabelReport;
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
  const byRef = new Map<string, LinkageRecord>();
  for (const record of records) byRef.set(record.ref, record);
  const profiles = [...byRef.values()].map((record) => createProfile(record, options));
  return trainOnProfiles(profiles, version, options, start);
}

/** The same from records as they are compared. @param profiles One a ref. Those that state nothing are no records to learn from. */
export function trainOnProfiles(
  profiles: readonly Profile[],
  version: string,
  { labels: given = [], ...options }: TrainingOptions = {},
  start: LinkageModel = DEFAULT_LINKAGE_MODEL,
): ModelTraining {
  const model: LinkageModel = { ...start, version };
  const { sound, contradictory } = soundLabels(given);
  const stating = profiles.filter(statesSomething);
  const kindOf = new Map(stating.map(({ ref, kind }) => [ref, kind]));
  const used = sound.filter(({ a, b }) => kindOf.has(a) && kindOf.get(a) === kindOf.get(b));
  const labels: LabelReport = { same: 0, different: 0, contradictory, unknown: sound.length - used.length };
  const result: ModelTraining = { model, person: undefined, organization: undefined, levels: [], labels };
  for (const kind of ['person', 'organization'] as const) {
    const ofKind = stating.filter((profile) => profile.kind === kind);
    const judged = used.filter(({ a }) => kindOf.get(a) === kind);
    if (ofKind.length < FEWEST) {
      labels.unknown += judged.length;
      continue;
    }
    for (const { same } of judged) labels[same ? 'same' : 'different'] += 1;
    const { part, report } = trainPart(ofKind, start[kind], { ...options, labels: judged });
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
