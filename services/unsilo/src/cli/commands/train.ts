import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { allRecords, FILE_OPTIONS, inputsOf, tellOmissions } from '../../matching/input.js';
import { train as estimate } from '../../matching/model-file.js';
import { readRows } from '../../matching/rows.js';
import { CommandError, EXIT, UsageError, type Command } from '../command.js';
import { table } from '../output.js';

export const train: Command = {
  name: 'train',
  summary: 'Estimate a matching model from your own records, without labels',
  usage: ['train FILE… --map MAP.yaml --out model.json [--labels FILE]'],
  description:
    'Tells for every level of every attribute how often it comes about within a party (m) and between two (u), and where the records\n' +
    'are too few to tell. The same records give the same model, in whatever order they come. `unsilo help match` explains MAP.yaml.',
  options: {
    map: FILE_OPTIONS.map,
    out: { type: 'string', value: 'FILE', description: 'Where the model is written' },
    labels: {
      type: 'string',
      value: 'FILE',
      description: 'Pairs that somebody judged: columns a, b (source/id each) and same (yes or no)',
    },
  },
  examples: [
    {
      command: 'unsilo train contacts.csv --map crm.yaml --out model.json',
      what: 'A model for `unsilo match --model`',
    },
  ],
  async run(invocation, surroundings) {
    const { output, cwd } = surroundings;
    const out = invocation.text('out');
    if (out === undefined) throw new UsageError('--out is missing.');
    const prepared = inputsOf(invocation, cwd);
    const labelFile = invocation.text('labels');
    const records = await allRecords(prepared);
    const { model, person, organization, levels } = estimate(records, prepared.options, {
      labels: labelFile === undefined ? [] : await readLabels(resolve(cwd, labelFile)),
      onProgress: (step) => output.progress(`Training: ${step} …`),
    });
    try {
      writeFileSync(resolve(cwd, out), `${JSON.stringify(model, undefined, 1)}\n`);
    } catch (error) {
      throw new CommandError('UNSILO_TRAIN_OUT', `${out} can not be written: ${(error as Error).message}`);
    }
    if (output.json) output.value({ version: model.version, person, organization, levels });
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
    for (const [kind, report] of Object.entries({ person, organization })) {
      if (report === undefined) continue;
      output.message(
        `${kind}: ${report.records} records (${report.sampled} looked at), ${report.candidatePairs} candidate pairs, about ` +
          `${report.expectedMatches} matches; ${(report.blockingLoss * 100).toFixed(1)}% of the pairs within clusters share no key.`,
      );
      for (const warning of report.warnings) output.message(`${kind}: ${warning}`);
    }
    if (person === undefined && organization === undefined)
      output.message('There are too few records to estimate anything: this is the shipped model.');
    output.message(`${model.version} is written to ${out}.`);
    tellOmissions(prepared, surroundings);
    return EXIT.ok;
  },
};

async function readLabels(file: string): Promise<{ a: string; b: string; same: boolean }[]> {
  const labels: { a: string; b: string; same: boolean }[] = [];
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
