import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import type { Customer } from '@unsilo/schemas';
import { CUSTOMER_COLUMNS, customerRow, recordRow, valueRow, valuesOf } from '../../src/export/columns.js';
import { csvLine, headLine } from '../../src/export/csv.js';
import { writeLines } from '../../src/export/file.js';
import { temporaryFolder } from '../support/folders.js';

const version = { major: 3, minor: 0 };
const ADA: Customer = {
  id: 'c_1',
  tenant: 'acme',
  revision: 4,
  kind: 'person',
  members: ['crm/contact/1', 'shop/row/7'],
  state: {
    kind: 'person',
    name: { given: 'Ada', surname: 'Lovelace' },
    emails: [{ address: 'ada@example.org', label: 'work' }, { address: 'countess@example.org' }],
    phones: [{ number: '+44 20 7946 0958' }],
    addresses: [{ street: '12 St James’s Square', postcode: 'SW1Y 4JH', locality: 'London' }],
    organizations: [{ name: 'Analytical Engines', unit: 'Programs' }],
    onlineServices: [{ service: 'mastodon', user: 'ada@social.example' }],
    identifiers: [{ issuer: 'ssn', value: '007' }],
    consents: [{ purpose: 'marketing', channel: 'email', status: 'withdrawn' }],
    extra: { tier: 'gold' },
  },
  provenance: [
    {
      attribute: 'name.given',
      value: 'Ada',
      from: { ref: 'crm/contact/1', value: 'Ada', asOf: 0, version },
      rule: 'most-recent',
      alternatives: [{ ref: 'shop/row/7', value: 'A.', asOf: 1, version }],
    },
  ],
  aliases: ['c_2'],
  changedAt: '2026-03-01T00:00:00.000Z',
};

/** What a program that reads CSV makes of a line. */
function readBack(columns: readonly string[], line: string): Record<string, string> | undefined {
  return (parse(`${headLine(columns)}\n${line}\n`, { columns: true }) as Record<string, string>[])[0];
}

describe('a row', () => {
  it('has every attribute of a customer in one cell', () => {
    expect(customerRow(ADA)).toMatchObject({
      id: 'c_1',
      name: 'Ada Lovelace',
      emails: 'ada@example.org; countess@example.org',
      addresses: '12 St James’s Square, SW1Y 4JH London',
      organizations: 'Analytical Engines, Programs',
      onlineServices: 'mastodon: ada@social.example',
      identifiers: 'ssn: 007',
      consents: 'marketing by email: withdrawn',
      extra: '{"tier":"gold"}',
      records: 'crm/contact/1; shop/row/7',
    });
    expect(Object.keys(customerRow(ADA)).sort()).toEqual([...CUSTOMER_COLUMNS].sort());
  });

  it('of a record that is gone says so', () => {
    expect(recordRow({ ref: 'crm/contact/1', system: 'crm', deleted: true, version })).toEqual({
      ref: 'crm/contact/1',
      customer: '',
      system: 'crm',
      deleted: 'yes',
      version: '3.0',
    });
  });

  it('stands for each statement about a value, the winning one first', () => {
    expect([...valuesOf(ADA)].map(valueRow)).toEqual([
      expect.objectContaining({ standing: 'wins', value: 'Ada', ref: 'crm/contact/1', rule: 'most-recent' }),
      expect.objectContaining({ standing: 'beaten', value: 'A.', since: '1970-01-01T00:00:00.001Z' }),
    ]);
  });
});

describe('a line of CSV', () => {
  it('reads back as it was, whatever stands in it', () => {
    const cell = fc.string({ unit: 'binary' }).filter((text) => !/^[=@\t\r+-]/.test(text));
    fc.assert(
      fc.property(cell, cell, (a, b) => {
        expect(readBack(['a', 'b', 'c'], csvLine(['a', 'b', 'c'], { a, b }))).toEqual({ a, b, c: '' });
      }),
    );
  });

  it.each(['=HYPERLINK("http://evil.example")', '@SUM(1)', '+1+cmd|x', '-2+3', '\t=1', '+44 20; =1'])(
    'never begins a formula: %j',
    (text) => {
      expect(readBack(['a'], csvLine(['a'], { a: text }))).toEqual({ a: `'${text}` });
    },
  );

  it.each(['+44 20 7946 0958', '+44 (0)20/7946-0958; +49 30 123', '-5', 'a=b', '7'])('leaves %j alone', (text) => {
    expect(csvLine(['a'], { a: text })).toBe(text);
  });
});

describe('a file of lines', () => {
  const folder = temporaryFolder();

  async function* lines(count: number, failure?: Error): AsyncGenerator<string> {
    for (let n = 0; n < count; n += 1) yield `${n} ${'x'.repeat(1000)}`;
    if (failure !== undefined) throw failure;
  }

  it('is there whole, and readable by its owner alone', async () => {
    const path = join(folder, 'whole.jsonl');
    writeFileSync(path, 'older');
    expect(await writeLines(path, lines(5000))).toBe(5000);
    expect(readFileSync(path, 'utf8').trimEnd().split('\n')).toHaveLength(5000);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder)).toEqual(['whole.jsonl']);
  });

  it('stays as it was when something breaks, without remains', async () => {
    const path = join(folder, 'whole.jsonl');
    const before = readFileSync(path, 'utf8');
    await expect(writeLines(path, lines(5000, new Error('It broke.')))).rejects.toThrow('It broke.');
    expect(readFileSync(path, 'utf8')).toBe(before);
    expect(readdirSync(folder)).toEqual(['whole.jsonl']);
  });

  it('is refused where none can be made', async () => {
    await expect(writeLines(join(folder, 'nowhere/a.csv'), lines(1))).rejects.toMatchObject({ code: 'ENOENT' });
    mkdirSync(join(folder, 'taken'));
    await expect(writeLines(join(folder, 'taken'), lines(1))).rejects.toMatchObject({ code: 'EISDIR' });
    expect(readdirSync(folder).sort()).toEqual(['taken', 'whole.jsonl']);
  });
});
