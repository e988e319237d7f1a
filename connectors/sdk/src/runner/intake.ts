import {
  deadLetterEvent,
  interactionEvent,
  objectEvent,
  outcomeEvent,
  parseRef,
  partyEvent,
  placeOf,
  validate,
  type BusinessObject,
  type Command,
  type Interaction,
  type Outcome,
  type Party,
  type UnsiloEvent,
} from '@unsilo/schemas';
import type { AppendMessage } from '@unsilo/event-log';
import type { ReadItem } from '../connector.js';
import { createLane } from '../lane.js';
import { wellFormedThroughout } from '../text.js';
import { deadLetter, type Rejected } from './dead-letters.js';
import type { Scope } from './scope.js';
import { keys } from './storage.js';
import { judge, knownVersions, stateDigest, type KnownVersions } from './versions.js';

interface Report {
  outcome: Outcome;
  command: Command;
}

/** Stands for the state of a record that is gone; no digest is as short. */
const DELETED = 'deleted';

type Change =
  | { type: 'party'; change: Party }
  | { type: 'object'; change: BusinessObject }
  | { type: 'interaction'; change: Interaction };

/**
 * The one way of a system's changes and outcomes to the log. Calls are carried out one after the other, so that the events of a ref keep
 * their order and its versions their meaning.
 */
export interface Intake {
  /**
   * Appends what the items say; durable when it resolves. Then the last checkpoint among them is saved. When it rejects, nothing is
   * lost: the same items may be given again.
   */
  take(items: readonly ReadItem[]): Promise<Taken>;
  /** Gives the outcome its versions, keeps it as the answer to the command, and appends it. `erased`: a steward has erased its record since. */
  report(outcome: Outcome, command: Command): Promise<{ erased: boolean }>;
  /** Appends an outcome that was kept before. */
  repeat(outcome: Outcome): Promise<void>;
  /** Parks an input that isn't a change: a broken command. */
  park(rejected: Rejected): Promise<void>;
  /**
   * Takes the values out of the outcomes that are kept of records that were erased, those of commands still under way included. Digests
   * of states stay: without them the system's next reading would tell what has just been erased as if it were news.
   * @param at Time of the decision, epoch milliseconds.
   */
  forget(refs: readonly string[], at: number): Promise<void>;
}
export interface Taken {
  /** How many changes reached the log. */
  appended: number;
  snapshotCompleted: boolean;
}

