import type { SystemView } from '@unsilo/hub';
import { asking, ASKING } from '../asking.js';
import { action, argument, EXIT, noMoreArguments, UsageError, type Command } from '../command.js';
import { printable, table } from '../output.js';

export const systems: Command = {
  name: 'systems',
  summary: 'Show whether each system runs, is behind or is paused and why',
  usage: ['systems [list]', 'systems pause NAME --reason TEXT', 'systems resume NAME'],
  options: { ...ASKING, reason: { type: 'string', value: 'TEXT', description: 'Why it is paused' } },
  examples: [
    { command: 'unsilo systems', what: 'All of them' },
    {
      command: 'unsilo systems pause crm --reason "maintenance until 18:00"',
      what: 'Nothing is read or written until it is resumed',
    },
  ],
  async run(invocation, surroundings) {
    const { output } = surroundings;
    const wanted = action(invocation, ['list', 'pause', 'resume']);
    if (wanted === 'list') {
      noMoreArguments(invocation, 1);
      const found = await asking(invocation, surroundings, ({ service, actor }) => service.systems(actor));
      if (output.json) output.value(found);
      else for (const line of systemTable(found)) output.data(line);
      return EXIT.ok;
    }
    const name = argument(invocation, 1, 'The name of the system');
    noMoreArguments(invocation, 2);
    const reason = invocation.text('reason');
    if (wanted === 'pause' && reason === undefined) throw new UsageError('--reason is missing.');
    const changed = await asking(
      invocation,
      surroundings,
      ({ service, actor }) =>
        wanted === 'pause' ? service.pauseSystem(actor, name, reason ?? '') : service.resumeSystem(actor, name),
      'writing',
    );
    if (output.json) output.value(changed);
    else for (const line of systemTable([changed])) output.data(line);
    return EXIT.ok;
  },
};

function systemTable(found: readonly SystemView[]): string[] {
  return table(
    ['SYSTEM', 'CONNECTOR', 'STATE', 'SINCE', 'IN', 'OUT', 'WHY'],
    found.map(({ system, connector, state, since, lag, reason, hint }) => [
      system,
      connector,
      state,
      since,
      String(lag.inbound),
      String(lag.outbound),
      printable([reason, hint].filter((part) => part !== undefined).join(' ')),
    ]),
  );
}
