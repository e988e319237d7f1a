import type {
  BusinessObject,
  Command,
  Customer,
  DeadLetter,
  Decision,
  Interaction,
  InteractionState,
  ObjectState,
  Outcome,
  PartyState,
  Statement,
  SystemProfile,
  Version,
} from '@unsilo/schemas';
import type { Kind } from '../domain/linkage/kinds.js';
import type { Profile } from '../domain/linkage/profile.js';
import type { Difference, ExceptionReason } from '../domain/projection.js';
import type {
  CommandTrail,
  CustomerEvidence,
  EventTrail,
  Explanation,
  PairEvidence,
  ValueEvidence,
} from './explanations.js';

export * from './explanations.js';

/**
 * What users of the hub can ask of it: the gateway, the command line and the console all go through this one service, and it is here that
 * an actor's rights are checked: what no role of the actor allows is refused.
 */
export interface HubService {
  /** Roles: source. Validates and appends; resolved = durable. Repeats of an id are accepted and change nothing. */
  ingest(actor: Actor, events: readonly unknown[]): Promise<IngestResult[]>;

  /** Roles: reader. An empty query lists all, newest change first. Words of names, e-mail addresses, phone numbers and handles match, accents or not. */
  searchCustomers(
    actor: Actor,
    query: { text?: string; cursor?: string; limit: number },
  ): Promise<Page<CustomerSummary>>;
  /** Roles: reader. Any id ever handed out resolves: to the customer, to another id, or to nothing any more. */
  customer(actor: Actor, id: string): Promise<CustomerLookup>;
  /** Roles: reader. Interactions and objects of all members, newest first. */
  timeline(actor: Actor, id: string, query: { cursor?: string; limit: number }): Promise<Page<TimelineEntry>>;
  /** Roles: reader. The organizations that a person belongs to, or the people of an organization; at most `limit`. */
  employment(actor: Actor, id: string, query: { limit: number }): Promise<EmploymentView>;
  /** Roles: reader. One source record as the hub knows it. */
  record(actor: Actor, ref: string): Promise<RecordView>;
  /** Roles: reader. */
  interaction(actor: Actor, ref: string): Promise<InteractionView>;
  /** Roles: reader. All customers in order of id. */
  customers(actor: Actor, signal?: AbortSignal): AsyncIterable<Customer>;
  /** Roles: reader. All source records in order of ref, as their systems hold them. */
  records(actor: Actor, signal?: AbortSignal): AsyncIterable<RecordInSystem>;
  /** Roles: reader. One hash over all customers: equal for equal customers, whatever the order in which they came to be. */
  customersHash(actor: Actor): Promise<{ hash: string; customers: number }>;

  /**
   * Roles: reader. Who said a value, since when, by which rule, and what it beat.
   * @param id Any id of the customer, or the ref of one of its records.
   * @param element One of an attribute of several values. Absent: each of them.
   */
  explainValue(actor: Actor, id: string, attribute: string, element?: string): Promise<Explanation<ValueEvidence>>;
  /** Roles: reader. Why two records are, or are not, one customer. */
  explainPair(actor: Actor, a: string, b: string): Promise<Explanation<PairEvidence>>;
  /**
   * Roles: reader. Why a customer's records are together, step by step, and why those that came closest are not with them.
   * @param id Any id of the customer, or the ref of one of its records.
   */
  explainCustomer(actor: Actor, id: string): Promise<Explanation<CustomerEvidence>>;
  /** Roles: reader. Which statement and event caused a write, and how it ended. */
  explainCommand(actor: Actor, id: string): Promise<Explanation<CommandTrail>>;
  /** Roles: reader. What became of an event at each hop. */
  explainEvent(actor: Actor, id: string): Promise<Explanation<EventTrail>>;

