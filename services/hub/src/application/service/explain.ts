import type { AttributeValue, KeepDecision, Provenance, Statement } from '@unsilo/schemas';
import { sharedValue } from '../../domain/linkage/keys.js';
import { elementKey, isListAttribute } from '../../domain/attributes.js';
import { systemOf } from '../../domain/ref.js';
import type { MatchRow } from '../matching-rows.js';
import type { CommandRow, InteractionRow, ObjectRow, RecordRow } from '../rows.js';
import {
  ServiceError,
  type CommandTrail,
  type EventTrail,
  type Explanation,
  type RecordView,
  type ValueEvidence,
} from '../service.js';
import { evaluateFacts } from '../evaluations.js';
import { read, readRecords, type ServiceContext } from './context.js';
import { readCustomers } from './current-customers.js';
import { currentCustomer, membersAndPlan, recordSummary, unknownRecord } from './customers.js';

export async function recordView(context: ServiceContext, ref: string): Promise<RecordView> {
  const row = await recordOf(context, ref);
  const [customer] = row.customer === undefined ? [] : await readCustomers(context, [row.customer]);
  const evaluation = evaluateFacts(context.core, row.facts);
  const planned = customer ? (await membersAndPlan(context, customer)).planned : { commands: [], records: [] };
  const testimony: RecordView['testimony'] = [];
  const add = (
    attribute: string,
    register: { testimony?: Parameters<typeof statementOf>[1]; run: { echo: boolean; held: boolean } },
    element?: string,
  ): void => {
    if (!register.testimony) return;
    const entry = {
      attribute,
      statement: statementOf(ref, register.testimony),
      echo: register.run.echo,
      held: register.run.held,
    };
    testimony.push(element === undefined ? entry : { ...entry, element });
  };
  for (const [attribute, register] of evaluation.scalars) add(attribute, register);
  for (const [attribute, elements] of evaluation.lists)
    for (const [key, register] of elements) add(attribute, register, key);
  const view: RecordView = {
    ...recordSummary({ facts: row.facts, evaluation }, planned),
    testimony,
    identifiers: identifiersOf(await read<MatchRow>(context, 'matching', ref)),
    lateFacts: row.facts.late,
  };
  if (row.customer !== undefined) view.customer = row.customer;
  return view;
}

function statementOf(
  ref: string,
  testimony: { value: unknown; raw: unknown; asOf: number; version: Statement['version']; overEchoOf?: string },
): Statement {
  const raw = testimony.value === undefined ? null : (testimony.raw as Statement['value']);
  const value = raw !== null && typeof raw === 'object' && !Array.isArray(raw) ? [raw] : raw;
  const out: Statement = { ref, value: value ?? null, asOf: testimony.asOf, version: testimony.version };
  if (testimony.overEchoOf !== undefined) out.overEchoOf = testimony.overEchoOf;
  return out;
}

const IDENTIFIERS: Readonly<Record<string, string>> = {
  emails: 'email',
  phones: 'phone',
  onlineServices: 'handle',
  links: 'page',
};

function identifiersOf(row: MatchRow | undefined): RecordView['identifiers'] {
  if (!row) return [];
  const found: RecordView['identifiers'] = [];
  for (const [attribute, values] of Object.entries(row.profile.values)) {
    const kind = IDENTIFIERS[attribute] ?? (attribute.startsWith('identifiers:') ? 'external-id' : undefined);
    if (kind === undefined) continue;
    for (const value of values)
      found.push({ kind, value, generic: row.generic?.includes(sharedValue(attribute, value)) ?? false });
  }
  return found;
}

export async function recordOf(context: ServiceContext, ref: string): Promise<RecordRow> {
  const [row] = await readRecords(context, [ref]);
  if (row) return row;
  throw unknownRecord();
}

export async function explainValue(
  context: ServiceContext,
  id: string,
  attribute: string,
  element?: string,
): Promise<Explanation<ValueEvidence>> {
  const { customer } = await currentCustomer(context, id);
  const stated = customer.provenance.filter((p) => p.attribute === attribute);
  if (stated.length === 0) {
    throw new ServiceError('not-found', 'UNSILO_NO_VALUE', `Nobody has ever stated ${attribute} for this customer.`, {
      hint: `Stated are: ${[...new Set(customer.provenance.map((p) => p.attribute))].join(', ') || 'no attributes'}.`,
    });
  }
  const isList = isListAttribute(attribute);
  if (element === undefined) {
    const words = await Promise.all(stated.map((found) => wordsOf(context, found)));
    const [found = stated] = isList ? [] : stated;
    return { words: words.flat(), detail: found };
  }
  const key = isList ? canonicalElement(context, attribute, element) : element;
  const found = stated.find((p) => p.element === key || p.element === element);
  if (!found) {
    const text = `Nobody has ever stated this element of ${attribute} for this customer.`;
    throw new ServiceError('not-found', 'UNSILO_NO_VALUE', text, {
      hint: `Leave out the element: ${attribute} is explained as a whole.`,
    });
  }
  return { words: await wordsOf(context, found), detail: found };
}

