import { isObject } from './answers.js';

/** How far reading has come: the checkpoint. Times are the server's, epoch milliseconds. */
export interface Progress {
  /** Raised with every checkpoint. */
  number: number;
  /** The first reading, by module and id; absent when it is complete. */
  snapshot?: Place;
  /** All that was modified before is read, but for the overlap. */
  since: number;
  /** The reading of everything that is under way. */
  sweep?: Place;
  /** When the last one began. */
  sweptAt: number;
  /** Digest of what is read of records: another one, and everything is read anew. */
  reads?: string;
}
export interface Place {
  /** Module that is being read, an index into the configured ones. */
  module: number;
  /** Last id that was read. */
  after?: string;
}

export function progressFrom(checkpoint: unknown, now: number, reads: string): Progress {
  if (!isObject(checkpoint) || typeof checkpoint['since'] !== 'number' || typeof checkpoint['number'] !== 'number')
    return { number: 0, snapshot: { module: 0 }, since: now, sweptAt: now, reads };
  const isSame = checkpoint['reads'] === reads;
  const snapshot = isSame ? placeFrom(checkpoint['snapshot']) : { module: 0 };
  const sweep = isSame ? placeFrom(checkpoint['sweep']) : undefined;
  const sweptAt = checkpoint['sweptAt'];
  return {
    number: checkpoint['number'],
    reads,
    since: checkpoint['since'],
    sweptAt: typeof sweptAt === 'number' ? sweptAt : now,
    ...(snapshot === undefined ? {} : { snapshot }),
    ...(sweep === undefined ? {} : { sweep }),
  };
}

function placeFrom(value: unknown): Place | undefined {
  if (!isObject(value) || typeof value['module'] !== 'number') return undefined;
  const after = value['after'];
  return { module: value['module'], ...(typeof after === 'string' ? { after } : {}) };
}