  /**
   * Roles: steward. Resolved = durable.
   * @throws UNSILO_NO_RECORD; UNSILO_SAME_RECORD and UNSILO_OTHER_KIND of what could never take effect; UNSILO_NOTHING_TO_UNDO.
   * @param patience How long to wait until the decision is in effect. Default: not at all.
   */
  decide(actor: Actor, decision: DecisionRequest, patience?: Patience): Promise<Decided>;
  /** Roles: reader. Pairs that wait for a steward, those first where a decision would change most. */
  review(actor: Actor, query: { limit: number }): Promise<ReviewQueue>;
  /** Roles: operator. What matching leaves out: keys and values that too many share; and how large customers are. */
  matchingReport(actor: Actor): Promise<MatchingReport>;
  /**
   * Roles: operator. What another matching model would merge, split and write; nothing is changed. The same for all records takes a while.
   * @param request.model Content of a model file.
   */
  planModel(actor: Actor, request: { model: unknown; limit: number }): Promise<ModelPlan>;
  /** Roles: operator. All that a matching model is trained on: records as they are compared, and what stewards said about pairs of them. */
  trainingData(actor: Actor, signal?: AbortSignal): AsyncIterable<TrainingLine>;
  /**
   * Roles: reader. Newest first.
   * @param query.customer Those about the records of this customer: its id, or the ref of a record.
   */
  decisions(actor: Actor, query: { customer?: string; cursor?: string; limit: number }): Promise<DecisionList>;
  /** Roles: agent. The same idempotency key answers the same command again. */
  reply(actor: Actor, interaction: string, request: ReplyRequest): Promise<Command>;
  /** Roles: agent. Makes a case, opportunity or campaign response in a system, tied to the customer's record there. */
  createObject(actor: Actor, request: CreateObjectRequest): Promise<Command>;

  /** Roles: operator. Newest first. */
  deadLetters(
    actor: Actor,
    query: { state?: DeadLetterState; code?: string; cursor?: string; limit: number },
  ): Promise<Page<DeadLetterView>>;
  /** Roles: operator. */
  deadLetter(actor: Actor, id: string): Promise<DeadLetterView>;
  /**
   * Roles: operator. Validates the (edited) payload and appends it as an event; a dry run only says what would happen.
   * @throws UNSILO_NOT_AN_EVENT: a connector could not read it, and nobody has made it an event.
   */
  replayDeadLetter(actor: Actor, id: string, request: { payload?: string; dryRun: boolean }): Promise<ReplayResult>;
  /** Roles: operator. */
  discardDeadLetter(actor: Actor, id: string, reason: string): Promise<DeadLetterView>;

  /** Roles: reader. */
  systems(actor: Actor): Promise<SystemView[]>;
  /** Roles: reader. How far each consumer group is behind: the hub's, and two of each system. */
  lag(actor: Actor): Promise<GroupLag[]>;
  /** Roles: operator. */
  pauseSystem(actor: Actor, system: string, reason: string): Promise<SystemView>;
  /** Roles: operator. */
  resumeSystem(actor: Actor, system: string): Promise<SystemView>;
  /** Roles: operator. Does every writable record equal its projection? Yields those that don't, with the reason. */
  audit(actor: Actor, query: { system?: string }, signal?: AbortSignal): AsyncIterable<AuditRow>;

  /** Roles: reader. Everything that flows, from now on or after a cursor; ends when the signal aborts. */
  live(
    actor: Actor,
    query: { after?: string; topics?: readonly string[] },
    signal: AbortSignal,
  ): AsyncIterable<LiveEvent>;
  /** Roles: reader. Pages through one topic, newest first unless `from` is given. */
  events(actor: Actor, query: { topic: string; cursor?: string; limit: number }): Promise<Page<LiveEvent>>;

  /** Open to all: says nothing about data. */
  health(): Promise<{ live: boolean; ready: boolean; reasons: string[] }>;
  /** Counters and gauges for Prometheus; labels hold no personal data. */
  metrics(): Promise<Metric[]>;
}

export type Role = 'reader' | 'source' | 'agent' | 'steward' | 'operator' | 'admin';
/** Who asks. `admin` may do everything. */
export interface Actor {
  tenant: string;
  /** Name of the key, for decisions and logs. */
  name: string;
  roles: readonly Role[];
}

export type FailureKind =
  'invalid' | 'unauthenticated' | 'forbidden' | 'not-found' | 'conflict' | 'too-large' | 'rate-limited' | 'unavailable';
/** A refusal that its reader can act on. */
export class ServiceError extends Error {
  readonly code: string;
  readonly kind: FailureKind;
  readonly hint: string | undefined;
  readonly details: readonly { path: string; message: string }[];
  constructor(
    kind: FailureKind,
    code: string,
    message: string,
    options: { hint?: string; details?: readonly { path: string; message: string }[] } = {},
  ) {
    super(message);
    this.name = 'ServiceError';
    this.kind = kind;
    this.code = code;
    this.hint = options.hint;
    this.details = options.details ?? [];
  }
}

