import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { counted } from '@unsilo/schemas';
import { publishAll, rebuildPublished } from '../../running/rebuild-published.js';
import { fromStorage, locate, rememberedConfiguration } from '../asking.js';
import { CommandError, EXIT, noMoreArguments, type Command } from '../command.js';

export const rebuild: Command = {
  name: 'rebuild',
  summary: 'Make the state anew from the compacted topics alone, and compare it with the one there is',
  usage: ['rebuild [--config FILE] [--runs N]'],
  description:
    'First publishes every record that changed since it was last published (the hub does so every hour). Then reads `records` and\n' +
    '`decisions`, computes all customers again in a folder of its own, and compares the hashes; exit code 3 says that they differ. On\n' +
    'servers it may run beside the hub: what happens meanwhile makes a difference. A Redis that is empty is filled by the hub itself.\n' +
    'In a data folder it needs that for itself: stop the process first.',
  options: {
    config: {
      type: 'string',
      value: 'FILE',
      description: 'The configuration ($UNSILO_CONFIG); default: that of the last run',
    },
    data: { type: 'string', value: 'DIR', description: 'The data folder ($UNSILO_DATA); default .unsilo' },
    runs: { type: 'string', value: 'N', description: 'Rebuild so many times, 1 to 100. Default 1' },
  },
  examples: [{ command: 'unsilo rebuild --config unsilo.yaml --runs 2', what: 'Twice the same?' }],
  async run(invocation, surroundings) {
    noMoreArguments(invocation, 0);
    const { output } = surroundings;
    const runs = invocation.number('runs', { min: 1, max: 100 }) ?? 1;
    const { folder, configuration: given } = await locate(invocation, surroundings);
    const configuration = given ?? (await rememberedConfiguration(folder, surroundings));
    if (configuration.storage === undefined && !existsSync(folder.database))
      throw new CommandError('UNSILO_NO_DATA', `There is no data in ${folder.path}.`, 'Start Unsilo there first.');
    const opened = await fromStorage(folder, configuration);
    const place = mkdtempSync(join(tmpdir(), 'unsilo-rebuild-'));
    try {
      const published = await publishAll(configuration, opened.log, opened.store);
      const live = await opened.service.customersHash(opened.actor);
      const rebuilt = [];
      for (let run = 1; run <= runs; run += 1)
        rebuilt.push(
          await rebuildPublished(opened.log, configuration, join(place, String(run)), (count) =>
            output.progress(`${count} messages …`),
          ),
        );
      const equal = rebuilt.every(({ hash }) => hash === live.hash);
      if (output.json) output.value({ equal, published, live, rebuilt });
      else {
        output.data(
          `state:   ${live.hash} ${counted(live.customers, 'customer')}; ${published === 1 ? '1 record was' : `${published} records were`} published first`,
        );
        for (const { hash, customers, messages, seconds } of rebuilt)
          output.data(
            `rebuilt: ${hash} ${counted(customers, 'customer')}, from ${counted(messages, 'message')} in ${seconds.toFixed(1)} s ` +
              `(${Math.round(messages / Math.max(seconds, 0.001))} a second)`,
          );
        output.data(equal ? 'They are equal.' : 'They differ.');
      }
      return equal ? EXIT.ok : EXIT.found;
    } finally {
      await opened.close();
      rmSync(place, { recursive: true, force: true });
    }
  },
};
