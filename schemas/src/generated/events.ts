/* Generated from schemas/model by schemas/scripts/generate.ts. Do not edit. */
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
} from './types.js';

/** Type of `data` by type of event. */
export interface EventTypes {
  'unsilo.party.changed': Party;
  'unsilo.object.changed': BusinessObject;
  'unsilo.interaction.changed': Interaction;
  'unsilo.command.issued': Command;
  'unsilo.outcome.reported': Outcome;
  'unsilo.decision.made': Decision;
  'unsilo.record.summarised': RecordSummary;
  'unsilo.customer.changed': Customer;
  'unsilo.customer.gone': CustomerGone;
  'unsilo.signal.raised': Signal;
  'unsilo.dead-letter.parked': DeadLetter;
  'unsilo.dead-letter.settled': DeadLetterSettled;
}

/** Name of the schema of `data` by type of event. */
export const eventData = {
  'unsilo.party.changed': 'party',
  'unsilo.object.changed': 'object',
  'unsilo.interaction.changed': 'interaction',
  'unsilo.command.issued': 'command',
  'unsilo.outcome.reported': 'outcome',
  'unsilo.decision.made': 'decision',
  'unsilo.record.summarised': 'record',
  'unsilo.customer.changed': 'customer',
  'unsilo.customer.gone': 'customer-gone',
  'unsilo.signal.raised': 'signal',
  'unsilo.dead-letter.parked': 'dead-letter',
  'unsilo.dead-letter.settled': 'dead-letter-settled',
} as const;

/** Type by name of schema. */
export interface SchemaTypes {
  command: import('./types.js').Command;
  'customer-gone': import('./types.js').CustomerGone;
  customer: import('./types.js').Customer;
  'dead-letter-settled': import('./types.js').DeadLetterSettled;
  'dead-letter': import('./types.js').DeadLetter;
  decision: import('./types.js').Decision;
  envelope: import('./types.js').EventEnvelope;
  interaction: import('./types.js').Interaction;
  object: import('./types.js').BusinessObject;
  outcome: import('./types.js').Outcome;
  party: import('./types.js').Party;
  record: import('./types.js').RecordSummary;
  signal: import('./types.js').Signal;
  'system-profile': import('./types.js').SystemProfile;
}
