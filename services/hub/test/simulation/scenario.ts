import type { SurvivorshipRule } from '../../src/domain.js';

/** A whole history as data: what one run of the simulation is made of, and what shrinking takes things out of. */
export interface Scenario {
  seed: number;
  systems: SystemSpec[];
  records: RecordSpec[];
  /** In the order of time. */
  events: ScenarioEvent[];
  /** After the first quiet. */
  extraEdit?: EditEvent;
  network: NetworkSpec;
  policy: PolicySpec;
}

export type ScalarPath = 'name.given' | 'name.surname' | 'name.full' | 'note' | 'language';
export type ListName = 'emails' | 'phones' | 'consents';
export type Path = ScalarPath | ListName;

/** What a simulated system makes of a text. `punctuate` has no name in the contract, so it can't be declared. */
export interface RewriteSpec {
  attribute: Path;
  rule: 'truncate' | 'upper' | 'lower' | 'digits-only' | 'punctuate';
  length?: number;
  declared: boolean;
  /** Done by a nightly job, not at once. */
  later: boolean;
}

export interface SystemSpec {
  name: string;
  /** Rising number, or the second of the last change with the connector's counter. */
  versions: 'number' | 'second';
  /** What a write answers: values and version with the state it replaced, without it, or nothing. */
  answers: 'before' | 'exact' | 'read-back';
  conditional: boolean;
  /** A write that changes nothing makes a new version all the same. */
  idleWritesCount: boolean;
  attributes: Path[];
  /** `name.full` is made of the parts by the system itself. */
  derivesFullName: boolean;
  slots: { emails?: string[]; phones?: string[] };
  rewrites: RewriteSpec[];
  /** Values that it refuses; null: refuses to clear. */
  refuses: { attribute: ScalarPath; value: string | null }[];
  /** Milliseconds that its clock is ahead. */
  clockAhead: number;
  /** What the connector's correction leaves of it. */
  clockError: number;
  tellsCreation: boolean;
  webhooks: boolean;
  pollEvery: number;
  nightlyEvery: number;
  /** Longest time that a request may take effect after it was sent. */
  longestRequest: number;
  creates: 'external-key' | 'search' | 'none';
}

export interface RecordSpec {
  system: string;
  id: string;
  person: string;
  /** Milliseconds before the start. */
  createdBefore: number;
  changedBefore: number;
  scalars: Partial<Record<ScalarPath, string>>;
  emails: string[];
  phones: string[];
  consents: Record<string, 'granted' | 'withdrawn'>;
}

export type ScenarioEvent =
  | EditEvent
  | ListEvent
  | ConsentEvent
  | DeleteEvent
  | DecisionEvent
  | KeepEvent
  | EraseEvent
  | OutageEvent
  | DeclareEvent
  | RestartEvent;

/** Milliseconds after the start. */
interface Timed {
  at: number;
}
export interface EditEvent extends Timed {
  kind: 'edit';
  ref: string;
  set: Partial<Record<ScalarPath, string | null>>;
}
export interface ListEvent extends Timed {
  kind: 'add' | 'remove';
  ref: string;
  list: 'emails' | 'phones';
  value: string;
}
export interface ConsentEvent extends Timed {
  kind: 'consent';
  ref: string;
  purpose: string;
  status: 'granted' | 'withdrawn';
}
export interface DeleteEvent extends Timed {
  kind: 'delete';
  ref: string;
}
export interface DecisionEvent extends Timed {
  kind: 'link' | 'unlink';
  refs: [string, string];
}
export interface KeepEvent extends Timed {
  kind: 'keep';
  ref: string;
  attribute: ScalarPath;
  value: string;
}
export interface EraseEvent extends Timed {
  kind: 'erase';
  ref: string;
}
export interface OutageEvent extends Timed {
  kind: 'outage';
  system: string;
  lasts: number;
}
/** A new version of the connector declares whatever the system does to values. */
export interface DeclareEvent extends Timed {
  kind: 'declare';
  system: string;
}
/** The hub loses its memory and reads all facts again, in other batches. */
export interface RestartEvent extends Timed {
  kind: 'restart';
}

export interface NetworkSpec {
  /** Milliseconds from a change to the hub's knowing, from the hub's command to its being sent, and of the write itself. */
  eventDelay: [number, number];
  commandDelay: [number, number];
  answerDelay: [number, number];
  /** Chance that any message takes `lateBy` longer. */
  late: number;
  lateBy: number;
  dropWebhook: number;
  repeat: number;
  /** What becomes of a write: its answer is lost; it is itself lost; it takes effect after everyone gave up. */
  answerLost: number;
  writeLost: number;
  landsLate: number;
  /** How long the hub gathers messages. */
  batch: [number, number];
}

export interface PolicySpec {
  rules: Record<string, SurvivorshipRule>;
  ranks: Record<string, number>;
  create: boolean;
  addWins: string[];
  deletes: 'ignore' | 'archive' | 'propagate';
  noClear: string[];
  quarantine: { sends: number; windowMs: number };
  commandDeadlineMs: number;
  /** Age in milliseconds and number of versions; absent: nothing is compacted. */
  horizon?: { age: number; versions: number };
}

export const START = Date.UTC(2026, 2, 1, 9, 0, 0);
export const KIND = 'contact';

export function refIn(system: string, id: string): string {
  return `${system}/${KIND}/${id}`;
}
