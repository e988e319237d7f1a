import { resolve } from 'node:path';
import { counted } from '@unsilo/schemas';
import { copyInstallation } from '../../running/copy.js';
import { DataFolder } from '../../running/data-folder.js';
import { openEmbedded, openServers, type OpenedStorage } from '../../running/storage.js';
import { EXIT, noMoreArguments, UsageError, type Command, type Invocation } from '../command.js';
import { configurationOfServers } from '../servers.js';

const PLACES = ['embedded', 'kafka'] as const;
type Place = (typeof PLACES)[number];

export const copy: Command = {
  name: 'copy',
  summary: 'Move everything from the data folder to Kafka and Redis, or back',
  usage: ['copy --from embedded --to kafka --config FILE', 'copy --from kafka --to embedded --config FILE'],
  description:
    'Copies events, decisions, dead letters, what connectors remember and how far they have come; computes the customers anew and\n' +
    'compares them with those of the source: exit code 3 says that they differ. Ids, and every id ever handed out, stay as they are.\n' +
    'The configuration names both: its data folder and its `storage`. Stop everything first; the target must be empty. A copy that was\n' +
    'stopped goes on where it stood when the command is given again.',
  options: {
    config: { type: 'string', value: 'FILE', description: 'The configuration ($UNSILO_CONFIG)' },
    data: {
      type: 'string',
      value: 'DIR',
      description: 'Instead of the data folder of the configuration ($UNSILO_DATA)',
    },
    from: { type: 'string', value: 'PLACE', description: 'embedded or kafka' },
    to: { type: 'string', value: 'PLACE', description: 'kafka or embedded' },
  },
  examples: [
    {
      command: 'unsilo copy --from embedded --to kafka --config unsilo.yaml',
      what: 'Before the first start on servers',
    },
  ],
  async run(invocation, surroundings) {
    const { output, env, cwd, signal } = surroundings;
    noMoreArguments(invocation, 0);
    const [from, to] = [placeOf(invocation, 'from'), placeOf(invocation, 'to')];
    if (from === to) throw new UsageError('--from and --to are the same.');
    const { configuration, storage } = await configurationOfServers(
      invocation,
      surroundings,
      'The configuration names no Kafka and no Redis.',
    );
    const data = invocation.text('data') ?? env['UNSILO_DATA'];
    const folder = new DataFolder(data === undefined ? configuration.dataFolder : resolve(cwd, data));
    folder.make();
    const quiet = (): void => undefined;
    const open = (place: Place): Promise<OpenedStorage> =>
      place === 'embedded'
        ? openEmbedded(folder.database)
        : openServers(storage, { debug: quiet, info: quiet, warn: quiet });
    const source = await open(from);
    try {
      const target = await open(to);
      try {
        const { messages, rows, equal, ...hashes } = await copyInstallation(source, target, configuration, {
          signal,
          progress: (count) => output.progress(`${counted(count, 'message')} …`),
          say: (line) => output.message(line),
        });
        if (output.json) output.value({ equal, messages, rows, ...hashes });
        else {
          output.data(`source: ${hashes.source.hash} ${counted(hashes.source.customers, 'customer')}`);
          output.data(
            `target: ${hashes.target.hash} ${counted(hashes.target.customers, 'customer')}, from ${counted(messages, 'message')}`,
          );
          output.data(equal ? 'They are equal: the copy is complete.' : 'They differ: do not use the target.');
        }
        return equal ? EXIT.ok : EXIT.found;
      } finally {
        await target.close();
      }
    } finally {
      await source.close();
    }
  },
};

function placeOf(invocation: Invocation, name: 'from' | 'to'): Place {
  const place = PLACES.find((known) => known === invocation.text(name));
  if (place === undefined) throw new UsageError(`--${name} must be ${PLACES.join(' or ')}.`);
  return place;
}
