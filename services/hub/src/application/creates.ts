import type { Command, Outcome, Party } from '@unsilo/schemas';
import { addCommand, addOutcome, bindCreated, compareOutcomes, type RecordFacts } from '../domain/facts.js';
import { EXTERNAL_KEY_ISSUER } from '../domain/matching.js';
import { idOf, systemOf } from '../domain/ref.js';
import { recall } from './history.js';
import type { Intake } from './intake.js';
import { recordRow, update, type Touched } from './record-row.js';
import { SEPARATOR, type CommandRow, type ExternalKeyRow } from './rows.js';
import type { Workspace } from './workspace.js';

/**
 * What creates made. A record is known for a create's by the key that the create gave it, which is its id or stands among its identifiers, or by
 * an outcome that names it, in whatever order record, create and outcomes are learnt.
 */
type Create = Extract<Command, { action: 'create' }>;

function externalKey(system: string, key: string): string {
  return `${system}${SEPARATOR}${key}`;
}

function keyOf({ system, externalKey: key }: Create): string {
  return externalKey(system, key);
}

/** When a record was first seen that wasn't yet, as summaries have it. */
const NEVER = Number.MAX_SAFE_INTEGER;

/** By a reading: what outcomes alone tell of, and a summary of nothing but those, is not seen yet. */
function isSeen({ observations, summary, erasedUpTo }: RecordFacts): boolean {
  return observations.length > 0 || (summary?.firstSeen ?? NEVER) < NEVER || erasedUpTo !== undefined;
}

/**
 * Keys, as the table has them, under which a record is to be looked for: its id before it is first seen, and those that it carries.
 * @param states What is about to be added to it. What it was seen to carry before is left out.
 */
export function newKeys(workspace: Workspace, ref: string, states: readonly Pick<Party, 'state'>[]): string[] {
  const { facts, keys = [] } = recordRow(workspace, ref);
  const id = idOf(ref);
  const carried = states.flatMap(({ state }) => state?.identifiers ?? []);
  const ours = carried.flatMap(({ issuer, value }) =>
    issuer === EXTERNAL_KEY_ISSUER && value !== id && !keys.includes(value) ? value : [],
  );
  return [...(isSeen(facts) ? [] : [id]), ...new Set(ours)].map((key) => externalKey(systemOf(ref), key));
}

/** What of a batch has to do with creates and their keys is read here, in three rounds. */
export async function loadByKeys(workspace: Workspace, intake: Intake): Promise<void> {
  const command = (id: string): Command | undefined => workspace.get<CommandRow>('commands', id)?.command;
  const asked = workspace.glance(() => [
    ...intake.commands,
    ...intake.outcomes.flatMap((o) => command(o.command) ?? []),
  ]);
  const creates = asked.filter((c) => c.action === 'create');
  const keys = workspace.glance(() => [
    ...creates.map(keyOf),
    ...intake.parties.flatMap((p) => newKeys(workspace, p.ref, [p])),
    ...intake.records.flatMap((r) => newKeys(workspace, r.ref, r.observations)),
  ]);
  await workspace.load('external-keys', keys);
  const rows = workspace.glance(() => keys.map((key) => keyRow(workspace, key)));
  const ids = rows.flatMap(creatorsOf);
  await Promise.all([
    workspace.load('commands', ids),
    workspace.load('records', [...creates.map(refOfKey), ...rows.flatMap(({ records = [] }) => records)]),
  ]);
  const makers = workspace.glance(() => ids.map(command)).filter((c) => c?.action === 'create');
  await workspace.load(
    'records',
    makers.map(({ createdFor }) => createdFor),
  );
}

/** The same for what planning has just asked for. */
export async function loadForCreates(workspace: Workspace, commands: readonly Command[]): Promise<void> {
  const creates = commands.filter((c) => c.action === 'create');
  await workspace.load('external-keys', creates.map(keyOf));
  await workspace.load(
    'records',
    workspace.glance(() => creates.flatMap((c) => [refOfKey(c), ...(keyRow(workspace, keyOf(c)).records ?? [])])),
  );
}

function keyRow(workspace: Workspace, key: string): ExternalKeyRow {
  return workspace.get<ExternalKeyRow>('external-keys', key) ?? {};
}

function creatorsOf({ creates, command }: ExternalKeyRow): string[] {
  return creates ?? (command === undefined ? [] : [command]);
}

/** Where a system takes the key for the id. */
function refOfKey({ system, kind, externalKey: id }: Create): string {
  return `${system}/${kind}/${id}`;
}

