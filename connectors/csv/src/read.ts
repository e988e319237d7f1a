import { createHash } from 'node:crypto';
import type { ReadingContext, ReadItem } from '@unsilo/connector-sdk';
import { bytesOf, listFiles, look, type FoundFile } from './client.js';
import { badRecord, type BadPiece } from './bad-input.js';
import { dialectOf } from './dialect.js';
import { exportIfDue } from './export.js';
import { headerOf, type Header } from './header.js';
import { ingest, itemsOf, type Source } from './ingest.js';
import { linesOf } from './lines.js';
import { csvMap, type CsvMap } from './map.js';
import type { CsvOptions } from './options.js';
import { recordsOf, type CsvRecord } from './records.js';
import { removals } from './removals.js';
import { takeUpMapping } from './take-up-mapping.js';
import { tableOf, type FileProgress, type JournalEntry, type Table } from './table.js';

type Context = ReadingContext<CsvOptions>;

/** Records that are merged and kept at once. */
const BATCH_RECORDS = 500;

/** One reading: what was not yet known to be on the log, then every file that is new or has changed. */
export async function* read(context: Context): AsyncGenerator<ReadItem> {
  const { options, memory, clock } = context;
  const table = tableOf(memory);
  const map = csvMap(context.tenant, context.system, options);
  const stillMine = table.beginReading();
  const { batch = 0 } = (context.checkpoint ?? {}) as { batch?: number };
  await takeUpMapping(table, options, map, clock.now(), stillMine);
  for await (const { batch: number, entry } of table.unconfirmed(batch)) {
    yield* await itemsOf(entry, table, map, clock.now());
    yield { type: 'checkpoint', value: { batch: number } };
  }

  let isAllRead = true;
  if (options.folder !== undefined)
    for (const file of await listFiles(options.folder, options.files)) {
      context.signal.throwIfAborted();
      const key = keyOf(file.name);
      const known = await table.progress(key);
      const isSame = known?.size === file.size && known.mtimeMs === file.mtimeMs;
      if (isSame && known.done) continue;
      if (!(await isSettled(context, table, key, file))) {
        isAllRead = false;
        continue;
      }
      const progress = isSame ? known : freshProgress(file, clock.now());
      if (!isSame) await table.begin(key, progress);
      for await (const { batch: number, entry } of readFile(context, table, map, file, key, progress, stillMine)) {
        yield* await itemsOf(entry, table, map, clock.now());
        yield { type: 'checkpoint', value: { batch: number } };
      }
      isAllRead &&= (await table.progress(key))?.done === true;
    }
  await exportIfDue(context, table);
  const state = await table.state();
  if (state.batch > batch) yield { type: 'checkpoint', value: { batch: state.batch } };
  // An empty folder says nothing yet: its first file may be on its way, as others may whose first one is there.
  if (isAllRead && (options.folder === undefined || state.filesRead > 0)) yield { type: 'snapshot-completed' };
}

/** The cells of a file's first record; undefined when it has none that can be read. */
export async function firstRecord(file: FoundFile, options: CsvOptions): Promise<string[] | undefined> {
  const dialect = await dialectOf(file, options);
  const form = { delimiter: dialect.delimiter, quote: options.quote, trim: options.trim };
  for await (const [first] of recordsOf(linesOf(bytesOf(file), dialect), form))
    return first?.type === 'record' ? first.cells : undefined;
  return undefined;
}

/** Names of files may tell something about people. */
function keyOf(name: string): string {
  return createHash('sha256').update(name).digest('base64url').slice(0, 16);
}

/** The rows of a file get its time as their version; a time in the future would make all later files look old. */
function freshProgress({ size, mtimeMs }: FoundFile, now: number): FileProgress {
  return { size, mtimeMs, major: Math.max(0, Math.round(Math.min(mtimeMs, now))), records: 0, broken: 0, done: false };
}

/**
 * Whether a file is no longer being written: nobody touched it for a while, by its own time, or (where the clocks of share and host
 * differ) because an earlier look found it the same.
 */
async function isSettled({ options, clock }: Context, table: Table, key: string, file: FoundFile): Promise<boolean> {
  const now = clock.now();
  if (now - file.mtimeMs >= options.settleMs) return true;
  return now - (await table.unchangedSince(key, file.size, file.mtimeMs, now)) >= options.settleMs;
}

