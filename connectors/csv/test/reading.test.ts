import { appendFileSync, readFileSync, renameSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import type { DeadLetter, Party } from '@unsilo/schemas';
import { parseOptions } from '@unsilo/connector-sdk';
import {
  emptyDurable,
  testRun,
  until,
  virtualClock,
  type TestRun,
  type TestRunOptions,
} from '@unsilo/connector-sdk/testing';
import { csv } from '../src/index.js';
import { FILES_FROM, folders, type Folders } from './folder.js';

let files: Folders;
const runs: TestRun[] = [];
beforeEach(() => (files = folders()));
afterEach(async () => {
  for (const run of runs.splice(0)) await run.close();
  files.remove();
});

const fields = { name: 'name.full', email: 'emails', phone: 'phones', born: 'birthDate' };
async function run(options: object = {}, settings: TestRunOptions = {}): Promise<TestRun> {
  const started = await testRun(csv, { folder: files.in, id: 'id', mapping: { fields }, ...options }, settings);
  runs.push(started);
  await until(
    'the reader rests',
    () => started.runner.status().counts.readings > 0 || started.runner.status().state === 'behind',
  );
  return started;
}
async function again(started: TestRun): Promise<void> {
  const { readings } = started.runner.status().counts;
  started.runner.poke();
  await until('it was read again', () => started.runner.status().counts.readings > readings);
}
const parties = (started: TestRun) => started.events('parties').map((event) => event.data as Party);
const told = (started: TestRun) =>
  parties(started).map(
    ({ ref, version, state }) =>
      `${ref.split('/')[2]}@${version.major - FILES_FROM}.${version.minor} ${state?.name?.full ?? (state ? '-' : 'deleted')}`,
  );
const letters = (started: TestRun) => started.events('dead-letters').map((event) => event.data as DeadLetter);

describe('versions', () => {
  test('rows have the time of their file as version and as the time of change', async () => {
    files.drop('a.csv', 'id,name\n1,Ada\n2,Bo\n', FILES_FROM + 5000);
    const started = await run();
    expect(told(started)).toEqual(['1@5000.0 Ada', '2@5000.0 Bo']);
    expect(parties(started)[0]).toMatchObject({ ref: 'csv/contact/1', changedAt: '2026-02-01T00:00:05.000Z' });
    expect(parties(started)[0]).not.toHaveProperty('createdAt');
  });

  test('only rows that changed are told again', async () => {
    files.drop('a.csv', 'id,name\n1,Ada\n2,Bo\n', FILES_FROM + 1);
    files.drop('b.csv', 'id,name\n2,Bob\n1,Ada\n3,Cy\n', FILES_FROM + 2);
    expect(told(await run())).toEqual(['1@1.0 Ada', '2@1.0 Bo', '2@2.0 Bob', '3@2.0 Cy']);
  });

  test('a file that is dropped again is harmless, under its name or another, touched or not', async () => {
    const text = 'id,name\n1,Ada\n';
    files.drop('a.csv', text, FILES_FROM + 1);
    const started = await run();
    files.drop('a.csv', text, FILES_FROM + 1);
    await again(started);
    files.drop('a.csv', text, FILES_FROM + 2);
    files.drop('copy.csv', text, FILES_FROM + 3);
    await again(started);
    expect(told(started)).toEqual(['1@1.0 Ada']);
  });

  test('a file older than what was read changes nothing', async () => {
    files.drop('new.csv', 'id,name\n1,New\n', FILES_FROM + 9);
    const started = await run();
    files.drop('old.csv', 'id,name\n1,Old\n2,Only there\n', FILES_FROM + 1);
    await again(started);
    expect(told(started)).toEqual(['1@9.0 New', '2@1.0 Only there']);
    expect(started.logged.some((line) => line.level === 'warn' && line.fields['rows'] === 1)).toBe(true);
  });

  test('a file from the future counts from now', async () => {
    const clock = virtualClock({ start: FILES_FROM + 10_000 });
    files.drop('a.csv', 'id,name\n1,Ada\n', FILES_FROM + 99_999_999);
    const started = await run({ settleMs: 0 }, { clock });
    expect(told(started)).toEqual(['1@10000.0 Ada']);
  });

  test('columns of the rows can give the times', async () => {
    files.drop(
      'a.csv',
      'id,name,made,touched\n1,Ada,2020-01-02,2026-01-31 12:00:00\n2,Bo,nonsense,2099-01-01\n',
      FILES_FROM,
    );
    const started = await run({ createdAt: 'made', changedAt: 'touched' });
    expect(parties(started)).toMatchObject([
      { createdAt: '2020-01-02T00:00:00.000Z', changedAt: '2026-01-31T12:00:00.000Z' },
      { changedAt: '2026-02-01T00:00:00.000Z' },
    ]);
  });
});

describe('files that are not ready', () => {
  test('a file is left alone until it has been still for a while', async () => {
    const clock = virtualClock({ start: FILES_FROM + 1000 });
    files.drop('a.csv', 'id,name\n1,Ada\n', FILES_FROM);
    const started = await run({ settleMs: 2000 }, { clock });
    expect(told(started)).toEqual([]);
    expect(started.runner.status().snapshotComplete).toBe(false);
    await clock.advance(1000);
    await again(started);
    expect(told(started)).toEqual(['1@0.0 Ada']);
    expect(started.runner.status().snapshotComplete).toBe(true);
  });

  test('nothing is complete while one of several is still being written', async () => {
    const clock = virtualClock({ start: FILES_FROM + 1000 });
    files.drop('a.csv', 'id,name\n1,Ada\n', FILES_FROM - 60_000);
    files.drop('b.csv', 'id,name\n2,Bo\n', FILES_FROM);
    const started = await run({ settleMs: 2000 }, { clock });
    expect(told(started)).toHaveLength(1);
    expect(started.runner.status().snapshotComplete).toBe(false);
    await clock.advance(1000);
    await again(started);
    expect(told(started)).toHaveLength(2);
    expect(started.runner.status().snapshotComplete).toBe(true);
  });

  test('where the share’s clock is ahead, two looks at the same file tell', async () => {
    const clock = virtualClock({ start: FILES_FROM });
    files.drop('a.csv', 'id,name\n1,Ada\n', FILES_FROM + 86_400_000);
    const started = await run({ settleMs: 2000 }, { clock });
    await clock.advance(1999);
    await again(started);
    expect(told(started)).toEqual([]);
    await clock.advance(1);
    await again(started);
    expect(told(started)).toHaveLength(1);
  });

  test('names of unfinished, hidden and other files are passed over', async () => {
    for (const name of ['a.csv.part', '.b.csv', '~$c.csv', 'd.csv.tmp', 'e.crdownload', 'f.xlsx'])
      files.drop(name, 'id,name\n1,Ada\n');
    files.drop('UPPER.CSV', 'id,name\n2,Bo\n', FILES_FROM);
    expect(told(await run())).toEqual(['2@0.0 Bo']);
  });

  test('a file that grows while it is read is read anew', async () => {
    const path = join(files.in, 'a.csv');
    files.drop('a.csv', `id,name\n${Array.from({ length: 1500 }, (_, i) => `${i},N${i}\n`).join('')}`, FILES_FROM);
    let grown = false;
    const started = await run(
      {},
      {
        wrap: ({ log, storage }) => ({
          log,
          storage: {
            getMany: (keys) => storage.getMany(keys),
            set: async (entries) => {
              await storage.set(entries);
              if (!grown && Object.keys(entries).some((key) => key.includes('row/'))) {
                grown = true;
                appendFileSync(path, '1500,late\n');
                utimesSync(path, FILES_FROM / 1000 + 1, FILES_FROM / 1000 + 1);
              }
            },
          },
        }),
      },
    );
    expect(started.runner.status().snapshotComplete).toBe(false);
    await again(started);
    expect(parties(started)).toHaveLength(1501);
    expect(new Set(parties(started).map(({ ref }) => ref)).size).toBe(1501);
    expect(letters(started)).toEqual([]);
  });

  test('a file that is replaced by renaming is read as it then is', async () => {
    files.drop('a.csv', 'id,name\n1,Ada\n', FILES_FROM);
    const started = await run();
    files.drop('next.part', 'id,name\n1,Augusta\n', FILES_FROM + 7);
    renameSync(join(files.in, 'next.part'), join(files.in, 'a.csv'));
    await again(started);
    expect(told(started)).toEqual(['1@0.0 Ada', '1@7.0 Augusta']);
  });
});

describe('bad rows', () => {
  test('stand among the dead letters with file and line, once, and their neighbours go on', async () => {
    const content = Buffer.concat([
      Buffer.from(
        'id,name,email\n1,Ada,a@x.example\n2,short\n3,too,long,by far\n4,"open,x@x.example\n,no id,\n5,Eve,e@x.example,,\n',
      ),
      Buffer.from([0x36, 0x2c, 0xff, 0xfe, 0x2c, 0x0a]),
      Buffer.from('5,Somebody else,\n5,Eve,e@x.example\n7,Zoë,z@x.example\n'),
    ]);
    files.drop('people.csv', content, FILES_FROM);
    const started = await run({ encoding: 'utf-8' });
    await again(started);
    expect(told(started)).toEqual(['1@0.0 Ada', '5@0.0 Eve', '7@0.0 Zoë']);
    expect(letters(started).map(({ code, at }) => [code, at.file, at.line])).toEqual([
      ['UNSILO_CSV_ROW_TOO_SHORT', 'people.csv', 3],
      ['UNSILO_CSV_ROW_TOO_LONG', 'people.csv', 4],
      ['UNSILO_CSV_QUOTES', 'people.csv', 5],
      ['UNSILO_CSV_NO_ID', 'people.csv', 6],
      ['UNSILO_CSV_ENCODING', 'people.csv', 8],
      ['UNSILO_CSV_DUPLICATE_ID', 'people.csv', 9],
    ]);
    expect(letters(started)[4]).toMatchObject({
      encoding: 'base64',
      payload: Buffer.from([0x36, 0x2c, 0xff, 0xfe, 0x2c]).toString('base64'),
    });
    expect(letters(started)[0]).toMatchObject({ payload: '2,short', hint: expect.any(String) as string });
  });

  test('a file without its id column is one dead letter, and is read when it comes mended', async () => {
    files.drop('a.csv', 'nr;name\n1;Ada\n', FILES_FROM);
    const started = await run();
    expect(letters(started)).toMatchObject([
      { code: 'UNSILO_CSV_NO_ID_COLUMN', at: { file: 'a.csv', line: 1 }, payload: 'nr;name' },
    ]);
    expect(started.runner.status().snapshotComplete).toBe(false);
    files.drop('a.csv', 'ID;Name\n1;Ada\n', FILES_FROM + 1);
    await again(started);
    expect(told(started)).toEqual(['1@1.0 Ada']);
  });

  test('a value that cannot be used is kept beside the model, so that nothing is lost', async () => {
    files.drop('a.csv', 'id,name,born\n1,Ada,31.02.1999\n', FILES_FROM);
    expect(parties(await run())[0]!.state).toEqual({
      kind: 'person',
      name: { full: 'Ada' },
      extra: { born: '31.02.1999' },
    });
  });

  test('columns named like members of objects, twice or not at all do no harm', async () => {
    files.drop('a.csv', 'id,__proto__,constructor,name,name,\n1,x,y,Ada,Bo,z\n', FILES_FROM);
    const started = await run({ out: { folder: files.out } });
    expect(told(started)).toEqual(['1@0.0 Ada']);
    expect(letters(started)).toEqual([]);
  });

  test('columns that a file lacks or has twice are told, once a file', async () => {
    files.drop('a.csv', 'id;name;Name\n1;Ada;Bo\n', FILES_FROM);
    const started = await run({ mapping: { fields: { name: 'name.full', Emial: 'emails' } } });
    await again(started);
    expect(told(started)).toEqual(['1@0.0 Ada']);
    const warned = started.logged.filter(({ level }) => level === 'warn').map(({ fields: about }) => about);
    expect(warned).toEqual([
      { system: 'csv', file: 'a.csv', columns: 'Emial' },
      { system: 'csv', file: 'a.csv', columns: 'name' },
    ]);
  });

  test.each([
    ['an empty file', ''],
    ['a header alone', 'id,name\n'],
    ['a mark alone', '\ufeff'],
  ])('%s has no rows', async (_, content) => {
    files.drop('a.csv', content, FILES_FROM);
    const started = await run();
    expect([told(started), letters(started)]).toEqual([[], []]);
  });

  test('a missing folder makes the system wait, not fail', async () => {
    const started = await testRun(
      csv,
      { folder: join(files.in, 'nowhere'), id: 'id', mapping: { fields } },
      { clock: virtualClock() },
    );
    runs.push(started);
    await until('it is behind', () => started.runner.status().state === 'behind');
    expect(started.runner.status().code).toBe('UNSILO_CSV_FOLDER_MISSING');
  });
});

describe('a column that a file does not have', () => {
  test('is not emptied by it', async () => {
    files.drop('a.csv', 'id,name,phone\n1,Ada,555\n', FILES_FROM);
    files.drop('b.csv', 'id,name\n1,Augusta\n', FILES_FROM + 1);
    expect(parties(await run()).at(-1)!.state).toEqual({
      kind: 'person',
      name: { full: 'Augusta' },
      phones: [{ number: '555' }],
    });
  });
});

describe('rows that are gone', () => {
  const many = (from: number, to: number) =>
    `id,name\n${Array.from({ length: to - from }, (_, i) => `${from + i},N\n`).join('')}`;

  test('are ignored unless every file is the whole table', async () => {
    files.drop('a.csv', many(0, 10), FILES_FROM);
    files.drop('b.csv', many(0, 9), FILES_FROM + 1);
    expect(parties(await run()).some((party) => party.deleted)).toBe(false);
  });

  test('are deleted then, and are back when they come back', async () => {
    files.drop('a.csv', many(0, 10), FILES_FROM);
    files.drop('b.csv', many(0, 9), FILES_FROM + 1);
    files.drop('c.csv', many(0, 10), FILES_FROM + 2);
    expect(told(await run({ removed: 'delete' })).slice(10)).toEqual(['9@1.0 deleted', '9@2.0 N']);
  });

  test('are kept when too many are gone, or the file is broken', async () => {
    files.drop('a.csv', many(0, 10), FILES_FROM);
    files.drop('b.csv', many(0, 6), FILES_FROM + 1);
    files.drop('c.csv', `${many(0, 9)}9,"open\n`, FILES_FROM + 2);
    const started = await run({ removed: 'delete' });
    expect(parties(started).some((party) => party.deleted)).toBe(false);
    expect(letters(started).map(({ code, at }) => [code, at.file])).toEqual([
      ['UNSILO_CSV_REMOVALS_REFUSED', 'b.csv'],
      ['UNSILO_CSV_QUOTES', 'c.csv'],
      ['UNSILO_CSV_REMOVALS_REFUSED', 'c.csv'],
    ]);
  });

  test.each([
    ['empty', '', 'UNSILO_CSV_NO_HEADER'],
    ['a mark alone', '\ufeff', 'UNSILO_CSV_NO_HEADER'],
    ['a header alone', 'id,name\n', 'UNSILO_CSV_REMOVALS_REFUSED'],
  ])('are kept and it is told when the file is %s', async (_, content, code) => {
    files.drop('a.csv', many(0, 10), FILES_FROM);
    files.drop('b.csv', content, FILES_FROM + 1);
    const started = await run({ removed: 'delete' });
    expect(parties(started).some((party) => party.deleted)).toBe(false);
    expect(letters(started).map((letter) => [letter.code, letter.at.file])).toEqual([[code, 'b.csv']]);
  });
});

describe('ids', () => {
  const email = 'ada@example.com';
  test('made of a column that tells who somebody is are hashed', async () => {
    files.drop('a.csv', `name,email\nAda,${email}\nAugusta, ADA@example.com\n`, FILES_FROM);
    const started = await run({ id: 'email' });
    const refs = parties(started).map(({ ref }) => ref);
    expect(refs[0]).toMatch(/^csv\/contact\/[\w-]{22}$/);
    expect(new Set(refs).size).toBe(1);
    const elsewhere = await run({ id: 'email', idSecret: 'a key of our own' });
    expect(parties(elsewhere)[0]!.ref).not.toBe(refs[0]);
    const keys = [
      ...started.storage.kept.keys(),
      ...started.log.content.topics.get('unsilo.parties.v1')!.map(({ key }) => key),
    ];
    expect(keys.join('\n').toLowerCase()).not.toContain(email);
  });

  test('can be made of several columns, and hashing can be forced or forbidden', async () => {
    files.drop('a.csv', 'land,no,name\nDE,4/2,Ada\n', FILES_FROM);
    expect(parties(await run({ id: ['land', 'no'] }))[0]!.ref).toBe('csv/contact/DE/4%2F2');
    expect(parties(await run({ id: ['land', 'no'], idHash: true }))[0]!.ref).toMatch(/^csv\/contact\/[\w-]{22}$/);
    expect(parties(await run({ id: 'name', idHash: false }))[0]!.ref).toBe('csv/contact/Ada');
  });
});

describe('check', () => {
  const findings = async (options: object) => {
    const started = await run(options);
    return (await started.runner.check())
      .filter((finding) => !finding.ok || finding.hint !== undefined)
      .map(({ code }) => code);
  };
  test('finds what is wrong before anything is read', async () => {
    files.drop('a.csv', 'nr,Nmae,phone\n1,Ada,5\n', FILES_FROM);
    expect(await findings({ folder: join(files.in, 'x'), encoding: 'klingon' })).toEqual([
      'UNSILO_CSV_FOLDER_MISSING',
      'UNSILO_CSV_ENCODING',
    ]);
    expect(await findings({ out: { folder: files.in } })).toEqual([
      'UNSILO_CSV_UNDATED',
      'UNSILO_CSV_NO_ID_COLUMN',
      'UNSILO_CSV_SAME_FOLDER',
    ]);
    expect(await findings({ out: { folder: join(files.out, 'x') }, id: 'nr', changedAt: 'phone' })).toEqual([
      'UNSILO_CSV_MISSING_COLUMNS',
      'UNSILO_CSV_FOLDER_DENIED',
    ]);
    expect(await findings({ id: 'email' })).toContain('UNSILO_CSV_ID_GUESSABLE');
  });

  test('a column that no file has is a problem, one that only the newest lacks is mentioned', async () => {
    const of = async (options: object) => (await (await run(options)).runner.check()).map(({ ok, code }) => [ok, code]);
    files.drop('a.csv', 'id,name\n1,Ada\n', FILES_FROM);
    files.drop('b.csv', 'id,email\n1,ada@x.example\n', FILES_FROM + 1);
    expect(await of({ mapping: { fields: { Emial: 'emails' } } })).toContainEqual([
      false,
      'UNSILO_CSV_MISSING_COLUMNS',
    ]);
    expect(await of({ changedAt: 'modifed', mapping: { fields: { email: 'emails' } } })).toContainEqual([
      false,
      'UNSILO_CSV_MISSING_COLUMNS',
    ]);
    const mapping = { fields: { name: 'name.full', shoe: { attribute: 'extra.shoe', direction: 'out' } } };
    expect(await of({ mapping })).toContainEqual([true, 'UNSILO_CSV_MISSING_COLUMNS']);
  });

  test('a column that the newest file has twice is a problem', async () => {
    files.drop('a.csv', 'id;name;Name\n1;Ada;Bo\n', FILES_FROM);
    const started = await run({ mapping: { fields: { name: 'name.full' } } });
    expect(await started.runner.check()).toContainEqual(
      expect.objectContaining({ ok: false, code: 'UNSILO_CSV_REPEATED_COLUMNS' }),
    );
  });

  test('the configuration in the README is right', () => {
    const readme = readFileSync(join(__dirname, '../README.md'), 'utf8');
    const block = /```yaml\n([\s\S]*?)```/.exec(readme)?.[1] ?? '';
    const { systems } = parse(block) as { systems: Record<string, { connector: string; options: unknown }> };
    const { connector, options } = systems['spreadsheet']!;
    expect(connector).toBe(csv.id);
    const parsed = parseOptions(csv, options);
    expect(parsed).toMatchObject({ ok: true, options: { settleMs: 2000, out: { file: '{system}.csv' } } });
    if (parsed.ok) expect(csv.profile('spreadsheet', parsed.options).kinds[0]?.create).toBe('external-key');
  });

  test('a mapping that names no attribute is refused before the start, with what was meant', async () => {
    await expect(
      testRun(csv, { folder: files.in, id: 'id', mapping: { fields: { a: 'firstName' } } }),
    ).rejects.toMatchObject({
      code: 'UNSILO_MAPPING_UNKNOWN_ATTRIBUTE',
      hint: 'Did you mean name.given?',
    });
  });
});

test('a crash after a batch was kept and before it was on the log loses neither rows nor dead letters', async () => {
  files.drop('a.csv', 'id,name\n1,Ada\n2,"open\n3,Bo\n', FILES_FROM);
  const durable = emptyDurable();
  const silence = () => new Promise<never>(() => undefined);
  const first = await testRun(
    csv,
    { folder: files.in, id: 'id', mapping: { fields } },
    {
      durable,
      graceMs: 1,
      wrap: ({ log, storage }) => ({
        log: Object.assign(Object.create(log) as typeof log, { append: silence }),
        storage,
      }),
    },
  );
  await until('the batch is kept', () => durable.storage.has('memory/journal/1'));
  await first.close();
  writeFileSync(join(files.in, 'a.csv'), 'id,name\n1,Ada\n3,Bo\n4,Cy\n');
  utimesSync(join(files.in, 'a.csv'), FILES_FROM / 1000 + 1, FILES_FROM / 1000 + 1);
  const second = await run({}, { durable });
  expect(told(second)).toEqual(['1@0.0 Ada', '3@0.0 Bo', '4@1000.0 Cy']);
  expect(letters(second)).toMatchObject([{ code: 'UNSILO_CSV_QUOTES', at: { line: 3 } }]);
});
