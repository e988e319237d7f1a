import type { Outcome, Party } from '@unsilo/schemas';
import { belongsBelow } from '../domain/checkpoint.js';
import { addDecision, type OrderedDecision } from '../domain/decisions.js';
import {
  addCommand,
  addObservation,
  addOutcome,
  bindCreated,
  compareOutcomes,
  erase,
  type RecordFacts,
} from '../domain/facts.js';
import { EXTERNAL_KEY_ISSUER } from '../domain/matching.js';
import { absorb } from '../domain/rebuild.js';
import { idOf, systemOf } from '../domain/ref.js';
import type { Core } from './core.js';
import { eraseCommand, eraseCommands, eraseKeeps, isErasedKeep, noteSummarised, withoutValue } from './erasing.js';
import { compactOld, moveCheckpoints, recall } from './history.js';
import { recordRow } from './record-row.js';
import { subjectOf, type Intake } from './intake.js';
import { keyOfDecision, SEPARATOR, type CommandRow, type ExternalKeyRow, type InteractionRow } from './rows.js';
import type { Workspace } from './workspace.js';

/** Refs whose facts changed, and those whose place among the customers must be found again whatever their values. */
export interface Touched {
  facts: Set<string>;
  identity: Set<string>;
}

/**
 * Adds the facts of a batch to the records that they are about. Rows are read here, in three rounds at most.
 */
export async function applyFacts(workspace: Workspace, intake: Intake, core: Core): Promise<Touched> {
  const touched: Touched = { facts: new Set(), identity: new Set() };
  const ids = [...intake.outcomes.map((o) => o.command), ...intake.commands.map((c) => c.id)];
  await Promise.all([
    workspace.load('commands', ids),
    workspace.load('records', [
      ...intake.parties.map((p) => p.ref),
      ...intake.records.flatMap((r) => [r.ref, ...(r.createdFor ? [r.createdFor.ref] : [])]),
      ...intake.outcomes.flatMap((o) => o.ref ?? []),
      ...intake.decisions.flatMap(refsOfDecision),
      ...intake.commands.flatMap(refOfCommand),
      ...intake.records.flatMap((r) => r.commands.flatMap(refOfCommand)),
    ]),
  ]);
  await workspace.load(
    'records',
    workspace.glance(() => ids.flatMap((id) => targetsOf(workspace.get<CommandRow>('commands', id)))),
  );
  await workspace.load(
    'external-keys',
    workspace.glance(() => intake.parties.flatMap((p) => externalKeys(workspace, p))),
  );
  await loadCreators(workspace, intake);
  const recalled = await recall(workspace, needingPast(workspace, intake));

  for (const summary of workspace.each(intake.records, subjectOf.records))
    update(workspace, touched, summary.ref, (facts) => absorb(facts, summary));
  for (const command of workspace.each(intake.commands, subjectOf.commands))
    await applyCommand(workspace, touched, command);
  for (const party of workspace.each(intake.parties, subjectOf.parties)) applyParty(workspace, touched, party);
  for (const outcome of workspace.each(intake.outcomes, subjectOf.outcomes))
    await applyOutcome(workspace, touched, outcome);
  for (const decision of workspace.each(intake.decisions, subjectOf.decisions)) {
    applyDecision(workspace, touched, { seq: Date.parse(decision.decidedAt), decision }, core);
    if (decision.kind === 'erase') await eraseCommands(workspace, decision.refs);
  }
  recalled.push(...(await compactOld(workspace, touched.facts, core)));
  moveCheckpoints(workspace, new Set([...touched.facts, ...recalled]), core);
  return touched;
}

function update(
  workspace: Workspace,
  touched: Touched,
  ref: string,
  change: (facts: RecordFacts) => RecordFacts,
): void {
  const row = recordRow(workspace, ref);
  const facts = change(row.facts);
  if (facts === row.facts) return;
  workspace.set('records', ref, { ...row, facts });
  touched.facts.add(ref);
  // Below an erasure's floor lies nothing: maybe it was the last that was known.
  if (facts.erasedUpTo !== row.facts.erasedUpTo) touched.identity.add(ref);
  const maker = facts.createdFor?.ref;
  if (maker === undefined || maker === row.facts.createdFor?.ref) return;
  touched.identity.add(ref);
  noteMade(workspace, maker, ref);
}

/** A create that was tried twice may have made two records, of which its own outcome names one. */
function noteMade(workspace: Workspace, maker: string, ref: string): void {
  const row = recordRow(workspace, maker);
  const { made = [] } = row;
  if (!made.includes(ref)) workspace.set('records', maker, { ...row, made: [...made, ref].sort() });
}

