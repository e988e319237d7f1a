/* Generated from schemas/model by schemas/scripts/generate.ts. Do not edit. */

/**
 * One write that the hub asks a system to make (SYNC sections 1, 5 and 6).
 */
export type Command = UpdateCommand | CreateCommand | DeleteCommand | ReplyCommand | CreateObjectCommand;
/**
 * Permanent name of one thing in one system, written `system/kind/id`: `sugarcrm-emea/contact/42`. System and kind hold no slash; the id may, and is 1 to 512 characters (code points) without control characters.
 */
export type Ref = string;
/**
 * Name of one external application instance: `sugarcrm-emea`.
 */
export type SystemName = string;
/**
 * Kind of a thing within its system, as refs write it: `contact`.
 */
export type KindName = string;
/**
 * Name of one company's data, apart from every other's.
 */
export type TenantName = string;
/**
 * Opaque id made by the hub (command, decision, dead letter): 1 to 200 characters without control characters.
 */
export type Identifier = string;
/**
 * Id of a customer. Every id ever handed out keeps resolving.
 */
export type CustomerId = string;
/**
 * RFC 3339 time in UTC, to the second or the millisecond: `2026-03-01T09:30:00.000Z`. Always `Z`; no leap seconds.
 */
export type Timestamp = string;
/**
 * Milliseconds since 1970-01-01T00:00:00Z.
 */
export type EpochMilliseconds = number;
/**
 * One value that the canonical model has no place for. Whole numbers past 2^53 lose digits in JSON: write them as strings.
 */
export type ExtraValue = string | number | boolean;
/**
 * Path of one attribute of a party's state: `name.given`, `birthDate`, `emails`, `extra.loyalty`.
 */
export type AttributePath = string;
/**
 * Value of one attribute: a scalar, all elements of a multi-valued attribute, or null for none.
 */
export type AttributeValue = string | number | boolean | null | AttributeElement[];
/**
 * One element of a multi-valued attribute, as the party's state holds it: an e-mail, a phone, a consent.
 */
export type AttributeElement = object;
/**
 * Stable code of a failure: `UNSILO_…`.
 */
export type ErrorCode = string;
/**
 * What a steward said: link, unlink, keep, erase. Order: as the log gives it.
 */
export type Decision = LinkDecision | KeepDecision | EraseDecision;
/**
 * One post, reply, mention, comment, message, e-mail, review or call in one system: either its whole `state` or `deleted`. Terms from ActivityStreams 2.0.
 */
export type Interaction = PresentInteraction | DeletedInteraction;
/**
 * Who can read it: everybody, everybody who has the address, the author's followers or members, or the addressees alone.
 */
export type Visibility = 'public' | 'unlisted' | 'private' | 'direct';
/**
 * An opportunity, a case or a campaign response in one system, tied to parties by refs: either its whole `state` or `deleted`.
 */
export type BusinessObject = PresentObject | DeletedObject;
/**
 * A possible sale, a request for service, or the answer to a campaign.
 */
export type ObjectKind = 'opportunity' | 'case' | 'campaign-response';
/**
 * A person or an organization as one system sees it: either its whole `state` or `deleted`. Terms from JSContact (RFC 9553), without its maps of made-up ids.
 */
export type Party = PresentParty | DeletedParty;
/**
 * Absolute URI or IRI with its scheme: `https://example.com/ada`. Readers that show it as a link must check the scheme themselves.
 */
export type Uri = string;
/**
 * A way in which a system rewrites values; applied in order, before comparing and when echoes are told.
 */
export type Rewrite = TruncateRewrite | TextRewrite;

/**
 * What made the hub ask for a write.
 */
export interface CommandCause {
  /**
   * The hub's own planning, or a person.
   */
  kind: 'plan' | 'user';
  /**
   * Id of the event that led to it.
   */
  event?: string;
  /**
   * Id of the user who asked; never a name or an address.
   */
  user?: string;
  /**
   * The customer whose record it serves.
   */
  customer?: CustomerId;
}
/**
 * Change attributes of a record.
 */
export interface UpdateCommand {
  /**
   * Deterministic: hash of ref, base, content and attempt.
   */
  id: Identifier;
  /**
   * The system that is to be written.
   */
  system: SystemName;
  /**
   * What made the hub ask for it.
   */
  cause: CommandCause;
  /**
   * When the hub asked.
   */
  issuedAt: Timestamp;
  /**
   * Past it, the command is not applied any more.
   */
  deadline: Timestamp;
  /**
   * Which try of the same write this is.
   */
  attempt: number;
  /**
   * Change a record.
   */
  action: 'update';
  /**
   * The record to change.
   */
  ref: Ref;
  /**
   * The version that the write was planned on; it is refused when the record has moved on.
   */
  base: Version;
  /**
   * The attributes to write, by path.
   */
  set: {
    [k: string]: Assignment;
  };
}
/**
 * Make a record.
 */