/** Takes one file into the table, batch by batch. */
async function* readFile(
  { options, log, system }: Context,
  table: Table,
  map: CsvMap,
  file: FoundFile,
  key: string,
  progress: FileProgress,
  stillMine: () => void,
): AsyncGenerator<{ batch: number; entry: JournalEntry }> {
  const dialect = await dialectOf(file, options);
  const form = { delimiter: dialect.delimiter, quote: options.quote, trim: options.trim };
  const source: Source = { name: file.name, key, version: progress.major };
  let columns: string[] | undefined;
  let waiting: CsvRecord[] = [];
  /** Records that have been taken in, by earlier readings of this very file as well. */
  let taken = 0;
  const totals = { stale: 0, broken: progress.broken };

  const tellOdd = ({ missing, repeated }: Header): void => {
    const about = { system, file: file.name };
    if (missing.length > 0)
      log.warn({ ...about, columns: missing.join(', ') }, 'The file lacks columns that the configuration names');
    if (repeated.length > 0)
      log.warn(
        { ...about, columns: repeated.join(', ') },
        'The file has columns twice that the configuration names; the first of each is taken',
      );
  };
  const columnsOf = (record: CsvRecord): string[] | BadPiece => {
    if (record.type === 'bad') return badRecord(file.name, record);
    const header = headerOf(record.cells, options, map);
    if ('columns' in header) {
      if (progress.records === 0) tellOdd(header);
      return header.columns;
    }
    return { ...header, file: file.name, line: record.line, payload: record.cells.join(dialect.delimiter) };
  };
  const take = (batch: readonly CsvRecord[], done: boolean) =>
    table.exclusive(async () => {
      stillMine();
      const { rows, known, journal, stale, late } = await ingest(table, map, columns ?? [], batch, source);
      taken += batch.length;
      totals.stale += stale;
      totals.broken += journal.bad.length;
      const state = await table.state();
      const number = await table.saveBatch({
        rows,
        added: [...rows.keys()].filter((id) => !known.has(id)),
        journal,
        file: { key, progress: { ...progress, records: taken, broken: totals.broken, done } },
        state: {
          columns: [...new Set([...state.columns, ...(columns ?? [])])],
          delimiter: dialect.delimiter,
          // Written out again, for the other side to take in.
          changes: state.changes + (late > 0 ? 1 : 0),
          filesRead: state.filesRead + (done ? 1 : 0),
        },
      });
      return { batch: number, entry: journal };
    });
  /** Notes what spoils the file as a whole; it isn't read again until it changes. */
  const refuse = (piece: BadPiece) =>
    table.exclusive(async () => {
      const entry = { ids: [], bad: [piece] };
      const refused = { key, progress: { ...progress, done: true } };
      return { batch: await table.saveBatch({ rows: new Map(), journal: entry, file: refused, state: {} }), entry };
    });

  if (options.columns !== undefined) {
    const found = columnsOf({ type: 'record', line: 1, cells: options.columns });
    if (!Array.isArray(found)) return yield await refuse(found);
    columns = found;
  }
  for await (const records of recordsOf(linesOf(bytesOf(file), dialect), form)) {
    for (const record of records) {
      if (columns === undefined) {
        const found = columnsOf(record);
        if (!Array.isArray(found)) return yield await refuse(found);
        columns = found;
      } else if (taken < progress.records) taken += 1;
      else waiting.push(record);
    }
    for (; waiting.length >= BATCH_RECORDS; waiting = waiting.slice(BATCH_RECORDS))
      yield await take(waiting.slice(0, BATCH_RECORDS), false);
  }

  const after = await look(file);
  if (after?.size !== file.size || after.mtimeMs !== file.mtimeMs) {
    log.info({ system, file: file.name }, 'The file changed while it was read; the next reading begins it anew');
    return;
  }
  if (options.removed === 'delete' && columns === undefined) return yield await refuse(withoutHeader(file.name));
  const isWhole = options.removed === 'delete';
  yield await take(waiting, !isWhole);
  if (isWhole) {
    const done = { ...progress, records: taken, broken: totals.broken, done: true };
    yield* removals(table, { source, progress: done, broken: totals.broken, most: options.removedMost, stillMine });
    await table.finish(key, done);
  }
  log.info({ system, file: file.name, rows: taken, ...totals, encoding: dialect.encoding }, 'The file has been read');
  if (totals.stale > 0)
    log.warn(
      { system, file: file.name, rows: totals.stale },
      'Rows were left as they are: a newer file has been read already',
    );
}

/** Whoever says that every file is the whole table can't mean one in which not even a header stands. */
function withoutHeader(file: string): BadPiece {
  return {
    code: 'UNSILO_CSV_NO_HEADER',
    message: 'The file is empty, it has not even a header: no row was taken for removed',
    hint: 'The export was cut off, perhaps; drop a whole file.',
    file,
    line: 1,
    payload: '',
  };
}