function applyParty(workspace: Workspace, touched: Touched, party: Party): void {
  const keys = externalKeys(workspace, party);
  update(workspace, touched, party.ref, (facts) => addObservation(facts, party));
  // A record that we had made may be seen before its outcome: its values are ours until that says otherwise.
  for (const key of keys) {
    const made = workspace.get<ExternalKeyRow>('external-keys', key);
    const command = made && workspace.get<CommandRow>('commands', made.command)?.command;
    if (!made || command?.action !== 'create') continue;
    bind(workspace, touched, party.ref, made.createdFor, command.id);
    update(workspace, touched, party.ref, (facts) => ({ ...facts, commands: addCommandTo(facts, command) }));
  }
}

/** The create stands among the commands of the record that it made: what that shows is an echo of it. */
function addCommandTo(facts: RecordFacts, command: NonNullable<CommandRow['command']>): RecordFacts['commands'] {
  if (facts.commands.some((k) => k.command.id === command.id)) return facts.commands;
  return [...facts.commands, { command }].sort((a, b) => (a.command.id < b.command.id ? -1 : 1));
}

function bind(workspace: Workspace, touched: Touched, ref: string, createdFor: string, command: string): void {
  update(workspace, touched, ref, (facts) => bindCreated(facts, { ref: createdFor, command }));
  touched.identity.add(ref);
}

async function applyCommand(
  workspace: Workspace,
  touched: Touched,
  command: NonNullable<CommandRow['command']>,
): Promise<void> {
  const known = workspace.get<CommandRow>('commands', command.id);
  if (known?.command) return;
  const { early: _, ...row } = known ?? {};
  workspace.set('commands', command.id, { ...row, command });
  await registerCommand(workspace, touched, command);
  for (const ref of refOfCommand(command)) {
    const { facts } = recordRow(workspace, ref);
    eraseCommand(workspace, command.id, facts.erasedAt);
    const isHeld = [...facts.commands, ...facts.creates].some((k) => k.command.id === command.id);
    if (!isHeld) await noteSummarised(workspace, ref, [command.id]);
  }
  for (const outcome of earlyOf(known)) await applyOutcome(workspace, touched, outcome);
}

/** Puts a command where its ref, its member or its interaction will find it. */
export async function registerCommand(
  workspace: Workspace,
  touched: Touched,
  command: NonNullable<CommandRow['command']>,
): Promise<void> {
  switch (command.action) {
    case 'update':
    case 'delete':
      update(workspace, touched, command.ref, (facts) => addCommand(facts, command));
      return;
    case 'create':
      update(workspace, touched, command.createdFor, (facts) => addCommand(facts, command));
      workspace.overwrite('external-keys', externalKey(command.system, command.externalKey), {
        command: command.id,
        createdFor: command.createdFor,
      } satisfies ExternalKeyRow);
      return;
    case 'reply': {
      await workspace.load('interactions', [command.inReplyTo]);
      const row = workspace.get<InteractionRow>('interactions', command.inReplyTo) ?? { replies: [] };
      if (!row.replies.includes(command.id))
        workspace.set('interactions', command.inReplyTo, { ...row, replies: [...row.replies, command.id] });
      return;
    }
    case 'create-object':
      return;
  }
}

async function applyOutcome(workspace: Workspace, touched: Touched, outcome: Outcome): Promise<void> {
  const row = workspace.get<CommandRow>('commands', outcome.command);
  const best = !row?.outcome || compareOutcomes(outcome, row.outcome) > 0 ? outcome : row.outcome;
  const command = row?.command;
  if (!command) {
    // A rebuild reads topics side by side: it will be applied when its command comes.
    const early = withEarly(earlyOf(row), outcome);
    workspace.set('commands', outcome.command, { ...row, outcome: best, early } satisfies CommandRow);
    return;
  }
  workspace.set('commands', outcome.command, { ...row, outcome: best } satisfies CommandRow);
  if (command.action === 'update' || command.action === 'delete') {
    update(workspace, touched, command.ref, (facts) => addOutcome(facts, outcome, 'commands'));
    eraseCommand(workspace, command.id, recordRow(workspace, command.ref).facts.erasedAt);
  } else if (command.action === 'create') {
    update(workspace, touched, command.createdFor, (facts) => addOutcome(facts, outcome, 'creates'));
    eraseCommand(workspace, command.id, recordRow(workspace, command.createdFor).facts.erasedAt);
    if (outcome.ref === undefined || outcome.status !== 'applied') return;
    // Whatever a system says, it made no record in another one.
    if (systemOf(outcome.ref) !== command.system) return;
    await workspace.load('records', [outcome.ref]);
    bind(workspace, touched, outcome.ref, command.createdFor, command.id);
    update(workspace, touched, outcome.ref, (facts) =>
      addOutcome({ ...facts, commands: addCommandTo(facts, command) }, outcome, 'commands'),
    );
  }
}

/** Outcomes that wait for their command. Earlier versions kept the best one alone. */
function earlyOf(row: CommandRow | undefined): readonly Outcome[] {
  return row?.command ? [] : (row?.early ?? (row?.outcome ? [row.outcome] : []));
}