export interface CreateCommand {
  /**
   * Deterministic: hash of ref, base, content and attempt.
   */
  id: Identifier;
  /**
   * The system that is to be written.
   */
  system: SystemName;
  /**
   * What made the hub ask for it.
   */
  cause: CommandCause;
  /**
   * When the hub asked.
   */
  issuedAt: Timestamp;
  /**
   * Past it, the command is not applied any more.
   */
  deadline: Timestamp;
  /**
   * Which try of the same write this is.
   */
  attempt: number;
  /**
   * Make a record.
   */
  action: 'create';
  /**
   * Kind of thing to make in the system: `contact`.
   */
  kind: KindName;
  /**
   * Unique key that the connector writes into the new record, or searches for before each try.
   */
  externalKey: Identifier;
  /**
   * The member that the record is made for.
   */
  createdFor: Ref;
  /**
   * The attributes to write, by path.
   */
  set: {
    [k: string]: Assignment;
  };
}
/**
 * Delete a record.
 */
export interface DeleteCommand {
  /**
   * Deterministic: hash of ref, base, content and attempt.
   */
  id: Identifier;
  /**
   * The system that is to be written.
   */
  system: SystemName;
  /**
   * What made the hub ask for it.
   */
  cause: CommandCause;
  /**
   * When the hub asked.
   */
  issuedAt: Timestamp;
  /**
   * Past it, the command is not applied any more.
   */
  deadline: Timestamp;
  /**
   * Which try of the same write this is.
   */
  attempt: number;
  /**
   * Delete a record.
   */
  action: 'delete';
  /**
   * The record to delete.
   */
  ref: Ref;
  /**
   * The version that the deletion was planned on.
   */
  base: Version;
}
/**
 * Answer an interaction.
 */
export interface ReplyCommand {
  /**
   * Deterministic: hash of ref, base, content and attempt.
   */
  id: Identifier;
  /**
   * The system that is to be written.
   */
  system: SystemName;
  /**
   * What made the hub ask for it.
   */
  cause: CommandCause;
  /**
   * When the hub asked.
   */
  issuedAt: Timestamp;
  /**
   * Past it, the command is not applied any more.
   */
  deadline: Timestamp;
  /**
   * Which try of the same write this is.
   */
  attempt: number;
  /**
   * Answer an interaction.
   */
  action: 'reply';
  /**
   * The interaction to answer.
   */
  inReplyTo: Ref;
  /**
   * Plain text of the answer.
   */
  text: string;
  /**
   * Who is to read it; absent: as the interaction that it answers.
   */
  visibility?: Visibility;
}
/**
 * Make an object, such as a case.
 */
export interface CreateObjectCommand {
  /**
   * Deterministic: hash of ref, base, content and attempt.
   */
  id: Identifier;
  /**
   * The system that is to be written.
   */
  system: SystemName;
  /**
   * What made the hub ask for it.
   */
  cause: CommandCause;
  /**
   * When the hub asked.
   */
  issuedAt: Timestamp;
  /**
   * Past it, the command is not applied any more.
   */
  deadline: Timestamp;
  /**
   * Which try of the same write this is.
   */
  attempt: number;
  /**
   * Make an object.
   */
  action: 'create-object';
  /**
   * What to make.
   */
  kind: ObjectKind;
  /**
   * Unique key that the connector writes into the new object, or searches for before each try.
   */
  externalKey: Identifier;
  /**
   * Its whole state.
   */
  object: ObjectState;
}
/**
 * The order of the states of one ref (SYNC section 1). Compared by `major`, then by `minor`. One version names one state.
 */
export interface Version {
  /**
   * The system's own order, a whole number below 2^53: epoch milliseconds, log sequence number, counter.
   */
  major: number;
  /**
   * Raised by the connector on every read of that ref that found another state under the same `major`.
   */
  minor: number;
}
/**
 * What every change event says of the state that it carries.
 */
export interface ChangeHeader {
  /**
   * What changed.
   */
  ref: Ref;
  /**
   * Which state of it this is.
   */
  version: Version;
  /**
   * When the record was made, by the system's clock.
   */
  createdAt?: Timestamp;
  /**
   * When this state came to be, by the system's clock as corrected by the connector.
   */
  changedAt: Timestamp;
  /**
   * When the connector saw it.
   */
  observedAt: Timestamp;
}
/**
 * The one open place of a published model: attributes that the canonical model doesn't have, by the system's or the mapping's own names.
 */
