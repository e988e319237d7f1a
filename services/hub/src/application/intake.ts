import { isShutOutMark, type LogMessage } from '@unsilo/event-log';
import {
  parseEvent,
  placeOf,
  type BusinessObject,
  type Command,
  type DeadLetter,
  type Decision,
  type Interaction,
  type Outcome,
  type Party,
  type Problem,
  type RecordSummary,
  type Signal,
  type UnsiloEvent,
} from '@unsilo/schemas';
import { SUMMARY_FORMAT } from '../domain/compaction.js';
import { problemOfCommand, problemOfDecision } from '../domain/attribute-value.js';
import { canAbsorb } from '../domain/rebuild.js';
import { noteCause, type Causes } from './causes.js';
import type { Core } from './core.js';

/** The events of one batch by what they say; what can't be used is set aside with its coordinates. */
export interface Intake {
  parties: Party[];
  objects: BusinessObject[];
  interactions: Interaction[];
  commands: Command[];
  outcomes: Outcome[];
  decisions: Decision[];
  signals: Signal[];
  records: RecordSummary[];
  unusable: DeadLetter[];
  causes: Causes;
}

/** A payload longer than this is kept in part: its place on the log is named beside it. */
const KEPT_PAYLOAD = 65_536;

export function emptyIntake(): Intake {
  return {
    parties: [],
    objects: [],
    interactions: [],
    commands: [],
    outcomes: [],
    decisions: [],
    signals: [],
    records: [],
    unusable: [],
    causes: new Map(),
  };
}

/** Whose events are taken in, and how their values are read. */
type Reader = Pick<Core, 'tenant' | 'normaliser'>;

export function takeIn(messages: readonly LogMessage[], core: Reader, now: number): Intake {
  const intake = emptyIntake();
  for (const message of messages) {
    // A tombstone of a compacted topic says nothing that a reader of facts needs.
    if (message.value === null) {
      if (!TOMBSTONES.has(topicKind(message.topic)) && !isShutOutMark(message))
        intake.unusable.push(
          unusable(
            message,
            'UNSILO_UNEXPECTED_TOMBSTONE',
            'The message has no value, but its topic is not compacted.',
            now,
          ),
        );
      continue;
    }
    const parsed = parseEvent(message.value);
    if (!parsed.ok) {
      const [problem] = parsed.errors;
      intake.unusable.push(
        unusable(
          message,
          parsed.code,
          `${problem?.path || 'The message'} ${problem?.message ?? 'is not an event'}`,
          now,
        ),
      );
      continue;
    }
    const { event } = parsed;
    const refusal = refusalOf(event, message.topic, core) ?? (addTo(intake, event) ? undefined : misplaced(event));
    if (refusal) intake.unusable.push(unusable(message, refusal.code, refusal.text, now));
    else noteCause(intake.causes, message, event);
  }
  return intake;
}

interface Refusal {
  code: string;
  text: string;
}

function misplaced({ type }: UnsiloEvent): Refusal {
  return { code: 'UNSILO_MISPLACED_EVENT', text: `An event of type ${type} does not belong on this topic.` };
}

/** Why an event that its schema allows is of no use all the same. */
function refusalOf(event: UnsiloEvent, topic: string, { tenant, normaliser }: Reader): Refusal | undefined {
  if (event.tenant !== tenant)
    return { code: 'UNSILO_OTHER_TENANT', text: 'The event belongs to a tenant that this hub does not serve.' };
  // Each topic has its own order, retention and rights to write: what stands on another one was put there by mistake or worse.
  if (placeOf(event).topic !== topic) return misplaced(event);
  // What can't be read would keep its record, and all that is merged with it, from ever being processed again.
  if (event.type === 'unsilo.record.summarised' && !canAbsorb(event.data))
    return {
      code: 'UNSILO_UNKNOWN_FORM',
      text: `The summary of the record can't be read: this hub writes form ${SUMMARY_FORMAT}.`,
    };
  let problem: Problem | undefined;
  if (event.type === 'unsilo.decision.made') problem = problemOfDecision(event.data);
  if (event.type === 'unsilo.command.issued') problem = problemOfCommand(event.data, normaliser);
  return problem && { code: 'UNSILO_INVALID', text: `/data${problem.path} ${problem.message}` };
}

/** What is done for an event is noted as being about this (`Workspace.each`). */
export const subjectOf = {
  parties: ({ ref }: Party): string => ref,
  objects: ({ ref }: BusinessObject): string => ref,
  interactions: ({ ref }: Interaction): string => ref,
  commands: ({ id }: Command): string => id,
  outcomes: ({ command }: Outcome): string => command,
  decisions: ({ id }: Decision): string => id,
  records: ({ ref }: RecordSummary): string => ref,
};

/** What is left when all that is about some subjects is dealt with. */
export function without(intake: Intake, isDone: (subject: string) => boolean): Intake {
  const isLeft =
    <Item>(its: (item: Item) => string) =>
    (item: Item): boolean =>
      !isDone(its(item));
  return {
    ...intake,
    parties: intake.parties.filter(isLeft(subjectOf.parties)),
    objects: intake.objects.filter(isLeft(subjectOf.objects)),
    interactions: intake.interactions.filter(isLeft(subjectOf.interactions)),
    commands: intake.commands.filter(isLeft(subjectOf.commands)),
    outcomes: intake.outcomes.filter(isLeft(subjectOf.outcomes)),
    decisions: intake.decisions.filter(isLeft(subjectOf.decisions)),
    records: intake.records.filter(isLeft(subjectOf.records)),
  };
}

const TOMBSTONES: ReadonlySet<string> = new Set(['records', 'decisions', 'customers']);

function topicKind(topic: string): string {
  return topic.split('.')[1] ?? '';
}

/** @returns false for an event that nobody takes in */
function addTo(intake: Intake, event: UnsiloEvent): boolean {
  switch (event.type) {
    case 'unsilo.party.changed':
      intake.parties.push(event.data);
      return true;
    case 'unsilo.object.changed':
      intake.objects.push(event.data);
      return true;
    case 'unsilo.interaction.changed':
      intake.interactions.push(event.data);
      return true;
    case 'unsilo.command.issued':
      intake.commands.push(event.data);
      return true;
    case 'unsilo.outcome.reported':
      intake.outcomes.push(event.data);
      return true;
    case 'unsilo.decision.made':
      intake.decisions.push(event.data);
      return true;
    case 'unsilo.signal.raised':
      intake.signals.push(event.data);
      return true;
    case 'unsilo.record.summarised':
      intake.records.push(event.data);
      return true;
    default:
      return false;
  }
}

/** A dead letter for a message of the log, with its place there. */
export function unusable(message: LogMessage, code: string, text: string, now: number): DeadLetter {
  const { topic, partition, offset } = message;
  const bytes = message.value ?? Buffer.alloc(0);
  const kept = bytes.subarray(0, KEPT_PAYLOAD);
  const isText = kept.equals(Buffer.from(kept.toString('utf8'), 'utf8'));
  const letter: DeadLetter = {
    id: `${topic}/${partition}/${offset}`,
    code,
    message: text,
    hint: 'Mend the payload and replay it, or discard it. The rest of the topic is not held up.',
    at: { topic, partition, offset },
    payload: isText ? kept.toString('utf8') : kept.toString('base64'),
    encoding: isText ? 'utf8' : 'base64',
    parkedAt: new Date(now).toISOString(),
  };
  if (kept.length < bytes.length) letter.truncated = true;
  return letter;
}