export interface Page<Item> {
  items: Item[];
  /** Opaque; absent on the last page. */
  next?: string;
}

export type IngestResult =
  | { id: string; status: 'accepted' }
  | { id?: string; status: 'rejected'; code: string; errors: { path: string; message: string }[] };

export interface CustomerSummary {
  id: string;
  kind: 'person' | 'organization';
  /** Best name to show. */
  name: string;
  systems: string[];
  members: number;
  changedAt: string;
}
/** A person and an organization that belong together, seen from one of them. */
export interface EmploymentLink {
  /** The other one. */
  customer: CustomerSummary;
  /** As the person's systems write the organization's name. */
  stated: string;
  /** `name-and-domain`: besides the name, the person has an e-mail address at the organization's domain. */
  how: 'name' | 'name-and-domain';
  /** The person's first title. */
  title?: string;
}
export interface EmploymentView {
  /** Of a person: surest first. Several where the name alone doesn't tell which is meant. */
  employers: EmploymentLink[];
  /** Of an organization. */
  people: EmploymentLink[];
  /** Nothing was left out. */
  complete: boolean;
}
export type CustomerLookup =
  | { status: 'found'; customer: Customer; /** Records as their systems hold them. */ records: RecordSummaryView[] }
  | { status: 'moved'; to: string }
  | { status: 'gone' }
  | { status: 'unknown' };
export interface RecordSummaryView {
  ref: string;
  system: string;
  state?: PartyState;
  deleted: boolean;
  version?: Version;
  /** Differences from the projection, with the reason where there is one. */
  differences: Difference[];
  open?: { command: string; since: string };
}
/** A source record without what is to be written into it, and whose it is. */
export type RecordInSystem = Omit<RecordSummaryView, 'differences' | 'open'> & { customer?: string };
export interface RecordView extends RecordSummaryView {
  customer?: string;
  testimony: { attribute: string; element?: string; statement: Statement; echo: boolean; held: boolean }[];
  identifiers: { kind: string; value: string; generic: boolean }[];
  lateFacts: number;
}
export type TimelineEntry =
  | { type: 'interaction'; at: string; interaction: Interaction; replies: { command: Command; outcome?: Outcome }[] }
  | { type: 'object'; at: string; object: BusinessObject };
export interface InteractionView {
  interaction: Interaction;
  /** Customer of its author. */
  customer?: string;
  replies: { command: Command; outcome?: Outcome }[];
  /** What a reply may be: absent where its system takes none. */
  reply?: { maxLength: number };
}

/** A decision as it stands in the log. */
export interface Decided {
  decision: Decision;
  /** The hub has taken it: answers from now on rest on it. Otherwise it has not yet, and will. */
  inEffect: boolean;
}

export interface DecisionList extends Page<Decision> {
  /** Ids of those among the items that nobody took back. */
  standing: string[];
}

export interface Patience {
  /** Milliseconds. */
  withinMs: number;
  /** Waits no longer. */
  signal?: AbortSignal;
}

/** Two records of two customers that may be one party. */
export interface ReviewItem {
  a: string;
  b: string;
  /** Of `a` and of `b`. */
  customers: [string, string];
  bits: number;
  /**
   * `unsure`: in the review band. `contradicted`: above the threshold, but other records of the two customers speak against it. `exclusive`: an identifier
   * of which a party has one differs.
   */
  reason: 'unsure' | 'contradicted' | 'exclusive';
  /** What a link would change: so many records and customers are concerned, and so many records would be written. */
  effect: { records: number; customers: number; writes: number };
}
export interface ReviewQueue {
  items: ReviewItem[];
  /** Pairs of customers that wait. */
  waiting: number;
  /** False: there are more than were looked at. */
  isComplete: boolean;
}
export interface MatchingReport {
  /** Version of the model. */
  model: string;
  records: number;
  keys: number;
  /** Keys that more records share than the model allows: they propose nobody. */
  retiredKeys: number;
  /** Records that share the largest key. */
  largestKey: number;
  /** E-mail addresses, phone numbers, accounts and pages. */
  values: number;
  /** Those that stand with too many names, or too many records: they are no evidence. */
  genericValues: number;
  customers: number;
  largestCustomer: { id?: string; records: number };
  /** Groups of records that hang together by evidence and yet are several customers: contradictions keep them apart. */
  partedComponents: number;
}
/** What is compared of a record, or the last word about a pair; first comes what else training has to know. */
export type TrainingLine =
  | {
      type: 'settings';
      /** Version of the model in force. */
      model: string;
      /** What `extra.*` attributes are compared as. */
      kinds: Record<string, Kind>;
    }
  | { type: 'record'; profile: Profile }
  | {
      type: 'judgement';
      a: string;
      b: string;
      /** Linked, or kept apart. */
      same: boolean;
      /** Somebody had said the opposite before, and had not taken it back. */
      reversed: boolean;
    };
