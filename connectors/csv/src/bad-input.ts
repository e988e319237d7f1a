import type { ReadItem } from '@unsilo/connector-sdk';
import type { CsvRecord } from './records.js';

/** A piece of a file that can't be used, as it can be kept: bytes that are no text stand as Latin-1. */
export interface BadPiece {
  code: string;
  message: string;
  hint?: string;
  file: string;
  line: number;
  payload: string;
  isBytes?: true;
}

type BadRecord = CsvRecord & { type: 'bad' };

export function badRecord(file: string, { line, code, message, hint, payload }: BadRecord): BadPiece {
  const content =
    typeof payload === 'string' ? { payload } : { payload: payload.toString('latin1'), isBytes: true as const };
  return { code, message, ...(hint === undefined ? {} : { hint }), file, line, ...content };
}

export function badItem({ code, message, hint, file, line, payload, isBytes }: BadPiece): ReadItem {
  return {
    type: 'bad-input',
    code,
    message,
    ...(hint === undefined ? {} : { hint }),
    at: { file, line },
    payload: isBytes === true ? Buffer.from(payload, 'latin1') : payload,
  };
}
