import fc from 'fast-check';
import iconv from 'iconv-lite';
import { validate } from '@unsilo/schemas';
import { lastCheckpoint, readItems, testContext } from '@unsilo/connector-sdk/testing';
import { csv } from '../src/index.js';
import { csvText, folders } from './folder.js';

/** More by `ODD_RUNS=3000 npx jest connectors/csv/test/odd-files`; another beginning by `ODD_SEED` as well. */
const RUNS = Number(process.env['ODD_RUNS'] ?? 60);
const SEED = process.env['ODD_SEED'];

const PEOPLE = [
  ['no', 'first', 'last', 'email', 'born'],
  ['1', 'Ada', 'Lovelace', 'ada@example.com', '10.12.1815'],
  ['2', 'Grace', 'Hopper, "Amazing"', 'grace@example.com', '09.12.1906'],
  ['3', 'Zoë', 'Ångström\nTwo lines', 'zoe@example.com', ''],
];
const options = {
  id: 'no',
  settleMs: 0,
  mapping: {
    fields: {
      first: 'name.given',
      last: 'name.surname',
      email: 'emails',
      born: { attribute: 'birthDate', date: 'dd.mm.yyyy' },
    },
  },
};

/** A piece of the file that is taken out, written twice, or replaced by bytes that have no business there. */
const spoilt = fc.record({
  encoding: fc.constantFrom('utf8', 'utf-16le', 'utf-16be', 'windows-1252'),
  bom: fc.boolean(),
  pieces: fc.array(
    fc.record({
      at: fc.nat({ max: 400 }),
      length: fc.nat({ max: 30 }),
      by: fc.oneof(
        fc.uint8Array({ maxLength: 8 }),
        fc
          .constantFrom('"', ',', ';', '\r', '\n', '\t', '\0', '\x1b', '\ufeff', '""', '"\n', 'no', '__proto__', '😀')
          .map((text) => Buffer.from(text)),
      ),
    }),
    { minLength: 1, maxLength: 4 },
  ),
});

test('a file of which any bytes are odd is read as far as it goes, and spoils no other', async () => {
  await fc.assert(
    fc.asyncProperty(spoilt, async ({ encoding, bom, pieces }) => {
      const files = folders();
      let bytes = iconv.encode(csvText(PEOPLE), encoding, { addBOM: bom });
      for (const { at, length, by } of pieces)
        bytes = Buffer.concat([bytes.subarray(0, at), by, bytes.subarray(at + length)]);
      files.drop('odd.csv', bytes);
      const first = testContext(csv, { folder: files.in, ...options });
      const items = await readItems(csv, first);
      for (const item of items)
        if (item.type === 'party') expect(validate('party', item.change)).toMatchObject({ ok: true });
      const { stored } = first;
      await first.close();
      files.drop('good.csv', csvText([PEOPLE[0]!, ['7', 'Emmy', 'Noether', '', '']]));
      const checkpoint = lastCheckpoint(items);
      const second = testContext(csv, { folder: files.in, ...options }, { stored, checkpoint });
      const refs = (await readItems(csv, second)).flatMap((item) => (item.type === 'party' ? item.change.ref : []));
      await second.close();
      files.remove();
      expect(refs).toContain('csv/contact/7');
    }),
    { numRuns: RUNS, ...(SEED === undefined ? {} : { seed: Number(SEED) }) },
  );
});