export interface PlannedChange {
  kind: 'merged' | 'split';
  /** Ids of the customers that there are. */
  customers: string[];
  /** Records of those that there would be. */
  groups: string[][];
  /** Records that would be written. */
  writes: number;
}
export interface ModelPlan {
  /** Versions of the models: the one in force, and the other. */
  from: string;
  to: string;
  records: number;
  customers: { before: number; after: number };
  merges: number;
  splits: number;
  writes: number;
  /** Those first that write most. */
  changes: PlannedChange[];
  /** False: writes are worked out for the first changes only. */
  isComplete: boolean;
}
export type DecisionRequest =
  | {
      kind: 'link' | 'unlink';
      refs: [string, string];
      undo?: boolean;
      /** Id of the decision that is taken back. Default: the latest that says the same and still stands. */
      undoes?: string;
      reason?: string;
    }
  | {
      kind: 'keep';
      ref: string;
      attribute: string;
      value: Decision extends infer D ? (D extends { kind: 'keep'; value: infer V } ? V : never) : never;
      undo?: boolean;
      undoes?: string;
      reason?: string;
    }
  | { kind: 'erase'; refs: string[]; reason?: string };
export interface ReplyRequest {
  text: string;
  visibility?: InteractionState['visibility'];
  idempotencyKey?: string;
}
export interface CreateObjectRequest {
  system: string;
  kind: ObjectState['kind'];
  customer: string;
  name: string;
  description?: string;
  priority?: string;
  interaction?: string;
  idempotencyKey?: string;
}

export type DeadLetterState = 'open' | 'replayed' | 'discarded';
export interface DeadLetterView extends DeadLetter {
  state: DeadLetterState;
  stateReason?: string;
  system?: string;
  /** It came as a message of the log, and can be one again. What a connector could not read never was: it is mended where it comes from. */
  replayable: boolean;
  /** What to do where it can't be replayed. */
  instead?: string;
}
export interface ReplayResult {
  status: 'would-append' | 'appended' | 'invalid';
  event?: string;
  errors?: { path: string; message: string }[];
}

export interface SystemView {
  system: string;
  connector: string;
  title: string;
  state: 'starting' | 'running' | 'behind' | 'paused' | 'stopped';
  /** Why it is paused or behind. */
  reason?: string;
  hint?: string;
  since: string;
  profile: SystemProfile;
  snapshotComplete: boolean;
  counts: Record<string, number>;
  lastChangeAt?: string;
  /** Changes appended and not yet processed by the hub, and commands waiting for the system. */
  lag: { inbound: number; inboundMs: number; outbound: number; outboundMs: number };
}
/** `ok`, or why not: older things wait, nothing moves although it could, or nobody reads. */
export type LagVerdict = 'ok' | 'behind' | 'stalled' | 'stopped';
/** What one consumer group of the log has still to handle. */
export interface GroupLag {
  group: string;
  /** Absent for the hub's own group, whose topics all systems share. */
  system?: string;
  records: number;
  /** Age of the oldest. */
  seconds: number;
  verdict: LagVerdict;
}
export interface AuditRow {
  customer: string;
  ref: string;
  system: string;
  attribute?: string;
  reason: ExceptionReason | 'unexplained';
}
export interface LiveEvent {
  /** Where to resume after it. */
  cursor: string;
  topic: string;
  type: string;
  id: string;
  subject: string;
  at: string;
  data: unknown;
}
export interface Metric {
  name: string;
  help: string;
  type: 'counter' | 'gauge' | 'histogram';
  samples: { labels: Record<string, string>; value: number }[];
}

/** What the composition root tells the service about the running connectors. */
export interface SystemsPort {
  list(): {
    system: string;
    connector: string;
    title: string;
    profile: SystemProfile;
    state: SystemView['state'];
    reason?: string;
    hint?: string;
    since: string;
    counts: Record<string, number>;
    lastChangeAt?: string;
  }[];
  pause(system: string, reason: string): Promise<void>;
  resume(system: string): Promise<void>;
}
