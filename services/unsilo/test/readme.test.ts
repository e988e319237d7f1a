import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { emptyConfiguration } from '../src/configuration/configuration.js';
import { parseConfiguration } from '../src/configuration/load.js';
import { createLogger } from '../src/running/logger.js';
import { startUnsilo, type RunningUnsilo } from '../src/running/start.js';
import { unsilo } from './support/command-line.js';
import { temporaryFolder } from './support/folders.js';
import { Rolodex } from './support/rolodex.js';
import { eventually } from './support/waiting.js';

const ROOT = resolve(import.meta.dirname, '../../..');
const README = readFileSync(join(ROOT, 'README.md'), 'utf8');

function blocks(language: string): string[] {
  return [...README.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, 'gms'))].map(([, text = '']) => text);
}

const lines = blocks('sh').flatMap((text) => text.trim().split('\n'));

describe('the README', () => {
  const folder = temporaryFolder();
  const crm = new Rolodex('crm');
  let running: RunningUnsilo;
  let id: string;

  beforeAll(async () => {
    crm.write({ id: '1', version: 1, name: 'Ada Lovelace', email: 'ada@example.org' });
    const empty = emptyConfiguration(folder);
    running = await startUnsilo(
      { ...empty, dataFolder: folder, http: { ...empty.http, port: 0 }, systems: [crm.configured] },
      { logger: createLogger({ level: 'silent', format: 'json', secrets: [] }) },
    );
    const actor = { tenant: empty.tenant, name: 'test', roles: ['admin'] as const };
    id = await eventually(
      async () => (await running.hub.service.searchCustomers(actor, { text: 'lovelace', limit: 1 })).items[0]?.id,
    );
    await running.hub.settled();
  });
  afterAll(() => running.stop());

  it.each(lines.filter((line) => line.includes('npx unsilo')))('%s', async (line) => {
    const words = line.split(' ');
    const command = words.indexOf('unsilo');
    const env = Object.fromEntries(words.slice(0, command - 1).map((word) => word.split('=') as [string, string]));
    const args = words.slice(command + 1).map((word) => (word === 'ID' ? id : word));
    const { code, stderr } = await unsilo(args, { cwd: ROOT, env: { ...env, UNSILO_DATA: folder } });
    expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' });
  });

  it('names only scripts that there are', () => {
    const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
      scripts: Record<string, string>;
    };
    const called = lines.filter((line) => line.startsWith('npm ')).map((line) => line.split(' ')[1] ?? '');
    expect(called).toContain('start');
    for (const name of called) expect(scripts[name]).toEqual(expect.any(String));
  });

  it('has no command line of another kind', () => {
    // What the compose project does is the business of deploy/compose.test.ts.
    const compose = /^docker compose --env-file (\S+) up --build$/;
    const known = [/npx unsilo/, /^npm (start|test)\b/, compose];
    expect(lines.filter((line) => known.every((pattern) => !pattern.test(line)))).toEqual([]);
    const files = lines.flatMap((line) => compose.exec(line)?.[1] ?? []);
    expect(files.filter((file) => !existsSync(join(ROOT, file)))).toEqual([]);
  });

  it.each(blocks('yaml').map((text, index) => [index + 1, text] as const))(
    'configuration %i can be started with',
    async (_, text) => {
      const env = { CRM_SECRET: 'secret' };
      await expect(parseConfiguration(Buffer.from(text), join(ROOT, 'unsilo.yaml'), { env })).resolves.toBeDefined();
    },
  );

  it.each([...README.matchAll(/\]\(([^)#]+)\)/g)].map(([, link = '']) => link).filter((link) => !link.includes('://')))(
    'leads to %s',
    (link) => {
      expect(existsSync(join(ROOT, link))).toBe(true);
    },
  );
});
