import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { SIMULATED_LOGIN } from '@unsilo/connector-suitecrm/simulator';
import { loadConfiguration } from '../../src/configuration/load.js';
import { demonstrateApart, type Apart, type Story } from '../../src/demonstration/apart.js';
import { demonstrationChecks } from '../../src/demonstration/checks.js';
import { NEWS_PATH } from '../../src/demonstration/company.js';
import { demonstrationYaml } from '../../src/demonstration/configuration.js';
import { createLogger } from '../../src/running/logger.js';
import { startUnsilo, type RunningUnsilo } from '../../src/running/start.js';
import { temporaryFolder } from '../support/folders.js';
import { eventually } from '../support/waiting.js';

/** Ports that nobody listens on just now. */
async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  const ports = await Promise.all(
    servers.map(
      (server) =>
        new Promise<number>((resolve) =>
          server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port)),
        ),
    ),
  );
  await Promise.all(servers.map((server) => new Promise((closed) => server.close(closed))));
  return ports;
}

describe('the simulated systems apart from the hub', () => {
  const folder = temporaryFolder();
  let apart: Apart;
  let unsilo: RunningUnsilo;
  let window: string;
  const stop = new AbortController();

  beforeAll(async () => {
    const [windowPort = 0, crmPort = 0, socialPort = 0, port = 0] = await freePorts(4);
    const at = (its: number) => ({ host: '127.0.0.1', port: its, url: `http://127.0.0.1:${its}` });
    const secrets = join(folder, 'secrets');
    mkdirSync(secrets);
    for (const name of ['crm', 'mastodon']) writeFileSync(join(secrets, name), `${name}-secret-0123456789\n`);
    window = at(windowPort).url;
    apart = await demonstrateApart({
      places: {
        window: at(windowPort),
        crm: { ...at(crmPort), secret: 'crm-secret-0123456789' },
        social: { ...at(socialPort), secret: 'mastodon-secret-0123456789' },
      },
      exchange: join(folder, 'exchange'),
      gateway: at(port).url,
      keyFile: join(secrets, 'admin-key'),
      pace: 'fast',
      say: () => undefined,
    });
    const file = join(folder, 'unsilo.yaml');
    writeFileSync(
      file,
      demonstrationYaml(
        {
          crm: { url: at(crmPort).url, clientId: SIMULATED_LOGIN.clientId },
          shop: { exports: join(folder, 'exchange/export'), imports: join(folder, 'exchange/import') },
          social: { url: at(socialPort).url },
          news: { feed: `${window}${NEWS_PATH}` },
        },
        {
          data: 'data',
          http: { port },
          limits: { requestsPerMinute: 100_000 },
          addresses: true,
          secrets: { crm: 'secrets/crm', social: 'secrets/mastodon' },
        },
      ),
    );
    unsilo = await startUnsilo(await loadConfiguration(file), {
      logger: createLogger({ level: 'silent', format: 'json', secrets: [] }),
    });
    writeFileSync(join(secrets, 'admin-key'), `${unsilo.adminKey}\n`);
  });
  afterAll(async () => {
    stop.abort();
    await unsilo.stop();
    await apart.close();
  });

  it('tell the same story over HTTP and files alone, and every claim comes true', async () => {
    const story = await apart.tell(stop.signal);
    expect(story).toMatchObject({ state: 'ended', broken: [] });
    expect(story.lines.filter((line) => line.startsWith('Chapter '))).toHaveLength(5);
    const shown = (await (await fetch(`${window}/story.json`)).json()) as Story;
    expect(shown).toEqual(story);
    const checked = await eventually(async () => {
      const found = await demonstrationChecks({ url: unsilo.url, key: unsilo.adminKey ?? '', window });
      return found.length > 0 ? found : undefined;
    });
    expect(checked.filter(({ holds }) => !holds)).toEqual([]);
  }, 300_000);
});
