import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import type { RunningUnsilo } from '../../src/running/start.js';
import { unsilo, type Ran } from '../support/command-line.js';
import { filledUnsilo, someEvents } from '../support/filled-hub.js';
import { temporaryFolder } from '../support/folders.js';

const folder = temporaryFolder();
const cwd = temporaryFolder();
let running: RunningUnsilo | undefined;
let url = '';

const ask = (...args: string[]): Promise<Ran> => unsilo(args, { cwd, env: { UNSILO_DATA: folder } });
const values = (text: string): Record<string, unknown>[] =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

beforeAll(async () => {
  ({ unsilo: running } = await filledUnsilo(folder, someEvents()));
  ({ url } = running);
});
afterAll(() => running?.stop());

describe('unsilo export', () => {
  it('writes all customers, one a line, as `customers --all` has them', async () => {
    const { code, stdout } = await ask('export', 'customers');
    expect(code).toBe(0);
    expect(stdout).toBe((await ask('customers', '--all', '--json')).stdout);
    expect(values(stdout)).toHaveLength(3);
  });

  it('writes a table when the file is one, and says how many lines', async () => {
    const { code, stdout, stderr } = await ask('export', 'customers', '--to', 'all.csv');
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: '', stderr: '3 lines in all.csv.\n' });
    const rows = parse(readFileSync(join(cwd, 'all.csv')), { columns: true }) as Record<string, string>[];
    expect(rows.map(({ name }) => name).sort()).toEqual(["'=Grace Hopper", 'Ada Lovelace', 'Ben Bitdiddle']);
    const ada = rows.find(({ name }) => name === 'Ada Lovelace');
    expect(ada).toMatchObject({ phones: '+44 20 7946 0958', records: 'crm/contact/1; shop/row/7' });
    const told = await ask('export', 'customers', '--to', 'all.csv', '--json');
    expect(JSON.parse(told.stdout)).toEqual({ file: join(cwd, 'all.csv'), lines: 3 });
  });

  it('writes every record with its customer', async () => {
    const records = values((await ask('export', 'records')).stdout);
    expect(records.map(({ ref }) => ref)).toEqual(['crm/contact/1', 'crm/contact/2', 'crm/contact/3', 'shop/row/7']);
    expect(records[0]?.['customer']).toBe(records[3]?.['customer']);
    expect(records[1]).toMatchObject({ system: 'crm', deleted: false, state: { name: { full: '=Grace Hopper' } } });
  });

  it('writes who said each value and what it beat', async () => {
    const stated = values((await ask('export', 'values')).stdout);
    const names = stated.filter(
      ({ attribute, customer }) => attribute === 'name.full' && customer === stated[0]?.['customer'],
    );
    expect(stated.filter(({ value }) => value === 'Ada Lovelace' || value === 'A. Lovelace')).toEqual([
      expect.objectContaining({ standing: 'wins' }),
      expect.objectContaining({ standing: 'beaten' }),
    ]);
    expect(names.length).toBeGreaterThan(0);
    const { stdout } = await ask('export', 'values', '--format', 'csv');
    expect(parse(stdout, { columns: true })).toHaveLength(stated.length);
  });

  it('says all that is known of one person, found by a record', async () => {
    const pieces = values((await ask('export', 'person', 'crm/contact/1')).stdout);
    expect(pieces.map(({ type }) => type)).toEqual([
      'customer',
      'record',
      'record',
      'employment',
      expect.stringMatching(/interaction|object/),
      expect.stringMatching(/interaction|object/),
      'end',
    ]);
    expect(pieces.at(-1)).toEqual({ type: 'end', pieces: pieces.length - 1 });
    const text = JSON.stringify(pieces);
    for (const known of ['Ada Lovelace', 'A. Lovelace', '1815-12-10', 'Where is my parcel?', 'A parcel'])
      expect(text).toContain(known);
    for (const other of ['Grace', 'Ben']) expect(text).not.toContain(other);
  });

  it('says what stewards decided about their records', async () => {
    await ask('review', 'apart', 'crm/contact/1', 'crm/contact/3', '--reason', 'brothers');
    const pieces = values((await ask('export', 'person', 'crm/contact/3')).stdout);
    expect(pieces.find(({ type }) => type === 'decision')).toMatchObject({
      decision: { kind: 'unlink', reason: 'brothers' },
    });
  });

  it.each(['customers', 'records', 'values'])('answers a key that may read, over HTTP, the same %s', async (what) => {
    const key = JSON.parse((await ask('keys', 'add', `reader-${what}`, '--role', 'reader', '--json')).stdout) as {
      key: string;
    };
    const over = await unsilo(['export', what], { cwd, env: { UNSILO_URL: url, UNSILO_KEY: key.key } });
    expect(over).toMatchObject({ code: 0, stdout: (await ask('export', what)).stdout });
  });

  it('answers nobody who may not read, and leaves no file', async () => {
    const key = JSON.parse((await ask('keys', 'add', 'source', '--role', 'source', '--json')).stdout) as {
      key: string;
    };
    for (const what of ['customers', 'records']) {
      const { code, stderr } = await unsilo(['export', what, '--to', 'refused.jsonl'], {
        cwd,
        env: { UNSILO_URL: url, UNSILO_KEY: key.key },
      });
      expect(code).toBe(1);
      expect(stderr).toContain('UNSILO_ROLE_MISSING');
    }
    expect(existsSync(join(cwd, 'refused.jsonl'))).toBe(false);
  });

  it('leaves the file as it was when it is stopped', async () => {
    const controller = new AbortController();
    controller.abort();
    const before = readFileSync(join(cwd, 'all.csv'), 'utf8');
    const { code } = await unsilo(['export', 'customers', '--to', 'all.csv'], {
      cwd,
      env: { UNSILO_DATA: folder },
      signal: controller.signal,
    });
    expect(code).toBe(1);
    expect(readFileSync(join(cwd, 'all.csv'), 'utf8')).toBe(before);
  });

  it.each([
    [[], 2, 'What to export'],
    [['customer'], 2, '"customer" is not customers, records, values or person.'],
    [['person'], 2, 'The id of the customer, or a ref is missing.'],
    [['person', 'x', '--format', 'csv'], 2, 'jsonl only'],
    [['records', '--format', 'xml'], 2, '--format must be jsonl or csv.'],
    [['person', 'nobody'], 1, 'UNSILO_CUSTOMER_UNKNOWN'],
    [['person', 'crm/contact/99'], 1, 'UNSILO_NO_RECORD'],
    [['customers', '--to', 'nowhere/a.csv'], 1, 'ENOENT'],
  ])('%j exits with %i', async (args, code, words) => {
    expect(await ask('export', ...args)).toMatchObject({ code, stderr: expect.stringContaining(words) });
  });

  it('reads the data folder alike when nothing runs', async () => {
    const before = await ask('export', 'records');
    const person = values((await ask('export', 'person', 'crm/contact/1')).stdout);
    await running?.stop();
    running = undefined;
    expect(await ask('export', 'records')).toMatchObject({ code: 0, stdout: before.stdout });
    const { customer, ...rest } = values((await ask('export', 'person', 'crm/contact/1')).stdout)[0] ?? {};
    expect(customer).toEqual(person[0]?.['customer']);
    expect(rest).toMatchObject({ type: 'customer' });
  });
});
