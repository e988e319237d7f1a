import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { counted } from '@unsilo/schemas';
import { rebuild } from '../../running/rebuild.js';
import { fromStorage, locate, rememberedConfiguration } from '../asking.js';
import { CommandError, EXIT, noMoreArguments, type Command } from '../command.js';

export const replay: Command = {
  name: 'replay',
  summary: 'Make the state anew from the log, and compare it with the one there is',
  usage: ['replay [--into DIR]'],
  description:
    'Reads what the log has kept, computes all customers again in a folder of its own, sends nothing to any system, and compares the\n' +
    'hashes. Exit code 3 says that they differ. Needs the data folder for itself: stop the process first.',
  options: {
    config: {
      type: 'string',
      value: 'FILE',
      description: 'The configuration ($UNSILO_CONFIG); default: that of the last run',
    },
    data: { type: 'string', value: 'DIR', description: 'The data folder ($UNSILO_DATA); default .unsilo' },
    into: { type: 'string', value: 'DIR', description: 'Keep the new data folder there; it must not exist yet' },
  },
  examples: [
    { command: 'unsilo replay', what: 'Is the state what the log says?' },
    {
      command: 'unsilo replay --config changed.yaml --into /tmp/changed',
      what: 'What another policy would make of it',
    },
  ],
  async run(invocation, surroundings) {
    noMoreArguments(invocation, 0);
    const { output, cwd } = surroundings;
    const { folder, configuration: given } = await locate(invocation, surroundings);
    if (given?.storage !== undefined)
      throw new CommandError(
        'UNSILO_ON_SERVERS',
        'Log and state lie on servers, not in the folder.',
        'Use `unsilo rebuild`.',
      );
    if (!existsSync(folder.database))
      throw new CommandError('UNSILO_NO_DATA', `There is no data in ${folder.path}.`, 'Start Unsilo there first.');
    const keep = invocation.text('into');
    if (keep !== undefined && existsSync(resolve(cwd, keep)))
      throw new CommandError('UNSILO_FOLDER_EXISTS', `${resolve(cwd, keep)} exists.`, 'Name a folder that does not.');
    const configuration = given ?? (await rememberedConfiguration(folder, surroundings));
    const opened = await fromStorage(folder, configuration);
    const into = keep === undefined ? mkdtempSync(join(tmpdir(), 'unsilo-replay-')) : resolve(cwd, keep);
    try {
      const live = await opened.service.customersHash(opened.actor);
      const { messages, ...rebuilt } = await rebuild(opened.log, configuration, into, (count) =>
        output.progress(`${counted(count, 'message')} …`),
      );
      const equal = live.hash === rebuilt.hash;
      if (output.json) output.value({ equal, messages, live, rebuilt, ...(keep === undefined ? {} : { into }) });
      else {
        output.data(`state:   ${live.hash} ${counted(live.customers, 'customer')}`);
        output.data(
          `rebuilt: ${rebuilt.hash} ${counted(rebuilt.customers, 'customer')}, from ${counted(messages, 'message')}`,
        );
        output.data(equal ? 'They are equal.' : 'They differ.');
      }
      return equal ? EXIT.ok : EXIT.found;
    } finally {
      await opened.close();
      if (keep === undefined) rmSync(into, { recursive: true, force: true });
    }
  },
};
