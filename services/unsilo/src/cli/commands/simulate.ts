import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { demonstrateApart } from '../../demonstration/apart.js';
import { PACES } from '../../demonstration/telling.js';
import {
  choice,
  EXIT,
  noMoreArguments,
  UsageError,
  type Command,
  type Invocation,
  type Surroundings,
} from '../command.js';

/** Ports of the window on the simulated systems' own records, of the CRM and of the social network. */
const PORTS = { window: 8430, crm: 8431, social: 8432 } as const;

export const simulate: Command = {
  name: 'simulate',
  summary: 'Run the simulated systems of the demonstration by themselves',
  usage: ['simulate --url URL --secrets DIR --exchange DIR [--name NAME] [--pace told|fast]'],
  description:
    'For a hub that runs elsewhere, such as in containers. The simulated CRM listens on port 8431, the social network on 8432; on 8430 are\n' +
    'a window on their own records, the news feed, and /story.json, which says how far the story has come. The shop exchanges files.\n' +
    'Once all four systems are connected the story is told; then they go on running until Ctrl-C.',
  options: {
    url: { type: 'string', value: 'URL', description: 'Where the gateway answers ($UNSILO_URL)' },
    secrets: {
      type: 'string',
      value: 'DIR',
      description: 'Holds the files `admin-key` (an API key), `crm` and `mastodon` (what the connectors must show)',
    },
    exchange: { type: 'string', value: 'DIR', description: 'The folder that the shop and its connector share' },
    name: { type: 'string', value: 'NAME', description: 'How the connectors reach this process; default localhost' },
    host: { type: 'string', value: 'ADDRESS', description: 'Where to listen; default 127.0.0.1' },
    pace: { type: 'string', value: 'PACE', description: '`told` with time to read (default), or `fast`' },
  },
  examples: [
    {
      command: 'unsilo simulate --url http://gateway:8420 --secrets /run/unsilo --exchange /var/lib/exchange',
      what: 'As the compose file does',
    },
  ],
  async run(invocation, surroundings) {
    noMoreArguments(invocation, 0);
    const { output, cwd, signal } = surroundings;
    const secrets = resolve(cwd, needed(invocation, surroundings, 'secrets'));
    const name = invocation.text('name') ?? 'localhost';
    const host = invocation.text('host') ?? '127.0.0.1';
    const place = (port: number): { host: string; port: number; url: string } => ({
      host,
      port,
      url: `http://${name}:${port}`,
    });
    const secret = (file: string): string => readFileSync(join(secrets, file), 'utf8').trim();
    const apart = await demonstrateApart({
      places: {
        window: place(PORTS.window),
        crm: { ...place(PORTS.crm), secret: secret('crm') },
        social: { ...place(PORTS.social), secret: secret('mastodon') },
      },
      exchange: resolve(cwd, needed(invocation, surroundings, 'exchange')),
      gateway: needed(invocation, surroundings, 'url'),
      keyFile: join(secrets, 'admin-key'),
      pace: choice(invocation, 'pace', PACES) ?? 'told',
      say: (line) => output.message(line),
    });
    try {
      await apart.tell(signal);
      output.message('');
      output.message('The story is over, and everything goes on running until Ctrl-C.');
      await new Promise<void>((done) => signal.addEventListener('abort', () => done(), { once: true }));
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      await apart.close();
    }
    return EXIT.ok;
  },
};

function needed(invocation: Invocation, { env }: Surroundings, name: 'url' | 'secrets' | 'exchange'): string {
  const found = invocation.text(name) ?? (name === 'url' ? env['UNSILO_URL'] : undefined);
  if (found === undefined || found === '') throw new UsageError(`--${name} is missing.`);
  return found;
}
