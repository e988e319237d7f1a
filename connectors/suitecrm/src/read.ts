import type { ReadingContext, ReadItem } from '@unsilo/connector-sdk';
import { parseRef } from '@unsilo/schemas';
import { changesOf, deletionOf, type Reading } from './changes.js';
import { isObjectKind } from './mappings.js';
import { databaseTime, moduleOf, type ModuleInfo, type SuiteRecord } from './modules.js';
import type { SuiteCrmOptions } from './options.js';
import { pagesById, type Page } from './pages.js';
import { progressFrom, type Place, type Progress } from './progress.js';
import { GONE } from './remembered.js';
import { configuredModules, openSystem, type SuiteSystem } from './system.js';
import { finishExchanges } from './update.js';

/** A deletion's time is set when it is made, and nobody changes it later: a short overlap does. */
const DELETION_OVERLAP_MS = 60_000;
/** Deletions of one module that one poll looks for; a sweep finds the rest. */
const MOST_DELETIONS = 100;

/**
 * One reading: the first time everything, by id and resumable; then what was modified since, deletions included; and now and then, a few
 * pages at a time, everything again, since some changes leave no trace in `date_modified`.
 */
export async function* read(context: ReadingContext<SuiteCrmOptions>): AsyncGenerator<ReadItem> {
  const suite = openSystem(context);
  const modules = configuredModules(suite.options);
  await finishExchanges(suite);
  const probe = modules[0]!.module;
  let progress = progressFrom(context.checkpoint, await suite.client.serverTime(probe), suite.reads);
  const saved = progress.number;

  function* moved(change: Partial<Progress>): Generator<ReadItem> {
    progress = { ...progress, ...change, number: progress.number + 1 };
    yield { type: 'checkpoint', value: { ...progress } };
  }

  if (progress.snapshot !== undefined) {
    for await (const { page, info, place } of everything(suite, modules, progress.snapshot)) {
      yield* await pageItems(suite, info, page, 'snapshot');
      yield* moved({ snapshot: place });
    }
    const { snapshot: _, ...rest } = progress;
    progress = rest;
    yield { type: 'snapshot-completed' };
    yield* moved({});
    // Every record is noted as told under the mapping in use.
    for (const { kind } of modules) if (!isObjectKind(kind)) await (await suite.mappings(kind)).settle();
  }

  const began = await suite.client.serverTime(probe);
  // What the server dates from now on lies before what was read last: only a look at everything finds it.
  const isSetBack = began < progress.since - suite.options.overlapSeconds * 1000;
  for (const info of modules) {
    yield* modifiedSince(suite, info, progress.since - suite.options.overlapSeconds * 1000);
    yield* deletedSince(suite, info, progress.since - DELETION_OVERLAP_MS, progress.number);
  }
  yield* rechecked(suite, progress.number);
  yield* moved({ since: began });

  const due = began - progress.sweptAt >= suite.options.sweep.everyMinutes * 60_000;
  if (isSetBack || (progress.sweep === undefined && due))
    progress = { ...progress, sweep: { module: 0 }, sweptAt: began };
  if (progress.sweep === undefined) return;
  let pages = 0;
  for await (const { page, info, place, after } of everything(suite, modules, progress.sweep)) {
    yield* await pageItems(suite, info, page, 'sweep');
    yield* missing(suite, info, after, page, progress.number, saved);
    yield* moved({ sweep: place });
    pages += 1;
    if (pages >= suite.options.sweep.pagesPerPoll) return;
  }
  const { sweep: _, ...rest } = progress;
  progress = rest;
  yield* moved({});
}

interface Step {
  page: Page;
  info: ModuleInfo;
  /** Id behind which the page began. */
  after: string | undefined;
  /** Where to go on after it. */
  place: Place;
}

/** All records of all modules from a place on. */
async function* everything(suite: SuiteSystem, modules: readonly ModuleInfo[], from: Place): AsyncGenerator<Step> {
  for (let module = from.module; module < modules.length; module += 1) {
    const info = modules[module]!;
    let after = module === from.module ? from.after : undefined;
    for await (const page of pages(suite, info, [], after)) {
      const place = page.end
        ? { module: module + 1 }
        : { module, ...(page.last === undefined ? {} : { after: page.last }) };
      yield { page, info, after, place };
      after = page.last ?? after;
    }
  }
}

/** What was modified at or after a time of the server's. */
async function* modifiedSince(suite: SuiteSystem, info: ModuleInfo, since: number): AsyncGenerator<ReadItem> {
  const where = [['date_modified', 'gte', databaseTime(since)]] as const;
  for await (const page of pages(suite, info, where, undefined)) yield* await pageItems(suite, info, page, 'poll');
}

