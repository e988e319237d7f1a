import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import {
  commandEvent,
  placeOf,
  type Assignment,
  type Command,
  type Outcome,
  type Party,
  type Version,
} from '@unsilo/schemas';
import { testRun, until, type TestRun, type TestRunOptions } from '@unsilo/connector-sdk/testing';
import { csv } from '../src/index.js';
import { FILES_FROM, folders, type Folders } from './folder.js';

let files: Folders;
const runs: TestRun[] = [];
beforeEach(() => (files = folders()));
afterEach(async () => {
  for (const run of runs.splice(0)) await run.close();
  files.remove();
});

const NOW = Date.UTC(2026, 2, 1, 9, 30);
const fields = {
  first: 'name.given',
  last: 'name.surname',
  email: 'emails',
  mobile: { attribute: 'phones', label: 'mobile' },
};
async function run(options: object = {}, settings: TestRunOptions = {}): Promise<TestRun> {
  const given = {
    folder: files.in,
    id: 'id',
    settleMs: 0,
    mapping: { fields },
    out: { folder: files.out, delayMs: 0, ...(options as { out?: object }).out },
  };
  const started = await testRun(csv, { ...given, ...options, out: given.out }, settings);
  runs.push(started);
  await until(
    'it was read',
    () => started.runner.status().counts.readings > 0 || started.runner.status().state === 'paused',
  );
  return started;
}

const header = {
  system: 'csv',
  cause: { kind: 'plan' as const },
  issuedAt: new Date(NOW).toISOString(),
  deadline: new Date(NOW + 3_600_000).toISOString(),
  attempt: 1,
};
const values = (set: Record<string, Assignment['value']>) =>
  Object.fromEntries(Object.entries(set).map(([path, value]) => [path, { value, asOf: 0 }]));
const update = (id: string, row: string, base: Version, set: Record<string, Assignment['value']>): Command => ({
  ...header,
  id,
  action: 'update',
  ref: `csv/contact/${row}`,
  base,
  set: values(set),
});
const create = (id: string, externalKey: string, set: Record<string, Assignment['value']>): Command => ({
  ...header,
  id,
  action: 'create',
  kind: 'contact',
  externalKey,
  createdFor: 'crm/contact/7',
  set: values(set),
});
const remove = (id: string, row: string, base: Version): Command => ({
  ...header,
  id,
  action: 'delete',
  ref: `csv/contact/${row}`,
  base,
});

async function carryOut(started: TestRun, command: Command): Promise<Outcome> {
  const event = commandEvent('acme', command);
  await started.log.append([{ ...placeOf(event), value: JSON.stringify(event) }]);
  const found = () =>
    started
      .events('outcomes')
      .map(({ data }) => data as Outcome)
      .findLast((outcome) => outcome.command === command.id);
  await until('the command has ended', () => found() !== undefined);
  return found()!;
}
async function again(started: TestRun): Promise<void> {
  const { readings } = started.runner.status().counts;
  started.runner.poke();
  await until('it was read again', () => started.runner.status().counts.readings > readings);
}
const parties = (started: TestRun) => started.events('parties').map(({ data }) => data as Party);
const written = async (text: string) => {
  const path = join(files.out, 'csv.csv');
  const now = () => (existsSync(path) ? readFileSync(path, 'utf8') : '');
  await until('the file is as expected', () => now() === text).catch(() => undefined);
  expect(now()).toBe(text);
};
const FROM_FILE = { major: FILES_FROM, minor: 0 };

