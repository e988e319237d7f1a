import { timestamp, type MappingProblem, type ReadItem } from '@unsilo/connector-sdk';
import { parseRef, type BusinessObject, type ObjectState, type Party, type PartyState } from '@unsilo/schemas';
import { isObjectKind } from './mappings.js';
import { moduleOf, timesOf, type ModuleInfo, type SuiteRecord } from './modules.js';
import { goneEntry } from './delete.js';
import { entryFor } from './outcomes.js';
import { GONE, type Remembered } from './remembered.js';
import { modifiedSeconds } from './seconds.js';
import type { SuiteSystem, View } from './system.js';

/** How a page of records came to be read. */
export type Reading = 'snapshot' | 'poll' | 'sweep';

/** Objects whose links are read at once. */
const LOOKS_AT_ONCE = 3;
/** Offsets below it are the grain of `Date` headers and the time that answers take. */
const TOLERATED_OFFSET_MS = 2000;

/** What records say, with their versions; noted, so that a write knows what it was planned on. */
export async function changesOf(
  suite: SuiteSystem,
  info: ModuleInfo,
  records: readonly SuiteRecord[],
  reading: Reading,
): Promise<ReadItem[]> {
  const { session } = suite;
  const refOf = (record: SuiteRecord) => suite.ref(info.kind, record.id);
  const isOurs = (ref: string) => session.writing.has(ref) || session.touched.has(ref);
  const before = await suite.records.get(records.map(refOf));
  const views = new Map<string, View>();
  const waiting = records.filter((record) => !isOurs(refOf(record)));
  const look = async (): Promise<void> => {
    for (let record = waiting.shift(); record !== undefined; record = waiting.shift()) {
      const ref = refOf(record);
      views.set(ref, await suite.view(info, record, before.get(ref), reading === 'sweep'));
    }
  };
  await Promise.all(Array.from({ length: LOOKS_AT_ONCE }, look));
  const changed = records.filter((record) => before.get(refOf(record))?.digest !== views.get(refOf(record))?.digest);
  // Where all is read, only those that were edited since they were told are worth the asking.
  const edited = changed.filter((record) => {
    const last = before.get(refOf(record));
    return last !== undefined && (timesOf(record).modified ?? 0) > last.changedAt;
  });
  const seconds = await modifiedSeconds(suite.client, info.module, reading === 'poll' ? changed : edited);

  return session.alone(async () => {
    // Whoever was written since the page was asked for: the page is older than what the write left.
    const readable = records.filter((record) => views.has(refOf(record)) && !isOurs(refOf(record)));
    const known = await suite.records.get(readable.map(refOf));
    const entries = new Map<string, Remembered>();
    const items: ReadItem[] = [];
    for (const record of readable) {
      const ref = refOf(record);
      const view = views.get(ref)!;
      const last = known.get(ref);
      const modified = seconds.get(record.id) ?? timesOf(record).modified;
      const entry = entryFor(last, view, modified, changedAt(suite, modified, view.isMappedAnew ? undefined : last));
      if (last === undefined || entry !== last) entries.set(ref, entry);
      if (view.isErased) continue;
      items.push(...problemItems(ref, record, view.problems));
      items.push(changeItem(suite, info, ref, record, view.state, entry));
    }
    await suite.records.put(entries);
    return items;
  });
}

/**
 * When a state came to be, by our clock. A state that is new though its record claims to be no younger (a link that changed, a backdated
 * import) came to be since it was last looked at: now, for want of better.
 */
function changedAt(suite: SuiteSystem, modifiedMs: number | undefined, last: Remembered | undefined): number {
  const now = suite.clock.now();
  const offset = suite.session.clockOffsetMs ?? 0;
  const ours = modifiedMs === undefined ? now : modifiedMs - (Math.abs(offset) < TOLERATED_OFFSET_MS ? 0 : offset);
  if (last !== undefined && ours <= last.changedAt) return now;
  return Math.min(ours, now);
}

function changeItem(
  suite: SuiteSystem,
  info: ModuleInfo,
  ref: string,
  record: SuiteRecord,
  state: PartyState | ObjectState,
  entry: Remembered,
): ReadItem {
  const { entered } = timesOf(record);
  const header = {
    ref,
    version: entry.version,
    ...(entered === undefined ? {} : { createdAt: timestamp(entered) }),
    changedAt: timestamp(entry.changedAt),
    observedAt: timestamp(suite.clock.now()),
  };
  return isObjectKind(info.kind)
    ? { type: 'object', change: { ...header, state: state as ObjectState } satisfies BusinessObject }
    : { type: 'party', change: { ...header, state: state as PartyState } satisfies Party };
}

/** Values that were left out of a record's state because they can't be used. */
function problemItems(ref: string, record: SuiteRecord, problems: readonly MappingProblem[]): ReadItem[] {
  return problems
    .filter(({ code }) => LOST.has(code))
    .map(({ code, message, field }) => ({
      type: 'bad-input',
      code,
      message,
      hint: 'Mend the value in SuiteCRM, or the mapping; the rest of the record was taken.',
      at: { ref },
      payload: JSON.stringify({ [field]: record.attributes[field] ?? null }),
    }));
}
const LOST: ReadonlySet<string> = new Set(
  ['BAD_DATE', 'BAD_NUMBER', 'BAD_BOOLEAN', 'BAD_URI', 'NOT_A_SCALAR'].map((name) => `UNSILO_MAPPING_${name}`),
);

/** What is said of a record that isn't there any more; nothing, if it never was or still is. */
export async function deletionOf(suite: SuiteSystem, ref: string, checkpoint: number): Promise<ReadItem[]> {
  const parts = parseRef(ref);
  const info = parts === undefined ? undefined : moduleOf(parts.kind);
  if (parts === undefined || info === undefined || (await isThere(suite, info, parts.id))) return [];
  return suite.session.alone(async () => {
    if (suite.session.writing.has(ref)) return [];
    const known = (await suite.records.get([ref])).get(ref);
    if (known === undefined) return [];
    const entry =
      known.digest === GONE ? { goneAfter: checkpoint, ...known } : goneEntry(known, suite.clock.now(), checkpoint);
    await suite.records.put(new Map([[ref, entry]]));
    const change = {
      ref,
      version: entry.version,
      changedAt: timestamp(entry.changedAt),
      observedAt: timestamp(suite.clock.now()),
      deleted: true,
    } as const;
    return [isObjectKind(info.kind) ? { type: 'object', change } : { type: 'party', change }];
  });
}

/** Ids that the API takes in a path; imported records may have others, which can only be listed. */
const ID_IN_PATH = /^(?:\d+|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})$/i;

/** Whether a record exists, also where the API's user may not see it. */
async function isThere(suite: SuiteSystem, info: ModuleInfo, id: string): Promise<boolean> {
  const { records, unusable, unloadable } = await suite.client.list(info.module, {
    fields: ['id'],
    size: 1,
    where: [['id', 'eq', id]],
  });
  if (records.length > 0 || unusable.length > 0 || unloadable !== undefined) return true;
  if (!ID_IN_PATH.test(id)) return false;
  // A list leaves out what the user may not see; reading it by its id is refused then, and not "not found".
  return (await suite.client.standing(info.module, id)) !== 'missing';
}
