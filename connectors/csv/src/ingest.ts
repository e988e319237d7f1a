import type { ReadItem } from '@unsilo/connector-sdk';
import { badItem, badRecord, type BadPiece } from './bad-input.js';
import { cellsByColumn } from './header.js';
import type { CsvMap } from './map.js';
import type { CsvRecord } from './records.js';
import { mergeRow, type Row } from './row.js';
import type { JournalEntry, Table } from './table.js';

/** The file that rows come from: its name, and the version that they get. */
export interface Source {
  name: string;
  key: string;
  version: number;
}

export interface Ingested {
  /** Every row that the batch had, merged. */
  rows: Map<string, Row>;
  /** Ids that the table had before. */
  known: Set<string>;
  journal: JournalEntry;
  stale: number;
  /** Rows in which the other side has fallen behind what was written out. */
  late: number;
}

/** Merges a batch of records with what the table has. Changes nothing yet. */
export async function ingest(
  table: Table,
  map: CsvMap,
  columns: readonly string[],
  batch: readonly CsvRecord[],
  source: Source,
): Promise<Ingested> {
  const bad: BadPiece[] = [];
  const good: { id: string; cells: Map<string, string>; line: number; text: string }[] = [];
  for (const record of batch) {
    if (record.type === 'bad') {
      bad.push(badRecord(source.name, record));
      continue;
    }
    const { line } = record;
    const text = rowText(record.cells);
    const cells = cellsByColumn(record.cells, columns);
    const id = cells instanceof Map ? map.idOf(cells) : cells;
    if (cells instanceof Map && 'id' in id) good.push({ id: id.id, cells, line, text });
    else if ('code' in id) bad.push({ ...id, file: source.name, line, payload: text });
  }
  const ids = [...new Set(good.map(({ id }) => id))];
  const found = await table.rows(ids);
  const current = new Map<string, Row>();
  for (const [index, id] of ids.entries()) if (found[index] !== undefined) current.set(id, found[index]);
  const known = new Set(current.keys());
  const rows = new Map<string, Row>();
  const changed = new Set<string>();
  let stale = 0;
  let late = 0;
  for (const { id, cells, line, text } of good) {
    const merged = mergeRow(current.get(id), { cells, line, file: source, ...timesOf(map, cells, source) });
    if (merged.kind === 'stale') stale += 1;
    else if (merged.kind === 'duplicate') bad.push(duplicate(source, line, merged.line, text));
    else {
      current.set(id, merged.row);
      rows.set(id, merged.row);
      if (merged.kind === 'changed') changed.add(id);
      if (merged.late === true) late += 1;
    }
  }
  return { rows, known, journal: { ids: [...changed], bad }, stale, late };
}

/** A change that is dated after the file that has it would be of the future. */
function timesOf(map: CsvMap, cells: ReadonlyMap<string, string>, source: Source) {
  const times = map.times(cells);
  const changedAt = Math.min(times.changedAt ?? source.version, source.version);
  return times.createdAt === undefined ? { changedAt } : { changedAt, createdAt: Math.min(times.createdAt, changedAt) };
}

function duplicate(source: Source, line: number, first: number, payload: string): BadPiece {
  return {
    code: 'UNSILO_CSV_DUPLICATE_ID',
    message: `Line ${first} has the same id and says something else; that one counts`,
    hint: 'Take one of the rows out, or name more columns in the option id.',
    file: source.name,
    line,
    payload,
  };
}

/** What a journal entry gives out, as it stands now. */
export async function itemsOf(entry: JournalEntry, table: Table, map: CsvMap, now: number): Promise<ReadItem[]> {
  const rows = await table.rows(entry.ids);
  return [
    ...entry.bad.map(badItem),
    ...entry.ids.flatMap((id, index): ReadItem[] => {
      const row = rows[index];
      return row === undefined || row.erased !== undefined ? [] : [{ type: 'party', change: map.party(id, row, now) }];
    }),
  ];
}

/** A row as it can be mended and dropped again. */
function rowText(cells: readonly string[]): string {
  return cells.map((cell) => (/[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell)).join(',');
}
