import type {
  Command,
  Customer,
  CustomerGone,
  DeadLetter,
  DeadLetterSettled,
  Decision,
  Interaction,
  LiveEvent,
  BusinessObject,
  Outcome,
  Party,
  Signal,
} from '../api/types.js';
import { refParts } from '../api/client.js';
import { plural } from './time.js';
import { attributeLabel, nameOf } from './values.js';

/** One line of the flow: what happened, in which system, and what it is about. */
export interface Line {
  direction: 'in' | 'out' | 'hub';
  system?: string;
  what: string;
  about: string;
  tone?: 'good' | 'bad';
  customer?: string;
  record?: string;
}

export function lineOfEvent({ type, data, subject }: LiveEvent): Line {
  switch (type) {
    case 'unsilo.party.changed':
      return ofParty(data as Party);
    case 'unsilo.interaction.changed':
      return ofInteraction(data as Interaction);
    case 'unsilo.object.changed':
      return ofObject(data as BusinessObject);
    case 'unsilo.command.issued':
      return ofCommand(data as Command);
    case 'unsilo.outcome.reported':
      return ofOutcome(data as Outcome);
    case 'unsilo.customer.changed': {
      const { id, state, members } = data as Customer;
      return {
        direction: 'hub',
        what: 'Customer',
        about: `${nameOf(state) || id}, ${plural(members.length, 'record')}`,
        customer: id,
      };
    }
    case 'unsilo.customer.gone': {
      const { id, mergedInto } = data as CustomerGone;
      return mergedInto === undefined
        ? { direction: 'hub', what: 'Customer ended', about: id }
        : { direction: 'hub', what: 'Customers became one', about: id, customer: mergedInto };
    }
    case 'unsilo.decision.made':
      return ofDecision(data as Decision);
    case 'unsilo.signal.raised': {
      const { system, name, message } = data as Signal;
      return { direction: 'hub', what: 'Signal', about: message ?? name, ...(system !== undefined && { system }) };
    }
    case 'unsilo.dead-letter.parked': {
      const { at, message } = data as DeadLetter;
      const system = at.system;
      return {
        direction: 'in',
        what: 'Set aside',
        about: message,
        tone: 'bad',
        ...(system !== undefined && { system }),
      };
    }
    case 'unsilo.dead-letter.settled': {
      const { id, state, reason } = data as DeadLetterSettled;
      return {
        direction: 'hub',
        what: state === 'replayed' ? 'Dead letter replayed' : 'Dead letter discarded',
        about: reason ?? id,
      };
    }
    default:
      return { direction: 'hub', what: type.replace(/^unsilo\./, ''), about: subject };
  }
}

function ofParty({ ref, state, deleted }: Party): Line {
  const [system] = refParts(ref);
  const about = nameOf(state) || ref;
  return { direction: 'in', system, what: deleted ? 'Record deleted' : 'Record', about, record: ref };
}

function ofInteraction({ ref, state, deleted }: Interaction): Line {
  const [system] = refParts(ref);
  if (deleted || !state) return { direction: 'in', system, what: 'Post deleted', about: ref };
  return {
    direction: state.direction === 'outbound' ? 'out' : 'in',
    system,
    what: INTERACTIONS[state.kind],
    about: state.text ?? state.subject ?? ref,
    ...(state.author !== undefined && { record: state.author }),
  };
}

export const INTERACTIONS: Record<NonNullable<Interaction['state']>['kind'], string> = {
  post: 'Post',
  reply: 'Reply',
  mention: 'Mention',
  comment: 'Comment',
  message: 'Message',
  email: 'E-mail',
  review: 'Review',
  call: 'Call',
};
export const OBJECTS: Record<NonNullable<BusinessObject['state']>['kind'], string> = {
  opportunity: 'Opportunity',
  case: 'Case',
  'campaign-response': 'Campaign response',
};

function ofObject({ ref, state }: BusinessObject): Line {
  const [system] = refParts(ref);
  const record = state?.parties[0]?.ref;
  return {
    direction: 'in',
    system,
    what: state ? OBJECTS[state.kind] : 'Object deleted',
    about: state?.name ?? ref,
    ...(record !== undefined && { record }),
  };
}

function ofCommand(command: Command): Line {
  const { system } = command;
  switch (command.action) {
    case 'update':
    case 'create': {
      const fields = Object.keys(command.set).map((name) => attributeLabel(name).toLowerCase());
      const record = command.action === 'update' ? command.ref : command.createdFor;
      const what = command.action === 'update' ? 'Write' : 'New record';
      return { direction: 'out', system, what, about: fields.join(', '), record };
    }
    case 'delete':
      return { direction: 'out', system, what: 'Deletion', about: command.ref, record: command.ref };
    case 'reply':
      return { direction: 'out', system, what: 'Reply', about: command.text };
    case 'create-object':
      return { direction: 'out', system, what: OBJECTS[command.kind], about: command.object.name ?? '' };
  }
}

export const OUTCOMES: Record<Outcome['status'], string> = {
  applied: 'Done',
  rejected: 'Refused',
  conflict: 'Changed meanwhile',
  'not-applied': 'Not done',
  uncertain: 'Not known yet',
};

function ofOutcome({ system, status, error, ref, left, command }: Outcome): Line {
  return {
    direction: 'in',
    system,
    what: OUTCOMES[status],
    about: error?.message ?? (nameOf(left) || (ref ?? command)),
    tone: status === 'applied' ? 'good' : 'bad',
    ...(ref !== undefined && status === 'applied' && { record: ref }),
  };
}

export const DECISIONS: Record<Decision['kind'], string> = {
  link: 'Linked',
  unlink: 'Unlinked',
  keep: 'Kept',
  erase: 'Erased',
};

function ofDecision(decision: Decision): Line {
  const what = `${DECISIONS[decision.kind]}${'undo' in decision && decision.undo ? ', taken back' : ''}`;
  const about = decision.kind === 'keep' ? attributeLabel(decision.attribute) : decision.refs.map(inText).join(' and ');
  const record = decision.kind === 'keep' ? decision.ref : decision.refs[0];
  return { direction: 'hub', what, about, ...(record !== undefined && { record }) };
}

/** `crm contact 42`: refs as words. */
function inText(ref: string): string {
  const [system, kind, id] = refParts(ref);
  return `${system} ${kind} ${id}`;
}