async function* pages(
  suite: SuiteSystem,
  info: ModuleInfo,
  where: readonly (readonly [string, string, string])[],
  after: string | undefined,
): AsyncGenerator<Page> {
  const fields = await suite.fields(info.kind);
  const { session } = suite;
  const walk = pagesById(suite.client, info.module, { fields, size: suite.options.pageSize, where }, after);
  for (;;) {
    // What was written before the page is asked for, the page shows.
    session.touched.clear();
    const { done, value } = await walk.next();
    if (done === true) return;
    yield value;
  }
}

async function pageItems(suite: SuiteSystem, info: ModuleInfo, page: Page, reading: Reading): Promise<ReadItem[]> {
  const items = await changesOf(suite, info, page.records, reading);
  if (page.unloadable !== undefined) items.push(...(await unloadable(suite, info, page.unloadable)));
  return [...items, ...page.unusable.map((resource) => unusable(info, resource))];
}

/** Something in a list without an id by which it could be known again. */
function unusable(info: ModuleInfo, resource: unknown): ReadItem {
  return {
    type: 'bad-input',
    code: 'UNSILO_SUITECRM_NO_RECORD',
    message: `The list of ${info.module} holds something without a usable id`,
    hint: 'An import or a plug-in may have made it; the other records were read.',
    at: {},
    payload: JSON.stringify(resource) ?? '',
  };
}

/** A record that lists name but can't load: deleted a moment ago, or broken in the database. */
async function unloadable(suite: SuiteSystem, info: ModuleInfo, id: string): Promise<ReadItem[]> {
  const again = await suite.client.list(info.module, { fields: ['id'], size: 1, where: [['id', 'eq', id]] });
  if (again.unloadable === undefined) {
    suite.session.recheck.add(suite.ref(info.kind, id));
    return [];
  }
  return [
    {
      type: 'bad-input',
      code: 'UNSILO_SUITECRM_UNREADABLE',
      message: `${info.module} lists a record that it can't load`,
      hint: 'Open the record in SuiteCRM; suitecrm.log has the reason. The other records were read.',
      at: { ref: suite.ref(info.kind, id) },
      payload: '',
    },
  ];
}

/**
 * Deleted records can't be read, nor listed: a list of them fails, naming the first one. That name is a hint, followed from one to the
 * next and checked; what a later version may answer instead (the records themselves) is understood as well.
 */
async function* deletedSince(
  suite: SuiteSystem,
  info: ModuleInfo,
  since: number,
  checkpoint: number,
): AsyncGenerator<ReadItem> {
  let after: string | undefined;
  for (let count = 0; count < MOST_DELETIONS; count += 1) {
    const { records, unloadable: named } = await suite.client.list(info.module, {
      fields: ['id'],
      size: 1,
      where: [
        ['deleted', 'eq', '1'],
        ['date_modified', 'gte', databaseTime(since)],
        ...(after === undefined ? [] : [['id', 'gt', after] as const]),
      ],
    });
    const id = named ?? records[0]?.id;
    if (id === undefined || id === after) return;
    after = id;
    yield* await deletionOf(suite, suite.ref(info.kind, id), checkpoint);
  }
}

/** Records that a write found to be other than they were known. */
async function* rechecked(suite: SuiteSystem, checkpoint: number): AsyncGenerator<ReadItem> {
  for (const ref of suite.session.recheck) {
    suite.session.recheck.delete(ref);
    const parts = parseRef(ref)!;
    const info = moduleOf(parts.kind)!;
    suite.session.touched.delete(ref);
    const record: SuiteRecord | undefined = await suite.client.get(
      info.module,
      parts.id,
      await suite.fields(info.kind),
    );
    if (record === undefined) yield* await deletionOf(suite, ref, checkpoint);
    else yield* await changesOf(suite, info, [record], 'poll');
  }
}

/** Records that were known within the range of a page and aren't on it. */
async function* missing(
  suite: SuiteSystem,
  info: ModuleInfo,
  after: string | undefined,
  page: Page,
  checkpoint: number,
  saved: number,
): AsyncGenerator<ReadItem> {
  const known = await suite.records.known(info.kind, after, page.end ? undefined : page.last);
  const there = new Set([...page.records.map((record) => record.id), page.unloadable]);
  const refs = known.filter((id) => !there.has(id)).map((id) => suite.ref(info.kind, id));
  const entries = await suite.records.get(refs);
  for (const ref of refs) {
    const entry = entries.get(ref);
    // A checkpoint from after the deletion was saved, so the deletion was passed on.
    if (entry?.digest === GONE && entry.goneAfter !== undefined && entry.goneAfter < saved)
      await suite.records.forget([ref]);
    else yield* await deletionOf(suite, ref, checkpoint);
  }
}