async function wordsOf(context: ServiceContext, found: Provenance): Promise<string[]> {
  const { ref, asOf } = found.from;
  const [row] = found.rule === 'keep' ? await readRecords(context, [ref]) : [];
  return valueInWords(found, row && keptAt(row, found.attribute, asOf));
}

function canonicalElement(context: ServiceContext, attribute: Parameters<typeof elementKey>[0], text: string): string {
  const { normaliser } = context.core;
  if (attribute === 'emails') return normaliser.email(text);
  if (attribute === 'phones') return normaliser.phone(text);
  return text;
}

const RULES_IN_WORDS: Record<string, string> = {
  'most-recent': 'the latest statement wins',
  'source-rank': 'the best-ranked system wins',
  'most-frequent': 'what most systems state wins',
  longest: 'the longest value wins',
  union: 'the last statement about each element wins',
  'add-wins': 'an addition wins over removals',
  'withdrawal-wins': 'a withdrawn consent wins whatever its age',
};

/** The decision that a steward made about an attribute at this time; the merged value holds no more of it than the time. */
function keptAt(row: RecordRow, attribute: string, asOf: number): KeepDecision | undefined {
  for (const { decision } of row.decisions ?? [])
    if (
      decision.kind === 'keep' &&
      !decision.undo &&
      decision.attribute === attribute &&
      Date.parse(decision.decidedAt) === asOf
    )
      return decision;
  return undefined;
}

function keptInWords({ ref, asOf }: Pick<Statement, 'ref' | 'asOf'>, kept: KeepDecision | undefined): string {
  const reason = kept?.reason === undefined ? '' : `: ${kept.reason}`;
  return `${kept?.author ?? 'a steward'} decided on ${time(asOf)} to keep it so for ${ref}${reason}`;
}

function valueInWords(found: Provenance, kept: KeepDecision | undefined): string[] {
  const say = (s: Statement): string =>
    s.value === null
      ? `${s.ref} removed it on ${time(s.asOf)}`
      : `${s.ref} states ${show(s.value)} since ${time(s.asOf)}`;
  const nothing = found.element === undefined ? 'no value' : `no longer ${found.element}`;
  const words = [
    `${found.attribute}: ${found.value === null ? nothing : show(found.value)}.`,
    found.rule === 'keep'
      ? `${keptInWords(found.from, kept)}.`
      : `${say(found.from)}; ${RULES_IN_WORDS[found.rule] ?? found.rule}.`,
  ];
  if (found.from.overEchoOf !== undefined)
    words.push(`It was typed over a value that the hub had written there on behalf of ${found.from.overEchoOf}.`);
  for (const other of found.alternatives) words.push(`It beat: ${say(other)}.`);
  return words;
}

function show(value: Statement['value']): string {
  return JSON.stringify(Array.isArray(value) && value.length === 1 ? value[0] : value);
}

function time(ms: number): string {
  return Number.isFinite(ms) && Math.abs(ms) < 8.64e15 ? new Date(ms).toISOString() : 'the beginning';
}

export async function explainCommand(context: ServiceContext, id: string): Promise<Explanation<CommandTrail>> {
  const row = await read<CommandRow>(context, 'commands', id);
  if (!row?.command)
    throw new ServiceError('not-found', 'UNSILO_NO_COMMAND', 'The hub has issued no command with this id.', {
      hint: 'Ids of commands stand in the timeline, in records and on the commands topics.',
    });
  const { command, outcome } = row;
  const set = command.action === 'update' || command.action === 'create' ? command.set : {};
  const statements: CommandTrail['statements'] = [];
  const stated: Statement[] = [];
  const words = [
    `${command.cause.kind === 'user' ? `${command.cause.user ?? 'A user'} asked` : 'The hub asked'} ${command.system} for: ${command.action}, on ${command.issuedAt}.`,
  ];
  const sources = [...new Set(Object.values(set).flatMap(({ from }) => from ?? []))];
  const records = await readRecords(context, sources);
  for (const [attribute, { value, asOf, from }] of Object.entries(set)) {
    const statement = from === undefined ? undefined : { ref: from, value, asOf, version: { major: 0, minor: 0 } };
    const row = records.find(({ facts }) => facts.ref === from);
    const kept = row && keptAt(row, attribute, asOf);
    statements.push({ attribute, ...(statement && { statement }) });
    if (statement && !kept) stated.push(statement);
    words.push(reasonInWords(attribute, value, statement, kept));
  }
  words.push(
    outcome
      ? `It ended ${outcome.status}${outcome.error ? `: ${outcome.error.message}` : ''}, reported on ${outcome.reportedAt}.`
      : `It is open until ${command.deadline}.`,
  );
  const events = records.flatMap((r) => causingEvents(r, stated));
  return { words, detail: { command, ...(outcome ? { outcome } : {}), statements, events } };
}

