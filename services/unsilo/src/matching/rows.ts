import { createReadStream } from 'node:fs';
import { extname } from 'node:path';
import { createInterface } from 'node:readline';
import { parse } from 'csv-parse';
import { CommandError } from '../cli/command.js';

/** One record of a file: cells by column, or whatever stands in the line of JSON. */
export interface Row {
  /** Counted from 1: of the file. */
  line: number;
  cells: Record<string, unknown>;
}

/** A row that could not be read, and why. */
export type BadRow = (line: number, why: string) => void;

/**
 * The rows of a CSV, TSV or JSON Lines file in their order, told apart by the ending; holds no more than a chunk of it.
 * @throws CommandError when the file can't be read or is no such file.
 */
export async function* readRows(file: string, delimiter: string | undefined, onBadRow: BadRow): AsyncGenerator<Row> {
  const ending = extname(file).toLowerCase();
  try {
    if (['.jsonl', '.ndjson', '.json'].includes(ending)) yield* jsonRows(file, onBadRow);
    else yield* csvRows(file, delimiter ?? (ending === '.tsv' ? '\t' : ','), onBadRow);
  } catch (error) {
    const { code, message } = error as Error & { code?: string };
    if (error instanceof CommandError) throw error;
    throw new CommandError('UNSILO_MATCH_FILE', `${file} can not be read: ${code ?? message}`);
  }
}

async function* csvRows(file: string, delimiter: string, onBadRow: BadRow): AsyncGenerator<Row> {
  const parser = parse({
    delimiter,
    bom: true,
    trim: true,
    columns: (header: string[]) => header.map((cell) => cell.trim()),
    relax_quotes: true,
    relax_column_count: true,
    skip_empty_lines: true,
    skip_records_with_error: true,
    on_skip: (error) => {
      onBadRow(Number(error?.['lines'] ?? 0), 'it is no row of a table');
      return undefined;
    },
    info: true,
  });
  const input = createReadStream(file);
  input.on('error', (error) => parser.destroy(error));
  const rows = input.pipe(parser) as AsyncIterable<{ info: { lines: number }; record: Record<string, string> }>;
  for await (const { info, record } of rows) yield { line: info.lines, cells: record };
}

async function* jsonRows(file: string, onBadRow: BadRow): AsyncGenerator<Row> {
  const lines = createInterface({ input: createReadStream(file, 'utf8'), crlfDelay: Infinity });
  let line = 0;
  for await (const text of lines) {
    line += 1;
    if (text.trim() === '') continue;
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      onBadRow(line, 'it is no JSON value');
      continue;
    }
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      yield { line, cells: value as Record<string, unknown> };
    else onBadRow(line, 'it is no JSON object');
  }
}

/**
 * The texts at a path of a row (`email`, `address.city`, `features.name`), each with the place of the list elements that it stands in, so
 * that parts of one element stay together.
 */
export function textsAt(cells: Record<string, unknown>, path: string): { text: string; place: string }[] {
  if (Object.hasOwn(cells, path)) return textsOf(cells[path], '');
  return path.includes('.') ? descend(cells, path.split('.'), '') : [];
}

function descend(value: unknown, steps: readonly string[], place: string): { text: string; place: string }[] {
  if (Array.isArray(value)) return value.flatMap((item, i) => descend(item, steps, `${place}/${i}`));
  const [step, ...rest] = steps;
  if (step === undefined) return textsOf(value, place);
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return [];
  return descend((value as Record<string, unknown>)[step], rest, place);
}

function textsOf(value: unknown, place: string): { text: string; place: string }[] {
  if (Array.isArray(value)) return value.flatMap((item, i) => textsOf(item, `${place}/${i}`));
  if (value === null || value === undefined || typeof value === 'object') return [];
  const text = String(value).trim();
  return text === '' ? [] : [{ text, place }];
}
