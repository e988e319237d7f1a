import { analyse } from 'chardet';
import iconv from 'iconv-lite';

export interface Decoded {
  text: string;
  /** Name of the encoding that was used. */
  encoding: string;
  /** `bom`, `http`, `xml`: as declared; `utf-8`: the bytes are valid UTF-8; `detected`, `fallback`: a guess. */
  by: 'bom' | 'http' | 'xml' | 'utf-8' | 'detected' | 'fallback';
}

/** Encodings whose bytes are all ASCII, so that they look like valid UTF-8. */
const SEVEN_BIT = /^(?:iso-2022-|hz|utf-?7|csiso2022)/i;
/** Of a document this much is looked at to guess its encoding. */
const SAMPLE_BYTES = 256 * 1024;

/**
 * The text of a feed. In order: byte order mark; UTF-8 where the bytes are valid UTF-8 beyond ASCII (servers declare Latin-1 for it all
 * the time, and the reverse practically never happens); what HTTP declares; what the XML declaration says; a guess. A declaration that the
 * bytes contradict is passed over. Never throws: what can't be decoded becomes U+FFFD.
 */
export function decodeFeed(bytes: Buffer, contentType?: string): Decoded {
  const bom = byteOrderMark(bytes);
  if (bom !== undefined) {
    const text = decodeAs(bytes.subarray(bom.length), bom.encoding, false);
    if (text !== undefined) return { text, encoding: bom.encoding, by: 'bom' };
  }
  const wide = wideWithoutMark(bytes);
  const http = /charset\s*=\s*["']?\s*([^\s"';,]+)/i.exec(contentType ?? '')?.[1];
  const declared = xmlDeclaration(bytes, wide);
  for (const [label, by] of [
    [http, 'http'],
    [declared, 'xml'],
  ] as const) {
    if (label === undefined || !SEVEN_BIT.test(label)) continue;
    const text = decodeAs(bytes, label, true);
    if (text !== undefined) return { text, encoding: label.toLowerCase(), by };
  }
  if (wide === undefined) {
    const utf8 = decodeAs(bytes, 'utf-8', true);
    if (utf8 !== undefined) return { text: utf8, encoding: 'utf-8', by: 'utf-8' };
  }
  for (const [label, by] of [
    [http, 'http'],
    [wide ?? declared, 'xml'],
    [declared, 'xml'],
  ] as const) {
    if (label === undefined || isUtf8(label)) continue;
    const text = decodeAs(bytes, label, true);
    if (text !== undefined) return { text, encoding: label.toLowerCase(), by };
  }
  const sample = bytes.subarray(0, SAMPLE_BYTES);
  const guesses = analyse(sample).map(({ name }) => name);
  // The detector has no Thai, and takes it for a Latin alphabet, whose words never have so many letters with accents in a row.
  if (/^(?:iso-8859|windows-125[02])/i.test(guesses[0] ?? '') && looksThai(sample)) guesses.unshift('windows-874');
  for (const name of guesses) {
    if (isUtf8(name)) continue;
    const text = decodeAs(bytes, name, true);
    if (text !== undefined) return { text, encoding: name.toLowerCase(), by: 'detected' };
  }
  // Mostly right with a few broken bytes: declared UTF-8 keeps the rest readable.
  const encoding = isUtf8(http ?? declared ?? '') ? 'utf-8' : 'windows-1252';
  return { text: decodeAs(bytes, encoding, false) ?? bytes.toString('latin1'), encoding, by: 'fallback' };
}

/** Whether most bytes beyond ASCII stand four or more in a row, and all are letters of TIS-620. */
function looksThai(bytes: Buffer): boolean {
  let high = 0;
  let inRows = 0;
  let row = 0;
  for (const byte of bytes) {
    if (byte < 0x80) {
      row = 0;
      continue;
    }
    if (byte < 0xa0 || (byte > 0xda && byte < 0xdf) || byte > 0xfb) return false;
    high += 1;
    row += 1;
    inRows += row === 4 ? 4 : row > 4 ? 1 : 0;
  }
  return high >= 8 && inRows * 2 > high;
}

function isUtf8(label: string): boolean {
  return /^(?:unicode-1-1-)?utf-?8$/i.test(label.trim());
}

function byteOrderMark(bytes: Buffer): { encoding: string; length: number } | undefined {
  const starts = (...mark: number[]) => mark.every((byte, index) => bytes[index] === byte);
  if (starts(0xef, 0xbb, 0xbf)) return { encoding: 'utf-8', length: 3 };
  if (starts(0xff, 0xfe, 0, 0)) return { encoding: 'utf-32le', length: 4 };
  if (starts(0, 0, 0xfe, 0xff)) return { encoding: 'utf-32be', length: 4 };
  if (starts(0xff, 0xfe)) return { encoding: 'utf-16le', length: 2 };
  if (starts(0xfe, 0xff)) return { encoding: 'utf-16be', length: 2 };
  return undefined;
}

/** UTF-16 or UTF-32 without a mark, by the zeros around the first `<` or `{` (XML 1.0 appendix F). */
function wideWithoutMark(bytes: Buffer): string | undefined {
  const [a, b, c, d] = bytes;
  const opens = (byte: number | undefined) => byte === 0x3c || byte === 0x7b;
  if (a === 0 && b === 0 && c === 0 && opens(d)) return 'utf-32be';
  if (opens(a) && b === 0 && c === 0 && d === 0) return 'utf-32le';
  if (a === 0 && opens(b)) return 'utf-16be';
  if (opens(a) && b === 0) return 'utf-16le';
  return undefined;
}

function xmlDeclaration(bytes: Buffer, wide: string | undefined): string | undefined {
  const head = bytes.subarray(0, 1024);
  const text = wide === undefined ? head.toString('latin1') : (decodeAs(head, wide, false) ?? '');
  return /^\s*<\?xml\s[^>]*?encoding\s*=\s*["']\s*([A-Za-z0-9._:-]+)\s*["']/i.exec(text)?.[1];
}

/** Undefined for an unknown encoding and, when strict, for bytes that it doesn't have. */
function decodeAs(bytes: Buffer, label: string, strict: boolean): string | undefined {
  let decoder: InstanceType<typeof TextDecoder>;
  try {
    decoder = new TextDecoder(label, { fatal: strict });
  } catch {
    if (!iconv.encodingExists(label)) return undefined;
    const text = iconv.decode(bytes, label);
    return strict && text.includes('\ufffd') ? undefined : text;
  }
  try {
    return decoder.decode(bytes);
  } catch {
    return undefined;
  }
}
