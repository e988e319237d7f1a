import { resolve } from 'node:path';
import type { PlannedChange } from '@unsilo/hub';
import { counted } from '@unsilo/schemas';
import { loadModel } from '../../matching/model-file.js';
import { asking, ASKING } from '../asking.js';
import { EXIT, noMoreArguments, UsageError, type Command, type ExitCode } from '../command.js';
import { printable } from '../output.js';

const SHOWN = 100;

export const plan: Command = {
  name: 'plan',
  summary: 'What another matching model would merge, split and write',
  usage: ['plan --model FILE'],
  description:
    'Nothing is changed: all records are matched with the other model in memory, and what comes of it is compared with the customers that there are.\n' +
    'Name the file under `matching: { model: FILE }` in the configuration to apply it.',
  options: {
    ...ASKING,
    model: { type: 'string', value: 'FILE', description: 'A model that `unsilo train` wrote' },
  },
  examples: [{ command: 'unsilo plan --model new.json', what: 'Look before you apply it' }],
  async run(invocation, surroundings): Promise<ExitCode> {
    noMoreArguments(invocation, 0);
    const { output, cwd } = surroundings;
    const file = invocation.text('model');
    if (file === undefined) throw new UsageError('--model is missing: a file that `unsilo train` wrote.');
    const model = loadModel(resolve(cwd, file));
    return asking(invocation, surroundings, async ({ service, actor }) => {
      const planned = await service.planModel(actor, { model, limit: SHOWN });
      if (output.json) {
        output.value(planned);
        return EXIT.ok;
      }
      for (const change of planned.changes) output.data(printable(lineOf(change)));
      const { from, to, records, customers, merges, splits, writes } = planned;
      output.message(
        `${to} instead of ${from}: ${counted(merges, 'merge')} and ${counted(splits, 'split')} among ${counted(records, 'record')}, ${customers.before === 1 ? '1 customer becomes' : `${customers.before} customers become`} ${customers.after}, ` +
          `${writes}${planned.isComplete ? '' : ' or more'} ${writes === 1 && planned.isComplete ? 'record' : 'records'} would be written.`,
      );
      return EXIT.ok;
    });
  },
};

function lineOf({ kind, customers, groups, writes }: PlannedChange): string {
  const parts = groups.map((refs) => refs.join(' ')).join(' | ');
  return `${kind} ${customers.join(' ')}: ${parts} (${counted(writes, 'write')})`;
}