export interface Extra {
  [k: string]: ExtraValue;
}
/**
 * The value that a command gives to one attribute (SYNC section 1).
 */
export interface Assignment {
  /**
   * What to write; null clears.
   */
  value: AttributeValue;
  /**
   * Effective time of the winning statement, milliseconds since the epoch.
   */
  asOf: EpochMilliseconds;
  /**
   * The member whose statement it is; absent when the value clears what the hub once wrote.
   */
  from?: Ref;
}
/**
 * What a reader of `customers` sees when an id stopped being a customer of its own.
 */
export interface CustomerGone {
  /**
   * The id.
   */
  id: CustomerId;
  /**
   * Whose customer it was.
   */
  tenant: TenantName;
  /**
   * Raised at each change of this customer.
   */
  revision: number;
  /**
   * The customer that it became part of.
   */
  mergedInto?: CustomerId;
  /**
   * True: it was forgotten by a decision.
   */
  erased?: boolean;
  /**
   * When.
   */
  changedAt: Timestamp;
}
/**
 * The cluster of parties that are the same person or organization, and its merged (golden) record.
 */
export interface Customer {
  /**
   * Its id, derived from the ref of the member first created in its source.
   */
  id: CustomerId;
  /**
   * Whose customer it is.
   */
  tenant: TenantName;
  /**
   * Raised at each change of this customer.
   */
  revision: number;
  /**
   * A human being, or a company or other body.
   */
  kind: 'person' | 'organization';
  /**
   * The source records that it is made of.
   */
  members: Ref[];
  /**
   * A member was deleted in a system whose policy archives.
   */
  archived?: boolean;
  /**
   * The merged record.
   */
  state: PartyState;
  /**
   * Who said each value, since when, and what it beat.
   */
  provenance: Provenance[];
  /**
   * Other ids that resolve to this customer.
   */
  aliases: CustomerId[];
  /**
   * When it came to be as it is.
   */
  changedAt: Timestamp;
}
/**
 * What one source record says of one attribute.
 */
export interface Statement {
  /**
   * Who says so.
   */
  ref: Ref;
  /**
   * What it says. Null: a statement of absence.
   */
  value: AttributeValue;
  /**
   * Effective time, milliseconds since the epoch (SYNC section 2.6).
   */
  asOf: EpochMilliseconds;
  /**
   * The version of the record that began it.
   */
  version: Version;
  /**
   * The testimony began over an echo of this other member's value (SYNC section 2.7).
   */
  overEchoOf?: Ref;
}
/**
 * Where one value of a customer comes from.
 */
export interface Provenance {
  /**
   * Which attribute: `name.given`, `emails`.
   */
  attribute: AttributePath;
  /**
   * Canonical element of a multi-valued attribute.
   */
  element?: string;
  /**
   * The value that stands in the merged record.
   */
  value: AttributeValue;
  /**
   * The winning statement.
   */
  from: Statement;
  /**
   * Name of the survivorship rule that picked it.
   */
  rule: string;
  /**
   * What it beat, best first.
   */
  alternatives: Statement[];
}
/**
 * What became of a dead letter. The last of these about it holds.
 */
export interface DeadLetterSettled {
  /**
   * Id of the dead letter.
   */
  id: Identifier;
  /**
   * Whether it became an event again, or was given up.
   */
  state: 'replayed' | 'discarded';
  /**
   * Why it was discarded.
   */
  reason?: string;
  /**
   * When.
   */
  settledAt: Timestamp;
}
/**
 * Input that could not be used, kept with why and where it stood, to be mended and replayed.
 */
export interface DeadLetter {
  /**
   * Its id.
   */
  id: Identifier;
  /**
   * Stable code of the failure.
   */
  code: ErrorCode;
  /**
   * What is wrong; no personal data, no secrets.
   */
  message: string;
  /**
   * What the reader can do about it.
   */
  hint?: string;
  /**
   * Where the input stood.
   */
  at: DeadLetterPlace;
  /**
   * The input as it came, as text; base64 when it isn't valid UTF-8. At most 1 MiB of it.
   */
  payload: string;
  /**
   * How `payload` is written.
   */
  encoding: 'utf8' | 'base64';
  /**
   * True: only the beginning of the input was kept.
   */
  truncated?: boolean;
  /**
   * When it was set aside.
   */
  parkedAt: Timestamp;
}
/**
 * Where an input stood.
 */