test('an update changes the row, tells what was before and after, and with `all` the whole table is written out', async () => {
  files.drop('a.csv', 'id;first;last;shoe size\n1;Ada;Lovelace;37\n2;Bo;"Semi;colon";45\n', FILES_FROM);
  const started = await run({ out: { rows: 'all' } });
  const outcome = await carryOut(
    started,
    update('c1', '1', FROM_FILE, { 'name.given': 'Augusta', emails: [{ address: 'a@x.example' }] }),
  );
  expect(outcome).toMatchObject({
    status: 'applied',
    exact: true,
    ref: 'csv/contact/1',
    pre: FROM_FILE,
    version: { major: NOW, minor: 0 },
    before: { kind: 'person', name: { given: 'Ada', surname: 'Lovelace' } },
    left: { kind: 'person', name: { given: 'Augusta', surname: 'Lovelace' }, emails: [{ address: 'a@x.example' }] },
  });
  await written('id;first;last;shoe size;email\n1;Augusta;Lovelace;37;a@x.example\n2;Bo;"Semi;colon";45;\n');
  expect(files.writtenNames()).toEqual(['csv.csv']);
});

test('our write is no news to the reader, and the next file that repeats the old value doesn’t take it back', async () => {
  files.drop('a.csv', 'id,first,last\n1,Ada,Lovelace\n', FILES_FROM);
  const started = await run();
  await carryOut(started, update('c1', '1', FROM_FILE, { 'name.given': 'Augusta' }));
  files.drop('b.csv', 'id,first,last\n1,Ada,King\n', NOW - 1);
  await again(started);
  expect(parties(started).map(({ version, state }) => [version, state?.name])).toEqual([
    [FROM_FILE, { given: 'Ada', surname: 'Lovelace' }],
    [
      { major: NOW, minor: 1 },
      { given: 'Augusta', surname: 'King' },
    ],
  ]);
});

test('a file that has taken our write in is no news either; one that changes the value is an edit', async () => {
  files.drop('a.csv', 'id,first\n1,Ada\n', FILES_FROM);
  const started = await run();
  await carryOut(started, update('c1', '1', FROM_FILE, { 'name.given': 'Augusta' }));
  files.drop('b.csv', 'id,first\n1,Augusta\n', NOW - 2);
  await again(started);
  expect(parties(started)).toHaveLength(1);
  files.drop('c.csv', 'id,first\n1,Ada\n', NOW - 1);
  await again(started);
  expect(parties(started).at(-1)).toMatchObject({
    version: { major: NOW, minor: 1 },
    state: { name: { given: 'Ada' } },
  });
});

test('a record that has moved on is a conflict', async () => {
  files.drop('a.csv', 'id,first\n1,Ada\n', FILES_FROM);
  const started = await run();
  await carryOut(started, update('c1', '1', FROM_FILE, { 'name.given': 'Augusta' }));
  const late = await carryOut(started, update('c2', '1', FROM_FILE, { 'name.given': 'Zoë' }));
  expect(late).toMatchObject({ status: 'conflict', version: { major: NOW, minor: 0 } });
  await written('id,first\n1,Augusta\n');
});

test('rows are made with a key that makes repeats harmless, and with fixed values', async () => {
  files.drop('a.csv', 'id,first,last\n1,Ada,Lovelace\n', FILES_FROM);
  const started = await run({ mapping: { fields, write: { source: 'unsilo' } }, out: { rows: 'all' } });
  const set = { 'name.given': 'Grace', phones: [{ number: '+1 555 0100', label: 'mobile' }] };
  const made = await carryOut(started, create('c1', 'f00d', set));
  expect(made).toMatchObject({
    status: 'applied',
    ref: 'csv/contact/u-f00d',
    exact: true,
    left: { name: { given: 'Grace' } },
  });
  expect(made).not.toHaveProperty('pre');
  const other = await carryOut(started, create('c2', 'f00d', set));
  expect(other).toMatchObject({ status: 'applied', ref: 'csv/contact/u-f00d', version: made.version, exact: false });
  await written('id,first,last,mobile,source\n1,Ada,Lovelace,,\nu-f00d,Grace,,+1 555 0100,unsilo\n');
});