export function createIntake(scope: Scope): Intake {
  const { tenant, system, log, storage, clock, counts, redact } = scope;
  const lane = createLane();
  /** Refs whose last version was noted before an append that may not have happened. */
  let pending: Set<string> | undefined;

  async function loadPending(): Promise<Set<string>> {
    if (pending === undefined) {
      const [stored] = await storage.getMany([keys.pending]);
      pending = new Set(Array.isArray(stored) ? (stored as string[]) : []);
    }
    return pending;
  }

  async function knownOf(refs: readonly string[]): Promise<Map<string, KnownVersions>> {
    const stored = await storage.getMany(refs.map(keys.versions));
    return new Map(refs.map((ref, index) => [ref, knownVersions(stored[index])]));
  }

  function letter(rejected: Rejected): UnsiloEvent & { type: 'unsilo.dead-letter.parked' } {
    const at = Object.fromEntries(
      Object.entries(rejected.at).map(([name, value]) => [name, typeof value === 'string' ? redact(value) : value]),
    );
    const hint = rejected.hint === undefined ? {} : { hint: redact(rejected.hint) };
    const clean = { ...rejected, ...hint, at, message: redact(rejected.message) };
    return deadLetterEvent(tenant, deadLetter(tenant, system, clean, clock.now()));
  }

  async function take(items: readonly ReadItem[]): Promise<Taken> {
    const unconfirmed = await loadPending();
    const changes = items.filter((item) => isChange(item)).map((item) => ({ item, change: sound(item) }));
    const bySource = new Map<ReadItem, Change>(changes.map(({ item, change }) => [item, change]));
    const known = await knownOf([...new Set(changes.map(({ change }) => change.change.ref).filter(isText))]);
    const versions: Record<string, KnownVersions> = {};
    const touched = new Set<string>();
    const events: UnsiloEvent[] = [];
    const letters: ReturnType<typeof letter>[] = [];
    let checkpoint: { value: unknown } | undefined;
    let snapshotCompleted = false;

    for (const item of items) {
      if (item.type === 'checkpoint') checkpoint = { value: item.value };
      else if (item.type === 'snapshot-completed') snapshotCompleted = true;
      else if (item.type === 'bad-input') letters.push(letter(item));
      else {
        counts.read += 1;
        const change = bySource.get(item)!;
        const problem = unusable(change, system);
        if (problem !== undefined) {
          letters.push(letter(problem));
          continue;
        }
        const { ref, version } = change.change;
        const verdict = judge(known.get(ref) ?? [], version, digestOf(change.change));
        if (verdict.kind === 'new') {
          known.set(ref, verdict.known);
          versions[keys.versions(ref)] = verdict.known;
        }
        if (verdict.kind === 'new' || (verdict.kind === 'repeat' && unconfirmed.has(ref) && !touched.has(ref))) {
          touched.add(ref);
          events.push(changeEvent(tenant, change, verdict.version));
        } else counts.repeats += 1;
      }
    }

    // Versions are noted before they are given away: after a crash another state must not get the same version.
    if (Object.keys(versions).length > 0) {
      for (const ref of touched) unconfirmed.add(ref);
      await storage.set({ ...versions, [keys.pending]: [...unconfirmed] });
    }
    const fresh = await unparked(letters);
    await log.append([...events, ...fresh].map(message));
    counts.appended += events.length;
    counts.badInput += fresh.length;

    const after: Record<string, unknown> = {};
    for (const ref of touched) unconfirmed.delete(ref);
    if (touched.size > 0) after[keys.pending] = unconfirmed.size === 0 ? undefined : [...unconfirmed];
    for (const { data } of fresh) after[keys.deadLetter(data.id)] = true;
    if (checkpoint !== undefined) after[keys.checkpoint] = checkpoint.value;
    if (snapshotCompleted) after[keys.snapshot] = scope.mapping ?? true;
    if (Object.keys(after).length > 0) await storage.set(after);
    return { appended: events.length, snapshotCompleted };
  }

  /** The same broken input is met at every reading: it is parked once. */
  async function unparked<T extends { data: { id: string } }>(letters: readonly T[]): Promise<T[]> {
    const byId = new Map(letters.map((event) => [event.data.id, event]));
    const ids = [...byId.keys()];
    const parked = ids.length === 0 ? [] : await storage.getMany(ids.map(keys.deadLetter));
    return ids.filter((_, index) => parked[index] === undefined).map((id) => byId.get(id)!);
  }

  /** Keeps the outcomes all together and then appends them; a later one sees what an earlier one is about to leave. */
  async function report(reports: readonly Report[]): Promise<{ erased: boolean }[]> {
    const read = [...new Set(reports.flatMap(keysFor))];
    const stored = await storage.getMany(read);
    const seen = new Map(read.map((key, index) => [key, stored[index]]));
    const entries: Record<string, unknown> = {};
    const answers = reports.map(({ outcome, command }) => {
      const next = kept(outcome, command, (key) => seen.get(key));
      for (const [key, value] of Object.entries(next.entries)) seen.set(key, (entries[key] = value));
      return next;
    });
    await storage.set(entries);
    await log.append(answers.map(({ told }) => message(outcomeEvent(tenant, told))));
    return answers.map(({ erased }) => ({ erased }));
  }

  async function forget(refs: readonly string[], at: number): Promise<void> {
    const lists = (await storage.getMany(refs.map(keys.commandsOf))).map(idsIn);
    const ids = [...new Set(lists.flat())];
    const kept = (ids.length === 0 ? [] : await storage.getMany(ids.map(keys.command))) as (
      { outcome?: Outcome } | undefined
    )[];
    const entries: Record<string, unknown> = {};
    for (const [index, id] of ids.entries()) {
      const outcome = kept[index]?.outcome;
      if (outcome !== undefined) entries[keys.command(id)] = { outcome: withoutStates(outcome) };
    }
    for (const ref of refs) Object.assign(entries, { [keys.erased(ref)]: at, [keys.commandsOf(ref)]: undefined });
    await storage.set(entries);
  }

  const sharedReport = lane.shared(async (reports: readonly Report[]) =>
    (await report(reports)).map((value) => ({ status: 'fulfilled' as const, value })),
  );
  return {
    take: (items) => lane.run(() => take(items)),
    report: (outcome, command) => sharedReport({ outcome, command }),
    forget: (refs, at) => lane.run(() => forget(refs, at)),
    repeat: (outcome) => lane.run(async () => void (await log.append([message(outcomeEvent(tenant, outcome))]))),
    park: (rejected) =>
      lane.run(async () => {
        const fresh = await unparked([letter(rejected)]);
        await log.append(fresh.map(message));
        counts.badInput += fresh.length;
        await storage.set(Object.fromEntries(fresh.map(({ data }) => [keys.deadLetter(data.id), true])));
      }),
  };
}