export interface DeadLetterPlace {
  /**
   * Topic of the log.
   */
  topic?: string;
  /**
   * Partition of the topic.
   */
  partition?: number;
  /**
   * Offset in the partition.
   */
  offset?: number;
  /**
   * Path of the file.
   */
  file?: string;
  /**
   * Line of the file, the first is 1.
   */
  line?: number;
  /**
   * The system that it came from.
   */
  system?: SystemName;
  /**
   * The record that it is about.
   */
  ref?: Ref;
  /**
   * Address that it was fetched from, without credentials.
   */
  url?: string;
}
/**
 * Two parties are the same, or are not.
 */
export interface LinkDecision {
  /**
   * Its id.
   */
  id: Identifier;
  /**
   * Id of the steward who said so; never a name or an address.
   */
  author: string;
  /**
   * Why, in the steward's words.
   */
  reason?: string;
  /**
   * When it was said.
   */
  decidedAt: Timestamp;
  /**
   * The same, or not the same.
   */
  kind: 'link' | 'unlink';
  /**
   * The two parties.
   *
   * @minItems 2
   * @maxItems 2
   */
  refs: [Ref, Ref];
  /**
   * True: takes back the earlier decision of this kind about these two that `undoes` names, or else the latest that still stands, and no other.
   */
  undo?: boolean;
  /**
   * Id of the decision that is taken back.
   */
  undoes?: Identifier;
}
/**
 * Keep the value of one attribute (an element of it for multi-valued ones) for the customer of `ref` until released.
 */
export interface KeepDecision {
  /**
   * Its id.
   */
  id: Identifier;
  /**
   * Id of the steward who said so; never a name or an address.
   */
  author: string;
  /**
   * Why, in the steward's words.
   */
  reason?: string;
  /**
   * When it was said.
   */
  decidedAt: Timestamp;
  /**
   * Keep a value.
   */
  kind: 'keep';
  /**
   * A member of the customer.
   */
  ref: Ref;
  /**
   * Which attribute.
   */
  attribute: AttributePath;
  /**
   * The value to keep; null keeps it empty. Of a multi-valued attribute: the elements to keep, each for itself; to keep none of them is refused.
   */
  value: AttributeValue;
  /**
   * True: takes back the earlier decision to keep this value of this ref that `undoes` names, or else the latest that still stands, and no other.
   */
  undo?: boolean;
  /**
   * Id of the decision that is taken back.
   */
  undoes?: Identifier;
}
/**
 * Forget these records, and all that was computed from them, for ever.
 */
export interface EraseDecision {
  /**
   * Its id.
   */
  id: Identifier;
  /**
   * Id of the steward who said so; never a name or an address.
   */
  author: string;
  /**
   * Why, in the steward's words.
   */
  reason?: string;
  /**
   * When it was said.
   */
  decidedAt: Timestamp;
  /**
   * Forget.
   */
  kind: 'erase';
  /**
   * The records to forget.
   */
  refs: Ref[];
  /**
   * Records that were one customer with these and are not forgotten: for their sake nothing is created in the systems of those that are. The hub says so.
   */
  companions?: Ref[];
}
/**
 * A CloudEvents 1.0 envelope in structured mode. `type` says what `data` is.
 */
export interface EventEnvelope {
  /**
   * Version of CloudEvents.
   */
  specversion: '1.0';
  /**
   * Deterministic: a repeat of the same event has the same id (CloudEvents `id`).
   */
  id: string;
  /**
   * Who made it: `/systems/<system>` or `/hub` (CloudEvents `source`).
   */
  source: string;
  /**
   * What happened (CloudEvents `type`).
   */
  type:
    | 'unsilo.party.changed'
    | 'unsilo.object.changed'
    | 'unsilo.interaction.changed'
    | 'unsilo.command.issued'
    | 'unsilo.outcome.reported'
    | 'unsilo.decision.made'
    | 'unsilo.record.summarised'
    | 'unsilo.customer.changed'
    | 'unsilo.customer.gone'
    | 'unsilo.signal.raised'
    | 'unsilo.dead-letter.parked'
    | 'unsilo.dead-letter.settled';
  /**
   * The ref, customer or name that it is about (CloudEvents `subject`).
   */
  subject: string;
  /**
   * When it happened (CloudEvents `time`).
   */
  time: Timestamp;
  /**
   * Form of `data` (CloudEvents `datacontenttype`).
   */
  datacontenttype?: 'application/json';
  /**
   * Address of the schema of `data` (CloudEvents `dataschema`).
   */
  dataschema?: string;
  /**
   * Whose data it is (extension attribute).
   */
  tenant: TenantName;
  /**
   * W3C Trace Context (CloudEvents distributed tracing extension).
   */
  traceparent?: string;
  /**
   * What happened, in the form that `type` names.
   */
  data: {};
}
/**
 * An interaction that exists in its system, with its whole state (never a patch).
 */
