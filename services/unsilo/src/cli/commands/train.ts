import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Label, ModelTraining } from '@unsilo/hub/linkage';
import { counted } from '@unsilo/schemas';
import { readHub } from '../../matching/hub-records.js';
import { allRecords, FILE_OPTIONS, inputsOf, tellOmissions } from '../../matching/input.js';
import { train as trainOnFiles, trainOnHub } from '../../matching/model-file.js';
import { readRows } from '../../matching/rows.js';
import { asking, ASKING } from '../asking.js';
import { CommandError, EXIT, UsageError, type Command, type Invocation, type Surroundings } from '../command.js';
import { printable, table } from '../output.js';

/** Contradictory labels that are named. */
const NAMED = 5;

export const train: Command = {
  name: 'train',
  summary: 'Estimate a matching model from your own records, with labels or without',
  usage: [
    'train --out model.json [--config FILE] [--labels FILE]',
    'train FILE… --map MAP.yaml --out model.json [--labels FILE]',
  ],
  description:
    "Without files: from the hub's own records, of the running process or of the data folder. What stewards said about pairs of them counts as\n" +
    'labels: linked is one party, kept apart is two. A model changes no decision: those hold whatever it says.\n' +
    'Tells for every level of every attribute how often it comes about within a party (m) and between two (u), and where the records\n' +
    'are too few to tell. The same records and labels give the same model, in whatever order they come. `unsilo help match` explains MAP.yaml.',
  options: {
    ...ASKING,
    map: FILE_OPTIONS.map,
    out: { type: 'string', value: 'FILE', description: 'Where the model is written' },
    labels: {
      type: 'string',
      value: 'FILE',
      description: 'Pairs that somebody judged: columns a, b (source/id each, or refs) and same (yes or no)',
    },
  },
  examples: [
    {
      command: 'unsilo train --config unsilo.yaml --out model.json',
      what: "A model from the hub's records and its stewards' decisions; then `unsilo plan --model model.json`",
    },
    {
      command: 'unsilo train contacts.csv --map crm.yaml --out model.json',
      what: 'A model for `unsilo match --model`',
    },
  ],
  async run(invocation, surroundings) {
    const { output, cwd } = surroundings;
    const out = invocation.text('out');
    if (out === undefined) throw new UsageError('--out is missing.');
    const labelFile = invocation.text('labels');
    const labels = labelFile === undefined ? [] : await readLabels(resolve(cwd, labelFile));
    const isOfHub = invocation.positionals.length === 0 && invocation.texts('map').length === 0;
    const training = isOfHub
      ? await trainedOnHub(invocation, surroundings, labels)
      : await trainedOnFiles(invocation, surroundings, labels);
    const { model, person, organization, levels } = training;
    try {
      writeFileSync(resolve(cwd, out), `${JSON.stringify(model, undefined, 1)}\n`);
    } catch (error) {
      throw new CommandError('UNSILO_TRAIN_OUT', `${out} can not be written: ${(error as Error).message}`);
    }
    const { labels: judged, reversed } = training;
    if (output.json)
      output.value({ version: model.version, person, organization, levels, labels: { ...judged, reversed } });
    else {
      const shown = levels.filter(
        ({ kind, attribute }) => (kind === 'person' ? person : organization)?.support[attribute],
      );
      const rows = shown.map(({ kind, attribute, level, m, u, bits }) => [
        kind,
        attribute,
        level,
        String(m),
        String(u),
        bits.toFixed(2),
      ]);
      for (const line of table(['KIND', 'ATTRIBUTE', 'LEVEL', 'M', 'U', 'BITS'], rows)) output.data(line);
    }
    tellReports(training, surroundings);
    output.message(
      `${model.version} is written to ${out}.${isOfHub ? ` What it would change: unsilo plan --model ${out}` : ''}`,
    );
    return EXIT.ok;
  },
};

interface Trained extends ModelTraining {
  /** Pairs of which a steward had said the opposite before: the last word was taken. */
  reversed: Label[];
}

