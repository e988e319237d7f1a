import { reachOf, type Reach } from '../../erase/reach.js';
import { confirmErased } from '../../erase/verify.js';
import { asking, ASKING } from '../asking.js';
import { argument, EXIT, noMoreArguments, UsageError, type Command, type ExitCode } from '../command.js';
import { customerOf } from '../customer-of.js';
import { table, type Output } from '../output.js';

/** So many records one decision can name. */
const MOST = 1000;
const PATIENCE_S = 60;
const LONGEST_PATIENCE_S = 3600;

export const erase: Command = {
  name: 'erase',
  summary: 'Forget a customer, or one record, for good',
  usage: [
    'erase ID|REF --dry-run [--only-record]',
    'erase ID|REF --reason TEXT --yes [--only-record] [--wait SECONDS]',
  ],
  description:
    'Everything that was stated in the records of the customer until now is forgotten: merged values, what they wrote, what was written to them\n' +
    'alone, cases of nobody else, and what connectors remember of them. It holds against replays, rebuilds and late events, and can not be taken\n' +
    'back. What the decision keeps is its author (the name of the key), the reason and the refs.\n' +
    'The systems keep their own records: delete them there first, or else what they state afterwards counts as new. The log keeps its\n' +
    'old events until their retention ends.\n' +
    'Waits until the hub and the connectors have forgotten; exit code 3 says that this could not be confirmed everywhere, and where.',
  options: {
    ...ASKING,
    reason: { type: 'string', value: 'TEXT', description: 'Why; this stays, so write nothing about the person' },
    'dry-run': { type: 'boolean', description: 'Only say what would be forgotten, and where' },
    'only-record': { type: 'boolean', description: 'With a REF: this record alone, not all of its customer' },
    yes: { type: 'boolean', description: 'It is meant' },
    wait: {
      type: 'string',
      value: 'SECONDS',
      description: `How long to wait for it; default ${PATIENCE_S}, 0 not at all`,
    },
  },
  examples: [
    { command: 'unsilo erase crm/contact/42 --dry-run', what: 'What is known of them, and what would go' },
    { command: 'unsilo erase c_0123 --reason "request 17" --yes', what: 'Forget them everywhere' },
  ],
  async run(invocation, surroundings) {
    const { output, signal } = surroundings;
    const given = argument(invocation, 0, 'The id of the customer, or a ref');
    noMoreArguments(invocation, 1);
    const isDry = invocation.flag('dry-run');
    const isAlone = invocation.flag('only-record');
    const reason = invocation.text('reason')?.trim() ?? '';
    const patience = invocation.number('wait', { min: 0, max: LONGEST_PATIENCE_S }) ?? PATIENCE_S;
    if (isAlone && !given.includes('/')) throw new UsageError('--only-record needs a ref: system/kind/id.');
    if (!isDry && reason === '') throw new UsageError('--reason is missing.');
    if (!isDry && !invocation.flag('yes'))
      throw new UsageError('This can not be taken back: give --yes, or look with --dry-run.');
    return asking(
      invocation,
      surroundings,
      async (asked): Promise<ExitCode> => {
        const found = await customerOf(asked, given, output);
        const refs = isAlone ? [given] : found.customer.members;
        const reach = await reachOf(asked, found, refs, signal);
        if (isDry) {
          if (output.json) output.value(reach);
          else tell(reach, output);
          return EXIT.ok;
        }
        const decisions = [];
        for (let from = 0; from < refs.length; from += MOST)
          decisions.push(
            (await asked.service.decide(asked.actor, { kind: 'erase', refs: refs.slice(from, from + MOST), reason }))
              .decision,
          );
        const [{ author, decidedAt } = { author: '', decidedAt: '' }] = decisions;
        if (!output.json) output.message(`Decided by ${author} on ${decidedAt}.`);
        const unconfirmed = patience === 0 ? undefined : await confirmErased(asked, reach, patience * 1000, signal);
        if (output.json)
          output.value({ ...reach, decisions: decisions.map(({ id }) => id), author, decidedAt, unconfirmed });
        else {
          tell(reach, output);
          if (unconfirmed?.length === 0)
            output.message('It is forgotten: by the hub, and by the connectors of its systems.');
          for (const line of unconfirmed ?? []) output.message(line);
        }
        return (unconfirmed ?? []).length === 0 ? EXIT.ok : EXIT.found;
      },
      isDry ? 'reading' : 'writing',
    );
  },
};

function tell({ customer, whole, records, entries }: Reach, output: Output): void {
  output.data(`${customer} ${whole ? 'with all its records' : 'without these records, keeping the others'}`);
  output.data('');
  const rows = records.map(({ ref, deleted }) => [ref, deleted ? 'deleted there' : 'still there']);
  for (const line of table(['RECORD', 'IN ITS SYSTEM'], rows)) output.data(line);
  if (entries.length === 0) return;
  output.data('');
  const counts = entries.map(({ system, kind, erased, untied }) => [
    `${system}/${kind}`,
    String(erased),
    String(untied),
  ]);
  for (const line of table(['POSTS, CASES', 'FORGOTTEN', 'KEPT, UNTIED'], counts)) output.data(line);
}