test('deleted rows are left out, stay away while files repeat them, and come back with an edit', async () => {
  files.drop('a.csv', 'id,first\n1,Ada\n2,Bo\n', FILES_FROM);
  const started = await run({ out: { rows: 'all' } });
  expect(await carryOut(started, remove('c1', '1', FROM_FILE))).toMatchObject({
    status: 'applied',
    before: { name: { given: 'Ada' } },
  });
  await written('id,first\n2,Bo\n');
  expect(await carryOut(started, update('c2', '1', { major: NOW, minor: 0 }, { 'name.given': 'X' }))).toMatchObject({
    error: { code: 'UNSILO_CSV_ROW_DELETED' },
  });
  files.drop('b.csv', 'id,first\n1,Ada\n2,Bo\n', NOW - 2);
  await again(started);
  expect(parties(started)).toHaveLength(2);
  files.drop('c.csv', 'id,first\n1,Adah\n2,Bo\n', NOW - 1);
  await again(started);
  expect(parties(started).at(-1)).toMatchObject({ ref: 'csv/contact/1', state: { name: { given: 'Adah' } } });
});

test('rows that were made here are not taken for removed by files that don’t know them yet', async () => {
  files.drop('a.csv', 'id,first\n1,Ada\n', FILES_FROM);
  const started = await run({ removed: 'delete', removedMost: 1 });
  await carryOut(started, create('c1', 'f00d', { 'name.given': 'Grace' }));
  files.drop('b.csv', 'id,first\n1,Ada\n', NOW - 1);
  await again(started);
  expect(parties(started).some((party) => party.deleted)).toBe(false);
});

test.each<[string, Command, string]>([
  ['a row that isn’t there', update('c', '9', FROM_FILE, { note: 'x' }), 'UNSILO_CSV_NO_ROW'],
  [
    'a ref of another kind',
    { ...update('c', '1', FROM_FILE, {}), ref: 'csv/account/1' } as Command,
    'UNSILO_CSV_FOREIGN_REF',
  ],
  [
    'a value that a column can’t say',
    update('c', '1', FROM_FILE, { birthDate: '12/1815' }),
    'UNSILO_MAPPING_NOT_EXPRESSIBLE',
  ],
  ['a reply', { ...header, id: 'c', action: 'reply', inReplyTo: 'csv/contact/1', text: 'x' }, 'UNSILO_CSV_ACTION'],
])('%s is refused, and nothing is written', async (_, command, code) => {
  files.drop('a.csv', 'id,first\n1,Ada\n', FILES_FROM);
  const mapped = { ...fields, born: 'birthDate', id: { attribute: 'identifiers', issuer: 'us' } };
  const started = await run({ mapping: { fields: mapped } });
  expect(await carryOut(started, command)).toMatchObject({ status: 'rejected', error: { code } });
  expect(files.writtenNames()).toEqual([]);
});

test('commands that wait side by side are made durable together, each on what the one before left', async () => {
  const COUNT = 40;
  const rows = Array.from({ length: COUNT }, (_, i) => `${i},N${i}\n`).join('');
  files.drop('a.csv', `id,first\n${rows}`, FILES_FROM);
  const begun = new Set<string>();
  const saves: number[] = [];
  const started = await run(
    {},
    {
      wrap: ({ log, storage }) => ({
        log,
        storage: {
          getMany: (keys) => storage.getMany(keys),
          async set(entries) {
            const keys = Object.keys(entries);
            for (const key of keys) if (key.startsWith('command/')) begun.add(key);
            const rows = keys.filter((key) => key.startsWith('memory/row/')).length;
            if (begun.size > 0 && rows > 0 && saves.push(rows) === 1)
              await until('others wait beside it', () => begun.size >= 20);
            await storage.set(entries);
          },
        },
      }),
    },
  );
  const made = Array.from({ length: COUNT }, (_, i) => create(`n${i}`, `k${i}`, { 'name.given': `M${i}` }));
  const changed = Array.from({ length: COUNT }, (_, i) =>
    update(`c${i}`, String(i), FROM_FILE, { 'name.given': `M${i}` }),
  );
  const events = [...made, ...changed].map((command) => commandEvent('acme', command));
  await started.log.append(events.map((event) => ({ ...placeOf(event), value: JSON.stringify(event) })));
  const outcomes = () => started.events('outcomes').map(({ data }) => data as Outcome);
  await until('all have ended', () => outcomes().length === 2 * COUNT);
  expect(new Set(outcomes().map(({ status }) => status))).toEqual(new Set(['applied']));
  expect(Math.max(...saves)).toBeGreaterThanOrEqual(10);
  const names = Array.from({ length: COUNT }, (_, i) => `M${i}`);
  const file = () => readFileSync(join(files.out, 'csv.csv'), 'utf8').trimEnd().split('\n').slice(1);
  await until('the file has them all', () => existsSync(join(files.out, 'csv.csv')) && file().length === 2 * COUNT);
  const given = file().map((line) => line.split(',')[1]);
  expect(given.sort()).toEqual([...names, ...names].sort());
});

