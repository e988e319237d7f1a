import type { BadPiece } from './bad-input.js';
import type { Source } from './ingest.js';
import { removeRow, type Row } from './row.js';
import type { FileProgress, JournalEntry, Table } from './table.js';

/** What is known of the file that came without some rows. */
export interface Whole {
  source: Source;
  progress: FileProgress;
  /** Pieces of it that could not be read: rows may be missing for that reason. */
  broken: number;
  /** Share of the rows that may go at once. */
  most: number;
  /** Throws once another reading has begun. */
  stillMine: () => void;
}

/** Deletes the rows that the files before had and this one has not, page by page; or says why it doesn't. */
export async function* removals(table: Table, whole: Whole): AsyncGenerator<{ batch: number; entry: JournalEntry }> {
  const { source, progress, broken, most } = whole;
  const isGone = (row: Row) =>
    row.seen !== undefined && row.seen[0] < source.version && row.deleted !== true && row.said !== null;
  let gone = 0;
  let here = 0;
  for await (const page of table.pages())
    for (const [, row] of page) {
      if (isGone(row)) gone += 1;
      else if (row.deleted !== true) here += 1;
    }
  if (gone > 0 && (broken > 0 || gone > (gone + here) * most)) {
    const entry = { ids: [], bad: [refusal(source, gone, broken)] };
    const file = { key: source.key, progress };
    yield {
      batch: await table.exclusive(() => table.saveBatch({ rows: new Map(), journal: entry, file, state: {} })),
      entry,
    };
    return;
  }
  for await (const page of table.pages()) {
    const ids = page.filter(([, row]) => isGone(row)).map(([id]) => id);
    if (ids.length === 0) continue;
    yield await table.exclusive(async () => {
      whole.stillMine();
      const found = await table.rows(ids);
      const rows = new Map<string, Row>();
      for (const [index, id] of ids.entries()) {
        const row = found[index];
        if (row !== undefined && isGone(row)) rows.set(id, removeRow(row, source.version));
      }
      const entry = { ids: [...rows.keys()], bad: [] };
      const file = { key: source.key, progress: { ...progress, done: false } };
      return { batch: await table.saveBatch({ rows, journal: entry, file, state: {} }), entry };
    });
  }
}

function refusal(source: Source, gone: number, broken: number): BadPiece {
  const why = broken > 0 ? 'the file is broken in places' : 'that is more than may go at once';
  return {
    code: 'UNSILO_CSV_REMOVALS_REFUSED',
    message: `${gone === 1 ? '1 row is' : `${gone} rows are`} no longer in the file, but ${why}: ${gone === 1 ? 'it was' : 'they were'} kept`,
    hint: 'Drop a whole file, or raise removedMost if the rows are really gone.',
    file: source.name,
    line: 1,
    payload: '',
  };
}
