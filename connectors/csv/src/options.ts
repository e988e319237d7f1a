import { MappingConfigSchema, path, secret, type MappingConfig } from '@unsilo/connector-sdk';
import { Type, type Static } from 'typebox';

const Out = Type.Object(
  {
    folder: Type.String({
      ...path,
      minLength: 1,
      description: 'Folder that the table is written to; not the watched one',
    }),
    file: Type.String({
      default: '{system}.csv',
      description: 'Name of the file; `{system}` stands for the name of the system',
    }),
    rows: Type.Union([Type.Literal('changed'), Type.Literal('all')], {
      default: 'changed',
      description:
        '`changed`: rows that were written here, until a file confirms them, for who takes them in by their id; `all`: the whole table, for who puts it in the place of the own one',
    }),
    delimiter: Type.Optional(
      Type.String({ minLength: 1, maxLength: 1, description: 'Default: that of the last file read, else a comma' }),
    ),
    encoding: Type.String({ default: 'utf-8', description: 'Encoding: `utf-8`, `utf-16le`, `windows-1252`, …' }),
    bom: Type.Boolean({ default: false, description: 'Begin with a byte order mark, which Excel needs to know UTF-8' }),
    escapeFormulas: Type.Boolean({
      default: false,
      description: 'Put an apostrophe before values that spreadsheets take for formulas (also before +49…)',
    }),
    delayMs: Type.Integer({
      default: 500,
      minimum: 0,
      description: 'How long a change waits for others to be written out with, milliseconds',
    }),
  },
  { additionalProperties: false },
);

export const OptionsSchema = Type.Object(
  {
    folder: Type.Optional(
      Type.String({
        ...path,
        minLength: 1,
        description: 'Folder that is watched for files; without it the table begins empty',
      }),
    ),
    files: Type.Array(Type.String({ minLength: 1 }), {
      default: ['*.csv', '*.tsv', '*.txt'],
      description: 'Names of the files to read, with `*` and `?`, in any case',
    }),
    out: Type.Optional(
      Type.Object(Out.properties, {
        additionalProperties: false,
        description: 'Where the table is written out; without it nothing can be written',
      }),
    ),
    kind: Type.String({
      default: 'contact',
      pattern: '^[a-z0-9][a-z0-9-]{0,62}$',
      description: 'What a row is, as refs name it: `contact`, `account`',
    }),
    id: Type.Union([Type.String({ minLength: 1 }), Type.Array(Type.String({ minLength: 1 }), { minItems: 1 })], {
      description: 'Column, or columns, that name a row for ever',
    }),
    idHash: Type.Union([Type.Literal('auto'), Type.Boolean()], {
      default: 'auto',
      description:
        'Hash the id; `auto`: if a column of it is mapped to a name, an e-mail, a phone, an address or a birth date',
    }),
    idSecret: Type.Optional(
      Type.String({
        ...secret,
        description: 'Key of the hash; without it ids can be guessed by who knows the addresses. Never change it',
      }),
    ),
    mapping: Type.Object(MappingConfigSchema.properties, {
      additionalProperties: false,
      description: 'Columns and the attributes that they mean',
    }),
    createdAt: Type.Optional(
      Type.String({
        description: 'Column with the time when the record was made (ISO 8601, UTC unless it says otherwise)',
      }),
    ),
    changedAt: Type.Optional(
      Type.String({ description: 'Column with the time of the last change; default: the time of the file' }),
    ),
    delimiter: Type.Union([Type.Literal('auto'), Type.String({ minLength: 1, maxLength: 1 })], {
      default: 'auto',
      description: 'What stands between values',
    }),
    encoding: Type.String({ default: 'auto', description: 'Encoding of the files: `utf-8`, `windows-1252`, …' }),
    quote: Type.String({ default: '"', minLength: 1, maxLength: 1, description: 'Quotation mark' }),
    trim: Type.Boolean({ default: true, description: 'Take spaces off around values' }),
    columns: Type.Optional(
      Type.Array(Type.String({ minLength: 1 }), {
        minItems: 1,
        description: 'Names of the columns, where files have no header',
      }),
    ),
    removed: Type.Union([Type.Literal('ignore'), Type.Literal('delete')], {
      default: 'ignore',
      description: 'What it means that a row is no longer in a file; `delete` if every file is the whole table',
    }),
    removedMost: Type.Number({
      default: 0.3,
      minimum: 0,
      maximum: 1,
      description: 'Share of the rows that one file may remove; a file that removes more is taken for incomplete',
    }),
    settleMs: Type.Integer({
      default: 2000,
      minimum: 0,
      description: 'A file is read once it has not changed for so long, milliseconds',
    }),
  },
  { additionalProperties: false },
);

export type CsvOptions = Omit<Static<typeof OptionsSchema>, 'mapping'> & { mapping: MappingConfig };
export type OutOptions = NonNullable<CsvOptions['out']>;
