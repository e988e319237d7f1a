import { RetryableError } from '@unsilo/connector-sdk';
import type { ListQuery, SuiteClient } from './client.js';
import type { SuiteRecord } from './modules.js';

export interface Page {
  records: SuiteRecord[];
  /** Highest id that was read; undefined when there was nothing. */
  last: string | undefined;
  /** What stood among the records and is none. */
  unusable: readonly unknown[];
  /** A record that the list names and can't load; it was passed over. */
  unloadable?: string;
  /** Nothing comes after it. */
  end: boolean;
}

/**
 * Pages in the order of ids, each asked for by the last id of the one before. SuiteCRM's own paging counts rows: with equal sort values, or
 * when rows come and go between two pages, records are missed (of 200 contacts with one time stamp, paging by it gives 101).
 */
export async function* pagesById(
  client: SuiteClient,
  module: string,
  query: ListQuery,
  after: string | undefined,
): AsyncGenerator<Page> {
  let position = after;
  let before: string | undefined;
  for (;;) {
    const where = [
      ...query.where,
      ...(position === undefined ? [] : [['id', 'gt', position] as const]),
      ...(before === undefined ? [] : [['id', 'lt', before] as const]),
    ];
    const { records, unusable, unloadable } = await client.list(module, { ...query, where });
    if (unloadable !== undefined && unloadable !== before) {
      // The whole page was refused for the sake of one record: read up to it, and go on behind it.
      before = unloadable;
      continue;
    }
    const full = records.length + unusable.length >= query.size;
    if (before !== undefined && !full) {
      yield { records, unusable, last: before, unloadable: before, end: false };
      position = before;
      before = undefined;
      continue;
    }
    const last = records.at(-1)?.id;
    if (full && last === undefined) throw nowhereToGoOn(module);
    position = last ?? position;
    yield { records, unusable, last, end: !full && before === undefined };
    if (!full && before === undefined) return;
  }
}

/** To end here would pass over whatever comes behind. */
function nowhereToGoOn(module: string): RetryableError {
  return new RetryableError('UNSILO_SUITECRM_BAD_ANSWER', `A whole page of ${module} has no usable ids`, {
    hint: 'Look at what the API answers; a plug-in may change it.',
  });
}
