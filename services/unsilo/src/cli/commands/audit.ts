import type { AuditRow, ExceptionReason } from '@unsilo/hub';
import { asking, ASKING } from '../asking.js';
import { EXIT, noMoreArguments, type Command } from '../command.js';
import { printable } from '../output.js';

/** Differences that stay: they are as the policy or the system wants them, and nobody has to do anything. */
const SETTLED: ReadonlySet<string> = new Set<ExceptionReason>([
  'acknowledged',
  'add-suppressed',
  'clear-refused',
  'deleted',
  'displaced',
  'duplicate',
  'not-writable',
]);

export const audit: Command = {
  name: 'audit',
  summary: 'Does every writable record equal its customer? Which do not, and why',
  usage: ['audit [--system NAME] [--open | --all]'],
  description:
    'One line a difference, with its reason. Exit code 3 says that some are open: a write is under way, was refused, or no rule explains\n' +
    'them. The others stay as the policy or the system wants them. Values that may not be written at all are listed with --all only.',
  options: {
    ...ASKING,
    system: { type: 'string', value: 'NAME', description: 'Only the records of this system' },
    open: { type: 'boolean', description: 'Only open differences' },
    all: { type: 'boolean', description: 'Also values that may not be written there' },
  },
  examples: [
    { command: 'unsilo audit', what: 'Everything that differs, with its reason' },
    { command: 'unsilo audit --system crm --open --json', what: 'What somebody should look at, one row a line' },
  ],
  async run(invocation, surroundings) {
    noMoreArguments(invocation, 0);
    const { output, signal } = surroundings;
    const system = invocation.text('system');
    const counts = new Map<AuditRow['reason'], number>();
    await asking(invocation, surroundings, async ({ service, actor }) => {
      for await (const row of service.audit(actor, system === undefined ? {} : { system }, signal)) {
        if (invocation.flag('open') && SETTLED.has(row.reason)) continue;
        if (row.reason === 'not-writable' && !invocation.flag('all')) continue;
        counts.set(row.reason, (counts.get(row.reason) ?? 0) + 1);
        if (output.json) output.value(row, 'line');
        else output.data(printable(`${row.customer} ${row.ref} ${row.attribute ?? '(the record)'}: ${row.reason}`));
      }
    });
    signal.throwIfAborted();
    const reasons = [...counts.keys()];
    const summary = reasons.map((reason) => `${counts.get(reason) ?? 0} ${reason}`).join(', ');
    output.message(reasons.length === 0 ? 'No differences.' : `Differences: ${summary}.`);
    return reasons.every((reason) => SETTLED.has(reason)) ? EXIT.ok : EXIT.found;
  },
};