export interface PresentInteraction {
  /**
   * Which record of which system.
   */
  ref: Ref;
  /**
   * Which state of it this is.
   */
  version: Version;
  /**
   * When the record was made, by the system's clock.
   */
  createdAt?: Timestamp;
  /**
   * When this state came to be, by the system's clock as corrected by the connector.
   */
  changedAt: Timestamp;
  /**
   * When the connector saw it.
   */
  observedAt: Timestamp;
  /**
   * The whole state.
   */
  state: InteractionState;
  deleted?: never;
}
/**
 * An interaction that its system no longer has.
 */
export interface DeletedInteraction {
  /**
   * Which record of which system.
   */
  ref: Ref;
  /**
   * The version of the deletion.
   */
  version: Version;
  /**
   * When the record was made, by the system's clock.
   */
  createdAt?: Timestamp;
  /**
   * When it was deleted, by the system's clock as corrected by the connector.
   */
  changedAt: Timestamp;
  /**
   * When the connector saw it.
   */
  observedAt: Timestamp;
  /**
   * It is gone from its system.
   */
  deleted: true;
  state?: never;
}
/**
 * All that one system says of an interaction.
 */
export interface InteractionState {
  /**
   * What it is.
   */
  kind: 'post' | 'reply' | 'mention' | 'comment' | 'message' | 'email' | 'review' | 'call';
  /**
   * From a party to us, from us to a party, or neither is known.
   */
  direction: 'inbound' | 'outbound' | 'unknown';
  /**
   * Who can read it.
   */
  visibility: Visibility;
  /**
   * The party that wrote it (ActivityStreams `attributedTo`).
   */
  author?: Ref;
  /**
   * Display name of an author whom no party event describes (a feed's entry).
   */
  authorName?: string;
  /**
   * The first interaction of the conversation (ActivityStreams `context`).
   */
  thread?: Ref;
  /**
   * The interaction that it answers (ActivityStreams `inReplyTo`).
   */
  inReplyTo?: Ref;
  /**
   * Other parties that it is addressed to or mentions (ActivityStreams `to`, `cc`, `Mention`).
   */
  audience?: Ref[];
  /**
   * Subject or title (ActivityStreams `name`).
   */
  subject?: string;
  /**
   * Plain text, markup removed (ActivityStreams `content`).
   */
  text?: string;
  /**
   * Sanitised HTML, where the source has it.
   */
  html?: string;
  /**
   * Where people read it (ActivityStreams `url`).
   */
  url?: string;
  /**
   * BCP 47 tag where the source has one: `en`.
   */
  language?: string;
  /**
   * When it was published, by the system's clock (ActivityStreams `published`).
   */
  publishedAt: Timestamp;
  /**
   * Id of the command whose effect this is (a reply that the hub sent).
   */
  command?: Identifier;
  /**
   * Attributes that the canonical model doesn't have.
   */
  extra?: Extra;
}
/**
 * An object that exists in its system, with its whole state (never a patch).
 */
export interface PresentObject {
  /**
   * Which record of which system.
   */
  ref: Ref;
  /**
   * Which state of it this is.
   */
  version: Version;
  /**
   * When the record was made, by the system's clock.
   */
  createdAt?: Timestamp;
  /**
   * When this state came to be, by the system's clock as corrected by the connector.
   */
  changedAt: Timestamp;
  /**
   * When the connector saw it.
   */
  observedAt: Timestamp;
  /**
   * The whole state.
   */
  state: ObjectState;
  deleted?: never;
}
/**
 * An object that its system no longer has.
 */
export interface DeletedObject {
  /**
   * Which record of which system.
   */
  ref: Ref;
  /**
   * The version of the deletion.
   */
  version: Version;
  /**
   * When the record was made, by the system's clock.
   */
  createdAt?: Timestamp;
  /**
   * When it was deleted, by the system's clock as corrected by the connector.
   */
  changedAt: Timestamp;
  /**
   * When the connector saw it.
   */
  observedAt: Timestamp;
  /**
   * It is gone from its system.
   */
  deleted: true;
  state?: never;
}
/**
 * All that one system says of an object.
 */
export interface ObjectState {
  /**
   * What it is.
   */
  kind: ObjectKind;
  /**
   * Its title or subject.
   */
  name?: string;
  /**
   * Its state in the system's own words: `New`, `Closed Won`.
   */
  status?: string;
  /**
   * Its urgency in the system's own words.
   */
  priority?: string;
  /**
   * Its description, plain text.
   */
  description?: string;
  /**
   * The parties that it concerns; empty when the system names none.
   */
  parties: RelatedParty[];
  /**
   * Amount of money in `currency` as a decimal string: `1250.00`.
   */
  amount?: string;
  /**
   * ISO 4217 code of the currency of `amount`: `EUR`.
   */
  currency?: string;
  /**
   * When it was, or is expected to be, closed.
   */
  closedAt?: Timestamp;
  /**
   * The interaction that this object came from, if any.
   */
  interaction?: Ref;
  /**
   * Attributes that the canonical model doesn't have.
   */
  extra?: Extra;
}
/**
 * A party that an object concerns.
 */
