/* Generated from services/gateway/openapi.json by scripts/api-types.ts. Do not edit. */

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
 * Stable code of a failure: `UNSILO_…`.
 */
export type ErrorCode = string;
/**
 * A person or an organization as one system sees it: either its whole `state` or `deleted`. Terms from JSContact (RFC 9553), without its maps of made-up ids.
 */
export type Party = PresentParty | DeletedParty;
/**
 * Absolute URI or IRI with its scheme: `https://example.com/ada`. Readers that show it as a link must check the scheme themselves.
 */
export type Uri = string;
/**
 * An opportunity, a case or a campaign response in one system, tied to parties by refs: either its whole `state` or `deleted`.
 */
export type BusinessObject = PresentObject | DeletedObject;
/**
 * A possible sale, a request for service, or the answer to a campaign.
 */
export type ObjectKind = 'opportunity' | 'case' | 'campaign-response';
/**
 * One post, reply, mention, comment, message, e-mail, review or call in one system: either its whole `state` or `deleted`. Terms from ActivityStreams 2.0.
 */
export type Interaction = PresentInteraction | DeletedInteraction;
/**
 * Who can read it: everybody, everybody who has the address, the author's followers or members, or the addressees alone.
 */
export type Visibility = 'public' | 'unlisted' | 'private' | 'direct';
/**
 * One write that the hub asks a system to make (SYNC sections 1, 5 and 6).
 */
export type Command = UpdateCommand | CreateCommand | DeleteCommand | ReplyCommand | CreateObjectCommand;
/**
 * What a steward said: link, unlink, keep, erase. Order: as the log gives it.
 */
export type Decision = LinkDecision | KeepDecision | EraseDecision;
/**
 * A way in which a system rewrites values; applied in order, before comparing and when echoes are told.
 */
export type Rewrite = TruncateRewrite | TextRewrite;
/**
 * Why a record may differ from its customer: its system rewrites the value, refused it, answered unclearly, has not answered yet, had moved on; the value was sent too often; its people removed it there; no place is left; the field may not be written, or not be cleared; another record of the system stands for the customer; the record is deleted.
 */
export type ExceptionReason =
  | 'acknowledged'
  | 'rejected'
  | 'uncertain'
  | 'pending'
  | 'conflict'
  | 'quarantined'
  | 'add-suppressed'
  | 'displaced'
  | 'not-writable'
  | 'clear-refused'
  | 'duplicate'
  | 'deleted';
export type TimelineEntry =
  | {
      type: 'interaction';
      at: Timestamp;
      interaction: Interaction;
      replies: {
        command: Command;
        outcome?: Outcome;
      }[];
    }
  | {
      type: 'object';
      at: Timestamp;
      object: BusinessObject;
    };
export type IngestResult =
  | {
      id: string;
      status: 'accepted';
    }
  | {
      id?: string;
      status: 'rejected';
      code: string;
      errors: Fault[];
    };
/**
 * What a steward says.
 */
export type DecisionRequest =
  | {
      kind: 'link' | 'unlink';
      /**
       * The two records.
       */
      refs: Ref[];
      /**
       * Takes back the decision that `undoes` names, or else the latest that says the same and still stands, and no other.
       */
      undo?: boolean;
      undoes?: Identifier;
      /**
       * Why, in your own words.
       */
      reason?: string;
    }
  | {
      kind: 'keep';
      ref: Ref;
      attribute: AttributePath;
      value: AttributeValue;
      /**
       * Takes back the decision that `undoes` names, or else the latest that says the same and still stands, and no other.
       */
      undo?: boolean;
      undoes?: Identifier;
      /**
       * Why, in your own words.
       */
      reason?: string;
    }
  | {
      kind: 'erase';
      refs: Ref[];
      /**
       * Why, in your own words.
       */
      reason?: string;
    };
/**
 * What a matching model is trained on: the settings first, then records, then judged pairs.
 */
