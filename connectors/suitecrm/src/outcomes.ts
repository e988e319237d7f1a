import { RetryableError, retiredAfterWrite, timestamp, type WriteResult } from '@unsilo/connector-sdk';
import { compareVersions, type AttributeValue, type PartyState, type Version } from '@unsilo/schemas';
import type { Refusal } from './map.js';
import { isObjectKind } from './mappings.js';
import { timesOf, type ModuleInfo, type SuiteRecord } from './modules.js';
import { nextVersion, stateDigest, type Remembered } from './remembered.js';
import type { SuiteSystem, View } from './system.js';

/** Outcomes of writes (SYNC section 1), and what is remembered with them. */

export function rejected(ref: string | undefined, { attribute, code, message }: Refusal): WriteResult {
  return { status: 'rejected', ...(ref === undefined ? {} : { ref }), error: { code, message, field: attribute } };
}

/** The record isn't as the command supposes; the next reading passes on how it is. */
export function conflict(suite: SuiteSystem, ref: string, message: string): WriteResult {
  suite.session.recheck.add(ref);
  return { status: 'conflict', ref, error: { code: 'UNSILO_SUITECRM_CHANGED', message } };
}

/**
 * A reading after a try that ended unclear shows something else: whether the write was there before, that state can't tell, but one seen
 * between the two versions may (decision 6).
 */
export async function overtaken(
  suite: SuiteSystem,
  info: ModuleInfo,
  record: SuiteRecord,
  pre: Version | undefined,
): Promise<WriteResult> {
  const { left: _, status: __, ...reading } = await applied(suite, info, record, pre === undefined ? {} : { pre });
  const message = 'The record was changed while the write was under way';
  return { ...conflict(suite, suite.ref(info.kind, record.id), message), ...reading, exact: false };
}

export function notApplied(ref: string): WriteResult {
  const message = 'The record stands as it did before: the write never reached it';
  return { status: 'not-applied', ref, error: { code: 'UNSILO_SUITECRM_NOT_APPLIED', message } };
}

/**
 * The outcome of a write that left this record, noted as the record's state. It is never exact but for new records: SuiteCRM answers a
 * PATCH with what it reads after the write, and the state before it doesn't tell at all.
 */
export async function applied(
  suite: SuiteSystem,
  info: ModuleInfo,
  record: SuiteRecord,
  rest: { pre?: Version; exact?: boolean; interaction?: string; set?: Readonly<Record<string, AttributeValue>> },
): Promise<WriteResult> {
  const ref = suite.ref(info.kind, record.id);
  const known = (await suite.records.get([ref])).get(ref);
  const interaction = rest.interaction ?? known?.interaction;
  const before = { ...known, interaction };
  let view = await suite.view(info, record, before, true);
  if (view.retired !== undefined && rest.set !== undefined && !isObjectKind(info.kind)) {
    const retired = retiredAfterWrite(view.retired, rest.set, suite.map(info.kind).decode(record).state);
    view = await suite.view(info, record, { ...before, mapping: view.mapping, retired }, true);
  }
  const entry = entryFor(known, view, timesOf(record).modified, suite.clock.now());
  await suite.records.put(new Map([[ref, entry]]));
  return {
    status: 'applied',
    ref,
    version: entry.version,
    changedAt: timestamp(entry.changedAt),
    ...(rest.pre === undefined ? {} : { pre: rest.pre }),
    ...(isObjectKind(info.kind) ? {} : { left: view.state as PartyState }),
    exact: rest.exact === true,
  };
}

/** What is remembered of a state: that of before, if it is the same. */
export function entryFor(
  known: Remembered | undefined,
  view: View,
  modifiedMs: number | undefined,
  changedAt: number,
): Remembered {
  const more = {
    ...(view.links === undefined ? {} : { links: view.links }),
    ...(view.interaction === undefined ? {} : { interaction: view.interaction }),
    ...(view.mapping === undefined ? {} : { mapping: view.mapping }),
    ...(view.retired === undefined ? {} : { retired: view.retired }),
    ...(view.own === undefined ? {} : { own: view.own }),
  };
  if (known?.digest === view.digest) {
    const isNoted =
      known.links?.record === view.links?.record &&
      known.mapping === view.mapping &&
      known.own === view.own &&
      stateDigest(known.retired) === stateDigest(view.retired);
    if (isNoted) return known;
    const { retired: _, own: __, ...rest } = known;
    return { ...rest, ...more };
  }
  return { version: nextVersion(known, modifiedMs ?? changedAt), digest: view.digest, changedAt, ...more };
}

/** Whether the record still is what the command was planned on. */
export function isBase(known: Remembered | undefined, view: View, base: Version, record: SuiteRecord): boolean {
  // What was remembered is lost: the record's own time has to do.
  if (known === undefined) return (timesOf(record).modified ?? 0) <= base.major;
  return known.digest === view.digest && compareVersions(known.version, base) === 0;
}

/** Digest of what of a state a command doesn't touch. */
export function untouchedDigest(state: object, attributes: Iterable<string>): string {
  const rest = structuredClone(state) as Record<string, unknown>;
  for (const path of attributes) {
    const [group = '', ...names] = path.split('.');
    const inner = rest[group];
    if (names.length === 0) delete rest[group];
    else if (typeof inner === 'object' && inner !== null) delete (inner as Record<string, unknown>)[names.join('.')];
  }
  // The whole name follows its parts by itself.
  const name = rest['name'];
  if (typeof name === 'object' && name !== null) delete (name as Record<string, unknown>)['full'];
  return stateDigest(Object.fromEntries(Object.entries(rest).filter(([, part]) => stateDigest(part) !== EMPTY_OBJECT)));
}
const EMPTY_OBJECT = stateDigest({});

/** Runs what comes before the first request that changes something: whatever fails there, nothing was done. */
export async function beforeSending<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof RetryableError) || error.mayHaveApplied === false) throw error;
    throw new RetryableError(error.code, error.message, {
      mayHaveApplied: false,
      ...(error.hint === undefined ? {} : { hint: error.hint }),
      ...(error.status === undefined ? {} : { status: error.status }),
      ...(error.retryAfterMs === undefined ? {} : { retryAfterMs: error.retryAfterMs }),
    });
  }
}
