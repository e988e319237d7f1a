import type { Outcome, Party } from '@unsilo/schemas';
import { belongsBelow } from '../domain/checkpoint.js';
import { addDecision, type OrderedDecision } from '../domain/decisions.js';
import { addCommand, addObservation, addOutcome, compareOutcomes, erase, type RecordFacts } from '../domain/facts.js';
import { absorb } from '../domain/rebuild.js';
import type { Core } from './core.js';
import {
  applyToMade,
  bestOfEach,
  bindByKeys,
  loadByKeys,
  newKeys,
  outcomesOf,
  registerCreate,
  touchMade,
} from './creates.js';
import { eraseCommand, eraseCommands, eraseKeeps, isErasedKeep, noteSummarised, withoutValue } from './erasing.js';
import { compactOld, moveCheckpoints, recall } from './history.js';
import { recordRow, update, type Touched } from './record-row.js';
import { subjectOf, type Intake } from './intake.js';
import { keyOfDecision, type CommandRow, type InteractionRow } from './rows.js';
import type { Workspace } from './workspace.js';

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
  await loadByKeys(workspace, intake);
  const recalled = await recall(workspace, needingPast(workspace, intake));

  for (const summary of workspace.each(intake.records, subjectOf.records)) {
    const keys = newKeys(workspace, summary.ref, summary.observations);
    update(workspace, touched, summary.ref, (facts) => absorb(facts, summary));
    await bindByKeys(workspace, touched, summary.ref, keys);
  }
  for (const command of workspace.each(intake.commands, subjectOf.commands))
    await applyCommand(workspace, touched, command);
  for (const party of workspace.each(intake.parties, subjectOf.parties)) await applyParty(workspace, touched, party);
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

async function applyParty(workspace: Workspace, touched: Touched, party: Party): Promise<void> {
  const keys = newKeys(workspace, party.ref, [party]);
  update(workspace, touched, party.ref, (facts) => addObservation(facts, party));
  // A record that we had made may be seen before its outcome: its values are ours until that says otherwise.
  await bindByKeys(workspace, touched, party.ref, keys);
}

async function applyCommand(
  workspace: Workspace,
  touched: Touched,
  command: NonNullable<CommandRow['command']>,
): Promise<void> {
  const known = workspace.get<CommandRow>('commands', command.id);
  if (known?.command) {
    // Our own planning has asked for it, and looked no more at what it meets.
    if (command.action === 'create') touchMade(workspace, touched, command);
    return;
  }
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
      await registerCreate(workspace, touched, command);
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
    const early = bestOfEach(earlyOf(row), outcome);
    workspace.set('commands', outcome.command, { ...row, outcome: best, early } satisfies CommandRow);
    return;
  }
  const each = command.action === 'create' ? bestOfEach(outcomesOf(row), outcome) : [];
  const known: CommandRow = { ...row, outcome: best, ...(each.length > 1 && { each }) };
  workspace.set('commands', outcome.command, known);
  if (command.action === 'update' || command.action === 'delete') {
    update(workspace, touched, command.ref, (facts) => addOutcome(facts, outcome, 'commands'));
    eraseCommand(workspace, command.id, recordRow(workspace, command.ref).facts.erasedAt);
  } else if (command.action === 'create') {
    update(workspace, touched, command.createdFor, (facts) => addOutcome(facts, outcome, 'creates'));
    eraseCommand(workspace, command.id, recordRow(workspace, command.createdFor).facts.erasedAt);
    await applyToMade(workspace, touched, command, each);
  }
}

/** Outcomes that wait for their command. Earlier versions kept the best one alone. */
function earlyOf(row: CommandRow | undefined): readonly Outcome[] {
  return row?.command ? [] : (row?.early ?? (row?.outcome ? [row.outcome] : []));
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