async function trainedOnHub(
  invocation: Invocation,
  surroundings: Surroundings,
  labels: readonly Label[],
): Promise<Trained> {
  const { output, signal } = surroundings;
  const tell = (step: string): void => output.progress(`Training: ${step} …`);
  const found = await asking(invocation, surroundings, ({ service, actor }) => readHub(service, actor, signal, tell));
  signal.throwIfAborted();
  if (found.labels.length > 0)
    output.message(
      `Stewards have judged ${counted(found.labels.length, 'pair')}.${named(found.reversed, ['was judged', 'were judged'], 'both ways: the last word counts')}`,
    );
  const training = trainOnHub({ ...found, labels: [...found.labels, ...labels] }, tell);
  return { ...training, reversed: found.reversed };
}

async function trainedOnFiles(
  invocation: Invocation,
  surroundings: Surroundings,
  labels: readonly Label[],
): Promise<Trained> {
  const { output, cwd } = surroundings;
  const asked = Object.keys(ASKING).find((name) => invocation.text(name) !== undefined);
  if (asked !== undefined)
    throw new UsageError(`--${asked} goes without files: then the records are those of the hub.`);
  const prepared = inputsOf(invocation, cwd);
  const records = await allRecords(prepared);
  const onProgress = (step: string): void => output.progress(`Training: ${step} …`);
  const training = trainOnFiles(records, prepared.options, { labels, onProgress });
  tellOmissions(prepared, surroundings);
  return { ...training, reversed: [] };
}

function tellReports({ person, organization, labels }: ModelTraining, { output }: Surroundings): void {
  for (const [kind, report] of Object.entries({ person, organization })) {
    if (report === undefined) continue;
    output.message(
      `${kind}: ${counted(report.records, 'record')} (${report.sampled} looked at), ${counted(report.candidatePairs, 'candidate pair')}, about ` +
        `${counted(report.expectedMatches, 'match', 'matches')}; ${(report.blockingLoss * 100).toFixed(1)}% of the pairs within clusters share no key.`,
    );
    for (const warning of report.warnings) output.message(`${kind}: ${warning}`);
  }
  const { same, different, contradictory, unknown } = labels;
  if (same + different + contradictory.length + unknown > 0)
    output.message(
      `Labels: ${same === 1 ? '1 pair was' : `${same} pairs were`} taken for one party and ${different} for two.${named(contradictory, ['contradicts the others and was', 'contradict each other and were'], 'left out')}` +
        (unknown === 0
          ? ''
          : ` ${unknown === 1 ? '1 names records that can not be compared here, and was' : `${unknown} name records that can not be compared here, and were`} left out.`),
    );
  if (person === undefined && organization === undefined)
    output.message('There are too few records to estimate anything: this is the shipped model.');
}

/** So many pairs, the first of them by name, and what is the matter with them; nothing where there are none. */
function named(labels: readonly Label[], [one, many]: readonly [string, string], what: string): string {
  if (labels.length === 0) return '';
  const some = labels.slice(0, NAMED).map(({ a, b, same }) => printable(`${a} ${same ? '=' : '≠'} ${b}`));
  return ` ${counted(labels.length, one, many)} ${what}: ${some.join(', ')}${labels.length > NAMED ? ', …' : ''}.`;
}

async function readLabels(file: string): Promise<Label[]> {
  const labels: Label[] = [];
  for await (const { line, cells } of readRows(file, undefined, () => undefined)) {
    const { a, b, same } = cells;
    const isYes = /^(?:yes|y|true|1|same)$/i.test(String(same));
    if (
      typeof a !== 'string' ||
      typeof b !== 'string' ||
      (!isYes && !/^(?:no|n|false|0|different)$/i.test(String(same)))
    )
      throw new CommandError('UNSILO_TRAIN_LABELS', `${file}:${line}: a, b and same (yes or no) are needed`);
    labels.push({ a, b, same: isYes });
  }
  return labels;
}