test('the id of a row is never written, and a command that changes nothing is carried out without a new version', async () => {
  files.drop('a.csv', 'id,first\n1,Ada\n', FILES_FROM);
  const mapped = { ...fields, id: { attribute: 'identifiers', issuer: 'us' } };
  const started = await run({ mapping: { fields: mapped } });
  expect(started.runner.profile.kinds[0]!.attributes['identifiers']).toEqual({ writable: false });
  const same = await carryOut(
    started,
    update('c1', '1', FROM_FILE, { identifiers: [{ issuer: 'us', value: '2' }], 'name.given': 'Ada' }),
  );
  expect(same).toMatchObject({ status: 'applied', pre: FROM_FILE, version: FROM_FILE });
  expect(same.before).toEqual(same.left);
  const made = await carryOut(
    started,
    create('c2', 'f00d', { identifiers: [{ issuer: 'us', value: '2' }], 'name.given': 'Grace' }),
  );
  expect(made).toMatchObject({ ref: 'csv/contact/u-f00d', left: { identifiers: [{ issuer: 'us', value: 'u-f00d' }] } });
});

test('without a folder to write to, nothing can be written, and the profile says so', async () => {
  files.drop('a.csv', 'id,first\n1,Ada\n', FILES_FROM);
  const started = await testRun(csv, { folder: files.in, id: 'id', mapping: { fields } });
  runs.push(started);
  expect(started.runner.profile.kinds[0]).toMatchObject({
    create: 'none',
    delete: false,
    attributes: { emails: { writable: false } },
  });
  await until('it was read', () => started.runner.status().counts.readings > 0);
  expect(await carryOut(started, update('c', '1', FROM_FILE, { 'name.given': 'X' }))).toMatchObject({
    error: { code: 'UNSILO_CSV_READ_ONLY' },
  });
});

test('rows whose id is personal can be written but not made', async () => {
  files.drop('a.csv', 'first,email\nAda,ada@x.example\n', FILES_FROM);
  const started = await run({ id: 'email' });
  expect(started.runner.profile.kinds[0]).toMatchObject({ create: 'none' });
  const { ref, version } = parties(started)[0]!;
  expect(
    await carryOut(started, { ...update('c1', 'x', version, { 'name.given': 'Augusta' }), ref } as Command),
  ).toMatchObject({ status: 'applied' });
  expect(await carryOut(started, create('c2', 'k', { 'name.given': 'Grace' }))).toMatchObject({
    error: { code: 'UNSILO_CSV_NO_CREATE' },
  });
  await written('first,email\nAugusta,ada@x.example\n');
});

test('a table without a watched folder begins empty and complete', async () => {
  const started = await run({ folder: undefined });
  expect(started.runner.status().snapshotComplete).toBe(true);
  await carryOut(started, create('c1', 'k1', { 'name.given': 'Grace', 'name.surname': 'Hopper' }));
  await written('id,first,last\nu-k1,Grace,Hopper\n');
});

