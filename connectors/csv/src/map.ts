import { createHmac } from 'node:crypto';
import type { AttributeValue, Party, PartyState, Ref } from '@unsilo/schemas';
import { refOf } from '@unsilo/schemas';
import {
  fieldMapping,
  mappingDigest,
  timestamp,
  withRetired,
  type FieldMapping,
  type FieldRuleObject,
  type MappingConfig,
  type MappingProblem,
  type Retired,
} from '@unsilo/connector-sdk';
import type { CsvOptions } from './options.js';
import { edited, versionOf, type Row, type Values } from './row.js';

/** Attributes whose column, taken as an id, would put a person's data into refs. */
const TELLING = /^(?:name|emails|phones|addresses|onlineServices|birthDate|note)(?:\.|$)/;

/** The pure part of the connector, for one configuration. */
export interface CsvMap {
  readonly mapping: FieldMapping;
  /** Digest of all that decides what a row says. */
  readonly meaning: string;
  readonly idColumns: readonly string[];
  /** The columns that files should have: the id's, mapped ones that are read, and those with times. */
  readonly expected: readonly string[];
  readonly idIsHashed: boolean;
  /** The column that a new row's id can be written into; undefined when rows can't be made here. */
  readonly newIdColumn: string | undefined;
  /** The id of a row, or what is wrong with it. */
  idOf(cells: ReadonlyMap<string, string>): { id: string } | { code: string; message: string; hint: string };
  ref(id: string): Ref;
  idIn(ref: Ref): string | undefined;
  state(values: Values, retired?: Retired): { state: PartyState; problems: MappingProblem[] };
  party(id: string, row: Row, observedAt: number): Party;
  /** The values after a command, or the attribute that a column can't say. */
  assign(
    values: Values,
    set: Readonly<Record<string, AttributeValue>>,
  ): { values: Values } | { refused: MappingProblem };
  /** Times in the row's own columns, epoch milliseconds. */
  times(cells: ReadonlyMap<string, string>): { createdAt?: number; changedAt?: number };
}

export function csvMap(tenant: string, system: string, options: CsvOptions): CsvMap {
  const idColumns = Array.isArray(options.id) ? options.id : [options.id];
  const mapping = fieldMapping(withFixedIds(options.mapping, idColumns));
  const idIsHashed = options.idHash === 'auto' ? idColumns.some((column) => tells(options, column)) : options.idHash;
  const prefix = `${system}/${options.kind}/`;

  const hashed = (text: string) =>
    createHmac('sha256', options.idSecret ?? `unsilo ${tenant} ${system}`)
      .update(text.trim().toLowerCase().normalize('NFC'))
      .digest('base64url')
      .slice(0, 22);

  function idOf(cells: ReadonlyMap<string, string>): ReturnType<CsvMap['idOf']> {
    const parts = idColumns.map((column) => cells.get(column)?.trim() ?? '');
    const empty = idColumns[parts.findIndex((part) => part === '')];
    if (empty !== undefined)
      return {
        code: 'UNSILO_CSV_NO_ID',
        message: `The row has nothing in the id column ${JSON.stringify(empty)}`,
        hint: 'Give every row an id, or name other columns in the option id.',
      };
    const text = parts.map((part) => (parts.length > 1 ? part.replaceAll('/', '%2F') : part)).join('/');
    if (idIsHashed) return { id: hashed(text) };
    try {
      refOf(system, options.kind, text);
    } catch {
      return {
        code: 'UNSILO_CSV_BAD_ID',
        message: 'The id of the row is longer than 512 characters, or holds control characters',
        hint: 'Name another column in the option id, or set idHash: true.',
      };
    }
    return { id: text };
  }

  /** What the mapping makes of a row. A value that it can't use is kept as it stands among `extra`, so that nothing is lost. */
  function state(values: Values, retired: Retired = {}): ReturnType<CsvMap['state']> {
    const { state, problems } = mapping.decode(values);
    const kept = problems
      .filter(({ field, code }) => Object.hasOwn(values, field) && code !== 'UNSILO_MAPPING_UNKNOWN_VALUE')
      .map(({ field }) => [extraName(field), values[field]!.slice(0, 10_000)] as const);
    if (kept.length > 0) state.extra = { ...Object.fromEntries(kept), ...state.extra };
    return { state: withRetired(state, retired), problems };
  }

  return {
    mapping,
    meaning: mappingDigest(options.mapping, options.kind),
    idColumns,
    expected: [
      ...new Set([
        ...idColumns,
        ...mapping.readFields,
        ...[options.createdAt, options.changedAt].filter((column) => column !== undefined),
      ]),
    ],
    idIsHashed,
    newIdColumn: idColumns.length === 1 && !idIsHashed ? idColumns[0] : undefined,
    idOf,
    ref: (id) => refOf(system, options.kind, id),
    idIn: (ref) => (ref.startsWith(prefix) ? ref.slice(prefix.length) : undefined),
    state,
    party: (id, row, observedAt) => ({
      ref: refOf(system, options.kind, id),
      version: versionOf(row.version),
      ...(row.createdAt === undefined ? {} : { createdAt: timestamp(row.createdAt) }),
      changedAt: timestamp(row.changedAt),
      observedAt: timestamp(observedAt),
      ...(row.deleted === true ? { deleted: true } : { state: state(row.values, row.retired).state }),
    }),
    assign(values, set) {
      const { fields, problems } = mapping.encode(set, values);
      const refused = problems.find((problem) => problem.code === 'UNSILO_MAPPING_NOT_EXPRESSIBLE');
      if (refused !== undefined) return { refused };
      return {
        values: edited(
          values,
          Object.entries(fields).map(([column, value]) => [column, String(value ?? '')]),
        ),
      };
    },
    times: (cells) => ({
      ...timeIn(cells, 'createdAt', options.createdAt),
      ...timeIn(cells, 'changedAt', options.changedAt),
    }),
  };
}

