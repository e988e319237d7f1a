import type { ConnectorContext } from '@unsilo/connector-sdk';
import { stringify } from 'csv-stringify/sync';
import iconv from 'iconv-lite';
import { writeWhole } from './client.js';
import type { CsvOptions, OutOptions } from './options.js';
import type { Row } from './row.js';
import { tableOf, type Table } from './table.js';

type Context = ConnectorContext<CsvOptions>;

/** Exports under way or due, by table: changes that come meanwhile share the next one. */
const scheduled = new WeakMap<Table, Promise<void>>();

/** How long a table's last export took, milliseconds. */
const took = new WeakMap<Table, number>();

/**
 * Writes the table out soon, once for all changes that come until then: after `delayMs`, and not before as much time has passed as the
 * last export took, or writing a large table out would hold up what changes it. Failures are met again by the next reading. */
export function exportSoon(context: Context): void {
  const { out } = context.options;
  const table = tableOf(context.memory);
  if (out === undefined || scheduled.has(table)) return;
  const work = context.clock
    .sleep(Math.max(out.delayMs, took.get(table) ?? 0), context.signal)
    .then(() => {
      scheduled.delete(table);
      return exportIfDue(context, table);
    })
    .catch((error: unknown) => {
      scheduled.delete(table);
      if (context.signal.aborted) return;
      context.log.warn(
        { system: context.system, code: String((error as { code?: unknown }).code ?? 'UNSILO_CSV_EXPORT_FAILED') },
        `The table could not be written out; the next reading tries again: ${(error as Error).message}`,
      );
    });
  scheduled.set(table, work);
}

const running = new WeakMap<Table, Promise<void>>();

/** Writes the table out if commands have changed it since the last time. One at a time. */
export async function exportIfDue(context: Context, table: Table): Promise<void> {
  const before = running.get(table) ?? Promise.resolve();
  const mine = before.catch(() => undefined).then(() => exportNow(context, table));
  running.set(table, mine);
  await mine;
}

async function exportNow({ clock, options, system }: Context, table: Table): Promise<void> {
  const { out } = options;
  if (out === undefined) return;
  const state = await table.state();
  if (state.changes === state.exported) return;
  const begun = clock.now();
  const name = out.file.replaceAll('{system}', system);
  await writeWhole(
    out.folder,
    name,
    chunks(table, out, state.columns, out.delimiter ?? state.delimiter, options.quote),
  );
  took.set(table, clock.now() - begun);
  await table.exported(state.changes);
}

async function* chunks(
  table: Table,
  out: OutOptions,
  columns: readonly string[],
  delimiter: string,
  quote: string,
): AsyncGenerator<Buffer> {
  const encode = (text: string, addBOM: boolean) => iconv.encode(text, out.encoding, { addBOM });
  const text = (rows: string[][]) =>
    stringify(rows, { delimiter, quote, record_delimiter: '\n', escape_formulas: out.escapeFormulas });
  yield encode(stringify([[...columns]], { delimiter, quote, record_delimiter: '\n' }), out.bom);
  for await (const page of table.pages()) {
    const rows = page
      .filter(([, row]) => row.deleted !== true && row.erased === undefined && (out.rows === 'all' || differs(row)))
      .map(([, row]) => columns.map((column) => (Object.hasOwn(row.values, column) ? row.values[column]! : '')));
    if (rows.length > 0) yield encode(text(rows), false);
  }
}

/** Whether the row isn't what the last file said, or the other side may still come to hold something else. */
function differs(row: Row): boolean {
  return row.said !== undefined || row.awaited !== undefined;
}
