import { asking, ASKING } from '../asking.js';
import { EXIT, noMoreArguments, type Command } from '../command.js';
import { table } from '../output.js';

export const lag: Command = {
  name: 'lag',
  summary: 'Show how far each consumer group is behind',
  usage: ['lag'],
  description:
    'In records and in seconds (age of the oldest), with a verdict. ok: nothing waits for longer than 10 s. behind: it does, and moves on.\n' +
    'stalled: it has not moved on for a minute although it could. stopped: nobody reads. Exit code 3 when a group is stalled or stopped.',
  options: ASKING,
  examples: [{ command: 'unsilo lag', what: 'All groups: the hub, and two of each system' }],
  async run(invocation, surroundings) {
    noMoreArguments(invocation, 0);
    const { output } = surroundings;
    const found = await asking(invocation, surroundings, ({ service, actor }) => service.lag(actor));
    if (output.json) output.value(found);
    else
      for (const line of table(
        ['GROUP', 'SYSTEM', 'RECORDS', 'SECONDS', 'VERDICT'],
        found.map(({ group, system, records, seconds, verdict }) => [
          group,
          system ?? '',
          String(records),
          seconds.toFixed(1),
          verdict,
        ]),
      ))
        output.data(line);
    return found.some(({ verdict }) => verdict === 'stalled' || verdict === 'stopped') ? EXIT.found : EXIT.ok;
  },
};
