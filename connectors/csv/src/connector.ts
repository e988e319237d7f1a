import { resolve } from 'node:path';
import { defineConnector, type ConnectorContext, type Finding } from '@unsilo/connector-sdk';
import iconv from 'iconv-lite';
import { counted } from '@unsilo/schemas';
import { canRead, canWrite, listFiles, type FoundFile } from './client.js';
import { headerOf, type Header, type HeaderProblem } from './header.js';
import { csvMap, type CsvMap } from './map.js';
import { OptionsSchema, type CsvOptions, type OutOptions } from './options.js';
import { firstRecord, read } from './read.js';
import { forget, write } from './write.js';

export const csv = defineConnector<CsvOptions>({
  id: 'csv',
  title: 'CSV files',
  options: OptionsSchema,
  emits: ['party'],
  // The table is at hand: commands side by side are made durable together.
  writesAtOnce: 32,

  profile(system, options) {
    const map = csvMap('', system, options);
    const isWritable = options.out !== undefined;
    const attributes = Object.entries(map.mapping.attributes()).map(
      ([path, profile]) => [path, isWritable ? profile : { ...profile, writable: false }] as const,
    );
    return {
      system,
      connector: 'csv',
      title: 'CSV files',
      kinds: [
        {
          kind: options.kind,
          party: options.mapping.kind === 'organization' ? 'organization' : 'person',
          attributes: Object.fromEntries(attributes),
          create: isWritable && map.newIdColumn !== undefined ? 'external-key' : 'none',
          // A file of changed rows says nothing of one that is gone.
          delete: options.out?.rows === 'all',
          conditional: true,
        },
      ],
      objects: [],
      mapping: map.meaning,
    };
  },

  check,
  read,
  write,
  forget,
});

async function check({ tenant, system, options }: ConnectorContext<CsvOptions>): Promise<Finding[]> {
  const findings: Finding[] = [];
  const map = csvMap(tenant, system, options);
  const { folder, out } = options;
  if (folder !== undefined) {
    if (await canRead(folder)) {
      const files = await listFiles(folder, options.files);
      findings.push({
        ok: true,
        code: 'UNSILO_CSV_FOLDER',
        message: `${folder} can be read and has ${counted(files.length, 'file')} to read`,
      });
      if (options.createdAt === undefined && options.changedAt === undefined)
        findings.push({
          ok: true,
          code: 'UNSILO_CSV_UNDATED',
          message:
            'Rows have no times of their own: all that a first file says counts as said at the time of that file',
          hint: 'If other systems date their records, name a column in createdAt or changedAt: else what they have had for years loses against it.',
        });
      if (files.length > 0) findings.push(...(await checkColumns(files, options, map)));
    } else
      findings.push({
        ok: false,
        code: 'UNSILO_CSV_FOLDER_MISSING',
        message: `The folder ${folder} doesn't exist or can't be read`,
        hint: 'Make the folder and give the user of this process the right to read it.',
      });
  }
  if (out !== undefined) findings.push(await checkOut(out, folder));
  for (const encoding of [options.encoding, out?.encoding ?? 'auto'])
    if (encoding !== 'auto' && !iconv.encodingExists(encoding))
      findings.push({
        ok: false,
        code: 'UNSILO_CSV_ENCODING',
        message: `There is no encoding ${JSON.stringify(encoding)}`,
        hint: 'Write utf-8, utf-16le, windows-1252, iso-8859-15, …',
      });
  if (map.idIsHashed && options.idSecret === undefined)
    findings.push({
      ok: true,
      code: 'UNSILO_CSV_ID_GUESSABLE',
      message: 'Ids are hashes of personal data, made without a key of your own',
      hint: 'Set idSecret before the first file is read; it can’t be changed later.',
    });
  return findings;
}

/** So many files are looked at for a column that the newest one doesn't have. */
const FILES_LOOKED_AT = 20;

/** Whether the files have the columns that the configuration names, each once. */
async function checkColumns(files: readonly FoundFile[], options: CsvOptions, map: CsvMap): Promise<Finding[]> {
  const newest = await headerIn(files.at(-1), options, map);
  if (newest === undefined) return [];
  if (!('columns' in newest)) return [{ ok: false, ...newest }];
  const hint = `The newest file's columns are ${newest.columns.slice(0, 30).join(', ')}.`;
  const findings: Finding[] = [];
  let nowhere = newest.missing;
  for (const file of files.slice(-FILES_LOOKED_AT, -1).reverse()) {
    if (nowhere.length === 0) break;
    const header = await headerIn(file, options, map);
    if (header !== undefined && 'columns' in header) nowhere = nowhere.filter((name) => header.missing.includes(name));
  }
  const lately = newest.missing.filter((name) => !nowhere.includes(name));
  if (nowhere.length > 0)
    findings.push({
      ok: false,
      code: 'UNSILO_CSV_MISSING_COLUMNS',
      message: `No file has a column ${listed(nowhere)}, which the configuration names`,
      hint,
    });
  if (lately.length > 0)
    findings.push({
      ok: true,
      code: 'UNSILO_CSV_MISSING_COLUMNS',
      message: `The newest file has no column ${listed(lately)}, which the configuration names`,
      hint,
    });
  if (newest.repeated.length > 0)
    findings.push({
      ok: false,
      code: 'UNSILO_CSV_REPEATED_COLUMNS',
      message: `The newest file has more than one column ${listed(newest.repeated)}; the first is taken, the others are kept under a number`,
      hint: `Rename them at their source, or map the one that is meant. ${hint}`,
    });
  return findings;
}

async function headerIn(
  file: FoundFile | undefined,
  options: CsvOptions,
  map: CsvMap,
): Promise<Header | HeaderProblem | undefined> {
  const first = options.columns ?? (file && (await firstRecord(file, options)));
  return first && headerOf(first, options, map);
}

function listed(names: readonly string[]): string {
  return names.map((name) => JSON.stringify(name)).join(', ');
}

async function checkOut({ folder: out, rows }: OutOptions, folder: string | undefined): Promise<Finding> {
  if (folder !== undefined && resolve(folder) === resolve(out))
    return {
      ok: false,
      code: 'UNSILO_CSV_SAME_FOLDER',
      message: 'Files are written to the folder that is watched, and would be read again',
      hint: 'Give out.folder a folder of its own.',
    };
  const what = rows === 'all' ? 'with the whole table' : 'with the rows that are changed here';
  if (await canWrite(out)) return { ok: true, code: 'UNSILO_CSV_OUT', message: `${out} can be written, ${what}` };
  return {
    ok: false,
    code: 'UNSILO_CSV_FOLDER_DENIED',
    message: `The folder ${out} doesn't exist or can't be written`,
    hint: 'Make the folder and give the user of this process the right to write to it.',
  };
}
