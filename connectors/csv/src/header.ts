import { counted } from '@unsilo/schemas';
import type { CsvMap } from './map.js';
import type { CsvOptions } from './options.js';

/** The columns of a file by position, under the names that the configuration uses. */
export interface Header {
  columns: string[];
  /** Columns that the configuration names and the file has not. */
  missing: string[];
  /** Columns that the configuration names and the file has twice: only the first of each can be meant. */
  repeated: string[];
}
export interface HeaderProblem {
  code: string;
  message: string;
  hint: string;
}

const UNSAFE = /^(?:__proto__|constructor|prototype)$/;

/** Names from the first record: matched to the configuration's without regard to case; empty and repeated ones get names of their own. */
export function headerOf(cells: readonly string[], options: CsvOptions, map: CsvMap): Header | HeaderProblem {
  const columns = columnNames(cells, options, map);
  const nameless = map.idColumns.filter((column) => !columns.includes(column));
  if (nameless.length > 0)
    return {
      code: 'UNSILO_CSV_NO_ID_COLUMN',
      message: `The file has no column ${nameless.map((name) => JSON.stringify(name)).join(', ')}, which names its rows`,
      hint: `Its columns are ${columns.slice(0, 30).join(', ')}. Set the option id, or delimiter if these look wrong.`,
    };
  const own = cells.map(plainName);
  return {
    columns,
    missing: map.expected.filter((column) => !columns.includes(column)),
    repeated: map.expected.filter((column) => own.filter((name) => name === plainName(column)).length > 1),
  };
}

/** Names of columns as the configuration has them, all different, in the given order. */
export function columnNames(given: readonly string[], options: CsvOptions, map: CsvMap): string[] {
  const wanted = new Map(
    [...map.mapping.fields, ...map.idColumns, options.createdAt, options.changedAt]
      .filter((name) => name !== undefined)
      .map((name) => [plainName(name), name]),
  );
  const taken = new Set<string>();
  return given.map((cell, index) => {
    const own = cell.trim() === '' || UNSAFE.test(cell.trim()) ? `column ${index + 1}` : cell.trim();
    const name = wanted.get(plainName(own)) ?? own;
    let free = name;
    for (let count = 2; taken.has(free); count += 1) free = `${name} ${count}`;
    taken.add(free);
    return free;
  });
}

/** By which names of columns are compared. */
export function plainName(name: string): string {
  return name.trim().toLowerCase().normalize('NFC');
}

/**
 * A record's cells by column, or what is wrong with their number. Empty cells too many are forgiven: spreadsheets add them.
 */
export function cellsByColumn(
  cells: readonly string[],
  columns: readonly string[],
): Map<string, string> | { code: string; message: string; hint: string } {
  if (cells.length < columns.length)
    return {
      code: 'UNSILO_CSV_ROW_TOO_SHORT',
      message: `The row has ${counted(cells.length, 'value')}, the file ${counted(columns.length, 'column')}`,
      hint: 'A value or a delimiter is missing, or a line break stands in an unquoted value.',
    };
  if (cells.slice(columns.length).some((cell) => cell !== ''))
    return {
      code: 'UNSILO_CSV_ROW_TOO_LONG',
      message: `The row has ${counted(cells.length, 'value')}, the file ${counted(columns.length, 'column')}`,
      hint: 'A value that holds the delimiter must stand in quotes.',
    };
  return new Map(columns.map((column, index) => [column, cells[index]!]));
}