export interface RelatedParty {
  /**
   * The party.
   */
  ref: Ref;
  /**
   * `customer`, `contact`, `owner`, …
   */
  role: string;
}
/**
 * How a command ended, with the versions and values around it (SYNC section 1).
 */
export interface Outcome {
  /**
   * Id of the command.
   */
  command: Identifier;
  /**
   * The system that was to be written.
   */
  system: SystemName;
  /**
   * Written; refused by the system; the record had moved on; never tried (expired included); not known.
   */
  status: 'applied' | 'rejected' | 'conflict' | 'not-applied' | 'uncertain';
  /**
   * The record written: that of the command, or the new one. Absent when nothing was made.
   */
  ref?: Ref;
  /**
   * Version after the write (exact) or of the read-back.
   */
  version?: Version;
  /**
   * When the state after the write came to be, by the system's clock as corrected by the connector.
   */
  changedAt?: Timestamp;
  /**
   * Version before the write, where known.
   */
  pre?: Version;
  /**
   * The state that the write replaced, where the system gives it atomically.
   */
  before?: PartyState;
  /**
   * The whole state after the write.
   */
  left?: PartyState;
  /**
   * True: version and values are the write's own answer. False: from a read-back.
   */
  exact?: boolean;
  /**
   * When the connector knew.
   */
  reportedAt: Timestamp;
  /**
   * Why it was not applied.
   */
  error?: OutcomeError;
}
/**
 * Why a write was not applied.
 */
export interface OutcomeError {
  /**
   * Stable code: `UNSILO_…`, or the system's own.
   */
  code: string;
  /**
   * What happened, for people; no personal data, no secrets.
   */
  message: string;
  /**
   * The attribute or field that was refused.
   */
  field?: string;
}
/**
 * A party that exists in its system, with its whole state (never a patch).
 */
export interface PresentParty {
  /**
   * Which record of which system.
   */
  ref: Ref;
  /**
   * Which state of it this is.
   */
  version: Version;
  /**
   * When the record was made, by the system's clock.
   */
  createdAt?: Timestamp;
  /**
   * When this state came to be, by the system's clock as corrected by the connector.
   */
  changedAt: Timestamp;
  /**
   * When the connector saw it.
   */
  observedAt: Timestamp;
  /**
   * The whole state of the record.
   */
  state: PartyState;
  deleted?: never;
}
/**
 * A party that its system no longer has.
 */
export interface DeletedParty {
  /**
   * Which record of which system.
   */
  ref: Ref;
  /**
   * The version of the deletion.
   */
  version: Version;
  /**
   * When the record was made, by the system's clock.
   */
  createdAt?: Timestamp;
  /**
   * When it was deleted, by the system's clock as corrected by the connector.
   */
  changedAt: Timestamp;
  /**
   * When the connector saw it.
   */
  observedAt: Timestamp;
  /**
   * The record is gone from its system.
   */
  deleted: true;
  state?: never;
}
/**
 * All that one system says of a person or an organization. What a system doesn't say is left out.
 */
export interface PartyState {
  /**
   * A human being, or a company or other body (JSContact `individual` and `org`, RFC 9553 section 2.1.4).
   */
  kind: 'person' | 'organization';
  /**
   * Name, whole or in parts (RFC 9553 section 2.2.1).
   */
  name?: PersonName;
  /**
   * Date of birth, ISO 8601 `YYYY-MM-DD`, a day that exists (RFC 9553 section 2.8.1, anniversary `birth`).
   */
  birthDate?: string;
  /**
   * Preferred language, as a BCP 47 tag where the system has one: `en-GB` (RFC 9553 section 2.3.4).
   */
  language?: string;
  /**
   * Free text about the party, plain (RFC 9553 section 2.8.3).
   */
  note?: string;
  /**
   * E-mail addresses (RFC 9553 section 2.3.1).
   */
  emails?: Email[];
  /**
   * Phone numbers (RFC 9553 section 2.3.3).
   */
  phones?: Phone[];
  /**
   * Accounts on social networks and messengers (RFC 9553 section 2.3.2).
   */
  onlineServices?: OnlineService[];
  /**
   * Postal addresses (RFC 9553 section 2.5.1).
   */
  addresses?: Address[];
  /**
   * Companies or units that the party belongs to (RFC 9553 section 2.2.3).
   */
  organizations?: Organization[];
  /**
   * Job titles or functions (RFC 9553 section 2.2.5).
   */
  titles?: Title[];
  /**
   * Web pages of or about the party (RFC 9553 section 2.6.3).
   */
  links?: Link[];
  /**
   * Numbers under which others know the party: customer number, VAT number.
   */
  identifiers?: ExternalIdentifier[];
  /**
   * What the party has agreed to or has withdrawn, by purpose and channel.
   */
  consents?: Consent[];
  /**
   * Attributes that the canonical model doesn't have.
   */
  extra?: Extra;
}
/**
 * A name, whole, in parts, or both. Organizations use `full` (RFC 9553 section 2.2.1).
 */