describe('the written file', () => {
  test('has the encoding, the delimiter and the name that were asked for', async () => {
    files.drop('a.csv', 'id,first\n1,Jürgen\n', FILES_FROM);
    const started = await run({ out: { encoding: 'utf-16le', bom: true, delimiter: '\t', file: 'to-{system}.txt' } });
    await carryOut(started, update('c1', '1', FROM_FILE, { 'name.surname': 'Groß' }));
    await until('it is written', () => existsSync(join(files.out, 'to-csv.txt')));
    const bytes = readFileSync(join(files.out, 'to-csv.txt'));
    expect(bytes.subarray(0, 2)).toEqual(Buffer.from([0xff, 0xfe]));
    expect(bytes.subarray(2).toString('utf16le')).toBe('id\tfirst\tlast\n1\tJürgen\tGroß\n');
  });

  test('holds only the rows that were written here, unless the whole table is wanted', async () => {
    files.drop('a.csv', 'id,first\n1,Ada\n2,Bo\n', FILES_FROM);
    const started = await run();
    await carryOut(started, update('c1', '2', FROM_FILE, { 'name.given': 'Bob' }));
    await written('id,first\n2,Bob\n');
    files.drop('b.csv', 'id,first\n1,Ada\n2,Bob\n', NOW + 1);
    await again(started);
    const [, , ada] = parties(started);
    expect(ada).toBeUndefined();
    await carryOut(started, update('c2', '1', FROM_FILE, { 'name.given': 'Augusta' }));
    // What a file has confirmed is left out.
    await written('id,first\n1,Augusta\n');
  });

  test('that has changed rows only can not say that one is gone: deleting is not offered, and refused', async () => {
    files.drop('a.csv', 'id,first\n1,Ada\n', FILES_FROM);
    const changed = await run();
    expect(changed.runner.profile.kinds[0]).toMatchObject({ delete: false });
    expect(await carryOut(changed, remove('c1', '1', FROM_FILE))).toMatchObject({
      status: 'rejected',
      error: { code: 'UNSILO_CSV_NO_DELETE' },
    });
    const whole = await run({ out: { rows: 'all' } });
    expect(whole.runner.profile.kinds[0]).toMatchObject({ delete: true });
  });

  test('can be made safe for spreadsheets', async () => {
    files.drop('a.csv', 'id,first\n1,Ada\n', FILES_FROM);
    const started = await run({ out: { escapeFormulas: true } });
    await carryOut(started, update('c1', '1', FROM_FILE, { 'name.given': '=1+1' }));
    await written("id,first\n1,'=1+1\n");
  });

  test('is written after a restart if the process ended before, and when the folder is back', async () => {
    files.drop('a.csv', 'id,first\n1,Ada\n', FILES_FROM);
    rmSync(files.out, { recursive: true });
    const started = await run();
    expect(await carryOut(started, update('c1', '1', FROM_FILE, { 'name.given': 'Augusta' }))).toMatchObject({
      status: 'applied',
    });
    await until('it is told', () =>
      started.logged.some((line) => line.level === 'warn' && line.message.includes('could not be written out')),
    );
    started.runner.poke();
    await until('it is behind', () => started.runner.status().state === 'behind');
    await started.close();
    mkdirSync(files.out);
    await run({}, { durable: started.durable });
    await written('id,first\n1,Augusta\n');
  });

  test('is written once for many changes', async () => {
    const rows = Array.from({ length: 40 }, (_, i) => `${i},N${i}\n`).join('');
    files.drop('a.csv', `id,first\n${rows}`, FILES_FROM);
    const started = await run({ out: { delayMs: 100 } });
    await Promise.all(
      Array.from({ length: 40 }, (_, i) =>
        carryOut(started, update(`c${i}`, String(i), FROM_FILE, { 'name.given': `M${i}` })),
      ),
    );
    await written(`id,first\n${rows.replaceAll('N', 'M')}`);
  });
});
