import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { unsilo } from '../support/command-line.js';
import { temporaryFolder } from '../support/folders.js';

const EXAMPLES = resolve(import.meta.dirname, '../../../../examples');
const DATA = resolve(import.meta.dirname, '../../../../../shared/data/entity-resolution');

const CSV = `no, first, last, mail, born, sort
1, Ada, Lovelace, ada@example.org, 1815-12-10, p
2, Ada, Lovelase, ada@example.org, 1815-12-10, p
3, Charles, Babbage, charles@example.org, 1791-12-26, p
4, , Analytical Engines Ltd, , , c
5, , Analytical Engines Limited, , , c
`;
const MAPPING = `
source: crm
id: 'no'
kind: { column: sort, organization: [c] }
columns:
  first: name.given
  last: name.surname
  mail: emails
  born: birthDate
`;

describe('unsilo match', () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'people.csv'), CSV);
  writeFileSync(join(folder, 'map.yaml'), MAPPING);

  it('writes source, id and customer of every record', async () => {
    const { code, stderr } = await unsilo(
      ['match', 'people.csv', '--map', 'map.yaml', '--out', 'out.csv', '--no-train'],
      {
        cwd: folder,
      },
    );
    expect(stderr).toContain('5 records');
    expect(code).toBe(0);
    const rows = readFileSync(join(folder, 'out.csv'), 'utf8').trim().split('\n');
    expect(rows[0]).toBe('source,id,customer');
    expect(rows.slice(1)).toEqual(['crm,1,crm/1', 'crm,2,crm/1', 'crm,3,crm/3', 'crm,4,crm/4', 'crm,5,crm/5']);
  });

  it('takes JSON Lines with paths into lists', async () => {
    writeFileSync(
      join(folder, 'people.jsonl'),
      [
        { id: 'a', names: [{ g: 'Ada', s: 'Lovelace' }], contact: { mails: ['ada@example.org', 'x@y.org'] } },
        {
          id: 'b',
          names: [
            { g: 'Countess', s: 'L' },
            { g: 'Ada', s: 'Lovelace' },
          ],
          contact: { mails: ['x@y.org'] },
        },
        { id: 'c', names: [{ g: 'Joseph', s: 'Jacquard' }] },
      ]
        .map((row) => JSON.stringify(row))
        .join('\n'),
    );
    writeFileSync(
      join(folder, 'json.yaml'),
      'id: id\ncolumns:\n  names.g: name.given\n  names.s: name.surname\n  contact.mails: emails\n',
    );
    const { code, stdout } = await unsilo(['match', 'people.jsonl', '--map', 'json.yaml', '--no-train'], {
      cwd: folder,
    });
    expect(code).toBe(0);
    expect(stdout.trim().split('\n').slice(1)).toEqual(['people,a,people/a', 'people,b,people/a', 'people,c,people/c']);
  });

  it('leaves out rows without an id or that are no JSON, and says where', async () => {
    writeFileSync(join(folder, 'bad.jsonl'), '{"id":"a","names":[{"g":"Ada"}]}\nno json\n[1]\n{"names":[]}\n');
    const { code, stderr } = await unsilo(
      ['match', 'bad.jsonl', '--map', 'json.yaml', '--out', 'bad.csv', '--no-train'],
      {
        cwd: folder,
      },
    );
    expect(code).toBe(0);
    expect(stderr).toContain('3 rows were left out');
    expect(stderr).toContain('bad.jsonl:2');
    expect(stderr).toContain('no value in id: bad.jsonl:4');
  });

  it('reads dates in the form that the mapping names', async () => {
    writeFileSync(
      join(folder, 'dates.csv'),
      'id,name,born\n1,Ada Lovelace,10/12/1815\n2,Ada Lovelace,1815-12-10\n3,Ada Lovelace,1815-10-12\n',
    );
    writeFileSync(
      join(folder, 'dates.yaml'),
      'id: id\ncolumns: { name: name, born: { attribute: birthDate, date: dd/mm/yyyy } }\ntruth: { column: id }\n',
    );
    const args = ['evaluate', 'dates.csv', '--map', 'dates.yaml', '--no-train', '--json'];
    const { stdout } = await unsilo(args, { cwd: folder });
    const { errors } = JSON.parse(stdout);
    const level = (a: string, b: string): string =>
      errors
        .find((error: { a: string; b: string }) => error.a === `dates/${a}` && error.b === `dates/${b}`)
        .evidence.find((e: { attribute: string }) => e.attribute === 'birthDate').level;
    expect([level('1', '2'), level('1', '3')]).toEqual(['exact', 'typo']);
  });

  it.each([
    ['an attribute that there is none of', 'columns: { first: name.givn }', 'There is no attribute'],
    ['an identifier without its issuer', 'columns: { first: identifiers }', 'needs "issuer"'],
    ['an extra attribute without its kind', 'columns: { first: extra.sex }', 'needs "compare"'],
    ['a key that is not known', 'column: { first: name.given }', 'not known'],
  ])('tells line and column of %s', async (_, text, message) => {
    writeFileSync(join(folder, 'wrong.yaml'), text);
    const { code, stderr } = await unsilo(['match', 'people.csv', '--map', 'wrong.yaml'], { cwd: folder });
    expect(code).toBe(1);
    expect(stderr).toMatch(/wrong\.yaml:1:\d+/);
    expect(stderr).toContain(message);
  });

  it('names the columns that a file lacks', async () => {
    writeFileSync(join(folder, 'other.yaml'), 'columns: { forename: name.given }');
    const { code, stderr } = await unsilo(['match', 'people.csv', '--map', 'other.yaml'], { cwd: folder });
    expect(code).toBe(1);
    expect(stderr).toContain('has no column "forename"');
  });
});

