import { isAscii, isUtf8 } from 'node:buffer';
import chardet from 'chardet';
import iconv from 'iconv-lite';
import { bytesOf, type FoundFile } from './client.js';

/** How a file is written. */
export interface Dialect {
  /** As iconv-lite names it. */
  encoding: string;
  /** Bytes of the byte order mark. */
  bomBytes: number;
  newline: 'lf' | 'cr';
  delimiter: string;
}

/** How a file is written, by the configuration where that says so, and by its content otherwise. */
export async function dialectOf(
  file: FoundFile,
  given: { encoding: string; delimiter: string; quote: string },
): Promise<Dialect> {
  const scan = await scanEncoding(bytesOf(file));
  const detected = encodingOf(scan);
  const isGiven = given.encoding !== 'auto' && iconv.encodingExists(given.encoding);
  const encoding = isGiven ? given.encoding.toLowerCase().replace(/^utf8$/, 'utf-8') : detected.encoding;
  const bomBytes = encoding === detected.encoding ? detected.bomBytes : 0;
  const head = iconv.decode(scan.head.subarray(bomBytes), encoding);
  const newline = newlineOf(head);
  const delimiter = given.delimiter === 'auto' ? delimiterOf(head, newline, given.quote) : given.delimiter;
  return { encoding, bomBytes, newline, delimiter };
}

/** What a first look through the whole file has found, without keeping it. */
export interface EncodingScan {
  head: Buffer;
  /** Around the first bytes that are no UTF-8. */
  strange: Buffer;
  /** Lines that are UTF-8 beyond ASCII, and lines that are no UTF-8. */
  utf8Lines: number;
  otherLines: number;
}

const DELIMITERS = [',', ';', '\t', '|'] as const;
const HEAD_BYTES = 64 * 1024;
const MOST_STRANGE_BYTES = 16 * 1024;
/** Records that the delimiter is guessed from. */
const GUESS_LINES = 50;

/** Reads a file's bytes once to tell its encoding. */
export async function scanEncoding(chunks: AsyncIterable<Buffer>): Promise<EncodingScan> {
  const head: Buffer[] = [];
  let headBytes = 0;
  const strange: Buffer[] = [];
  let strangeBytes = 0;
  let utf8Lines = 0;
  let otherLines = 0;
  let rest: Buffer = Buffer.alloc(0);
  const judge = (lines: Buffer) => {
    if (isAscii(lines)) return;
    for (let from = 0; from < lines.length;) {
      const newline = lines.indexOf(0x0a, from);
      const to = newline < 0 ? lines.length : newline + 1;
      const line = lines.subarray(from, to);
      from = to;
      if (isAscii(line)) continue;
      if (isUtf8(line)) utf8Lines += 1;
      else {
        otherLines += 1;
        if (strangeBytes < MOST_STRANGE_BYTES) {
          strange.push(Buffer.from(line.subarray(0, 1024)));
          strangeBytes += Math.min(line.length, 1024);
        }
      }
    }
  };
  for await (const chunk of chunks) {
    if (headBytes < HEAD_BYTES) {
      head.push(chunk.subarray(0, HEAD_BYTES - headBytes));
      headBytes += chunk.length;
    }
    // Whole lines only: a character may be cut in two at the end of a chunk.
    const last = chunk.lastIndexOf(0x0a);
    if (last < 0 && rest.length < 16 * 1024 * 1024) rest = Buffer.concat([rest, chunk]);
    else {
      judge(Buffer.concat([rest, chunk.subarray(0, last + 1)]));
      rest = Buffer.from(chunk.subarray(last + 1));
    }
  }
  judge(rest);
  return { head: Buffer.concat(head), strange: Buffer.concat(strange), utf8Lines, otherLines };
}

/** The encoding: by byte order mark, by where NULs stand (UTF-16), by what is UTF-8, and else by the frequencies of letters. */
export function encodingOf(scan: EncodingScan): { encoding: string; bomBytes: number } {
  const { head, strange, utf8Lines, otherLines } = scan;
  if (head[0] === 0xef && head[1] === 0xbb && head[2] === 0xbf) return { encoding: 'utf-8', bomBytes: 3 };
  if (head[0] === 0xff && head[1] === 0xfe) return { encoding: 'utf-16le', bomBytes: 2 };
  if (head[0] === 0xfe && head[1] === 0xff) return { encoding: 'utf-16be', bomBytes: 2 };
  const wide = wideEncoding(head);
  if (wide !== undefined) return { encoding: wide, bomBytes: 0 };
  // A few broken lines in a file of good UTF-8 are broken lines; many more than good ones are another encoding.
  if (otherLines === 0 || utf8Lines > otherLines) return { encoding: 'utf-8', bomBytes: 0 };
  const guess = chardet.detect(strange);
  const known = guess !== null && !/^(?:utf-?8|ascii)$/i.test(guess) && iconv.encodingExists(guess);
  // ISO-8859-1 has control characters where windows-1252 has quotes and dashes, and nobody means those.
  const encoding = !known || /^iso-?8859-1$/i.test(guess) ? 'windows-1252' : guess.toLowerCase();
  return { encoding, bomBytes: 0 };
}

/** UTF-16 without a mark: every other byte of Western text is NUL. */
function wideEncoding(head: Buffer): string | undefined {
  const even = head.length - (head.length % 2);
  if (even < 4) return undefined;
  let nulsFirst = 0;
  let nulsSecond = 0;
  for (let i = 0; i < even; i += 2) {
    if (head[i] === 0) nulsFirst += 1;
    if (head[i + 1] === 0) nulsSecond += 1;
  }
  const pairs = even / 2;
  if (nulsSecond > pairs * 0.4 && nulsFirst < pairs * 0.05) return 'utf-16le';
  if (nulsFirst > pairs * 0.4 && nulsSecond < pairs * 0.05) return 'utf-16be';
  return undefined;
}

/** Old Macs end lines with CR alone; elsewhere a lone CR is part of a value. */
export function newlineOf(head: string): 'lf' | 'cr' {
  return head.includes('\r') && !head.includes('\n') ? 'cr' : 'lf';
}

/** The delimiter that divides the first lines most evenly into most fields. */
export function delimiterOf(head: string, newline: 'lf' | 'cr', quote: string): string {
  const all = head.split(newline === 'cr' ? '\r' : '\n').filter((line) => line.trim() !== '');
  // The last line of the sample may be cut.
  const lines = all.length > 1 ? all.slice(0, Math.min(GUESS_LINES, all.length - 1)) : all;
  let best: { delimiter: string; score: number } = { delimiter: ',', score: 0 };
  for (const delimiter of DELIMITERS) {
    const counts = lines.map((line) => fieldsIn(line, delimiter, quote));
    const first = counts[0] ?? 1;
    if (first < 2) continue;
    const even = counts.filter((count) => count === first).length / counts.length;
    const score = even * even * Math.log2(first + 1);
    if (score > best.score) best = { delimiter, score };
  }
  return best.delimiter;
}

function fieldsIn(line: string, delimiter: string, quote: string): number {
  let fields = 1;
  let isQuoted = false;
  for (const char of line) {
    if (char === quote) isQuoted = !isQuoted;
    else if (char === delimiter && !isQuoted) fields += 1;
  }
  return fields;
}
