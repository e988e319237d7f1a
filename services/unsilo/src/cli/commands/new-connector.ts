import { join, relative, resolve } from 'node:path';
import { CannotMake, makeConnector } from '../../new-connector/make.js';
import { REPOSITORY, type NewConnector } from '../../new-connector/package-files.js';
import { argument, CommandError, EXIT, noMoreArguments, UsageError, type Command } from '../command.js';

const NAME = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;
const LONGEST_NAME = 30;
const TITLE = /^[\p{L}\p{N}][\p{L}\p{N} .,&+()/-]{0,59}$/u;

export const newConnector: Command = {
  name: 'new-connector',
  summary: 'Make the package of a new connector, which works and is tested, to start from',
  usage: ['new-connector NAME [--title TEXT] [--write]', 'new-connector NAME --folder DIR [--title TEXT] [--write]'],
  description:
    'The package reads the contacts of an invented API page by page, and with --write writes them as well: descriptor, options, field\n' +
    'mapping, client, fake server, fixtures and the conformance suite, which it passes as it is made. Its README says in which order to make it\n' +
    'yours.\n' +
    'Without --folder it becomes connectors/NAME of this repository, one of those that come with Unsilo. With --folder it is a package of your own\n' +
    'in that folder, which a configuration names by its path: `connector: ./NAME`.',
  options: {
    title: { type: 'string', value: 'TEXT', description: 'What people call the system; default: made of NAME' },
    write: { type: 'boolean', description: 'The connector writes into the system as well' },
    folder: { type: 'string', value: 'DIR', description: 'A package of your own in this folder' },
  },
  examples: [
    { command: 'unsilo new-connector acme-crm --write', what: 'One more connector of this repository' },
    { command: 'unsilo new-connector acme-crm --folder ../acme-crm --title "Acme CRM"', what: 'One that stays yours' },
  ],
  async run(invocation, { output, cwd }) {
    noMoreArguments(invocation, 1);
    const name = argument(invocation, 0, 'The name of the connector');
    if (!NAME.test(name) || name.length > LONGEST_NAME || name === 'sdk')
      throw new UsageError(
        `"${name}" is no name for a connector: small letters, digits and single - between them, beginning with a letter, at most ${LONGEST_NAME}; acme-crm.`,
      );
    const title = invocation.text('title') ?? titleOf(name);
    if (!TITLE.test(title)) throw new UsageError('--title takes up to 60 letters, digits, spaces and .,&+()/-');
    const own = invocation.text('folder');
    const connector: NewConnector = {
      name,
      title,
      writes: invocation.flag('write'),
      folder: own === undefined ? join(REPOSITORY, 'connectors', name) : resolve(cwd, own),
      place: own === undefined ? 'repository' : 'own',
    };
    const made = make(connector);
    const shown = relative(cwd, connector.folder);
    const next =
      connector.place === 'own'
        ? [`cd ${shown}`, 'npm install', 'npm test', 'npm run build']
        : ['npm install', `npx jest connectors/${name}`, 'npm test'];
    if (output.json) output.value({ name, folder: connector.folder, ...made, next });
    else {
      for (const path of made.files) output.data(join(shown, path));
      for (const path of made.changed) output.data(`${relative(cwd, join(REPOSITORY, path))} (changed)`);
      output.message(`It works as it is. Next:\n${next.map((line) => `  ${line}`).join('\n')}`);
      output.message(`Then make it yours, as ${join(shown, 'README.md')} says.`);
    }
    return EXIT.ok;
  },
};

function make(connector: NewConnector): ReturnType<typeof makeConnector> {
  try {
    return makeConnector(connector);
  } catch (error) {
    if (error instanceof CannotMake) throw new CommandError(error.code, error.message, error.hint);
    throw error;
  }
}

function titleOf(name: string): string {
  const words = name.replaceAll('-', ' ');
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}`;
}
