/** Written form of a ref, `system/kind/id`: `sugarcrm-emea/contact/42`. System and kind hold no slash, the id may. */
export type Ref = string;
/** RFC 3339 time in UTC with milliseconds: `2026-03-01T09:30:00.000Z`. */
export type Timestamp = string;

/** The order of the states of one ref. Compared by `major`, then by `minor`. */
export interface Version {
  /** The system's own order, a whole number below 2^53: epoch milliseconds, LSN, counter. */
  major: number;
  /** Raised by the connector on every read of that ref that found another state under the same `major`. */
  minor: number;
}

// ---------------------------------------------------------------- party
export interface PersonName {
  full?: string;
  prefix?: string;
  given?: string;
  middle?: string;
  surname?: string;
  suffix?: string;
}
export interface Email {
  address: string;
  label?: string;
}
export interface Phone {
  number: string;
  label?: string;
}
export interface OnlineService {
  /** Lower-case name of the network: `mastodon`, `x`, `bluesky`. */
  service: string;
  /** Handle as the network writes it, without a leading @: `ada@social.example`. */
  user?: string;
  uri?: string;
  label?: string;
}
export interface Address {
  street?: string;
  locality?: string;
  region?: string;
  postcode?: string;
  country?: string;
  full?: string;
  label?: string;
}
export interface Organization {
  name: string;
  unit?: string;
}
export interface Title {
  name: string;
}
export interface Link {
  uri: string;
  label?: string;
}
export interface ExternalIdentifier {
  /** Who issued it: `erp`, `vat`, `ssn-us`, or a system's name. */
  issuer: string;
  value: string;
}
export interface Consent {
  /** `marketing`, `service`, `research`, … */
  purpose: string;
  /** `email`, `phone`, `sms`, `post`, `social`, `any`. */
  channel: string;
  status: 'granted' | 'withdrawn';
}
export type ExtraValue = string | number | boolean;
export interface PartyState {
  kind: 'person' | 'organization';
  name?: PersonName;
  /** ISO 8601 date, `YYYY-MM-DD`. */
  birthDate?: string;
  language?: string;
  note?: string;
  emails?: Email[];
  phones?: Phone[];
  onlineServices?: OnlineService[];
  addresses?: Address[];
  organizations?: Organization[];
  titles?: Title[];
  links?: Link[];
  identifiers?: ExternalIdentifier[];
  consents?: Consent[];
  extra?: Record<string, ExtraValue>;
}

/** What every change event says of the state that it carries. */
export interface ChangeHeader {
  ref: Ref;
  version: Version;
  /** When the record was made, by the system's clock. */
  createdAt?: Timestamp;
  /** When this state came to be, by the system's clock as corrected by the connector. */
  changedAt: Timestamp;
  /** When the connector saw it. */
  observedAt: Timestamp;
}
/** A party: either its whole `state` or `deleted`. */
export type Party = ChangeHeader & ({ state: PartyState; deleted?: never } | { deleted: true; state?: never });

// ---------------------------------------------------------------- object
export interface RelatedParty {
  ref: Ref;
  /** `customer`, `contact`, `owner`, … */
  role: string;
}
export interface ObjectState {
  kind: 'opportunity' | 'case' | 'campaign-response';
  name?: string;
  status?: string;
  priority?: string;
  description?: string;
  parties: RelatedParty[];
  /** Amount of money in `currency` (ISO 4217) as a decimal string: `1250.00`. */
  amount?: string;
  currency?: string;
  closedAt?: Timestamp;
  /** The interaction that this object came from, if any. */
  interaction?: Ref;
  extra?: Record<string, ExtraValue>;
}
export type BusinessObject = ChangeHeader &
  ({ state: ObjectState; deleted?: never } | { deleted: true; state?: never });

