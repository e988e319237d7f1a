import { asking, ASKING } from '../asking.js';
import { EXIT, noMoreArguments, type Command } from '../command.js';
import { printable } from '../output.js';

export const audit: Command = {
  name: 'audit',
  summary: 'Does every writable record equal its customer? Which do not, and why',
  usage: ['audit [--system NAME] [--unexplained | --all]'],
  description:
    'One line a difference. Exit code 3 says that there are some. What the policy or the system lets nobody write is no difference;\n' +
    '--all lists it too.',
  options: {
    ...ASKING,
    system: { type: 'string', value: 'NAME', description: 'Only the records of this system' },
    all: { type: 'boolean', description: 'Also values that may not be written there' },
    unexplained: { type: 'boolean', description: 'Only differences that no rule explains' },
  },
  examples: [
    { command: 'unsilo audit', what: 'Everything that differs, with its reason' },
    { command: 'unsilo audit --system crm --unexplained --json', what: 'What should not be, one row a line' },
  ],
  async run(invocation, surroundings) {
    noMoreArguments(invocation, 0);
    const { output, signal } = surroundings;
    const system = invocation.text('system');
    /** Without what may not be written: that is as it should be. */
    const counts = new Map<string, number>();
    await asking(invocation, surroundings, async ({ service, actor }) => {
      for await (const row of service.audit(actor, system === undefined ? {} : { system }, signal)) {
        if (invocation.flag('unexplained') && row.reason !== 'unexplained') continue;
        if (row.reason === 'not-writable' && !invocation.flag('all')) continue;
        if (row.reason !== 'not-writable') counts.set(row.reason, (counts.get(row.reason) ?? 0) + 1);
        if (output.json) output.value(row, 'line');
        else output.data(printable(`${row.customer} ${row.ref} ${row.attribute ?? '(the record)'}: ${row.reason}`));
      }
    });
    signal.throwIfAborted();
    const summary = [...counts].map(([reason, count]) => `${count} ${reason}`).join(', ');
    output.message(counts.size === 0 ? 'No differences.' : `Differences: ${summary}.`);
    return counts.size === 0 ? EXIT.ok : EXIT.found;
  },
};
