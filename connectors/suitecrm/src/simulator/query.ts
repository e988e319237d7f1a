import { createHash } from 'node:crypto';
import { databaseTime } from '../modules.js';
import type { SimulatedModule } from './fields.js';
import type { Row, Store } from './store.js';

/** A refusal of the API: always status 400, told apart by its text. */
export class Refused extends Error {}

export interface ListRequest {
  fields?: string[];
  rows: Row[];
  /** Absent without `page[size]`: no meta, no links, 20 rows. */
  pages?: { size: number; number: number; total: number };
}

const OPERATORS: Readonly<Record<string, (order: number) => boolean>> = {
  eq: (order) => order === 0,
  neq: (order) => order !== 0,
  gt: (order) => order > 0,
  gte: (order) => order >= 0,
  lt: (order) => order < 0,
  lte: (order) => order <= 0,
  like: (order) => order === 0,
};
const DEFAULT_ROWS = 20;

/** Reads `fields`, `filter`, `sort` and `page` as `ListQuery` of the API does, its oddities included. */
export function listRequest(definition: SimulatedModule, query: URLSearchParams, store: Store): ListRequest {
  for (const name of query.keys())
    if (!/^(?:fields|filter|page)\[|^sort$/.test(name))
      throw new Refused(
        `The option "${name}" does not exist. Defined options are: "fields", "filter", "moduleName", "page", "sort".`,
      );
  const fields = fieldsOf(definition, query);
  const rows = filtered(definition, query, store);
  const size = number(query.get('page[size]'), 'page');
  const page = number(query.get('page[number]'), 'page');
  if (size === 0) throw new Refused('The option "size" with value "0" is invalid.');
  sort(definition, rows, query.get('sort'), page ?? 0);
  const chosen = fields === undefined ? {} : { fields };
  if (size === undefined) return { ...chosen, rows: rows.slice(0, DEFAULT_ROWS) };
  const offset = page === undefined || page === 0 ? 0 : (page - 1) * size;
  const pages = { size, number: page ?? 0, total: Math.ceil(rows.length / size) };
  return { ...chosen, rows: rows.slice(offset, offset + size), pages };
}

export function fieldsOf(definition: SimulatedModule, query: URLSearchParams): string[] | undefined {
  const given = query.get(`fields[${definition.module}]`);
  if (given === null) return undefined;
  const names = given.split(',');
  const unknown = names.filter((name) => !Object.hasOwn(definition.fields, name));
  if (unknown.length > 0)
    throw new Refused(`The following field in ${definition.object} module is not found: ${unknown.join(', ')}`);
  return names;
}

function filtered(definition: SimulatedModule, query: URLSearchParams, store: Store): Row[] {
  const conditions: ((row: Row) => boolean)[] = [];
  let deleted = false;
  const any = query.get('filter[operator]')?.toLowerCase() === 'or';
  for (const [name, value] of query) {
    const [, field, operator] = /^filter\[(\w+)\](?:\[(\w+)\])?$/.exec(name) ?? [];
    if (field === undefined || field === 'operator') continue;
    if (field === 'deleted') {
      if (operator === 'eq') deleted = value === '1';
      continue;
    }
    const known = definition.fields[field];
    if (known === undefined) throw new Refused(`Filter field ${field} in ${definition.object} module is not found`);
    if (operator === undefined) throw new Refused(`Filter field ${field} must be an array`);
    const holds = OPERATORS[operator.toLowerCase()];
    if (holds === undefined) throw new Refused(`Filter operator ${operator} is invalid`);
    if (field === 'email1') {
      conditions.push((row) =>
        store
          .linked(definition.module, row.id, 'email_addresses')
          .some((address) => holds(compare(address.values['email_address'] ?? '', value))),
      );
      continue;
    }
    if (known.nonDb === true) throw new Refused('Database failure. Please refer to suitecrm.log for details.');
    conditions.push((row) =>
      operator.toLowerCase() === 'like'
        ? like(cell(row, field), value)
        : holds(compare(cell(row, field), known.type === 'datetime' ? databaseText(value) : value)),
    );
  }
  return store
    .rows(definition.module)
    .filter(
      (row) =>
        row.deleted === deleted &&
        (conditions.length === 0 ||
          (any ? conditions.some((holds) => holds(row)) : conditions.every((holds) => holds(row)))),
    );
}

/** What the table holds, as text; times in UTC with their seconds. */
function cell(row: Row, field: string): string {
  if (field === 'id') return row.id;
  if (field === 'date_modified') return databaseTime(row.modified);
  if (field === 'date_entered') return databaseTime(row.entered);
  return row.values[field] ?? '';
}

/** MySQL drops an offset without a word, and takes `T` for a space. */
function databaseText(value: string): string {
  return value.replace('T', ' ').slice(0, 19);
}

/** The database's collation knows no case. */
function compare(a: string, b: string): number {
  const [x, y] = [a.toUpperCase(), b.toUpperCase()];
  return x < y ? -1 : Number(x > y);
}

function like(text: string, pattern: string): boolean {
  const form = pattern
    .replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
    .replaceAll('%', '.*')
    .replaceAll('_', '.');
  return new RegExp(`^${form}$`, 'is').test(text);
}

/** Rows of equal values stand in any order, and in another one on the next page, as databases do with OFFSET. */
function sort(definition: SimulatedModule, rows: Row[], by: string | null, page: number): void {
  const [, descending, field] = /^(-?)(\w+)$/.exec(by ?? '') ?? [];
  if (by !== null && field === undefined) throw new Refused(`The option "sort" with value "${by}" is invalid.`);
  if (field !== undefined && definition.fields[field] === undefined)
    throw new Refused(`Sort field ${field} in ${definition.object} module is not found`);
  if (field !== undefined && definition.fields[field]!.nonDb === true)
    throw new Refused('Database failure. Please refer to suitecrm.log for details.');
  const chance = (row: Row) => createHash('md5').update(`${page}${row.id}`).digest('hex');
  const sign = descending === '-' ? -1 : 1;
  const orders = new Map(rows.map((row) => [row, chance(row)]));
  rows.sort(
    (a, b) =>
      (field === undefined ? 0 : sign * compare(cell(a, field), cell(b, field))) ||
      compare(orders.get(a)!, orders.get(b)!),
  );
}

function number(text: string | null, option: string): number | undefined {
  if (text === null) return undefined;
  if (!/^\d+$/.test(text)) throw new Refused(`The option "${option}" with value array is invalid.`);
  return Number(text);
}