// ---------------------------------------------------------------- interaction
export interface InteractionState {
  kind: 'post' | 'reply' | 'mention' | 'comment' | 'message' | 'email' | 'review' | 'call';
  direction: 'inbound' | 'outbound' | 'unknown';
  visibility: 'public' | 'unlisted' | 'private' | 'direct';
  author?: Ref;
  /** Display name of an author whom no party event describes (a feed's entry). */
  authorName?: string;
  /** Ref of the first interaction of the conversation. */
  thread?: Ref;
  inReplyTo?: Ref;
  /** Other parties that it is addressed to or mentions. */
  audience?: Ref[];
  subject?: string;
  /** Plain text, markup removed. */
  text?: string;
  /** Sanitised HTML, where the source has it. */
  html?: string;
  url?: string;
  language?: string;
  publishedAt: Timestamp;
  /** Id of the command whose effect this is (a reply that the hub sent). */
  command?: string;
  extra?: Record<string, ExtraValue>;
}
export type Interaction = ChangeHeader &
  ({ state: InteractionState; deleted?: never } | { deleted: true; state?: never });

// ---------------------------------------------------------------- commands and outcomes
/** A value of one attribute: a scalar, the elements of a multi-valued attribute, or null for none. */
export type AttributeValue = string | number | boolean | null | object[];
export interface Assignment {
  value: AttributeValue;
  /** Effective time of the winning statement, milliseconds since the epoch. */
  asOf: number;
}
interface CommandHeader {
  /** Deterministic: hash of ref, base, content and attempt. */
  id: string;
  system: string;
  /** What made the hub ask for it. */
  cause: { kind: 'plan' | 'user'; event?: string; user?: string; customer?: string };
  issuedAt: Timestamp;
  /** Past it, the command is not applied any more. */
  deadline: Timestamp;
  attempt: number;
}
export type Command = CommandHeader &
  (
    | { action: 'update'; ref: Ref; base: Version; set: Record<string, Assignment> }
    | {
        action: 'create';
        /** Kind of thing to make in the system: `contact`. */
        kind: string;
        /** Unique key that the connector writes into the new record, or searches for before each try. */
        externalKey: string;
        /** The member that the record is made for. */
        createdFor: Ref;
        set: Record<string, Assignment>;
      }
    | { action: 'delete'; ref: Ref; base: Version }
    | { action: 'reply'; inReplyTo: Ref; text: string; visibility?: InteractionState['visibility'] }
    | { action: 'create-object'; kind: ObjectState['kind']; externalKey: string; object: ObjectState }
  );
export interface Outcome {
  /** Id of the command. */
  command: string;
  system: string;
  status: 'applied' | 'rejected' | 'conflict' | 'not-applied' | 'uncertain';
  /** The record written: that of the command, or the new one. Absent when nothing was made. */
  ref?: Ref;
  /** Version after the write (exact) or of the read-back. */
  version?: Version;
  changedAt?: Timestamp;
  /** Version before the write, where known. */
  pre?: Version;
  /** The state that the write replaced, where the system gives it atomically. */
  before?: PartyState;
  /** The whole state after the write. */
  left?: PartyState;
  /** True: version and values are the write's own answer. False: from a read-back. */
  exact?: boolean;
  reportedAt: Timestamp;
  error?: { code: string; message: string; field?: string };
}

// ---------------------------------------------------------------- decisions
interface DecisionHeader {
  id: string;
  /** Order of decisions of one tenant, given by the log. */
  author: string;
  reason?: string;
  decidedAt: Timestamp;
}
export type Decision = DecisionHeader &
  (
    | { kind: 'link' | 'unlink'; refs: [Ref, Ref]; undo?: boolean }
    /** Keep the value of one attribute (an element of it for multi-valued ones) for the customer of `ref` until released. */
    | { kind: 'keep'; ref: Ref; attribute: string; value: AttributeValue; undo?: boolean }
    | { kind: 'erase'; refs: Ref[] }
  );

