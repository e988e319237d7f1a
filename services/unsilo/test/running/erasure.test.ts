import { existsSync, mkdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openEnvironment } from '@unsilo/event-log/lmdb';
import { openLmdbStateStore } from '@unsilo/state-store/lmdb';
import { parseConfiguration } from '../../src/configuration/load.js';
import { createLogger } from '../../src/running/logger.js';
import { startUnsilo } from '../../src/running/start.js';
import { temporaryFolder } from '../support/folders.js';
import { eventually } from '../support/waiting.js';

const CONFIGURATION = `
systems:
  - name: table
    connector: csv
    options:
      folder: in
      out: { folder: out, delayMs: 0, rows: all }
      id: id
      mapping: { fields: { name: name.full, mail: emails, phone: phones } }
  - name: other
    connector: csv
    options:
      folder: other
      out: { folder: out, delayMs: 0 }
      id: id
      mapping: { fields: { name: name.full, mail: emails, phone: phones } }
    policy: { write: { contact: { fields: ['*'] } } }
`;

function written(system: string): string {
  return readFileSync(join(folder, `out/${system}.csv`), 'utf8');
}

/** What the connectors keep, as text. */
async function memory(database: string, tenant: string): Promise<string> {
  const environment = await openEnvironment({ folder: database });
  const store = openLmdbStateStore(environment);
  try {
    const entries = await store.range(tenant, 'connector-memory', { limit: 1000 });
    return entries.map(({ key, value }) => `${key} ${value}`).join('\n');
  } finally {
    await store.close();
    await environment.close();
  }
}

const folder = temporaryFolder();

it('an erased person is in no customer, in no memory of a connector and in no file that is written', async () => {
  const drop = (name: string, text: string): void => {
    mkdirSync(join(folder, name));
    writeFileSync(join(folder, name, 'a.csv'), `id,name,mail,phone\n${text}`);
    utimesSync(join(folder, name, 'a.csv'), 1_700_000_000, 1_700_000_000);
  };
  drop('in', '1,Ada Lovelace,ada@example.org,+442079460958\n2,Grace Hopper,grace@example.org,\n');
  drop('other', '7,A. Lovelace,ada@example.org,\n8,G. Hopper,grace@example.org,\n');
  mkdirSync(join(folder, 'out'));
  const configuration = await parseConfiguration(Buffer.from(CONFIGURATION), join(folder, 'unsilo.yaml'), { env: {} });
  const { tenant, http } = configuration;
  const unsilo = await startUnsilo(
    { ...configuration, http: { ...http, port: 0 } },
    { logger: createLogger({ level: 'silent', format: 'json', secrets: [] }) },
  );
  const actor = { tenant, name: 'test', roles: ['admin'] as const };
  const { service } = unsilo.hub;
  const applied = (): number => unsilo.systems.list()[1]?.counts['applied'] ?? 0;
  try {
    await eventually(async () => ((await service.customersHash(actor)).customers === 2 ? true : undefined));
    // The phone number reaches the other table, so that a write of hers is remembered there.
    await eventually(() => (applied() > 0 ? true : undefined));
    await unsilo.hub.settled();
    const [found] = (await service.searchCustomers(actor, { text: 'lovelace', limit: 1 })).items;
    const lookup = await service.customer(actor, found?.id ?? '');
    if (lookup.status !== 'found') throw new Error('She is not there.');
    const { members } = lookup.customer;
    expect(members).toHaveLength(2);
    await service.decide(actor, { kind: 'erase', refs: members }, { withinMs: 60_000 });
    expect(await service.customer(actor, found?.id ?? '')).toEqual({ status: 'gone' });
    await eventually(() => (written('other').includes('Lovelace') ? undefined : true));
    // Nothing was to be written there: the first file is the one without her.
    await eventually(() => (existsSync(join(folder, 'out/table.csv')) ? true : undefined));
    expect(written('table')).toBe('id,name,mail,phone\n2,Grace Hopper,grace@example.org,\n');
  } finally {
    await unsilo.stop();
  }
  const kept = await memory(join(configuration.dataFolder, 'store'), tenant);
  expect(kept).not.toMatch(/Lovelace|ada@|7946/);
  expect(kept).toMatch(/Hopper/);
});