export interface PersonName {
  /**
   * The whole name as it is written: `Dr. Ada M. Lovelace`.
   */
  full?: string;
  /**
   * `Dr.`, `Ms` (JSContact component `title`).
   */
  prefix?: string;
  /**
   * Given or first name (JSContact component `given`).
   */
  given?: string;
  /**
   * Middle names (JSContact component `given2`).
   */
  middle?: string;
  /**
   * Family name (JSContact component `surname`).
   */
  surname?: string;
  /**
   * `Jr.`, `PhD` (JSContact components `generation`, `credential`).
   */
  suffix?: string;
}
/**
 * An e-mail address as the system writes it; the hub brings it into canonical form.
 */
export interface Email {
  /**
   * `ada@example.com`.
   */
  address: string;
  /**
   * Where or what for: `work`, `private`.
   */
  label?: string;
}
/**
 * A phone number as the system writes it; the hub brings it into E.164.
 */
export interface Phone {
  /**
   * `+44 20 7946 0958`.
   */
  number: string;
  /**
   * `work`, `mobile`, `fax`.
   */
  label?: string;
}
/**
 * An account on a network: by `user`, by `uri`, or both (RFC 9553 section 2.3.2).
 */
export interface OnlineService {
  /**
   * Lower-case name of the network: `mastodon`, `x`, `bluesky`.
   */
  service: string;
  /**
   * Handle as the network writes it, without a leading @: `ada@social.example`.
   */
  user?: string;
  /**
   * Address of the profile.
   */
  uri?: Uri;
  /**
   * `work`, `private`.
   */
  label?: string;
}
/**
 * A postal address, in parts, whole, or both (RFC 9553 section 2.5.1).
 */
export interface Address {
  /**
   * Street, number, flat; lines separated by a line feed.
   */
  street?: string;
  /**
   * City, town or village.
   */
  locality?: string;
  /**
   * State, province or county.
   */
  region?: string;
  /**
   * Postal code.
   */
  postcode?: string;
  /**
   * ISO 3166-1 alpha-2 code where the system has it, otherwise its name.
   */
  country?: string;
  /**
   * The whole address as written on a letter.
   */
  full?: string;
  /**
   * `work`, `home`, `billing`, `shipping`.
   */
  label?: string;
}
/**
 * A company or body that the party belongs to (RFC 9553 section 2.2.3).
 */
export interface Organization {
  /**
   * Its name.
   */
  name: string;
  /**
   * Department or unit.
   */
  unit?: string;
}
/**
 * A job title or function (RFC 9553 section 2.2.5).
 */
export interface Title {
  /**
   * `Head of Purchasing`.
   */
  name: string;
}
/**
 * A web page of or about the party (RFC 9553 section 2.6.3).
 */
export interface Link {
  /**
   * Its address.
   */
  uri: Uri;
  /**
   * `homepage`, `blog`.
   */
  label?: string;
}
/**
 * A number or code under which somebody else knows the party.
 */
export interface ExternalIdentifier {
  /**
   * Who issued it: `erp`, `vat`, `ssn-us`, or a system's name.
   */
  issuer: string;
  /**
   * The number or code as it is written.
   */
  value: string;
}
/**
 * What the party has agreed to, or withdrawn, for one purpose on one channel.
 */
export interface Consent {
  /**
   * `marketing`, `service`, `research`, …
   */
  purpose: string;
  /**
   * `email`, `phone`, `sms`, `post`, `social`, `any`.
   */
  channel: string;
  /**
   * Whether it may be done.
   */
  status: 'granted' | 'withdrawn';
}
/**
 * What the hub knows of one ref: all that a rebuild needs when older events are no longer retained (SYNC section 3).
 */
