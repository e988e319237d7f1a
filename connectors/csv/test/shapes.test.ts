import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import fc from 'fast-check';
import type { Party } from '@unsilo/schemas';
import type { MappingConfig } from '@unsilo/connector-sdk';
import { readItems, testContext, testRun, until } from '@unsilo/connector-sdk/testing';
import { csv } from '../src/index.js';
import { FILES_FROM, folders, type Folders } from './folder.js';

let files: Folders;
beforeEach(() => (files = folders()));
afterEach(() => files.remove());

/** The mapping of a data set of ten thousand forms: spaces behind the commas, gaps, dates without separators. */
const febrl: MappingConfig = {
  fields: {
    given_name: 'name.given',
    surname: 'name.surname',
    street_number: { attribute: 'addresses.street', join: ' ', pattern: '\\d+[a-z]?' },
    address_1: { attribute: 'addresses.street', join: ' ' },
    suburb: 'addresses.locality',
    postcode: 'addresses.postcode',
    state: 'addresses.region',
    date_of_birth: { attribute: 'birthDate', date: 'yyyymmdd' },
    soc_sec_id: { attribute: 'identifiers', issuer: 'ssn' },
    address_2: 'extra.address2',
  },
};

const names = fc.constantFrom('', 'lachlan', 'mia', 'o’brien', 'zoë', 'van der berg');
const febrlRow = fc.record({
  given: names,
  surname: names,
  number: fc.constantFrom('', '6', '69', '12a'),
  street: fc.constantFrom('', 'giblin street', 'tullaroop street'),
  date: fc.oneof(
    fc
      .date({ min: new Date('1900-01-01'), max: new Date('1999-12-31'), noInvalidDate: true })
      .map((day) => day.toISOString().slice(0, 10).replaceAll('-', '')),
    fc.constantFrom('', '19371399', '1937'),
  ),
});

test('rows of census-like files: every row is a party, and what is in it is where it belongs', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(febrlRow, { minLength: 1, maxLength: 30 }), async (people) => {
      const folder = folders();
      const header =
        'rec_id, given_name, surname, street_number, address_1, address_2, suburb, postcode, state, date_of_birth, soc_sec_id';
      const lines = people.map((p, i) =>
        [`rec-${i}-org`, p.given, p.surname, p.number, p.street, '', 'bittern', '4814', 'qld', p.date, '7364009'].join(
          ', ',
        ),
      );
      folder.drop('febrl.csv', `${header}\n${lines.join('\n')}\n`);
      const context = testContext(csv, { folder: folder.in, id: 'rec_id', mapping: febrl });
      const items = await readItems(csv, context);
      await context.close();
      folder.remove();
      const parties = items.filter((item) => item.type === 'party').map((item) => item.change);
      expect(items.filter((item) => item.type === 'bad-input')).toEqual([]);
      expect(parties.map((party) => party.ref)).toEqual(people.map((_, i) => `csv/contact/rec-${i}-org`));
      for (const [i, { given, surname, number, street, date }] of people.entries()) {
        const { name, addresses, birthDate, extra, identifiers } = parties[i]!.state!;
        expect([name?.given ?? '', name?.surname ?? '']).toEqual([given, surname]);
        expect(addresses).toMatchObject([{ locality: 'bittern', postcode: '4814', region: 'qld' }]);
        expect(addresses![0]!.street ?? '').toBe([number, street].filter((part) => part !== '').join(' '));
        expect(identifiers).toEqual([{ issuer: 'ssn', value: '7364009' }]);
        const isDay = /^19\d\d(0[1-9]|1[0-2])/.test(date);
        expect(isDay ? birthDate?.replaceAll('-', '') : (extra?.['date_of_birth'] ?? '')).toBe(date);
      }
    }),
    { numRuns: 25 },
  );
});

test('rows of shop-like files: e-mails and cities, empty cells left out', async () => {
  files.drop(
    'fake.csv',
    'unique_id,first_name,surname,dob,city,email,cluster\n0,Robert,Alan,1971-06-24,,robert255@smith.net,0\n1,,,,London,,0\n',
    FILES_FROM,
  );
  const mapping: MappingConfig = {
    fields: {
      first_name: 'name.given',
      surname: 'name.surname',
      dob: 'birthDate',
      city: 'addresses.locality',
      email: 'emails',
    },
  };
  const context = testContext(csv, { folder: files.in, id: 'unique_id', mapping });
  const items = await readItems(csv, context);
  await context.close();
  expect(items.filter((item) => item.type === 'party').map((item) => (item.change as Party).state)).toEqual([
    {
      kind: 'person',
      name: { given: 'Robert', surname: 'Alan' },
      birthDate: '1971-06-24',
      emails: [{ address: 'robert255@smith.net' }],
    },
    { kind: 'person', addresses: [{ locality: 'London' }] },
  ]);
});

test('a large file is read in pieces, and resumed where it was left', async () => {
  const rows = 12_000;
  const out = createWriteStream(join(files.in, 'large.csv'));
  out.write('id,name,filler\n');
  for (let i = 0; i < rows; i += 1) out.write(`${i},Name ${i},${'x'.repeat(200)}\n`);
  out.end();
  await finished(out);
  files.drop('marker.part', '');
  const options = { folder: files.in, id: 'id', settleMs: 0, mapping: { fields: { name: 'name.full' } } };
  const first = await testRun(csv, options, { graceMs: 50 });
  await until('some are read', () => first.runner.status().counts.appended > 3000);
  const kept = first.runner.status().counts.appended;
  await first.close();
  expect(kept).toBeLessThan(rows);
  const second = await testRun(csv, options, { durable: first.durable });
  await until('all are read', () => second.runner.status().counts.readings > 0);
  const refs = new Set(second.events('parties').map((event) => event.subject));
  expect(refs.size).toBe(rows);
  // Only the batches that were not known to be on the log are told again.
  expect(second.runner.status().counts.appended).toBeLessThan(rows - 2000);
  await second.close();
}, 60_000);