/** What has to be known to keep an outcome. */
function keysFor({ outcome, command }: Report): string[] {
  const about = recordsOf(command, outcome);
  const { ref } = outcome;
  return [...(ref === undefined ? [] : [keys.versions(ref)]), ...about.map(keys.erased), ...about.map(keys.commandsOf)];
}

/** The outcome as it is told, and the entries that keep it. */
function kept(
  outcome: Outcome,
  command: Command,
  stored: (key: string) => unknown,
): { told: Outcome; erased: boolean; entries: Record<string, unknown> } {
  const { ref, version } = outcome;
  const isGone = command.action === 'delete' && outcome.status === 'applied';
  const entries: Record<string, unknown> = {};
  let told = outcome;
  const digest = outcome.left !== undefined ? stateDigest(outcome.left) : isGone ? DELETED : undefined;
  if (ref !== undefined && version !== undefined && digest !== undefined) {
    const known = knownVersions(stored(keys.versions(ref)));
    const pre = preVersion(known, outcome);
    const verdict = judge(known, version, digest);
    if (verdict.kind === 'new') entries[keys.versions(ref)] = verdict.known;
    told = {
      ...outcome,
      ...(pre === undefined ? {} : { pre }),
      version: verdict.kind === 'forgotten' ? version : verdict.version,
    };
  }
  const about = recordsOf(command, outcome);
  const erased = about.some((record) => Number(stored(keys.erased(record))) >= Date.parse(command.issuedAt));
  if (erased) told = withoutStates(told);
  else if (told.left !== undefined || told.before !== undefined)
    for (const record of about) {
      const known = idsIn(stored(keys.commandsOf(record)));
      if (!known.includes(command.id)) entries[keys.commandsOf(record)] = [...known, command.id];
    }
  entries[keys.command(outcome.command)] = { outcome: told };
  return { told, erased, entries };
}

/** The record that a command was about and, a create, the one that it made. */
function recordsOf(command: Command, { ref }: Outcome): string[] {
  const target = 'ref' in command ? command.ref : command.action === 'create' ? command.createdFor : undefined;
  return [...new Set([target, ref].filter((record) => record !== undefined))];
}

function withoutStates(outcome: Outcome): Outcome {
  const { before: _, left: __, ...rest } = outcome;
  return rest;
}

function idsIn(stored: unknown): string[] {
  return Array.isArray(stored) ? (stored as string[]) : [];
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function isChange(item: ReadItem): item is ReadItem & Change {
  return item.type === 'party' || item.type === 'object' || item.type === 'interaction';
}

function sound(item: Change): Change {
  return { type: item.type, change: wellFormedThroughout(item.change) } as Change;
}

/** Why a change can't be passed on: it breaks the contract, or speaks for another system. */
function unusable({ type, change }: Change, system: string): Rejected | undefined {
  const payload = JSON.stringify(change) ?? '';
  const checked = validate(type, change);
  if (!checked.ok) {
    const [first] = checked.errors;
    const at = isText(change.ref) && parseRef(change.ref) !== undefined ? { ref: change.ref } : {};
    return {
      code: 'UNSILO_CONNECTOR_INVALID_CHANGE',
      message: `The ${type} doesn't fit the contract: ${first?.path ?? ''} ${first?.message ?? ''}`,
      hint: 'Mend the record in its system or the field mapping; the record is read again when it changes.',
      at,
      payload,
    };
  }
  if (!change.ref.startsWith(`${system}/`))
    return {
      code: 'UNSILO_CONNECTOR_FOREIGN_REF',
      message: `The ${type} belongs to another system than ${system}`,
      at: { ref: change.ref },
      payload,
    };
  return undefined;
}

function digestOf(change: Change['change']): string {
  return change.deleted === true ? DELETED : stateDigest(change.state);
}

function changeEvent(tenant: string, { type, change }: Change, version: Party['version']): UnsiloEvent {
  if (type === 'party') return partyEvent(tenant, { ...change, version });
  if (type === 'object') return objectEvent(tenant, { ...change, version });
  return interactionEvent(tenant, { ...change, version });
}

/** The counter of the version that a write replaced, where the connector knows only the system's own order. */
function preVersion(known: KnownVersions, { pre, before }: Outcome): Outcome['pre'] {
  if (pre === undefined || pre.minor > 0) return pre;
  const same = known.filter(([major]) => major === pre.major);
  const digest = before === undefined ? undefined : stateDigest(before);
  const meant = same.find(([, , other]) => other === digest) ?? same[0];
  return meant === undefined ? pre : { major: meant[0], minor: meant[1] };
}

function message(event: UnsiloEvent): AppendMessage {
  return { ...placeOf(event), value: JSON.stringify(event) };
}
