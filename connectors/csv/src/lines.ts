import { isUtf8 } from 'node:buffer';
import iconv from 'iconv-lite';
import type { Dialect } from './dialect.js';

/** One physical line, without its end. */
export interface Line {
  /** Counted from 1. */
  number: number;
  text: string;
  /** What ended it: '' at the end of a file that doesn't end with a newline. */
  end: string;
  /** The bytes, where they are no text in the file's encoding. */
  bad?: Buffer;
}

/** A line longer than this is given up as broken: no row of a table is that long, and memory isn't endless. */
const LONGEST_LINE = 4 * 1024 * 1024;
/** So much of it is shown. */
const SHOWN_OF_LONG_LINE = 64 * 1024;

/** Cuts a file into lines, many at once, holding no more of it than a chunk and one line. */
export async function* linesOf(chunks: AsyncIterable<Buffer>, dialect: Dialect): AsyncGenerator<Line[]> {
  if (dialect.encoding === 'utf-8' && dialect.newline === 'lf') yield* utf8Lines(chunks, dialect.bomBytes);
  else yield* decodedLines(chunks, dialect);
}

/** UTF-8 is cut by bytes, so that a line that isn't UTF-8 is told apart and its neighbours are not. */
async function* utf8Lines(chunks: AsyncIterable<Buffer>, bomBytes: number): AsyncGenerator<Line[]> {
  const cutter = lineCutter<Buffer>({
    find: (piece, from) => piece.indexOf(0x0a, from),
    slice: (piece, from, to) => piece.subarray(from, to),
    join: (pieces) => (pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces)),
    line: (number, bytes, hasEnd, isTooLong) => {
      const own = hasEnd && bytes.at(-1) === 0x0d ? bytes.subarray(0, -1) : bytes;
      const end = !hasEnd ? '' : own.length < bytes.length ? '\r\n' : '\n';
      if (!isTooLong && isUtf8(own)) return { number, text: own.toString('utf8'), end };
      return { number, text: '', end, bad: Buffer.from(own) };
    },
  });
  let skip = bomBytes;
  for await (const chunk of chunks) {
    const own = chunk.subarray(Math.min(skip, chunk.length));
    skip -= chunk.length - own.length;
    const lines = cutter.cut(own);
    if (lines.length > 0) yield lines;
  }
  yield cutter.end();
}

async function* decodedLines(chunks: AsyncIterable<Buffer>, dialect: Dialect): AsyncGenerator<Line[]> {
  const decoder = iconv.getDecoder(dialect.encoding, { stripBOM: true });
  const newline = dialect.newline === 'cr' ? '\r' : '\n';
  const cutter = lineCutter<string>({
    find: (piece, from) => piece.indexOf(newline, from),
    slice: (piece, from, to) => piece.slice(from, to),
    join: (pieces) => pieces.join(''),
    line: (number, text, hasEnd, isTooLong) => {
      const own = hasEnd && newline === '\n' && text.endsWith('\r') ? text.slice(0, -1) : text;
      const end = !hasEnd ? '' : own.length < text.length ? '\r\n' : newline;
      if (!isTooLong && !own.includes('\ufffd')) return { number, text: own, end };
      return { number, text: '', end, bad: iconv.encode(own, dialect.encoding) };
    },
  });
  for await (const chunk of chunks) {
    const lines = cutter.cut(decoder.write(chunk));
    if (lines.length > 0) yield lines;
  }
  yield [...cutter.cut(decoder.end() ?? ''), ...cutter.end()];
}

interface Cutting<Piece extends { length: number }> {
  find(piece: Piece, from: number): number;
  slice(piece: Piece, from: number, to?: number): Piece;
  join(pieces: Piece[]): Piece;
  line(number: number, content: Piece, hasEnd: boolean, isTooLong: boolean): Line;
}

/** Cuts pieces at newlines. Each piece is searched once, however long a line grows over many of them. */
function lineCutter<Piece extends { length: number }>({ find, slice, join, line }: Cutting<Piece>) {
  let open: Piece[] = [];
  let length = 0;
  let number = 0;
  const keep = (piece: Piece) => {
    if (piece.length === 0) return;
    // Of a line that is too long only the beginning is kept.
    if (length <= LONGEST_LINE) open.push(piece);
    length += piece.length;
  };
  const close = (hasEnd: boolean): Line => {
    const isTooLong = length > LONGEST_LINE;
    const whole = join(open);
    const made = line((number += 1), isTooLong ? slice(whole, 0, SHOWN_OF_LONG_LINE) : whole, hasEnd, isTooLong);
    open = [];
    length = 0;
    return made;
  };
  return {
    cut(piece: Piece): Line[] {
      const lines: Line[] = [];
      let from = 0;
      for (let at = find(piece, 0); at >= 0; at = find(piece, from)) {
        keep(slice(piece, from, at));
        lines.push(close(true));
        from = at + 1;
      }
      keep(slice(piece, from));
      return lines;
    },
    end: (): Line[] => (length === 0 ? [] : [close(false)]),
  };
}
