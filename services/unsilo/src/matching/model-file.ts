import { readFileSync } from 'node:fs';
import {
  DEFAULT_LINKAGE_MODEL,
  modelProblems,
  trainModel,
  trainOnProfiles,
  type Label,
  type LinkageModel,
  type ModelTraining,
} from '@unsilo/hub/linkage';
import { createHash } from 'node:crypto';
import { CommandError } from '../cli/command.js';
import type { HubRecords } from './hub-records.js';
import type { FileRecord } from './records.js';
import type { linkageOptions } from './records.js';

/** @throws CommandError when the file is no model. */
export function loadModel(file: string): LinkageModel {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new CommandError('UNSILO_MODEL_UNREADABLE', `${file} can not be read: ${(error as Error).message}`);
  }
  const problems = modelProblems(value);
  if (problems.length > 0)
    throw new CommandError(
      'UNSILO_MODEL_INVALID',
      `${file} is no matching model: ${problems.slice(0, 5).join(' ')}`,
      'unsilo train writes one.',
    );
  return value as LinkageModel;
}

/** A model estimated from these records, its version named after its content. */
export function train(
  records: readonly FileRecord[],
  options: ReturnType<typeof linkageOptions>,
  more: { labels?: readonly Label[]; onProgress?: (step: string) => void } = {},
): ModelTraining {
  return named(
    trainModel(
      records.map(({ record }) => record),
      'trained',
      { ...options, ...more },
      DEFAULT_LINKAGE_MODEL,
    ),
  );
}

/** The same from what a hub holds. */
export function trainOnHub({ profiles, labels, kinds }: HubRecords, onProgress: (step: string) => void): ModelTraining {
  return named(trainOnProfiles(profiles, 'trained', { labels, kinds, onProgress }, DEFAULT_LINKAGE_MODEL));
}

function named(training: ModelTraining): ModelTraining {
  const digest = createHash('sha256').update(JSON.stringify(training.model)).digest('hex').slice(0, 8);
  training.model.version = `trained-${digest}`;
  return training;
}
