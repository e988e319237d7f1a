import { copyFileSync, cpSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Customer } from '@unsilo/schemas';
import { loadConfiguration } from '../src/configuration/load.js';
import { createLogger } from '../src/running/logger.js';
import { startUnsilo } from '../src/running/start.js';
import { temporaryFolder } from './support/folders.js';
import { eventually } from './support/waiting.js';

const EXAMPLES = resolve(import.meta.dirname, '../../../examples');
const DATA = resolve(import.meta.dirname, '../../../../shared/data/entity-resolution');
/** Whatever an example wants from the environment. */
const ENV = new Proxy({}, { get: () => 'set' });

describe('the examples', () => {
  const files = readdirSync(EXAMPLES).filter((name) => name.endsWith('.yaml'));

  it.each(files)('%s can be started with', async (name) => {
    await expect(loadConfiguration(join(EXAMPLES, name), { env: ENV })).resolves.toMatchObject({
      secrets: expect.any(Array),
    });
  });
});

/** Rows of two CRM exports, taken in as the example says. */
async function takeIn(
  folder: string,
  wanted: { rows: number },
): Promise<{ customers: Customer[]; deadLetters: number }> {
  copyFileSync(join(EXAMPLES, 'real-input.yaml'), join(folder, 'unsilo.yaml'));
  const configuration = await loadConfiguration(join(folder, 'unsilo.yaml'), { env: {} });
  const logger = createLogger({ level: 'silent', format: 'json', secrets: [] });
  const unsilo = await startUnsilo({ ...configuration, http: { ...configuration.http, port: 0 } }, { logger });
  const actor = { tenant: configuration.tenant, name: 'test', roles: ['admin'] as const };
  try {
    await unsilo.ready;
    const { service } = unsilo.hub;
    await eventually(() => {
      const counts = unsilo.systems.list().map((system) => system.counts);
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

describe('real-input.yaml', () => {
  const folder = temporaryFolder();

  it('takes in exports with the columns of its two files: what shares an identifier is one customer', async () => {
    const here = join(folder, 'small');
    mkdirSync(join(here, 'input'), { recursive: true });
    writeFileSync(
      join(here, 'input/febrl1.csv'),
      'rec_id, given_name, surname, street_number, address_1, address_2, suburb, postcode, state, date_of_birth, soc_sec_id\n' +
        'rec-1-org, mia, berry, 69, giblin street, killarney, bittern, 4814, qld, 19990219, 7364009\n' +
        'rec-1-dup-0, mia, bery, 69, giblin st, , bittern, 4814, qld, 19990219, 7364009\n',
    );
    writeFileSync(
      join(here, 'input/fake_1000.csv'),
      'unique_id,first_name,surname,dob,city,email,cluster\n0,Robert,Alan,1971-06-24,,robert255@smith.net,0\n',
    );
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