describe('unsilo train', () => {
  const folder = temporaryFolder();

  it('writes a model that match takes, and warns where records are too few', async () => {
    writeFileSync(join(folder, 'people.csv'), CSV + CSV.split('\n').slice(1).join('\n').replace(/^(\d)/gm, '1$1'));
    writeFileSync(join(folder, 'map.yaml'), MAPPING);
    const trained = await unsilo(['train', 'people.csv', '--map', 'map.yaml', '--out', 'model.json'], { cwd: folder });
    expect(trained.code).toBe(0);
    const { code } = await unsilo(['match', 'people.csv', '--map', 'map.yaml', '--model', 'model.json'], {
      cwd: folder,
    });
    expect(code).toBe(0);
  });

  it('says how many labels it took, and which contradict each other', async () => {
    writeFileSync(join(folder, 'people.csv'), CSV + CSV.split('\n').slice(1).join('\n').replace(/^(\d)/gm, '1$1'));
    writeFileSync(join(folder, 'map.yaml'), MAPPING);
    const lines = ['crm/1,crm/2,yes', 'crm/2,crm/3,no', 'crm/11,crm/12,yes', 'crm/12,crm/11,no', 'crm/1,crm/99,yes'];
    writeFileSync(join(folder, 'labels.csv'), `a,b,same\n${lines.join('\n')}\n`);
    const args = ['train', 'people.csv', '--map', 'map.yaml', '--out', 'model.json', '--labels', 'labels.csv'];
    const { code, stdout, stderr } = await unsilo([...args, '--json'], { cwd: folder });
    expect(code).toBe(0);
    const { labels } = JSON.parse(stdout);
    expect(labels.same + labels.different + labels.unknown).toBe(3);
    expect(labels.contradictory).toHaveLength(2);
    expect(stderr).toContain('2 contradict each other and were left out: crm/11 = crm/12, crm/11 ≠ crm/12.');
  });

  it.each([
    [['train', '--map', 'map.yaml', '--out', 'model.json'], 'FILE is missing'],
    [['train', 'people.csv', '--map', 'map.yaml', '--out', 'm.json', '--data', 'x'], '--data goes without files'],
    [['train'], '--out is missing'],
  ])('%j is wrong usage', async (args, message) => {
    writeFileSync(join(folder, 'map.yaml'), MAPPING);
    expect(await unsilo(args, { cwd: folder })).toMatchObject({ code: 2, stderr: expect.stringContaining(message) });
  });

  it('refuses a file that is no model, and says what is wrong with it', async () => {
    writeFileSync(join(folder, 'people.csv'), CSV);
    writeFileSync(join(folder, 'map.yaml'), MAPPING);
    writeFileSync(join(folder, 'broken.json'), '{"format":"unsilo-linkage/1","version":"x"}');
    const { code, stderr } = await unsilo(['match', 'people.csv', '--map', 'map.yaml', '--model', 'broken.json'], {
      cwd: folder,
    });
    expect(code).toBe(1);
    expect(stderr).toContain('person: is missing');
  });
});

describe('unsilo evaluate', () => {
  const folder = temporaryFolder();

  it('compares finished clusters with the truth', async () => {
    writeFileSync(join(folder, 'found.csv'), 'source,id,customer\ns,1,x\ns,2,x\ns,3,x\ns,4,y\n');
    writeFileSync(join(folder, 'truth.csv'), 'id,customer\n1,p\n2,p\n3,q\n4,q\n');
    const { stdout } = await unsilo(['evaluate', 'found.csv', '--truth', 'truth.csv', '--json'], { cwd: folder });
    expect(JSON.parse(stdout)).toMatchObject({
      pairwise: { truePositives: 1, falsePositives: 2, falseNegatives: 1, precision: 1 / 3, recall: 0.5 },
      clusterwise: { truePositives: 0, falsePositives: 2, falseNegatives: 2 },
    });
  });

  const needed = existsSync(DATA);
  (needed ? describe : describe.skip)(
    `on files with known truth${needed ? '' : ' (skipped: ../shared/data is not beside the repository)'}`,
    () => {
      it.each([
        ['febrl1.csv', 'febrl.yaml', 0.9995],
        ['febrl1.csv', 'febrl-ssn.yaml', 0.9998],
        ['fake_1000.csv', 'fake.yaml', 0.975],
      ])(
        '%s with %s: pairwise F1 of the trained model is at least %d',
        async (file, mapping, least) => {
          const { code, stdout } = await unsilo(
            ['evaluate', join(DATA, file), '--map', join(EXAMPLES, mapping), '--json', '--errors', '1'],
            { cwd: folder },
          );
          expect(code).toBe(0);
          const { pairwise, thresholds } = JSON.parse(stdout);
          expect(pairwise.f1).toBeGreaterThanOrEqual(least);
          expect(thresholds.length).toBeGreaterThan(5);
        },
        300_000,
      );
    },
  );
});