function reasonInWords(
  attribute: string,
  value: AttributeValue,
  statement: Statement | undefined,
  kept: KeepDecision | undefined,
): string {
  if (!statement)
    return value === null || Array.isArray(value)
      ? `${attribute} because nobody states any more what the hub once wrote there.`
      : `${attribute}: the command does not say whose statement it follows.`;
  const { ref, asOf } = statement;
  if (kept) return `${attribute} because ${keptInWords(statement, kept)}.`;
  // A list is what is left of many statements.
  if (isListAttribute(attribute)) return `${attribute} because ${ref} said the last about it on ${time(asOf)}.`;
  return value === null
    ? `${attribute} because ${ref} removed it on ${time(asOf)}.`
    : `${attribute} because ${ref} states it since ${time(asOf)}.`;
}

/** The newest event of a source that was known when its latest statement came to be. */
function causingEvents(row: RecordRow, stated: readonly Statement[]): string[] {
  const own = stated.filter(({ ref }) => ref === row.facts.ref);
  if (own.length === 0) return [];
  const asOf = Math.max(0, ...own.map((statement) => statement.asOf));
  const found = row.facts.observations.find((o) => Date.parse(o.changedAt) >= asOf) ?? row.facts.observations.at(-1);
  return found ? [`${row.facts.ref}@${found.version.major}.${found.version.minor}`] : [];
}

export async function explainEvent(context: ServiceContext, id: string): Promise<Explanation<EventTrail>> {
  const hops: EventTrail['hops'] = [];
  const at = id.lastIndexOf('@');
  const ref = at < 0 ? id : id.slice(0, at);
  // Ids of commands and outcomes: `command/<command>`, `outcome/<command>/<status>`.
  const [kind, named] = id.split('/', 2);
  const ofCommand = (kind === 'command' || kind === 'outcome') && named !== undefined ? named : id;
  const [[record], interaction, object, command] = await Promise.all([
    readRecords(context, [ref]),
    read<InteractionRow>(context, 'interactions', ref),
    read<ObjectRow>(context, 'objects', ref),
    read<CommandRow>(context, 'commands', ofCommand),
  ]);
  if (record) explainObservation(record, id.slice(at + 1), hops);
  const change = interaction?.interaction ?? object?.object;
  if (change) {
    const current = `${change.version.major}.${change.version.minor}`;
    hops.push({ hop: 'log', at: change.observedAt, detail: `Observed from ${systemOf(ref)}.` });
    hops.push({
      hop: 'state',
      detail:
        current === id.slice(at + 1)
          ? 'It is the current state.'
          : `Version ${current} has replaced it or came before it.`,
    });
  }
  if (command?.command)
    hops.push({
      hop: 'command',
      at: command.command.issuedAt,
      detail: `${command.command.action} for ${command.command.system}.`,
    });
  if (command?.outcome) hops.push({ hop: 'outcome', at: command.outcome.reportedAt, detail: command.outcome.status });
  if (hops.length === 0) {
    throw new ServiceError('not-found', 'UNSILO_NO_EVENT', 'No event with this id has reached the state.', {
      hint: 'It may still wait on the log (see the lag of its system), or lie among the dead letters.',
    });
  }
  return {
    words: hops.map((h) => `${h.hop}${h.at === undefined ? '' : ` (${h.at})`}: ${h.detail}`),
    detail: { id, hops },
  };
}

function explainObservation(record: RecordRow, version: string, hops: EventTrail['hops']): void {
  const { facts } = record;
  const known = facts.observations.find((o) => `${o.version.major}.${o.version.minor}` === version);
  if (!known) {
    hops.push({
      hop: 'state',
      detail: facts.horizon
        ? 'It is not among the kept versions: it was summarised below the horizon, or came too late.'
        : 'This version of the record has not been seen.',
    });
  } else {
    hops.push({
      hop: 'log',
      at: known.observedAt,
      detail: `Observed from ${systemOf(facts.ref)}; changed there on ${known.changedAt}.`,
    });
    hops.push({
      hop: 'state',
      detail:
        known === facts.observations.at(-1)
          ? 'It is the newest known state of the record.'
          : 'A newer state of the record is known.',
    });
  }
  if (record.customer !== undefined)
    hops.push({ hop: 'customer', detail: `The record belongs to customer ${record.customer}.` });
  for (const { command, outcome } of facts.commands) {
    const base =
      command.action === 'update' || command.action === 'delete' ? `${command.base.major}.${command.base.minor}` : '';
    if (base !== version) continue;
    hops.push({ hop: 'command', at: command.issuedAt, detail: `${command.action} ${command.id} was planned on it.` });
    if (outcome)
      hops.push({ hop: 'outcome', at: outcome.reportedAt, detail: `${command.id} ended ${outcome.status}.` });
  }
}