/** Ties a record to the creates of its keys. @param keys As `newKeys` gave them. */
export async function bindByKeys(
  workspace: Workspace,
  touched: Touched,
  ref: string,
  keys: readonly string[],
): Promise<void> {
  for (const key of keys) {
    if (key !== externalKey(systemOf(ref), idOf(ref))) noteCarrier(workspace, ref, key);
    for (const id of creatorsOf(keyRow(workspace, key))) {
      const row = workspace.get<CommandRow>('commands', id) ?? {};
      const { command } = row;
      if (command?.action !== 'create') continue;
      const isCarried = recordRow(workspace, ref).keys?.includes(command.externalKey);
      if (isCarried || refOfKey(command) === ref) await bind(workspace, touched, [ref], command, outcomesOf(row));
    }
  }
}

function noteCarrier(workspace: Workspace, ref: string, key: string): void {
  const known = keyRow(workspace, key);
  const row = recordRow(workspace, ref);
  workspace.set('external-keys', key, { ...known, records: withText(known.records, ref) } satisfies ExternalKeyRow);
  const value = key.slice(key.indexOf(SEPARATOR) + 1);
  workspace.set('records', ref, { ...row, keys: withText(row.keys, value) });
}

function withText(list: readonly string[] = [], text: string): string[] {
  return [...new Set([...list, text])].sort();
}

/** Puts a create where the records that carry its key find it, and ties those to it that are there already. Its row must stand. */
export async function registerCreate(workspace: Workspace, touched: Touched, create: Create): Promise<void> {
  const key = keyOf(create);
  const { command: _, ...known } = keyRow(workspace, key);
  const creates = withText(creatorsOf(keyRow(workspace, key)), create.id);
  workspace.set('external-keys', key, { ...known, creates } satisfies ExternalKeyRow);
  const row = workspace.get<CommandRow>('commands', create.id) ?? {};
  await bind(workspace, touched, carriersOf(workspace, create), create, outcomesOf(row));
}

/** Records that carry the key of a create. */
function carriersOf(workspace: Workspace, create: Create): string[] {
  const own = refOfKey(create);
  const { records = [] } = keyRow(workspace, keyOf(create));
  return isSeen(recordRow(workspace, own).facts) ? [own, ...records] : records;
}

/** Looks again at the records that carry the key of a create. */
export function touchMade(workspace: Workspace, touched: Touched, create: Create): void {
  for (const ref of carriersOf(workspace, create)) {
    workspace.tie(ref);
    touched.facts.add(ref);
    touched.identity.add(ref);
  }
}

/**
 * Every outcome of a create is told to all the records that it may have made: one that names another says that nothing was applied to this one,
 * and one that went wrong, that nothing is under way any more.
 */
export async function applyToMade(
  workspace: Workspace,
  touched: Touched,
  create: Create,
  outcomes: readonly Outcome[],
): Promise<void> {
  const named = outcomes.flatMap(({ status, ref }) => (status === 'applied' && ref !== undefined ? ref : []));
  await workspace.load('records', named);
  await bind(workspace, touched, [...new Set([...carriersOf(workspace, create), ...named])], create, outcomes);
}

export function outcomesOf({ each, outcome }: CommandRow): readonly Outcome[] {
  return each ?? (outcome ? [outcome] : []);
}

/** The best outcome for each record that is named: a create that was tried twice may have made two. */
export function bestOfEach(outcomes: readonly Outcome[], outcome: Outcome): Outcome[] {
  const known = outcomes.find((o) => o.ref === outcome.ref);
  if (known && compareOutcomes(known, outcome) >= 0) return [...outcomes];
  return [...outcomes.filter((o) => o !== known), outcome];
}

/** The create stands among the commands of the records that it made: what they show is an echo of it. */
async function bind(
  workspace: Workspace,
  touched: Touched,
  refs: readonly string[],
  create: Create,
  outcomes: readonly Outcome[],
): Promise<void> {
  // Whatever a system says, it made no record in another one, nor the very record that it was asked for.
  const made = refs.filter((ref) => systemOf(ref) === create.system && ref !== create.createdFor);
  if (made.length === 0) return;
  await recall(workspace, made);
  for (const ref of made) {
    update(workspace, touched, ref, (facts) => {
      const bound = addCommand(bindCreated(facts, { ref: create.createdFor, command: create.id }), create);
      return outcomes.reduce((known, outcome) => addOutcome(known, outcome, 'commands'), bound);
    });
    touched.facts.add(ref);
    touched.identity.add(ref);
  }
}
