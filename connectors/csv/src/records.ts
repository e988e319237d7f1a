import { parse } from 'csv-parse/sync';
import type { Dialect } from './dialect.js';
import type { Line } from './lines.js';

/** One record, or a piece of the file that is none. */
export type CsvRecord =
  | { type: 'record'; line: number; cells: string[] }
  | { type: 'bad'; line: number; code: string; message: string; hint?: string; payload: string | Buffer };

export interface RecordForm extends Pick<Dialect, 'delimiter'> {
  quote: string;
  /** Spaces around values are taken off. */
  trim: boolean;
}

/** A quoted value that is still open after so many lines was not meant to be: its quote stands there by mistake. */
const MOST_LINES = 500;
const LONGEST_RECORD = 1024 * 1024;
/** What the parser takes off around values. */
const SPACES = ' \t\f\r\u00a0';

/**
 * Puts lines together into records. A quote that is never closed, or closed in the middle of a value, spoils its own line and no
 * other: reading goes on with the line after it.
 */
export async function* recordsOf(batches: AsyncIterable<Line[]>, form: RecordForm): AsyncGenerator<CsvRecord[]> {
  let waiting: Line[] = [];
  for await (const lines of batches) {
    waiting = waiting.length === 0 ? lines : [...waiting, ...lines];
    const { records, left } = assemble(waiting, form, false);
    waiting = left;
    if (records.length > 0) yield records;
  }
  const { records } = assemble(waiting, form, true);
  if (records.length > 0) yield records;
}

interface Whole {
  line: number;
  text: string;
}

function assemble(lines: Line[], form: RecordForm, atEnd: boolean): { records: CsvRecord[]; left: Line[] } {
  const pieces: (Whole | (CsvRecord & { type: 'bad' }))[] = [];
  let at = 0;
  while (at < lines.length) {
    const first = lines[at]!;
    const problem = lineProblem(first);
    if (problem !== undefined) {
      pieces.push(problem);
      at += 1;
      continue;
    }
    if (first.text.trim() === '') {
      at += 1;
      continue;
    }
    const used = extent(lines, at, form);
    if (used === 'unfinished' && !atEnd && lines.length - at <= MOST_LINES) break;
    if (typeof used === 'number') {
      const own = lines.slice(at, at + used);
      const text = own.map((line, i) => (i < used - 1 ? line.text + line.end : line.text)).join('');
      pieces.push({ line: first.number, text });
      at += used;
    } else {
      pieces.push(misquoted(first, used));
      at += 1;
    }
  }
  return { records: parsed(pieces, form), left: lines.slice(at) };
}

function lineProblem(line: Line): (CsvRecord & { type: 'bad' }) | undefined {
  if (line.bad !== undefined)
    return {
      type: 'bad',
      line: line.number,
      code: 'UNSILO_CSV_ENCODING',
      message: 'The line is no text in the encoding of the file, or too long',
      hint: 'Save the file as UTF-8, or set the encoding option.',
      payload: line.bad,
    };
  if (line.text.includes('\0'))
    return {
      type: 'bad',
      line: line.number,
      code: 'UNSILO_CSV_NUL',
      message: 'The line holds a NUL character',
      hint: 'The file is damaged, or in another encoding than it seems.',
      payload: line.text,
    };
  return undefined;
}

function misquoted(line: Line, how: 'broken' | 'unfinished'): CsvRecord & { type: 'bad' } {
  const what = how === 'broken' ? 'A quoted value goes on behind its closing quote' : 'A quoted value is never closed';
  return {
    type: 'bad',
    line: line.number,
    code: 'UNSILO_CSV_QUOTES',
    message: what,
    hint: 'Within a quoted value, quotes are written twice: "5"" pipe".',
    payload: line.text,
  };
}

/** How many lines a record takes; `broken` when its quotes are wrong, `unfinished` when they are still open at the end of the lines. */
function extent(lines: readonly Line[], from: number, form: RecordForm): number | 'broken' | 'unfinished' {
  let isOpen = false;
  let length = 0;
  for (let i = from; i < lines.length && i - from < MOST_LINES; i += 1) {
    const line = lines[i]!;
    length += line.text.length;
    if (i > from && (line.bad !== undefined || length > LONGEST_RECORD)) return 'broken';
    const after = quoteState(line.text, isOpen, form);
    if (after === 'broken') return 'broken';
    isOpen = after;
    if (!isOpen) return i - from + 1;
  }
  return 'unfinished';
}

/** Whether a quoted value is open behind the line. A quote in the middle of an unquoted value is part of it. */
function quoteState(text: string, isOpen: boolean, { quote, delimiter, trim }: RecordForm): boolean | 'broken' {
  if (!text.includes(quote)) return isOpen;
  let at = 0;
  let inside = isOpen;
  const skipSpaces = () => {
    while (trim && SPACES.includes(text[at] ?? 'x') && text[at] !== delimiter) at += 1;
  };
  for (;;) {
    if (!inside) {
      skipSpaces();
      if (text[at] === quote) {
        inside = true;
        at += 1;
      } else {
        const next = text.indexOf(delimiter, at);
        if (next < 0) return false;
        at = next + 1;
        continue;
      }
    }
    const close = text.indexOf(quote, at);
    if (close < 0) return true;
    at = close + 1;
    if (text[at] === quote) {
      at += 1;
      continue;
    }
    inside = false;
    skipSpaces();
    if (at >= text.length) return false;
    if (text[at] !== delimiter) return 'broken';
    at += 1;
  }
}

/** Cells by the library, many records at once; if that fails, one by one, to find the one at fault. */
function parsed(pieces: readonly (Whole | (CsvRecord & { type: 'bad' }))[], form: RecordForm): CsvRecord[] {
  const wholes = pieces.filter((piece): piece is Whole => !('type' in piece));
  const cells = wholes.length === 0 ? [] : cellsOf(wholes.map((whole) => whole.text).join('\n'), form);
  const together = cells !== undefined && cells.length === wholes.length ? cells : undefined;
  let next = 0;
  return pieces.map((piece) => {
    if ('type' in piece) return piece;
    const own = together === undefined ? singleCells(piece.text, form) : together[next];
    next += 1;
    if (own !== undefined) return { type: 'record', line: piece.line, cells: own };
    return {
      type: 'bad',
      line: piece.line,
      code: 'UNSILO_CSV_ROW',
      message: 'The row can’t be read as CSV',
      payload: piece.text,
    };
  });
}

function singleCells(text: string, form: RecordForm): string[] | undefined {
  const rows = cellsOf(text, form);
  return rows?.length === 1 ? rows[0] : undefined;
}

function cellsOf(text: string, { delimiter, quote, trim }: RecordForm): string[][] | undefined {
  try {
    return parse(text, {
      delimiter,
      quote,
      escape: quote,
      record_delimiter: '\n',
      relax_quotes: true,
      relax_column_count: true,
      skip_empty_lines: false,
      ltrim: trim,
      rtrim: trim,
    });
  } catch {
    return undefined;
  }
}
