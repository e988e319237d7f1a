import type { Row } from './columns.js';

/** The line of the names of the columns. */
export function headLine(columns: readonly string[]): string {
  return columns.join(',');
}

/** One line of a table (RFC 4180). */
export function csvLine(columns: readonly string[], row: Row): string {
  return columns.map((column) => quoted(harmless(row[column] ?? ''))).join(',');
}

function quoted(cell: string): string {
  return /[",\r\n]|^\s|\s$/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}

/**
 * Spreadsheets carry out what begins like a formula, and names come from anybody: such a cell gets an apostrophe before it. Telephone numbers and
 * other numbers with a sign are left as they are.
 */
function harmless(cell: string): string {
  return /^[=@\t\r]|^[+-](?![\d\s()./-]*(?:; [+-]?[\d\s()./-]*)*$)/.test(cell) ? `'${cell}` : cell;
}
