import { makeKey } from '@unsilo/gateway';
import type { Role } from '@unsilo/hub';
import { emptyConfiguration } from '../../configuration/configuration.js';
import { KeyFile, ROLES } from '../../running/keys.js';
import { locate } from '../asking.js';
import { action, argument, CommandError, EXIT, noMoreArguments, UsageError, type Command } from '../command.js';
import { table } from '../output.js';

export const keys: Command = {
  name: 'keys',
  summary: 'Make, list and revoke API keys',
  usage: ['keys [list]', 'keys add NAME --role ROLE…', 'keys revoke NAME', 'keys new'],
  description:
    'Works on the data folder, whether a process runs on it or not; changes hold at once. A key is shown when it is made and kept\n' +
    `as a hash only. Roles: ${ROLES.join(', ')} (which includes all others).\n` +
    '`keys new` prints a key and keeps nothing: for `http.adminKey` of a configuration.',
  options: {
    config: { type: 'string', value: 'FILE', description: 'The configuration, for its data folder ($UNSILO_CONFIG)' },
    data: { type: 'string', value: 'DIR', description: 'The data folder ($UNSILO_DATA); default .unsilo' },
    role: { type: 'string', multiple: true, value: 'ROLE', description: 'What the key may do; can be repeated' },
    expires: { type: 'string', value: 'TIME', description: 'From then on it is refused: 2027-01-01T00:00:00Z' },
  },
  examples: [
    { command: 'unsilo keys add dashboard --role reader', what: 'Prints a key that may read' },
    { command: 'unsilo keys new > admin-key', what: "Makes a file for http.adminKey: '${file:admin-key}'" },
    { command: 'unsilo keys revoke dashboard', what: 'Ends it, with its sessions' },
  ],
  async run(invocation, surroundings) {
    const { output } = surroundings;
    const wanted = action(invocation, ['list', 'add', 'revoke', 'new']);
    if (wanted === 'new') {
      noMoreArguments(invocation, 1);
      const { key } = makeKey();
      if (output.json) output.value({ key });
      else output.data(key);
      return EXIT.ok;
    }
    const { folder, configuration } = await locate(invocation, surroundings);
    const last = folder.lastRun();
    if (last === undefined)
      throw new CommandError('UNSILO_NO_DATA', `There is no data in ${folder.path}.`, 'Start Unsilo there first.');
    const file = new KeyFile(folder.keysFile);
    switch (wanted) {
      case 'list': {
        noMoreArguments(invocation, 1);
        const all = file.list();
        const rows = all.map(({ name, id, roles, createdAt, expiresAt }) => [
          name,
          id,
          roles.join(','),
          createdAt,
          expiresAt ?? 'never',
        ]);
        if (output.json) output.value(all);
        else for (const line of table(['NAME', 'ID', 'ROLES', 'CREATED', 'EXPIRES'], rows)) output.data(line);
        return EXIT.ok;
      }
      case 'add': {
        noMoreArguments(invocation, 2);
        const name = argument(invocation, 1, 'A name for the key');
        const expires = invocation.text('expires');
        if (expires !== undefined && Number.isNaN(Date.parse(expires)))
          throw new UsageError(`--expires: "${expires}" is no time.`);
        const made = file.add(
          {
            name,
            tenant: configuration?.tenant ?? last.tenant ?? emptyConfiguration('.').tenant,
            roles: rolesOf(invocation.texts('role')),
            ...(expires === undefined ? {} : { expiresAt: new Date(expires).toISOString() }),
          },
          Date.now(),
        );
        if (output.json) output.value(made);
        else output.data(made.key);
        output.message('Keep it: it is shown this once.');
        return EXIT.ok;
      }
      case 'revoke': {
        noMoreArguments(invocation, 2);
        const { name, id } = file.revoke(argument(invocation, 1, 'The name of the key'));
        if (output.json) output.value({ name, id });
        else output.data(`${name} is revoked.`);
        return EXIT.ok;
      }
    }
  },
};

function rolesOf(given: readonly string[]): Role[] {
  if (given.length === 0) throw new UsageError(`--role is missing: one of ${ROLES.join(', ')}.`);
  return given.map((role) => {
    const known = ROLES.find((candidate) => candidate === role);
    if (known === undefined) throw new UsageError(`There is no role "${role}": roles are ${ROLES.join(', ')}.`);
    return known;
  });
}