export interface RecordSummary {
  /**
   * The record.
   */
  ref: Ref;
  /**
   * Facts at or below it live in `summary` alone. Absent: nothing was compacted yet.
   */
  horizon?: Version;
  /**
   * Hub-internal: the facts up to the horizon, in a form that only the hub reads. `format` says which form. Names within it are the hub's own, never data: those that reach into a prototype are refused.
   */
  summary?: {
    /**
     * Number of the form; raised when the hub can't read older ones as they are.
     */
    format: number;
    [k: string]: any;
  };
  /**
   * Observed states above the horizon, by version.
   */
  observations: Party[];
  /**
   * Commands to this record that the summary doesn't cover.
   */
  commands: Command[];
  /**
   * Their outcomes.
   */
  outcomes: Outcome[];
  /**
   * The create that is said to have made this record. Absent: none, or published before this was told.
   */
  createdFor?: {
    /**
     * The member that the record was made for.
     */
    ref: Ref;
    /**
     * Id of the create.
     */
    command: Identifier;
    /**
     * The create found the record there: it stood on its own.
     */
    found?: true;
  };
  /**
   * An erasure's floor: what was said at or below it is gone and stays gone (SYNC section 6.3). Absent: never erased, or published before that.
   */
  erased?: {
    /**
     * When it was decided.
     */
    at: EpochMilliseconds;
    /**
     * The highest version that was erased. Absent: none was known.
     */
    upTo?: Version;
  };
}
/**
 * Something that those who run the hub should know.
 */
export interface Signal {
  /**
   * `snapshot.completed`, `system.running`, `system.paused`, `system.behind`, `clock.offset`, `customers.merged`, `customers.split`, …
   */
  name: string;
  /**
   * The system that it is about.
   */
  system?: SystemName;
  /**
   * When.
   */
  at: Timestamp;
  /**
   * What happened, for people; no personal data, no secrets.
   */
  message?: string;
  /**
   * Stable code, where it is about a failure.
   */
  code?: ErrorCode;
  /**
   * Of a change of identity: the customers that there were, in order of their ids.
   */
  before?: CustomerId[];
  /**
   * The customers that there are instead. An id on both sides goes on.
   */
  after?: CustomerId[];
  /**
   * Figures and names that go with it.
   */
  detail?: Extra;
}
/**
 * What one system can read and write, and how it treats what is written to it.
 */
export interface SystemProfile {
  /**
   * The system.
   */
  system: SystemName;
  /**
   * Name of its connector: `suitecrm`.
   */
  connector: string;
  /**
   * Its name for people.
   */
  title: string;
  /**
   * The kinds of parties that it has.
   */
  kinds: KindProfile[];
  /**
   * Object kinds that can be created (`case`).
   */
  objects: ObjectKind[];
  /**
   * Present: interactions can be replied to.
   */
  reply?: ReplyProfile;
  /**
   * Digest of what decides what its records say. Under another one than before they are told anew, and nothing is created until they have been.
   */
  mapping?: string;
}
/**
 * How interactions can be replied to.
 */
export interface ReplyProfile {
  /**
   * The longest reply, in characters as the system counts them.
   */
  maxLength: number;
}
/**
 * How one kind of party of one system can be read and written. Attribute paths as in `Provenance.attribute`.
 */
export interface KindProfile {
  /**
   * The kind, as refs write it.
   */
  kind: KindName;
  /**
   * What its records are.
   */
  party: 'person' | 'organization';
  /**
   * The attributes that it has, by path.
   */
  attributes: {
    [k: string]: AttributeProfile;
  };
  /**
   * How a create is made safe to repeat (SYNC section 6).
   */
  create: 'external-key' | 'search' | 'unsafe' | 'none';
  /**
   * Records can be deleted.
   */
  delete: boolean;
  /**
   * Writes can be made conditional on the version.
   */
  conditional: boolean;
}
/**
 * How one attribute of one kind can be written.
 */
export interface AttributeProfile {
  /**
   * The connector can write it.
   */
  writable: boolean;
  /**
   * Derived by the system itself (a full name made of its parts): never written, never cleared.
   */
  derived?: boolean;
  /**
   * Multi-valued attributes: the labels of the places that the system has, in order: `['work', 'mobile']`. Absent: any number.
   */
  slots?: string[];
  /**
   * How the system rewrites what is written; applied in order.
   */
  rewrites?: Rewrite[];
}
/**
 * Cuts after so many characters.
 */
export interface TruncateRewrite {
  /**
   * Cuts.
   */
  rule: 'truncate';
  /**
   * The longest value that it keeps, in characters.
   */
  length: number;
}
/**
 * Changes letters or spaces.
 */
export interface TextRewrite {
  /**
   * What it does to the text.
   */
  rule: 'upper' | 'lower' | 'trim' | 'collapse-spaces' | 'digits-only' | 'ascii';
}
