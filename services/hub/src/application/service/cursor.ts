import { ServiceError } from '../service.js';

/** A place in a listing, opaque to its reader. */
export function encodeCursor(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

export function decodeCursor<Value>(
  cursor: string | undefined,
  isValid: (value: unknown) => value is Value,
): Value | undefined {
  if (cursor === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
    if (isValid(value)) return value;
  } catch {
    // Falls through to the same answer as for a cursor of another shape.
  }
  throw new ServiceError('invalid', 'UNSILO_BAD_CURSOR', 'This cursor was not handed out by this listing.', {
    hint: 'Leave the cursor out to begin at the first page.',
  });
}

export function isText(value: unknown): value is string {
  return typeof value === 'string';
}

/** Next offsets by topic, in order of partitions; topics that stand at their beginning are left out, so that a cursor stays short. */
export type Places = Record<string, number[]>;

export function isPlaces(value: unknown): value is Places {
  return (
    typeof value === 'object' &&
    value !== null &&
    Object.values(value).every((v) => Array.isArray(v) && v.every((n) => Number.isSafeInteger(n) && n >= 0))
  );
}

/** Positions by partition. */
export function isPositions(value: unknown): value is Record<string, number> {
  return typeof value === 'object' && value !== null && Object.values(value).every((v) => Number.isSafeInteger(v));
}
