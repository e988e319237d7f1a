import { pipeline, type Readable } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import { TerminalError } from '../errors.js';

/** Who encodes twice by mistake is understood; a long list is an attack, since each decoder takes memory before its first byte. */
const MOST_CODINGS = 3;

/** Undoes `Content-Encoding`; an unknown one is an error, since the bytes would be taken for content. */
export function decoded(body: Readable, encoding: string | undefined, exchange: string): Readable {
  let stream = body;
  const codings = (encoding ?? '')
    .split(',')
    .map((coding) => coding.trim().toLowerCase())
    .filter((coding) => coding !== '' && coding !== 'identity');
  const refuse = (what: string): never => {
    // Nobody reads it any more: the error of its end would be nobody's, and end the process.
    body.on('error', () => undefined).destroy();
    throw new TerminalError('UNSILO_HTTP_ENCODING', `${exchange} answered in ${what}`);
  };
  if (codings.length > MOST_CODINGS) refuse(`${codings.length} content encodings at once`);
  for (const coding of codings.reverse()) {
    const decoder = decoderOf(coding) ?? refuse('an unknown content encoding');
    // Errors reach the reader through the decoder that the pipeline destroys with them.
    stream = pipeline(stream, decoder, () => undefined);
  }
  // It may break before anybody reads it; whoever does then is told.
  return stream.on('error', () => undefined);
}

function decoderOf(coding: string) {
  if (coding === 'gzip' || coding === 'x-gzip') return createGunzip();
  if (coding === 'br') return createBrotliDecompress();
  if (coding === 'deflate') return createInflate();
  return undefined;
}

/** Passes chunks on until more than `max` bytes came (after decompression), then ends the connection. */
export async function* limited(body: Readable, max: number, exchange: string): AsyncGenerator<Buffer> {
  let bytes = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > max)
      throw new TerminalError('UNSILO_HTTP_BODY_TOO_LARGE', `${exchange} answered with more than ${max} bytes`, {
        hint: 'Ask for smaller pages, or raise maxBodyBytes for this system.',
      });
    yield chunk;
  }
}
