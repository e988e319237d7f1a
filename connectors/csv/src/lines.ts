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
const LONGEST_LINE_BYTES = 4 * 1024 * 1024;

/** Cuts a file into lines, many at once, holding no more of it than a chunk and one line. */
export async function* linesOf(chunks: AsyncIterable<Buffer>, dialect: Dialect): AsyncGenerator<Line[]> {
  if (dialect.encoding === 'utf-8' && dialect.newline === 'lf') yield* utf8Lines(chunks, dialect.bomBytes);
  else yield* decodedLines(chunks, dialect);
}

/** UTF-8 is cut by bytes, so that a line that isn't UTF-8 is told apart and its neighbours are not. */
async function* utf8Lines(chunks: AsyncIterable<Buffer>, bomBytes: number): AsyncGenerator<Line[]> {
  let rest: Buffer = Buffer.alloc(0);
  let skip = bomBytes;
  let number = 0;
  const line = (bytes: Buffer, end: string): Line => {
    number += 1;
    const isCrLf = end !== '' && bytes.at(-1) === 0x0d;
    const own = isCrLf ? bytes.subarray(0, -1) : bytes;
    const ended = isCrLf ? '\r\n' : end;
    if (own.length <= LONGEST_LINE_BYTES && isUtf8(own)) return { number, text: own.toString('utf8'), end: ended };
    return { number, text: '', end: ended, bad: Buffer.from(own) };
  };
  for await (const chunk of chunks) {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    const lines: Line[] = [];
    let from = 0;
    if (skip > 0 && bytes.length >= skip) {
      from = skip;
      skip = 0;
    }
    for (let newline = bytes.indexOf(0x0a, from); newline >= 0; newline = bytes.indexOf(0x0a, from)) {
      lines.push(line(bytes.subarray(from, newline), '\n'));
      from = newline + 1;
    }
    rest = bytes.subarray(from);
    if (lines.length > 0) yield lines;
  }
  if (rest.length > 0) yield [line(rest, '')];
}

async function* decodedLines(chunks: AsyncIterable<Buffer>, dialect: Dialect): AsyncGenerator<Line[]> {
  const decoder = iconv.getDecoder(dialect.encoding, { stripBOM: true });
  const newline = dialect.newline === 'cr' ? '\r' : '\n';
  let rest = '';
  let number = 0;
  const line = (text: string, end: string): Line => {
    number += 1;
    const isCrLf = end === '\n' && text.endsWith('\r');
    const own = isCrLf ? text.slice(0, -1) : text;
    if (own.length > LONGEST_LINE_BYTES || own.includes('\ufffd'))
      return { number, text: '', end, bad: iconv.encode(own, dialect.encoding) };
    return { number, text: own, end: isCrLf ? '\r\n' : end };
  };
  const cut = (text: string): Line[] => {
    const pieces = (rest + text).split(newline);
    rest = pieces.pop()!;
    return pieces.map((piece) => line(piece, newline));
  };
  for await (const chunk of chunks) {
    const lines = cut(decoder.write(chunk));
    if (lines.length > 0) yield lines;
  }
  const lines = cut(decoder.end() ?? '');
  if (rest !== '') lines.push(line(rest, ''));
  if (lines.length > 0) yield lines;
}
