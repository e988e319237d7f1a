import { resolve } from 'node:path';
import { DEFAULT_LINKAGE_MODEL, type LinkageModel } from '@unsilo/hub/linkage';
import { UsageError, type Invocation, type Option, type Surroundings } from '../cli/command.js';
import { loadMapping } from './mapping.js';
import { loadModel, train } from './model-file.js';
import { linkageOptions, Omissions, pairUp, readRecords, type FileRecord, type Input } from './records.js';

/** Options of every command that works on files. */
export const FILE_OPTIONS = {
  map: {
    type: 'string',
    multiple: true,
    value: 'MAP.yaml',
    description: 'How columns stand to attributes; once for all files, or once for each',
  },
  model: { type: 'string', value: 'FILE', description: 'A model of `unsilo train`; default: one trained on the files' },
  'no-train': { type: 'boolean', description: 'Use the shipped model as it is' },
} as const satisfies Record<string, Option>;

export interface Prepared {
  inputs: Input[];
  options: ReturnType<typeof linkageOptions>;
  omissions: Omissions;
}

/** The files and mappings that a command line names. @throws UsageError */
export function inputsOf(invocation: Invocation, cwd: string): Prepared {
  const { positionals: files } = invocation;
  if (files.length === 0) throw new UsageError('FILE is missing.');
  const mappings = invocation.texts('map').map((file) => loadMapping(resolve(cwd, file)));
  if (mappings.length === 0) throw new UsageError('--map is missing.');
  const inputs = pairUp(files, mappings, cwd);
  return { inputs, options: linkageOptions(inputs), omissions: new Omissions() };
}

export async function allRecords({ inputs, omissions }: Prepared): Promise<FileRecord[]> {
  const records: FileRecord[] = [];
  for await (const record of readRecords(inputs, omissions)) records.push(record);
  return records;
}

/** The model that the command line names: a file's or the shipped one; undefined where it is to be trained. @throws UsageError */
export function givenModel(invocation: Invocation, cwd: string): LinkageModel | undefined {
  const file = invocation.text('model');
  if (file !== undefined && invocation.flag('no-train'))
    throw new UsageError('--model and --no-train exclude each other.');
  if (file !== undefined) return loadModel(resolve(cwd, file));
  return invocation.flag('no-train') ? DEFAULT_LINKAGE_MODEL : undefined;
}

export function trainedModel(
  records: readonly FileRecord[],
  { options }: Prepared,
  { output }: Surroundings,
): LinkageModel {
  return train(records, options, { onProgress: (step) => output.progress(`Training: ${step} …`) }).model;
}

export function tellOmissions({ omissions }: Prepared, { output }: Surroundings): void {
  if (omissions.count === 0) return;
  output.message(`${omissions.count === 1 ? '1 row was' : `${omissions.count} rows were`} left out:`);
  for (const line of omissions.lines()) output.message(`  ${line}`);
}
