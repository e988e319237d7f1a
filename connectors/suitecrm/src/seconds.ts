import type { SuiteClient } from './client.js';
import { databaseTime, timesOf, type SuiteRecord } from './modules.js';

const MINUTE_MS = 60_000;
/** More records of one minute are an import; their order among themselves matters to nobody. */
const MOST_OF_A_MINUTE = 50;

/**
 * When records were modified, to the second. Answers are cut to the minute, but filters compare the seconds: each minute is halved until
 * every record is found (six lists for one minute). Records that can't be found keep their minute.
 */
export async function modifiedSeconds(
  client: SuiteClient,
  module: string,
  records: readonly SuiteRecord[],
): Promise<Map<string, number>> {
  const found = new Map<string, number>();
  const byMinute = new Map<number, string[]>();
  for (const record of records) {
    const { modified } = timesOf(record);
    if (modified === undefined) continue;
    found.set(record.id, modified);
    // A time with seconds comes from a version of SuiteCRM that doesn't cut.
    if (modified % MINUTE_MS !== 0) continue;
    byMinute.set(modified, [...(byMinute.get(modified) ?? []), record.id]);
  }
  for (const [minute, ids] of byMinute) {
    if (ids.length > MOST_OF_A_MINUTE) continue;
    const end = minute + MINUTE_MS;
    await halve(minute, end, ids);
    // Who was in none of the first halves may not be in this minute at all (a wrong hour when clocks change).
    const last = ids.filter((id) => found.get(id) === end - 1000);
    const there = last.length === 0 ? new Set<string>() : await modifiedWithin(end - 1000, end, last);
    for (const id of last) if (!there.has(id)) found.set(id, minute);
  }
  return found;

  async function halve(from: number, to: number, ids: readonly string[]): Promise<void> {
    if (ids.length === 0) return;
    for (const id of ids) found.set(id, from);
    if (to - from <= 1000) return;
    const middle = from + Math.floor((to - from) / 2000) * 1000;
    const early = await modifiedWithin(from, middle, ids);
    await halve(
      from,
      middle,
      ids.filter((id) => early.has(id)),
    );
    await halve(
      middle,
      to,
      ids.filter((id) => !early.has(id)),
    );
  }

  async function modifiedWithin(from: number, to: number, ids: readonly string[]): Promise<Set<string>> {
    const [only] = ids;
    const { records: hits } = await client.list(module, {
      fields: ['id'],
      size: MOST_OF_A_MINUTE * 4,
      where: [
        ['date_modified', 'gte', databaseTime(from)],
        ['date_modified', 'lt', databaseTime(to)],
        ...(ids.length === 1 && only !== undefined ? [['id', 'eq', only] as const] : []),
      ],
    });
    return new Set(hits.map((record) => record.id));
  }
}
