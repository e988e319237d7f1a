import { copyFileSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { startSimulatedSuiteCrm } from '@unsilo/connector-suitecrm/simulator';
import type { Customer } from '@unsilo/schemas';
import { parse, stringify } from 'yaml';
import type { Count } from '../src/cli/counting.js';
import { loadConfiguration } from '../src/configuration/load.js';
import { loadMapping } from '../src/matching/mapping.js';
import { createLogger } from '../src/running/logger.js';
import { startUnsilo } from '../src/running/start.js';
import { unsilo } from './support/command-line.js';
import { temporaryFolder } from './support/folders.js';
import { eventually } from './support/waiting.js';

const EXAMPLES = resolve(import.meta.dirname, '../../../examples');
const SHARED = resolve(import.meta.dirname, '../../../../shared/data');
const DATA = join(SHARED, 'entity-resolution');
/** Whatever an example wants from the environment. */
const ENV = new Proxy({}, { get: () => 'set' });

describe('the examples', () => {
  const files = readdirSync(EXAMPLES).filter((name) => name.endsWith('.yaml'));
  const isMapping = (name: string): boolean => /^columns:/m.test(readFileSync(join(EXAMPLES, name), 'utf8'));

  it.each(files.filter(isMapping))('%s is a mapping of columns', (name) => {
    expect(loadMapping(join(EXAMPLES, name)).targets.length).toBeGreaterThan(3);
  });

  it.each(files.filter((name) => !isMapping(name)))('%s can be started with', async (name) => {
    await expect(loadConfiguration(join(EXAMPLES, name), { env: ENV })).resolves.toMatchObject({
      secrets: expect.any(Array),
    });
  });
});

/** Rows and records, taken in as the configuration in the folder says. */
async function takeIn(
  folder: string,
  wanted: { rows: number },
  env: Readonly<Record<string, string | undefined>> = {},
): Promise<{ customers: Customer[]; deadLetters: number }> {
  const configuration = await loadConfiguration(join(folder, 'unsilo.yaml'), { env });
  const logger = createLogger({ level: 'silent', format: 'json', secrets: [] });
  const unsilo = await startUnsilo({ ...configuration, http: { ...configuration.http, port: 0 } }, { logger });
  const actor = { tenant: configuration.tenant, name: 'test', roles: ['admin'] as const };
  try {
    await unsilo.ready;
    const { service } = unsilo.hub;
    await eventually(() => {
      const counts = unsilo.systems.list().map((system) => system.counts);
      if (counts.some(({ readings = 0 }) => readings === 0)) return undefined;
      const rows = counts.reduce((sum, { appended = 0, badInput = 0 }) => sum + appended + badInput, 0);
      return rows >= wanted.rows ? true : undefined;
    });
    await unsilo.hub.settled();
    const customers: Customer[] = [];
    for await (const customer of service.customers(actor)) customers.push(customer);
    const { items } = await service.deadLetters(actor, { limit: 200 });
    return { customers, deadLetters: items.length };
  } finally {
    await unsilo.stop();
  }
}

/** Two exports with three rows of two people. */
function writeExports(folder: string): void {
  mkdirSync(join(folder, 'input'), { recursive: true });
  writeFileSync(
    join(folder, 'input/febrl1.csv'),
    'rec_id, given_name, surname, street_number, address_1, address_2, suburb, postcode, state, date_of_birth, soc_sec_id\n' +
      'rec-1-org, mia, berry, 69, giblin street, killarney, bittern, 4814, qld, 19990219, 7364009\n' +
      'rec-1-dup-0, mia, bery, 69, giblin st, , bittern, 4814, qld, 19990219, 7364009\n',
  );
  writeFileSync(
    join(folder, 'input/fake_1000.csv'),
    'unique_id,first_name,surname,dob,city,email,cluster\n0,Robert,Alan,1971-06-24,,robert255@smith.net,0\n',
  );
}

interface Login {
  url: string;
  clientId: string;
  clientSecret: string;
  username: string;
  password: string;
}

/** The example with the address of a SuiteCRM that there is, and what its references want. */
function connectTo(folder: string, login: Login): Record<string, string> {
  const example = parse(readFileSync(join(EXAMPLES, 'real-systems.yaml'), 'utf8')) as {
    systems: { name: string; options: Record<string, unknown> }[];
  };
  for (const { name, options } of example.systems) if (name === 'crm') options['url'] = login.url;
  writeFileSync(join(folder, 'unsilo.yaml'), stringify(example));
  return {
    SUITECRM_CLIENT_ID: login.clientId,
    SUITECRM_CLIENT_SECRET: login.clientSecret,
    SUITECRM_USERNAME: login.username,
    SUITECRM_PASSWORD: login.password,
  };
}

/** What `unsilo count` says, one line a kind: read, in customers, kept, astray. */
async function counted(folder: string): Promise<{ lines: string[]; deadLetters: Count['deadLetters'] }> {
  const { code, stdout, stderr } = await unsilo(['count', '--json', '--data', join(folder, 'data')]);
  expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' });
  const { records, deadLetters } = JSON.parse(stdout) as Count;
  const lines = records.map(
    ({ system, kind, read, inCustomers, kept, astray }) =>
      `${system}/${kind} ${read} ${inCustomers} ${kept} ${astray.length}`,
  );
  return { lines, deadLetters };
}

describe('real-systems.yaml', () => {
  const folder = temporaryFolder();

  it('takes in exports, a folder of feeds and a SuiteCRM, and the counts agree', async () => {
    writeExports(folder);
    mkdirSync(join(folder, 'feeds'));
    const item = (guid: string, title: string) => `<item><guid>urn:${guid}</guid><title>${title}</title></item>`;
    writeFileSync(
      join(folder, 'feeds/news.xml'),
      `<rss version="2.0"><channel><title>News</title>${item('1', 'One')}${item('2', 'Two')}<item/></channel></rss>`,
    );
    writeFileSync(join(folder, 'feeds/page.xml'), '<html></html>');
    const login = { grant: 'password', username: 'unsilo', password: 'secret' } as const;
    const crm = await startSimulatedSuiteCrm({ login });
    try {
      const account = crm.insert('account', { name: 'Smith Ltd' });
      crm.insert('contact', { first_name: 'Robert', last_name: 'Alan', email1: 'robert255@smith.net' });
      crm.insert('contact', { first_name: 'Ada', last_name: 'Lovelace' });
      crm.insert('lead', { last_name: 'King' });
      crm.insert('case', { name: 'Parcel lost', account_id: account });
      crm.insert('opportunity', { name: 'Big one', account_id: account });
      const env = connectTo(folder, { ...login, url: crm.url, ...crm.auth });
      // Three rows, two entries, two broken pieces of feeds, six records.
      const { customers } = await takeIn(folder, { rows: 13 }, env);
      // Robert stands in an export and in the SuiteCRM.
      expect(customers).toHaveLength(5);
    } finally {
      await crm.close();
    }
    expect(await counted(folder)).toEqual({
      lines: [
        'crm/account 1 1 0 0',
        'crm/case 1 1 0 0',
        'crm/contact 2 2 0 0',
        'crm/lead 1 1 0 0',
        'crm/opportunity 1 1 0 0',
        'fake/contact 1 1 0 0',
        'febrl/contact 2 2 0 0',
        'press/entry 2 0 2 0',
      ],
      deadLetters: [{ system: 'press', state: 'open', number: 2 }],
    });
  });
});

/** A SuiteCRM with its sample data and nothing else, as connectors/suitecrm/README.md says. */
const REAL = {
  url: process.env['SUITECRM_BASE_URL'] ?? '',
  clientId: process.env['SUITECRM_PASSWORD_CLIENT_ID'] ?? '',
  clientSecret: process.env['SUITECRM_PASSWORD_CLIENT_SECRET'] ?? '',
  username: process.env['SUITECRM_USER'] ?? '',
  password: process.env['SUITECRM_PASSWORD'] ?? '',
};
const isReal = REAL.url !== '' && existsSync(SHARED);
(isReal ? describe : describe.skip)(
  `real-systems.yaml with a real SuiteCRM${isReal ? '' : ' (skipped: SUITECRM_BASE_URL is not set, or ../shared/data is not beside the repository)'}`,
  () => {
    const folder = temporaryFolder();

    it('has every row, record and entry in a customer, on a timeline, kept or in the dead letters', async () => {
      cpSync(DATA, join(folder, 'input'), { recursive: true });
      cpSync(join(SHARED, 'feeds'), join(folder, 'feeds'), { recursive: true });
      await takeIn(folder, { rows: 2000 + 550 + 44 }, connectTo(folder, REAL));
      const { lines, deadLetters } = await counted(folder);
      expect(lines).toEqual([
        'crm/account 50 50 0 0',
        'crm/case 50 50 0 0',
        'crm/contact 200 200 0 0',
        'crm/lead 200 200 0 0',
        'crm/opportunity 50 50 0 0',
        'fake/contact 1000 1000 0 0',
        'febrl/contact 1000 1000 0 0',
        'press/entry 34 0 34 0',
      ]);
      // 43 entries in 68 feeds, nine of them empty or cut off; one file is no feed.
      expect(deadLetters).toEqual([{ system: 'press', state: 'open', number: 10 }]);
    });
  },
);

describe('real-input.yaml', () => {
  const folder = temporaryFolder();

  it('takes in exports with the columns of its two files: what shares an identifier is one customer', async () => {
    const here = join(folder, 'small');
    writeExports(here);
    copyFileSync(join(EXAMPLES, 'real-input.yaml'), join(here, 'unsilo.yaml'));
    const { customers, deadLetters } = await takeIn(here, { rows: 3 });
    expect(deadLetters).toBe(0);
    expect(customers.map(({ members }) => [...members].sort()).sort()).toEqual([
      ['fake/contact/0'],
      ['febrl/contact/rec-1-dup-0', 'febrl/contact/rec-1-org'],
    ]);
    const mia = customers.find(({ members }) => members.length === 2);
    expect(mia?.state).toMatchObject({ birthDate: '1999-02-19', name: { given: 'mia' } });
    expect(JSON.stringify(mia?.state.addresses)).toContain('69 giblin st');
  });

  const needed = existsSync(DATA);
  (needed ? describe : describe.skip)(
    `with febrl1.csv and fake_1000.csv${needed ? '' : ' (skipped: ../shared/data is not beside the repository)'}`,
    () => {
      it('has every row in a customer or in the dead letters', async () => {
        const here = join(folder, 'whole');
        mkdirSync(here);
        cpSync(DATA, join(here, 'input'), { recursive: true });
        copyFileSync(join(EXAMPLES, 'real-input.yaml'), join(here, 'unsilo.yaml'));
        const { customers, deadLetters } = await takeIn(here, { rows: 2000 });
        const members = customers.flatMap((customer) => customer.members);
        expect(new Set(members).size).toBe(members.length);
        expect(members.length + deadLetters).toBe(2000);
        // 500 people stand twice in febrl1.csv; a shared social security number alone finds most of them.
        expect(customers.length).toBeLessThan(1500);
      });
    },
  );
});