/** What names a row is read and never written: it would be another row. */
function withFixedIds(mapping: MappingConfig, idColumns: readonly string[]): MappingConfig {
  const fixed = idColumns
    .filter((column) => Object.hasOwn(mapping.fields, column))
    .map((column) => {
      const rule = mapping.fields[column]!;
      if (rule === null) return [column, rule] as const;
      const rules = (Array.isArray(rule) ? rule : [rule]) as readonly (string | FieldRuleObject)[];
      const readOnly = rules.map((single) => ({
        ...(typeof single === 'string' ? { attribute: single } : single),
        direction: 'in' as const,
      }));
      return [column, readOnly] as const;
    });
  return { ...mapping, fields: { ...mapping.fields, ...Object.fromEntries(fixed) } };
}

function tells({ mapping }: CsvOptions, column: string): boolean {
  const rule = Object.hasOwn(mapping.fields, column) ? mapping.fields[column] : null;
  const rules = Array.isArray(rule) ? (rule as unknown[]) : [rule];
  return rules.some((single) => {
    const path = typeof single === 'string' ? single : (single as { attribute?: string } | null)?.attribute;
    return path !== undefined && TELLING.test(path);
  });
}

function extraName(column: string): string {
  const plain = column.replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, ' ').slice(0, 120);
  return /^(?:__proto__|constructor|prototype)$/.test(plain) ? `${plain} ` : plain;
}

function timeIn(
  cells: ReadonlyMap<string, string>,
  name: 'createdAt' | 'changedAt',
  column: string | undefined,
): { createdAt?: number; changedAt?: number } {
  const text = column === undefined ? undefined : cells.get(column)?.trim();
  if (text === undefined || text === '') return {};
  const ms = parseTime(text);
  return ms === undefined ? {} : { [name]: ms };
}

/** ISO 8601 with or without time, in UTC unless it says otherwise; epoch seconds and milliseconds. */
function parseTime(text: string): number | undefined {
  if (/^\d{10}$/.test(text)) return Number(text) * 1000;
  if (/^\d{13}$/.test(text)) return Number(text);
  const parts = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?))?\s*(Z|[+-]\d{2}:?\d{2})?$/.exec(
    text,
  );
  if (parts === null) return undefined;
  const [, date, time = '00:00', zone = 'Z'] = parts;
  const ms = Date.parse(`${date}T${time}${zone.length === 5 ? `${zone.slice(0, 3)}:${zone.slice(3)}` : zone}`);
  // JavaScript takes 30 February for 1 or 2 March.
  if (Number.isNaN(ms) || (zone === 'Z' && !new Date(ms).toISOString().startsWith(date!))) return undefined;
  return ms;
}
