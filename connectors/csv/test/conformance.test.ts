import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import type { Command } from '@unsilo/schemas';
import type { MappingConfig } from '@unsilo/connector-sdk';
import iconv from 'iconv-lite';
import { connectorConformance, type ConformanceSubject, readItems, testContext } from '@unsilo/connector-sdk/testing';
import { csv } from '../src/index.js';
import type { CsvOptions } from '../src/options.js';
import { csvText, folders } from './folder.js';

const mapping: MappingConfig = {
  fields: {
    first: 'name.given',
    last: 'name.surname',
    email: 'emails',
    mobile: { attribute: 'phones', label: 'mobile' },
    born: { attribute: 'birthDate', date: 'dd.mm.yyyy' },
    news: { attribute: 'consents', purpose: 'marketing', channel: 'email', granted: ['yes'], withdrawn: ['no'] },
  },
};
const columns = ['no', 'first', 'last', 'email', 'mobile', 'born', 'news'];
const base = { id: 'x', system: 'csv', cause: { kind: 'plan' as const }, issuedAt: '', deadline: '', attempt: 1 };

interface FixtureInput {
  options: object;
  encoding: string;
  bom?: boolean;
  text: string;
}

/** What a file of this text and encoding is read as. */
async function readFixture(input: unknown): Promise<unknown> {
  const { options, encoding, bom = false, text } = input as FixtureInput;
  const files = folders();
  files.drop('fixture.csv', iconv.encode(text, encoding, { addBOM: bom }));
  const context = testContext(csv, { folder: files.in, ...options });
  const items = await readItems(csv, context);
  await context.close();
  files.remove();
  return {
    parties: Object.fromEntries(
      items.flatMap((item) => (item.type === 'party' ? [[item.change.ref, item.change.state]] : [])),
    ),
    bad: items.flatMap((item) => (item.type === 'bad-input' ? [{ line: item.at.line, code: item.code }] : [])),
  };
}

/** @param whole Every file is the whole table; otherwise it holds what is new. */
const subject = (whole: boolean): ConformanceSubject<CsvOptions> => ({
  connector: csv,
  deeds: whole ? ['remove', 'editAtSameTime'] : ['editAtSameTime'],
  withoutServer: true,
  mappings: { contacts: mapping },
  readme: join(__dirname, '../README.md'),
  fixtures: { folder: join(__dirname, 'fixtures'), run: readFixture },
  start() {
    const files = folders();
    let people = 1;
    let dropped = 0;
    const table = new Map<string, string[]>();
    const drop = (rows: string[][], at?: number) => {
      for (const row of rows) table.set(row[0]!, row);
      const content = csvText([columns, ...(whole ? table.values() : rows)]);
      return files.drop(`contacts-${(dropped += 1)}.csv`, content, at);
    };
    const firstAt = drop([['1', 'Ada', 'Lovelace', '', '', '', '']]);
    const ref = (no: number | string) => `csv/contact/${no}`;
    const version = { major: firstAt, minor: 0 };
    const written = (): Record<string, string>[] =>
      existsSync(join(files.out, 'csv.csv')) ? parse(files.written(), { columns: true }) : [];
    const effects = (command: Command) => {
      if (command.action === 'delete')
        return existsSync(join(files.out, 'csv.csv')) && !written().some((row) => row['no'] === '1') ? 1 : 0;
      const first = command.action === 'create' ? 'Grace' : 'Augusta';
      return written().filter((row) => row['first'] === first).length;
    };
    return Promise.resolve({
      options: {
        folder: files.in,
        out: { folder: files.out, delayMs: 0, rows: 'all' },
        id: 'no',
        settleMs: 0,
        mapping,
        ...(whole ? { removed: 'delete', removedMost: 1 } : {}),
      },
      change(n) {
        const rows = Array.from({ length: n }, () => [String((people += 1)), `Person ${people}`, '', '', '', '', '']);
        drop(rows);
        return Promise.resolve(rows.map(([no]) => ref(no!)));
      },
      plant(text) {
        people += 1;
        drop([[String(people), 'Hostile', text, '', '', '', '']]);
        return Promise.resolve({ ref: ref(people) });
      },
      ...(whole
        ? {
            remove: () => {
              table.delete('1');
              drop([]);
              return Promise.resolve(ref(1));
            },
          }
        : {}),
      editAtSameTime(text) {
        drop([['1', 'Ada', text, '', '', '', '']], firstAt);
        return Promise.resolve({ ref: ref(1) });
      },
      commands: () =>
        Promise.resolve<Command[]>([
          {
            ...base,
            action: 'update',
            ref: ref(1),
            base: version,
            set: { 'name.given': { value: 'Augusta', asOf: 0 } },
          },
          {
            ...base,
            action: 'create',
            kind: 'contact',
            externalKey: 'ab12',
            createdFor: 'crm/contact/7',
            set: { 'name.given': { value: 'Grace', asOf: 0 }, birthDate: { value: '1906-12-09', asOf: 0 } },
          },
          { ...base, action: 'delete', ref: ref(1), base: version },
        ]),
      async effects(command) {
        for (let looks = 0; looks < 100 && effects(command) === 0; looks += 1)
          await new Promise((resolve) => setTimeout(resolve, 5));
        return effects(command);
      },
      close: () => Promise.resolve(files.remove()),
    });
  },
});

describe('files that hold what is new', () => {
  connectorConformance(subject(false));
});
describe('files that hold the whole table', () => {
  connectorConformance(subject(true));
});
