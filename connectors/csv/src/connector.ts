import { resolve } from 'node:path';
import { defineConnector, type ConnectorContext, type Finding } from '@unsilo/connector-sdk';
import iconv from 'iconv-lite';
import { canRead, canWrite, listFiles, type FoundFile } from './client.js';
import { headerOf } from './header.js';
import { csvMap, type CsvMap } from './map.js';
import { OptionsSchema, type CsvOptions, type OutOptions } from './options.js';
import { firstRecord, read } from './read.js';
import { forget, write } from './write.js';

export const csv = defineConnector<CsvOptions>({
  id: 'csv',
  title: 'CSV files',
  options: OptionsSchema,
  emits: ['party'],

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
        message: `${folder} can be read and has ${files.length} files to read`,
      });
      const newest = files.at(-1);
      if (newest !== undefined) findings.push(...(await checkColumns(newest, options, map)));
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

/** Whether the newest file has the columns that the configuration names. */
async function checkColumns(file: FoundFile, options: CsvOptions, map: CsvMap): Promise<Finding[]> {
  const first = options.columns ?? (await firstRecord(file, options));
  if (first === undefined) return [];
  const header = headerOf(first, options, map);
  if (!('columns' in header)) return [{ ok: false, ...header }];
  const missing = map.mapping.fields.filter((field) => !header.columns.includes(field));
  if (missing.length === 0) return [];
  return [
    {
      ok: true,
      code: 'UNSILO_CSV_MISSING_COLUMNS',
      message: `The newest file has no column ${missing.map((name) => JSON.stringify(name)).join(', ')}, which the mapping names`,
      hint: `Its columns are ${header.columns.slice(0, 30).join(', ')}.`,
    },
  ];
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
