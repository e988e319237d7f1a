import type { Envelope, EventType } from './envelope.js';
import type { EventTypes } from './generated/events.js';
import type {
  BusinessObject,
  Command,
  Customer,
  CustomerGone,
  DeadLetter,
  DeadLetterSettled,
  Decision,
  Interaction,
  Outcome,
  Party,
  RecordSummary,
  Signal,
  Timestamp,
  Version,
} from './generated/types.js';
import { commandTarget, eventKey, topicName } from './topics.js';

/** What an envelope may carry besides. */
export interface EventOptions {
  /** W3C Trace Context of what led to the event. */
  traceparent?: string;
}

const HUB = '/hub';

/** Source of everything that a system says: `/systems/<system>`. */
export function systemSource(system: string): string {
  return `/systems/${system}`;
}

/** Id: `ref@major.minor`, so a state that is seen twice is one event. */
export function partyEvent(
  tenant: string,
  party: Party,
  options?: EventOptions,
): Envelope<'unsilo.party.changed', Party> {
  return changeEvent('unsilo.party.changed', tenant, party, options);
}

export function objectEvent(
  tenant: string,
  object: BusinessObject,
  options?: EventOptions,
): Envelope<'unsilo.object.changed', BusinessObject> {
  return changeEvent('unsilo.object.changed', tenant, object, options);
}

export function interactionEvent(
  tenant: string,
  interaction: Interaction,
  options?: EventOptions,
): Envelope<'unsilo.interaction.changed', Interaction> {
  return changeEvent('unsilo.interaction.changed', tenant, interaction, options);
}

export function commandEvent(
  tenant: string,
  command: Command,
  options?: EventOptions,
): Envelope<'unsilo.command.issued', Command> {
  const { id, issuedAt } = command;
  return envelope(
    'unsilo.command.issued',
    tenant,
    command,
    HUB,
    `command/${id}`,
    commandTarget(command),
    issuedAt,
    options,
  );
}

/** One command may end several times (uncertain, then applied): the status and the version are part of the id. */
export function outcomeEvent(
  tenant: string,
  outcome: Outcome,
  options?: EventOptions,
): Envelope<'unsilo.outcome.reported', Outcome> {
  const version = outcome.version === undefined ? '' : `@${written(outcome.version)}`;
  const id = `outcome/${outcome.command}/${outcome.status}${version}`;
  const source = systemSource(outcome.system);
  const subject = outcome.ref ?? outcome.command;
  return envelope('unsilo.outcome.reported', tenant, outcome, source, id, subject, outcome.reportedAt, options);
}

export function decisionEvent(
  tenant: string,
  decision: Decision,
  options?: EventOptions,
): Envelope<'unsilo.decision.made', Decision> {
  const { id, decidedAt } = decision;
  return envelope('unsilo.decision.made', tenant, decision, HUB, `decision/${id}`, id, decidedAt, options);
}

/** `revision` is raised at each publication of that record; `at` is when the hub made it. */
export function recordEvent(
  tenant: string,
  record: RecordSummary,
  made: { revision: number; at: Timestamp },
  options?: EventOptions,
): Envelope<'unsilo.record.summarised', RecordSummary> {
  const id = `record/${record.ref}#${made.revision}`;
  return envelope('unsilo.record.summarised', tenant, record, HUB, id, record.ref, made.at, options);
}

/**
 * The event of a customer whose state was written down before, for whatever reason: the text need not be made again.
 * @param text The customer as a JSON object, but for its revision and the time of its change.
 */
export function customerMessage(
  text: string,
  { id, tenant, revision, changedAt }: Pick<Customer, 'id' | 'tenant' | 'revision' | 'changedAt'>,
): { topic: string; key: string; value: string } {
  const attributes = context('unsilo.customer.changed', tenant, HUB, `customer/${id}#${revision}`, id, changedAt);
  const data = `${text.slice(0, -1)},${JSON.stringify({ changedAt, revision }).slice(1)}`;
  const value = `${JSON.stringify(attributes).slice(0, -1)},"data":${data}}`;
  return { topic: topicName('customers'), key: eventKey(tenant, id), value };
}