export type TrainingLine =
  | {
      type: 'settings';
      /**
       * Version of the model in force.
       */
      model: string;
      /**
       * What `extra.*` attributes are compared as.
       */
      kinds: {
        [k: string]: string;
      };
    }
  | {
      type: 'record';
      /**
       * A record as it is compared: canonical, without placeholders.
       */
      profile: {
        ref: Ref;
        kind: 'person' | 'organization';
        names: {
          given: string;
          middle: string;
          surname: string;
          suffix: string;
          guess?: true;
        }[];
        addresses: {
          number: string;
          street: string;
          unit: string;
          locality: string;
          region: string;
          postcode: string;
          country: string;
        }[];
        /**
         * Canonical values by attribute.
         */
        values: {
          [k: string]: string[];
        };
      };
    }
  | {
      type: 'judgement';
      a: Ref;
      b: Ref;
      /**
       * Linked, or kept apart.
       */
      same: boolean;
      /**
       * Somebody had said the opposite before, and had not taken it back.
       */
      reversed: boolean;
    };

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
  ref: Ref;
  version: Version;
  createdAt?: Timestamp;
  changedAt: Timestamp;
  observedAt: Timestamp;
}
/**
 * The one open place of a published model: attributes that the canonical model doesn't have, by the system's or the mapping's own names.
 */
export interface Extra {
  [k: string]: ExtraValue;
}
/**
 * One element of a multi-valued attribute, as the party's state holds it: an e-mail, a phone, a consent.
 */
export interface AttributeElement {
  [k: string]: ExtraValue;
}
/**
 * The value that a command gives to one attribute (SYNC section 1).
 */
export interface Assignment {
  value: AttributeValue;
  asOf: EpochMilliseconds;
  from?: Ref;
}
/**
 * A party that exists in its system, with its whole state (never a patch).
 */
export interface PresentParty {
  ref: Ref;
  version: Version;
  createdAt?: Timestamp;
  changedAt: Timestamp;
  observedAt: Timestamp;
  state: PartyState;
  deleted?: never;
}
/**
 * A party that its system no longer has.
 */
export interface DeletedParty {
  ref: Ref;
  version: Version;
  createdAt?: Timestamp;
  changedAt: Timestamp;
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
 * An object that exists in its system, with its whole state (never a patch).
 */
export interface PresentObject {
  ref: Ref;
  version: Version;
  createdAt?: Timestamp;
  changedAt: Timestamp;
  observedAt: Timestamp;
  state: ObjectState;
  deleted?: never;
}
/**
 * An object that its system no longer has.
 */
export interface DeletedObject {
  ref: Ref;
  version: Version;
  createdAt?: Timestamp;
  changedAt: Timestamp;
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
  closedAt?: Timestamp;
  interaction?: Ref;
  extra?: Extra;
}
/**
 * A party that an object concerns.
 */
export interface RelatedParty {
  ref: Ref;
  /**
   * `customer`, `contact`, `owner`, …
   */
  role: string;
}
/**
 * An interaction that exists in its system, with its whole state (never a patch).
 */
export interface PresentInteraction {
  ref: Ref;
  version: Version;
  createdAt?: Timestamp;
  changedAt: Timestamp;
  observedAt: Timestamp;
  state: InteractionState;
  deleted?: never;
}
/**
 * An interaction that its system no longer has.
 */
export interface DeletedInteraction {
  ref: Ref;
  version: Version;
  createdAt?: Timestamp;
  changedAt: Timestamp;
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
  visibility: Visibility;
  author?: Ref;
  /**
   * Display name of an author whom no party event describes (a feed's entry).
   */
  authorName?: string;
  thread?: Ref;
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
  publishedAt: Timestamp;
  command?: Identifier;
  extra?: Extra;
}
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
  customer?: CustomerId;
}
/**
 * Change attributes of a record.
 */
export interface UpdateCommand {
  id: Identifier;
  system: SystemName;
  cause: CommandCause;
  issuedAt: Timestamp;
  deadline: Timestamp;
  /**
   * Which try of the same write this is.
   */
  attempt: number;
  /**
   * Change a record.
   */
  action: 'update';
  ref: Ref;
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
  id: Identifier;
  system: SystemName;
  cause: CommandCause;
  issuedAt: Timestamp;
  deadline: Timestamp;
  /**
   * Which try of the same write this is.
   */
  attempt: number;
  /**
   * Make a record.
   */
  action: 'create';
  kind: KindName;
  externalKey: Identifier;
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
  id: Identifier;
  system: SystemName;
  cause: CommandCause;
  issuedAt: Timestamp;
  deadline: Timestamp;
  /**
   * Which try of the same write this is.
   */
  attempt: number;
  /**
   * Delete a record.
   */
  action: 'delete';
  ref: Ref;
  base: Version;
}
/**
 * Answer an interaction.
 */