// ---------------------------------------------------------------- what the hub publishes
export interface Statement {
  ref: Ref;
  /** Null: a statement of absence. */
  value: AttributeValue;
  /** Effective time, milliseconds since the epoch. */
  asOf: number;
  version: Version;
  /** The testimony began over an echo of this other member's value. */
  overEchoOf?: Ref;
}
export interface Provenance {
  /** Attribute path: `name.given`, `emails`. */
  attribute: string;
  /** Canonical element of a multi-valued attribute. */
  element?: string;
  value: AttributeValue;
  /** The winning statement. */
  from: Statement;
  rule: string;
  /** What it beat, best first. */
  alternatives: Statement[];
}
export interface Customer {
  id: string;
  tenant: string;
  /** Raised at each change of this customer. */
  revision: number;
  kind: 'person' | 'organization';
  members: Ref[];
  /** The merged record. */
  state: PartyState;
  provenance: Provenance[];
  /** Other ids that resolve to this customer. */
  aliases: string[];
  changedAt: Timestamp;
}
/** What a reader of `customers` sees when an id stopped being a customer of its own. */
export interface CustomerGone {
  id: string;
  tenant: string;
  revision: number;
  mergedInto?: string;
  erased?: boolean;
  changedAt: Timestamp;
}

export interface Signal {
  /** `snapshot.completed`, `system.running`, `system.paused`, `system.behind`, `clock.offset`, `customers.merged`, `customers.split`, … */
  name: string;
  system?: string;
  at: Timestamp;
  message?: string;
  code?: string;
  detail?: Record<string, ExtraValue>;
}

export interface DeadLetter {
  id: string;
  /** Stable code of the failure: `UNSILO_…`. */
  code: string;
  message: string;
  /** What the reader can do about it. */
  hint?: string;
  /** Where the input stood. */
  at: {
    topic?: string;
    partition?: number;
    offset?: number;
    file?: string;
    line?: number;
    system?: string;
    ref?: Ref;
    url?: string;
  };
  /** The input as it came, as text; base64 when it isn't valid UTF-8. */
  payload: string;
  encoding: 'utf8' | 'base64';
  truncated?: boolean;
  parkedAt: Timestamp;
}

// ---------------------------------------------------------------- envelope
export interface Envelope<Type extends string = string, Data = unknown> {
  specversion: '1.0';
  id: string;
  source: string;
  type: Type;
  subject: string;
  time: Timestamp;
  datacontenttype?: 'application/json';
  dataschema?: string;
  tenant: string;
  traceparent?: string;
  data: Data;
}
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
}
export type EventType = keyof EventTypes;
export type UnsiloEvent = { [T in EventType]: Envelope<T, EventTypes[T]> }[EventType];

/** What the hub knows of one ref: all that a rebuild needs when older events are no longer retained (SYNC section 3). */
export interface RecordSummary {
  ref: Ref;
  /** Facts at or below it live in `summary` alone. Absent: nothing was compacted yet. */
  horizon?: Version;
  summary?: object;
  observations: Party[];
  commands: Command[];
  outcomes: Outcome[];
}

// ---------------------------------------------------------------- what a system is like
/** A way in which a system rewrites values; applied in order, before comparing and when echoes are told. */
export type Rewrite =
  | { rule: 'truncate'; length: number }
  | { rule: 'upper' | 'lower' | 'trim' | 'collapse-spaces' | 'digits-only' | 'ascii' };
export interface AttributeProfile {
  /** The connector can write it. */
  writable: boolean;
  /** Derived by the system itself (a full name made of its parts): never written, never cleared. */
  derived?: boolean;
  /** Multi-valued attributes: the labels of the places that the system has, in order: `['work', 'mobile']`. Absent: any number. */
  slots?: string[];
  rewrites?: Rewrite[];
}
/** How one kind of party of one system can be read and written. Attribute paths as in `Provenance.attribute`. */
export interface KindProfile {
  kind: string;
  party: 'person' | 'organization';
  attributes: Record<string, AttributeProfile>;
  /** How a create is made safe to repeat (SYNC section 6). */
  create: 'external-key' | 'search' | 'unsafe' | 'none';
  delete: boolean;
  /** Writes can be made conditional on the version. */
  conditional: boolean;
}
export interface SystemProfile {
  system: string;
  connector: string;
  title: string;
  kinds: KindProfile[];
  /** Object kinds that can be created (`case`). */
  objects: ObjectState['kind'][];
  /** Interactions can be replied to; the longest reply in characters as the system counts them. */
  reply?: { maxLength: number };
}