export function customerGoneEvent(
  gone: CustomerGone,
  options?: EventOptions,
): Envelope<'unsilo.customer.gone', CustomerGone> {
  const { id, tenant, revision, changedAt } = gone;
  return envelope('unsilo.customer.gone', tenant, gone, HUB, `customer/${id}#${revision}`, id, changedAt, options);
}

/** The id is made of all that the signal says: two different signals of one millisecond are two events. */
export function signalEvent(
  tenant: string,
  signal: Signal,
  options?: EventOptions,
): Envelope<'unsilo.signal.raised', Signal> {
  const source = signal.system === undefined ? HUB : systemSource(signal.system);
  const id = `signal/${signal.name}/${signal.at}/${digest(JSON.stringify(signal))}`;
  return envelope('unsilo.signal.raised', tenant, signal, source, id, signal.system ?? signal.name, signal.at, options);
}

export function deadLetterEvent(
  tenant: string,
  letter: DeadLetter,
  options?: EventOptions,
): Envelope<'unsilo.dead-letter.parked', DeadLetter> {
  const source = letter.at.system === undefined ? HUB : systemSource(letter.at.system);
  const id = `dead-letter/${letter.id}`;
  return envelope('unsilo.dead-letter.parked', tenant, letter, source, id, letter.id, letter.parkedAt, options);
}

/** The last one about a dead letter holds. */
export function deadLetterSettledEvent(
  tenant: string,
  settled: DeadLetterSettled,
  options?: EventOptions,
): Envelope<'unsilo.dead-letter.settled', DeadLetterSettled> {
  const { id, state, settledAt } = settled;
  const name = `dead-letter/${id}/${state}/${settledAt}`;
  return envelope('unsilo.dead-letter.settled', tenant, settled, HUB, name, id, settledAt, options);
}

type Change = Party | BusinessObject | Interaction;

function changeEvent<T extends EventType, D extends Change & EventTypes[T]>(
  type: T,
  tenant: string,
  change: D,
  options?: EventOptions,
): Envelope<T, D> {
  const { ref, version, changedAt } = change;
  const source = systemSource(ref.slice(0, ref.indexOf('/')));
  // `changedAt` rather than `observedAt`: a repeat of the same state gives the same envelope.
  return envelope(type, tenant, change, source, `${ref}@${written(version)}`, ref, changedAt, options);
}

function envelope<T extends EventType, D extends EventTypes[T]>(
  type: T,
  tenant: string,
  data: D,
  source: string,
  id: string,
  subject: string,
  time: Timestamp,
  options: EventOptions = {},
): Envelope<T, D> {
  return { ...context(type, tenant, source, id, subject, time, options), data };
}

/** What CloudEvents calls context attributes: all but the data. */
function context<T extends EventType>(
  type: T,
  tenant: string,
  source: string,
  id: string,
  subject: string,
  time: Timestamp,
  options: EventOptions = {},
): Omit<Envelope<T>, 'data'> {
  const trace = options.traceparent === undefined ? {} : { traceparent: options.traceparent };
  return { specversion: '1.0', id, source, type, subject, time, datacontenttype: 'application/json', tenant, ...trace };
}

function written(version: Version): string {
  return `${version.major}.${version.minor}`;
}

/** 64 bits of FNV-1a over the UTF-16 units, in hexadecimal: tells texts apart, keeps no secrets. */
function digest(text: string): string {
  let hash = 0xcbf29ce484222325n;
  for (let i = 0; i < text.length; i++) hash = BigInt.asUintN(64, (hash ^ BigInt(text.charCodeAt(i))) * 0x100000001b3n);
  return hash.toString(16).padStart(16, '0');
}