export interface ReplyCommand {
  id: Identifier;
  system: SystemName;
  cause: CommandCause;
  issuedAt: Timestamp;
  deadline: Timestamp;
  /**
   * Which try of the same write this is.
   */
  attempt: number;
  /**
   * Answer an interaction.
   */
  action: 'reply';
  inReplyTo: Ref;
  /**
   * Plain text of the answer.
   */
  text: string;
  visibility?: Visibility;
}
/**
 * Make an object, such as a case.
 */
export interface CreateObjectCommand {
  id: Identifier;
  system: SystemName;
  cause: CommandCause;
  issuedAt: Timestamp;
  deadline: Timestamp;
  /**
   * Which try of the same write this is.
   */
  attempt: number;
  /**
   * Make an object.
   */
  action: 'create-object';
  kind: ObjectKind;
  externalKey: Identifier;
  object: ObjectState;
}
/**
 * How a command ended, with the versions and values around it (SYNC section 1).
 */
export interface Outcome {
  command: Identifier;
  system: SystemName;
  /**
   * Written; refused by the system; the record had moved on; never tried (expired included); not known.
   */
  status: 'applied' | 'rejected' | 'conflict' | 'not-applied' | 'uncertain';
  ref?: Ref;
  version?: Version;
  changedAt?: Timestamp;
  pre?: Version;
  before?: PartyState;
  left?: PartyState;
  /**
   * True: version and values are the write's own answer. False: from a read-back.
   */
  exact?: boolean;
  reportedAt: Timestamp;
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
 * Two parties are the same, or are not.
 */
export interface LinkDecision {
  id: Identifier;
  /**
   * Id of the steward who said so; never a name or an address.
   */
  author: string;
  /**
   * Why, in the steward's words.
   */
  reason?: string;
  decidedAt: Timestamp;
  /**
   * The same, or not the same.
   */
  kind: 'link' | 'unlink';
  /**
   * The two parties.
   *
   * @minItems 2
   */
  refs: [Ref, Ref];
  /**
   * True: takes back the earlier decision of this kind about these two that `undoes` names, or else the latest that still stands, and no other.
   */
  undo?: boolean;
  undoes?: Identifier;
}
/**
 * Keep the value of one attribute (an element of it for multi-valued ones) for the customer of `ref` until released.
 */
export interface KeepDecision {
  id: Identifier;
  /**
   * Id of the steward who said so; never a name or an address.
   */
  author: string;
  /**
   * Why, in the steward's words.
   */
  reason?: string;
  decidedAt: Timestamp;
  /**
   * Keep a value.
   */
  kind: 'keep';
  ref: Ref;
  attribute: AttributePath;
  value: AttributeValue;
  /**
   * True: takes back the earlier decision to keep this value of this ref that `undoes` names, or else the latest that still stands, and no other.
   */
  undo?: boolean;
  undoes?: Identifier;
}
/**
 * Forget these records, and all that was computed from them, for ever.
 */
export interface EraseDecision {
  id: Identifier;
  /**
   * Id of the steward who said so; never a name or an address.
   */
  author: string;
  /**
   * Why, in the steward's words.
   */
  reason?: string;
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
 * The cluster of parties that are the same person or organization, and its merged (golden) record.
 */
export interface Customer {
  id: CustomerId;
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
  state: PartyState;
  /**
   * Who said each value, since when, and what it beat.
   */
  provenance: Provenance[];
  /**
   * Other ids that resolve to this customer.
   */
  aliases: CustomerId[];
  changedAt: Timestamp;
}
/**
 * What one source record says of one attribute.
 */
export interface Statement {
  ref: Ref;
  value: AttributeValue;
  asOf: EpochMilliseconds;
  version: Version;
  overEchoOf?: Ref;
}
/**
 * Where one value of a customer comes from.
 */
export interface Provenance {
  attribute: AttributePath;
  /**
   * Canonical element of a multi-valued attribute.
   */
  element?: string;
  value: AttributeValue;
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
 * What a reader of `customers` sees when an id stopped being a customer of its own.
 */
export interface CustomerGone {
  id: CustomerId;
  tenant: TenantName;
  /**
   * Raised at each change of this customer.
   */
  revision: number;
  mergedInto?: CustomerId;
  /**
   * True: it was forgotten by a decision.
   */
  erased?: boolean;
  changedAt: Timestamp;
}
/**
 * Input that could not be used, kept with why and where it stood, to be mended and replayed.
 */
export interface DeadLetter {
  id: Identifier;
  code: ErrorCode;
  /**
   * What is wrong; no personal data, no secrets.
   */
  message: string;
  /**
   * What the reader can do about it.
   */
  hint?: string;
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
  system?: SystemName;
  ref?: Ref;
  /**
   * Address that it was fetched from, without credentials.
   */
  url?: string;
}
/**
 * What became of a dead letter. The last of these about it holds.
 */
export interface DeadLetterSettled {
  id: Identifier;
  /**
   * Whether it became an event again, or was given up.
   */
  state: 'replayed' | 'discarded';
  /**
   * Why it was discarded.
   */
  reason?: string;
  settledAt: Timestamp;
}
/**
 * What the hub knows of one ref: all that a rebuild needs when older events are no longer retained (SYNC section 3).
 */
export interface RecordSummary {
  ref: Ref;
  horizon?: Version;
  /**
   * Hub-internal: the facts up to the horizon, in a form that only the hub reads. `format` says which form. Names within it are the hub's own, never data: those that reach into a prototype are refused.
   */
  summary?: {
    /**
     * Number of the form; raised when the hub can't read older ones as they are.
     */
    format: number;
    [k: string]: unknown;
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
    ref: Ref;
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
    at: EpochMilliseconds;
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
  system?: SystemName;
  at: Timestamp;
  /**
   * What happened, for people; no personal data, no secrets.
   */
  message?: string;
  code?: ErrorCode;
  /**
   * Of a change of identity: the customers that there were, in order of their ids.
   */
  before?: CustomerId[];
  /**
   * The customers that there are instead. An id on both sides goes on.
   */
  after?: CustomerId[];
  detail?: Extra;
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
  time: Timestamp;
  /**
   * Form of `data` (CloudEvents `datacontenttype`).
   */
  datacontenttype?: 'application/json';
  /**
   * Address of the schema of `data` (CloudEvents `dataschema`).
   */
  dataschema?: string;
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
 * What one system can read and write, and how it treats what is written to it.
 */
export interface SystemProfile {
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
/**
 * One thing that is wrong with what was sent.
 */
export interface Fault {
  /**
   * Where: JSON pointer into what was sent; empty for the whole.
   */
  path: string;
  /**
   * Why. Never holds the value itself.
   */
  message: string;
}
export interface CustomerSummary {
  id: CustomerId;
  kind: 'person' | 'organization';
  /**
   * Best name to show.
   */
  name: string;
  systems: SystemName[];
  /**
   * Number of source records.
   */
  members: number;
  changedAt: Timestamp;
}
/**
 * Customers, newest change first.
 */
export interface CustomerPage {
  items: CustomerSummary[];
  /**
   * Send it as `cursor` for the next page; absent on the last.
   */
  next?: string;
}
/**
 * One attribute of one record that differs from the merged record. Without `reason`: it is to be written.
 */
export interface Difference {
  attribute: string;
  wanted: AttributeValue;
  shadow: AttributeValue;
  /**
   * Effective time of the winning statement, milliseconds since the epoch.
   */
  asOf: number;
  /**
   * The record whose statement won.
   */
  from?: string;
  reason?: ExceptionReason;
  /**
   * Part of a refused write of several fields: to be sent alone.
   */
  suspect?: boolean;
}
/**
 * A source record as its system holds it.
 */
export interface RecordInSystem {
  ref: Ref;
  system: SystemName;
  state?: PartyState;
  deleted: boolean;
  version?: Version;
  differences: Difference[];
  /**
   * The write that its system has not answered yet.
   */
  open?: {
    command: string;
    since: Timestamp;
  };
}
/**
 * All that the hub knows of one source record.
 */
export interface RecordKnown {
  ref: Ref;
  system: SystemName;
  state?: PartyState;
  deleted: boolean;
  version?: Version;
  differences: Difference[];
  /**
   * The write that its system has not answered yet.
   */
  open?: {
    command: string;
    since: Timestamp;
  };
  customer?: CustomerId;
  testimony: {
    attribute: string;
    element?: string;
    statement: Statement;
    /**
     * What stands there now was written by the hub.
     */
    echo: boolean;
    /**
     * What stands there now may turn out to be ours: a write is still open.
     */
    held: boolean;
  }[];
  identifiers: {
    kind: string;
    value: string;
    /**
     * Too many parties share it: it links nobody.
     */
    generic: boolean;
  }[];
  /**
   * Facts that came after their time had been summarised.
   */
  lateFacts: number;
}
/**
 * A customer with provenance, beside the records as their systems hold them.
 */
export interface CustomerWhole {
  customer: Customer;
  records: RecordInSystem[];
}
/**
 * The customer that this id resolves to.
 */
export interface CustomerMoved {
  to: CustomerId;
}
/**
 * A person and an organization that belong together, seen from one of them.
 */
export interface EmploymentLink {
  customer: CustomerSummary;
  /**
   * As the person's systems write the organization's name.
   */
  stated: string;
  /**
   * `name-and-domain`: besides, the person has an e-mail address at the domain of the organization.
   */
  how: 'name' | 'name-and-domain';
  /**
   * The person's first title.
   */
  title?: string;
}
export interface Employment {
  /**
   * Of a person, surest first. Several of one name where the name alone does not tell which is meant.
   */
  employers: EmploymentLink[];
  /**
   * Of an organization.
   */
  people: EmploymentLink[];
  /**
   * Nothing was left out.
   */
  complete: boolean;
}
/**
 * Interactions and objects of all records of the customer, newest first.
 */
export interface Timeline {
  items: TimelineEntry[];
  /**
   * Send it as `cursor` for the next page; absent on the last.
   */
  next?: string;
}
export interface InteractionKnown {
  interaction: Interaction;
  customer?: CustomerId;
  replies: {
    command: Command;
    outcome?: Outcome;
  }[];
  /**
   * Absent: its system takes no replies.
   */
  reply?: {
    maxLength: number;
  };
}
/**
 * Equal for equal customers.
 */
export interface CustomersHash {
  hash: string;
  customers: number;
}
/**
 * One connected system and how it fares.
 */
export interface System {
  system: SystemName;
  connector: string;
  title: string;
  state: 'starting' | 'running' | 'behind' | 'paused' | 'stopped';
  /**
   * Why it is paused or behind.
   */
  reason?: string;
  /**
   * What to do about it.
   */
  hint?: string;
  since: Timestamp;
  profile: SystemProfile;
  /**
   * All that it held at first has been read.
   */
  snapshotComplete: boolean;
  /**
   * By name of what is counted.
   */
  counts: {
    [k: string]: number;
  };
  lastChangeAt?: Timestamp;
  /**
   * Changes that the hub has not processed yet and writes that wait for the system: how many, and the age of the oldest in milliseconds.
   */
  lag: {
    inbound: number;
    inboundMs: number;
    outbound: number;
    outboundMs: number;
  };
}
export interface SystemList {
  items: System[];
}
/**
 * What one consumer group of the log has still to handle.
 */
export interface GroupLag {
  /**
   * Consumer group, as lag tools show it.
   */
  group: string;
  system?: SystemName;
  records: number;
  /**
   * Age of the oldest of them.
   */
  seconds: number;
  /**
   * behind: older than 10 s, and moving on. stalled: not moved on for a minute although it could. stopped: nobody reads.
   */
  verdict: 'ok' | 'behind' | 'stalled' | 'stopped';
}
export interface LagList {
  items: GroupLag[];
}
/**
 * One event that flowed through the hub.
 */
export interface LiveEvent {
  /**
   * Where to resume after it.
   */
  cursor: string;
  topic: string;
  type: string;
  id: string;
  subject: string;
  at: Timestamp;
  /**
   * As the schema of `type` says; see the contract.
   */
  data: unknown;
}
/**
 * Events of one topic, newest first.
 */
export interface EventPage {
  items: LiveEvent[];
  /**
   * Send it as `cursor` for the next page; absent on the last.
   */
  next?: string;
}
/**
 * Every event is in the log, and stays there whatever happens now.
 */
export interface IngestReport {
  accepted: number;
  /**
   * One for each event, in the order they were sent.
   */
  results: IngestResult[];
}
/**
 * Input that could not be used, and what became of it.
 */
export interface DeadLetterKnown {
  id: Identifier;
  code: ErrorCode;
  message: string;
  hint?: string;
  at: DeadLetterPlace;
  /**
   * The input as it came.
   */
  payload: string;
  encoding: 'utf8' | 'base64';
  /**
   * Only the beginning was kept.
   */
  truncated?: boolean;
  parkedAt: Timestamp;
  state: 'open' | 'replayed' | 'discarded';
  stateReason?: string;
  system?: SystemName;
  /**
   * It came as a message of the log, and can be one again. What a connector could not read can not.
   */
  replayable: boolean;
  /**
   * What to do where it can not be replayed.
   */
  instead?: string;
}
/**
 * Dead letters, newest first.
 */
export interface DeadLetterPage {
  items: DeadLetterKnown[];
  /**
   * Send it as `cursor` for the next page; absent on the last.
   */
  next?: string;
}
export interface ReplayResult {
  status: 'would-append' | 'appended' | 'invalid';
  /**
   * Id of the event.
   */
  event?: string;
  errors?: Fault[];
}
/**
 * One writable record that differs from its customer, and why.
 */
export interface AuditRow {
  customer: CustomerId;
  ref: Ref;
  system: SystemName;
  attribute?: string;
  reason: ExceptionReason | 'unexplained';
}
/**
 * Every answer that isn’t what was asked for (RFC 9457). Programs look at `code`; the page /docs lists all codes.
 */
export interface Problem {
  /**
   * Where the code is described.
   */
  type: string;
  title: string;
  status: number;
  /**
   * Stable.
   */
  code: string;
  /**
   * What happened.
   */
  detail: string;
  /**
   * What to do about it.
   */
  hint?: string;
  errors?: Fault[];
  /**
   * Names this answer in the server’s log.
   */
  requestId: string;
}
/**
 * Decisions, newest first.
 */
export interface DecisionPage {
  items: Decision[];
  /**
   * Ids of those among the items that nobody took back.
   */
  standing: Identifier[];
  /**
   * Send it as `cursor` for the next page; absent on the last.
   */
  next?: string;
}
export interface ReplyRequest {
  text: string;
  visibility?: Visibility;
}
export interface CreateObjectRequest {
  system: SystemName;
  kind: ObjectKind;
  customer: CustomerId;
  name: string;
  description?: string;
  priority?: string;
  interaction?: Ref;
}
/**
 * Who is logged in, and what the key may do.
 */
export interface Session {
  /**
   * Name of the key.
   */
  name: string;
  tenant: string;
  roles: ('reader' | 'source' | 'agent' | 'steward' | 'operator' | 'admin')[];
  endsAt?: Timestamp;
}
export interface ReviewQueue {
  items: {
    a: Ref;
    b: Ref;
    /**
     * Whose the two records are.
     */
    customers: CustomerId[];
    /**
     * What the pair says for one party, in bits.
     */
    bits: number;
    /**
     * In the review band; above the threshold, but other records of the two speak against it; an identifier differs of which a party has one.
     */
    reason: 'unsure' | 'contradicted' | 'exclusive';
    /**
     * Records and customers that a link concerns, and records that it would write.
     */
    effect: {
      records: number;
      customers: number;
      writes: number;
    };
  }[];
  /**
   * Pairs of customers that wait.
   */
  waiting: number;
  /**
   * False: there are more than were looked at.
   */
  isComplete: boolean;
}
export interface ModelPlan {
  /**
   * Version of the model in force.
   */
  from: string;
  /**
   * Version of the other one.
   */
  to: string;
  records: number;
  customers: {
    before: number;
    after: number;
  };
  merges: number;
  splits: number;
  /**
   * Records that would be written.
   */
  writes: number;
  /**
   * Those first that write most.
   */
  changes: {
    kind: 'merged' | 'split';
    /**
     * Those that there are.
     */
    customers: CustomerId[];
    /**
     * Records of those that there would be.
     */
    groups: Ref[][];
    writes: number;
  }[];
  /**
   * False: writes are worked out for the first changes only.
   */
  isComplete: boolean;
}
export interface MatchingReport {
  /**
   * Version of the matching model.
   */
  model: string;
  records: number;
  keys: number;
  /**
   * More records share them than the model allows: they propose nobody.
   */
  retiredKeys: number;
  /**
   * Records that share the largest key.
   */
  largestKey: number;
  /**
   * E-mail addresses, phone numbers, accounts and pages.
   */
  values: number;
  /**
   * Those that too many share: they are no evidence.
   */
  genericValues: number;
  customers: number;
  largestCustomer: {
    id?: CustomerId;
    records: number;
  };
  /**
   * Groups of records that hang together by evidence, and that contradictions keep apart.
   */
  partedComponents: number;
}
export interface ValueExplained {
  /**
   * The same in words, one sentence each.
   */
  words: string[];
  /**
   * Of an attribute of several values where none was named: each element, those that are gone included.
   */
  detail: Provenance | Provenance[];
}
export interface PairExplained {
  /**
   * The same in words, one sentence each.
   */
  words: string[];
  detail: {
    a: Ref;
    b: Ref;
    sameCustomer: boolean;
    /**
     * A waterfall of numbers. Absent where the two are not compared.
     */
    comparison?: {
      /**
       * Version of the matching model.
       */
      model: string;
      /**
       * Bits for any two records, before anything is compared.
       */
      prior: number;
      /**
       * What each attribute says, in descending order.
       */
      evidence: {
        attribute: string;
        /**
         * How the two values compare.
         */
        level: string;
        left: string;
        right: string;
        /**
         * Bits; below zero speaks against.
         */
        bits: number;
        words: string;
      }[];
      /**
       * Bits taken off since people share things or nothing but the names agrees, or given back since who moves changes all of an address.
       */
      household: number;
      /**
       * Why, where that is not 0: people share things; nothing but the names agrees; who moves changes all of an address.
       */
      householdBy?: 'shared' | 'names' | 'moved';
      /**
       * Prior, evidence and household together.
       */
      bits: number;
      /**
       * Bits from which on two records are one party.
       */
      threshold: number;
      /**
       * Bits from which on a steward is asked.
       */
      review: number;
      /**
       * Mean bits between two customers that are needed to join them.
       */
      guard: number;
      /**
       * That mean.
       */
      between?: number;
      verdict: 'match' | 'review' | 'no match';
      /**
       * They share a key under which candidates are found.
       */
      proposed: boolean;
      /**
       * Shared values that stand with too many names to count.
       */
      generic: string[];
    };
    /**
     * Chain of records that connects them, if they are one customer.
     */
    path: Ref[];
    decisions: Decision[];
    /**
     * Those of them that nobody took back, in their order: the last counts.
     */
    standing: Decision[];
  };
}
export interface CustomerExplained {
  /**
   * The same in words, one sentence each.
   */
  words: string[];
  detail: {
    customer: CustomerId;
    members: Ref[];
    /**
     * Version of the matching model.
     */
    model: string;
    /**
     * Bits from which on a pair joins: more than the threshold where so many records hang together that only stronger evidence counts. Absent: only decisions do.
     */
    floor?: number;
    /**
     * Bits from which on two records are one party.
     */
    threshold: number;
    /**
     * Bits from which on a steward is asked.
     */
    review: number;
    /**
     * Mean bits between two parts that evidence needs to join them.
     */
    guard: number;
    /**
     * In the order in which clustering made them: one fewer than members.
     *
     * Items: Two parts that became one, by the pair of `a` and `b`.
     */
    joins: {
      a: Ref;
      b: Ref;
      /**
       * Bits; below zero speaks against.
       */
      bits: number;
      /**
       * What joined the two parts: evidence, a steward who linked the pair, or the hub that made the one record for the other.
       */
      by: 'evidence' | 'decision' | 'creation';
      /**
       * Records that `a` was with by then.
       */
      left: Ref[];
      /**
       * Records that `b` was with by then.
       */
      right: Ref[];
      /**
       * Mean bits over `pairs`, each counted for 20 at most, either way; 0 where there are none.
       */
      between: number;
      /**
       * Pairs between records of the two parts that state something of their own.
       */
      pairs: number;
      /**
       * Those among them that speak against one party.
       */
      against: number;
      /**
       * Had the pair said so many bits less, it would not have joined the two parts.
       */
      margin?: number;
      /**
       * A waterfall of numbers. Absent where the two are not compared.
       */
      comparison: {
        /**
         * Version of the matching model.
         */
        model: string;
        /**
         * Bits for any two records, before anything is compared.
         */
        prior: number;
        /**
         * What each attribute says, in descending order.
         */
        evidence: {
          attribute: string;
          /**
           * How the two values compare.
           */
          level: string;
          left: string;
          right: string;
          /**
           * Bits; below zero speaks against.
           */
          bits: number;
          words: string;
        }[];
        /**
         * Bits taken off since people share things or nothing but the names agrees, or given back since who moves changes all of an address.
         */
        household: number;
        /**
         * Why, where that is not 0: people share things; nothing but the names agrees; who moves changes all of an address.
         */
        householdBy?: 'shared' | 'names' | 'moved';
        /**
         * Prior, evidence and household together.
         */
        bits: number;
        /**
         * Bits from which on two records are one party.
         */
        threshold: number;
        /**
         * Bits from which on a steward is asked.
         */
        review: number;
        /**
         * Mean bits between two customers that are needed to join them.
         */
        guard: number;
        /**
         * That mean.
         */
        between?: number;
        verdict: 'match' | 'review' | 'no match';
        /**
         * They share a key under which candidates are found.
         */
        proposed: boolean;
        /**
         * Shared values that stand with too many names to count.
         */
        generic: string[];
      };
      decision?: Decision;
    }[];
    /**
     * Place in `joins` of what holds least, counted from 0.
     */
    weakest?: number;
    /**
     * Pairs of members that state something of their own.
     */
    pairs: number;
    /**
     * Those that speak against one party: how many, and the strongest of them.
     */
    against: {
      count: number;
      strongest: {
        a: Ref;
        b: Ref;
        /**
         * Bits; below zero speaks against.
         */
        bits: number;
      }[];
    };
    /**
     * Records outside that came closest, the nearest first.
     *
     * Items: A record `b` outside, of `customer`, and the member `a` that it came closest to.
     */
    nearMisses: {
      a: Ref;
      b: Ref;
      customer?: CustomerId;
      /**
       * In the review band; below it; the two customers contradict the pair; a steward keeps them apart; an identifier differs of which a party has one; so many records hang together there that only stronger evidence counts.
       */
      reason: 'unsure' | 'weak' | 'guard' | 'decision' | 'exclusive' | 'crowd';
      /**
       * A waterfall of numbers. Absent where the two are not compared.
       */
      comparison: {
        /**
         * Version of the matching model.
         */
        model: string;
        /**
         * Bits for any two records, before anything is compared.
         */
        prior: number;
        /**
         * What each attribute says, in descending order.
         */
        evidence: {
          attribute: string;
          /**
           * How the two values compare.
           */
          level: string;
          left: string;
          right: string;
          /**
           * Bits; below zero speaks against.
           */
          bits: number;
          words: string;
        }[];
        /**
         * Bits taken off since people share things or nothing but the names agrees, or given back since who moves changes all of an address.
         */
        household: number;
        /**
         * Why, where that is not 0: people share things; nothing but the names agrees; who moves changes all of an address.
         */
        householdBy?: 'shared' | 'names' | 'moved';
        /**
         * Prior, evidence and household together.
         */
        bits: number;
        /**
         * Bits from which on two records are one party.
         */
        threshold: number;
        /**
         * Bits from which on a steward is asked.
         */
        review: number;
        /**
         * Mean bits between two customers that are needed to join them.
         */
        guard: number;
        /**
         * That mean.
         */
        between?: number;
        verdict: 'match' | 'review' | 'no match';
        /**
         * They share a key under which candidates are found.
         */
        proposed: boolean;
        /**
         * Shared values that stand with too many names to count.
         */
        generic: string[];
      };
      decision?: Decision;
    }[];
    /**
     * False: there are more than were looked at or told.
     */
    isComplete: boolean;
  };
}
export interface CommandExplained {
  /**
   * The same in words, one sentence each.
   */
  words: string[];
  detail: {
    command: Command;
    outcome?: Outcome;
    /**
     * For every attribute: the statement that won.
     */
    statements: {
      attribute: string;
      statement?: Statement;
    }[];
    /**
     * Ids of the events that led to it.
     */
    events: string[];
  };
}
export interface EventExplained {
  /**
   * The same in words, one sentence each.
   */
  words: string[];
  detail: {
    id: string;
    hops: {
      hop: 'log' | 'state' | 'customer' | 'command' | 'outcome' | 'dead-letter';
      at?: Timestamp;
      detail: string;
    }[];
  };
}
export interface Health {
  live: boolean;
  ready: boolean;
  /**
   * What it is waiting for.
   */
  reasons: string[];
}
