import { resolve } from 'node:path';
import { createLinkage, quality, type LinkageModel, type Scores } from '@unsilo/hub/linkage';
import { counted } from '@unsilo/schemas';
import {
  allRecords,
  FILE_OPTIONS,
  givenModel,
  inputsOf,
  tellOmissions,
  trainedModel,
  type Prepared,
} from '../../matching/input.js';
import type { FileRecord } from '../../matching/records.js';
import { readGrouping, truthOf } from '../../matching/truth.js';
import { worstErrors, type WrongPair } from '../../matching/worst-errors.js';
import {
  argument,
  EXIT,
  noMoreArguments,
  UsageError,
  type Command,
  type Invocation,
  type Surroundings,
} from '../command.js';
import { printable, table } from '../output.js';

/** Bits from the model's own threshold at which everything is clustered again. */
const STEPS = [-6, -4, -2, 0, 2, 4, 6, 8, 10, 12];

interface AtThreshold {
  threshold: number;
  pairwise: Scores;
  clusterwise: Scores;
}

export const evaluate: Command = {
  name: 'evaluate',
  summary: 'How well matching does where the truth is known',
  usage: [
    'evaluate FILE… --map MAP.yaml [--truth FILE] [--model FILE | --no-train] [--errors N]',
    'evaluate CLUSTERS.csv --truth FILE',
  ],
  description:
    'Precision, recall and F1 over pairs of records and over whole clusters, at the threshold of the model and at others, and the worst\n' +
    'errors with their evidence. The truth has the columns source, id and customer, as `unsilo match` writes them (source may be left\n' +
    'out where ids are unique); or the mapping names a column: "truth: { column: cluster }". Without --map, clusters are compared as they are.',
  options: {
    ...FILE_OPTIONS,
    truth: { type: 'string', value: 'FILE', description: 'Who truly is who' },
    errors: { type: 'string', value: 'N', description: 'Explain so many errors of each sort (default 3)' },
  },
  examples: [
    {
      command: 'unsilo evaluate fake_1000.csv --map examples/fake.yaml',
      what: 'Trains on the file without looking at the truth, then compares',
    },
    { command: 'unsilo evaluate clusters.csv --truth truth.csv --json', what: 'The figures of finished clusters' },
  ],
  async run(invocation, surroundings) {
    if (invocation.texts('map').length === 0) return evaluateClusters(invocation, surroundings);
    const { output, cwd } = surroundings;
    const prepared = inputsOf(invocation, cwd);
    const most = invocation.number('errors', { min: 0, max: 1000 }) ?? 3;
    const truthFile = invocation.text('truth');
    const records = await allRecords(prepared);
    const truth = await truthOf(records, truthFile === undefined ? undefined : resolve(cwd, truthFile));
    const model = givenModel(invocation, cwd) ?? trainedModel(records, prepared, surroundings);
    const thresholds: AtThreshold[] = [];
    let errors: WrongPair[] = [];
    for (const step of STEPS) {
      output.progress(`Threshold ${step} bits from the model's …`);
      const shifted = shift(model, step);
      const linkage = linked(records, shifted, prepared);
      thresholds.push({ threshold: shifted.person.threshold, ...quality(linkage.clusters(), truth) });
      if (step === 0) errors = worstErrors(linkage, truth, most);
    }
    const own = thresholds[STEPS.indexOf(0)] as AtThreshold;
    const best = thresholds.reduce((a, b) => (b.pairwise.f1 > a.pairwise.f1 ? b : a));
    if (output.json)
      output.value({
        records: records.length,
        known: truth.size,
        model: model.version,
        ...own,
        best,
        thresholds,
        errors,
      });
    else {
      output.data(`${counted(records.length, 'record')}, ${truth.size} with a known party, model ${model.version}`);
      for (const line of scoreLines([own, ...thresholds], own.threshold)) output.data(line);
      for (const error of errors) for (const line of errorLines(error)) output.data(line);
    }
    tellOmissions(prepared, surroundings);
    return EXIT.ok;
  },
};

async function evaluateClusters(invocation: Invocation, { output, cwd }: Surroundings): Promise<0> {
  noMoreArguments(invocation, 1);
  const file = resolve(cwd, argument(invocation, 0, 'FILE'));
  const truthFile = invocation.text('truth');
  if (truthFile === undefined) throw new UsageError('--truth is missing.');
  const [found, wanted] = [await readGrouping(file), await readGrouping(resolve(cwd, truthFile))];
  const strip = (key: string): string => key.slice(key.indexOf('/') + 1);
  const clusters = new Map<string, string[]>();
  for (const [key, customer] of found.parties) {
    const ref = found.bySource && !wanted.bySource ? strip(key) : key;
    const list = clusters.get(customer);
    if (list) list.push(ref);
    else clusters.set(customer, [ref]);
  }
  const scores = quality(clusters.values(), wanted.parties);
  if (output.json) output.value({ records: found.parties.size, ...scores });
  else for (const line of scoreLines([{ threshold: Number.NaN, ...scores }], Number.NaN)) output.data(line);
  return EXIT.ok;
}

function shift(model: LinkageModel, step: number): LinkageModel {
  const part = (kind: 'person' | 'organization') => ({ ...model[kind], threshold: model[kind].threshold + step });
  return { ...model, person: part('person'), organization: part('organization') };
}

function linked(records: readonly FileRecord[], model: LinkageModel, { options }: Prepared) {
  const linkage = createLinkage(model, options);
  for (const { record } of records) linkage.upsert(record);
  linkage.settle();
  return linkage;
}

function scoreLines(rows: readonly AtThreshold[], own: number): string[] {
  const digits = (share: number): string => share.toFixed(4);
  return table(
    ['THRESHOLD', 'PRECISION', 'RECALL', 'F1', 'WRONG', 'MISSED', 'CLUSTERS: PRECISION', 'RECALL', 'F1'],
    rows.map(({ threshold, pairwise, clusterwise }, index) => [
      Number.isNaN(threshold) ? '-' : index === 0 ? `${own} (model)` : String(threshold),
      digits(pairwise.precision),
      digits(pairwise.recall),
      digits(pairwise.f1),
      String(pairwise.falsePositives),
      String(pairwise.falseNegatives),
      digits(clusterwise.precision),
      digits(clusterwise.recall),
      digits(clusterwise.f1),
    ]),
  );
}

function errorLines({ error, a, b, bits, prior, household, householdBy, evidence, why }: WrongPair): string[] {
  return [
    '',
    `${error}: ${printable(a)} and ${printable(b)}, ${bits} bits. ${why}`,
    `  ${signed(prior)}  any two records`,
    ...evidence.map(({ bits: part, words, left, right }) =>
      printable(`  ${signed(part)}  ${words}: ${left}${left === right ? '' : ` | ${right}`}`),
    ),
    ...(householdBy === undefined ? [] : [`  ${signed(household)}  ${HOUSEHOLD[householdBy]}`]),
  ];
}

const HOUSEHOLD = {
  shared: 'people share it',
  names: 'nothing but the names agrees',
  moved: 'movers change all of an address',
} as const;

function signed(bits: number): string {
  return `${bits < 0 ? '' : '+'}${bits.toFixed(1)}`.padStart(6);
}