/** The best outcome for each record that is named: a create that was tried twice may have made two. */
function withEarly(early: readonly Outcome[], outcome: Outcome): Outcome[] {
  const known = early.find((o) => o.ref === outcome.ref);
  if (known && compareOutcomes(known, outcome) >= 0) return [...early];
  return [...early.filter((o) => o !== known), outcome];
}

function applyDecision(workspace: Workspace, touched: Touched, entry: OrderedDecision, core: Core): void {
  const { decision } = entry;
  const isErased = refsOfDecision(decision).some((ref) => isErasedKeep(entry, recordRow(workspace, ref).facts));
  workspace.overwrite('decisions', keyOfDecision(decision), isErased ? withoutValue(decision) : decision);
  if (isErased) return;
  for (const ref of refsOfDecision(decision)) {
    const row = recordRow(workspace, ref);
    const decisions = addDecision(row.decisions ?? [], entry);
    if (decisions === row.decisions) continue;
    workspace.set('records', ref, { ...row, decisions });
    touched.facts.add(ref);
    touched.identity.add(ref);
    if (decision.kind !== 'erase' || !decision.refs.includes(ref)) continue;
    update(workspace, touched, ref, (facts) => erase(facts, entry.seq));
    eraseKeeps(workspace, ref, core);
  }
}

/** Records to which the batch has something to add that belongs below their checkpoint. */
function needingPast(workspace: Workspace, intake: Intake): string[] {
  const refs: string[] = [];
  const ask = (ref: string, belongs: (facts: RecordFacts) => boolean): void => {
    const { facts, past } = recordRow(workspace, ref);
    if (past && belongs(facts)) refs.push(ref);
  };
  const askOutcome = (command: CommandRow['command'], outcome: Outcome): void => {
    if (command?.action === 'update' || command?.action === 'delete')
      ask(command.ref, (facts) => belongsBelow.outcome(facts, outcome));
    else if (command?.action === 'create' && outcome.ref !== undefined) refs.push(outcome.ref);
  };
  for (const party of workspace.each(intake.parties, subjectOf.parties))
    ask(party.ref, (facts) => belongsBelow.observation(facts, party));
  for (const command of workspace.each(intake.commands, subjectOf.commands)) {
    if (command.action === 'update' || command.action === 'delete')
      ask(command.ref, (facts) => belongsBelow.command(facts, command));
    for (const early of earlyOf(workspace.get<CommandRow>('commands', command.id))) askOutcome(command, early);
  }
  const commands = new Map(intake.commands.map((c) => [c.id, c]));
  for (const outcome of workspace.each(intake.outcomes, subjectOf.outcomes)) {
    const { command: id } = outcome;
    askOutcome(workspace.get<CommandRow>('commands', id)?.command ?? commands.get(id), outcome);
  }
  refs.push(
    ...intake.records.map((r) => r.ref),
    ...intake.decisions.flatMap((d) => (d.kind === 'erase' ? d.refs : [])),
  );
  return refs;
}

/** Records that keep a decision. */
function refsOfDecision(decision: OrderedDecision['decision']): string[] {
  if (decision.kind === 'keep') return [decision.ref];
  return decision.kind === 'erase' ? [...decision.refs, ...(decision.companions ?? [])] : [...decision.refs];
}

function refOfCommand(command: NonNullable<CommandRow['command']>): string[] {
  if (command.action === 'create') return [command.createdFor];
  return command.action === 'update' || command.action === 'delete' ? [command.ref] : [];
}

/** Whom a command is about, or, while it isn't known, its outcomes. */
function targetsOf(row: CommandRow | undefined): string[] {
  return row?.command ? refOfCommand(row.command) : earlyOf(row).flatMap(({ ref }) => ref ?? []);
}

function externalKey(system: string, key: string): string {
  return `${system}${SEPARATOR}${key}`;
}

/** Under which keys a record that is seen for the first time may be one that we had made: its own id, or the key that it carries. */
function externalKeys(workspace: Workspace, party: Party): string[] {
  if (workspace.has('records', party.ref) || !party.state) return [];
  const system = systemOf(party.ref);
  const carried = (party.state.identifiers ?? [])
    .filter((i) => i.issuer === EXTERNAL_KEY_ISSUER)
    .map((i) => externalKey(system, i.value));
  return [externalKey(system, idOf(party.ref)), ...carried];
}

async function loadCreators(workspace: Workspace, intake: Intake): Promise<void> {
  const made = workspace.glance(() =>
    intake.parties
      .flatMap((p) => externalKeys(workspace, p))
      .flatMap((key) => workspace.get<ExternalKeyRow>('external-keys', key) ?? []),
  );
  await Promise.all([
    workspace.load(
      'commands',
      made.map(({ command }) => command),
    ),
    workspace.load(
      'records',
      made.map(({ createdFor }) => createdFor),
    ),
  ]);
}
