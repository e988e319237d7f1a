import { counted } from '@unsilo/schemas';
import { asking, ASKING } from '../asking.js';
import { EXIT, noMoreArguments, type Command } from '../command.js';
import { countAll } from '../counting.js';
import { printable, table } from '../output.js';

/** Of refs that are astray, so many are named. */
const NAMED = 20;

export const count: Command = {
  name: 'count',
  summary: 'What became of everything that was read: do the numbers agree?',
  usage: ['count'],
  description:
    'Every record on the log must be in one customer, or tied to one, or kept for itself (as entries of a feed are), or deleted in its\n' +
    'system, or erased; input that could not be used is among the dead letters. Exit code 3 says that some are nowhere. Ask when\n' +
    'nothing flows.',
  options: ASKING,
  examples: [{ command: 'unsilo count', what: 'One line for each kind of record of each system' }],
  async run(invocation, surroundings) {
    noMoreArguments(invocation, 0);
    const { output, signal } = surroundings;
    const found = await asking(invocation, surroundings, (asked) =>
      countAll(asked, signal, (looked) => output.progress(counted(looked, 'record'))),
    );
    const { records, customers, deadLetters } = found;
    if (output.json) output.value(found);
    else {
      const numbers = (...all: number[]): string[] => all.map(String);
      const rows = records.map(({ system, kind, read, inCustomers, kept, deleted, erased, astray }) => [
        system,
        kind,
        ...numbers(read, inCustomers, kept, deleted, erased, astray.length),
      ]);
      const head = ['SYSTEM', 'KIND', 'READ', 'IN CUSTOMERS', 'KEPT', 'DELETED', 'ERASED', 'ASTRAY'];
      for (const line of table(head, rows)) output.data(line);
      output.data('');
      output.data(`Customers: ${customers}`);
      const letters = deadLetters.map(({ system, state, number }) => `${number} ${state} (${system})`);
      output.data(printable(`Dead letters: ${letters.join(', ') || '0'}`));
    }
    const astray = records.flatMap((row) => row.astray);
    if (astray.length === 0) return EXIT.ok;
    const more = astray.length > NAMED ? ` and ${astray.length - NAMED} more` : '';
    output.message(printable(`In no customer, or in two: ${astray.slice(0, NAMED).join(', ')}${more}.`));
    return EXIT.found;
  },
};
