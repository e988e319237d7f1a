/**
 * The hub's state: tables of JSON texts by key, changed by one kind of write only: `commit`, whole or not at all.
 * An adapter is right when it passes `stateStoreSuite` (suite.ts).
 *
 * Everything belongs to a tenant. Keys are compared by their UTF-8 bytes and hold no personal data (hash what does).
 * Reads see every commit that resolved before they began; reads of one call may see a later one as well: `expect` is what makes a
 * computation over several reads safe.
 */
export interface StateStore {
  /** Nobody but this process can commit: what it has read stays as it is until it writes. */
  readonly exclusive: boolean;

  /** Values in the order of the keys; undefined where there is none. One round trip for all keys. */
  getMany(tenant: string, table: string, keys: readonly string[]): Promise<(Entry | undefined)[]>;

  /** Entries with `from <= key < to` in order of keys (or reversed), at most `limit`. */
  range(tenant: string, table: string, options: RangeOptions): Promise<KeyedEntry[]>;

  /** The consumed offsets that commits have recorded for a group: next offset to read by partition. */
  offsets(group: string): Promise<StoredOffset[]>;

  /**
   * Checks every `expect` and every `offsets[].from`; if all hold, applies `put` and `remove`, moves the offsets and hands `outbox` to the
   * log; durable when it resolves. Otherwise changes nothing and answers what differed. Within one commit a key stands in `put` or
   * `remove` at most once. An empty commit is allowed.
   * Embedded, the outbox is appended in the same transaction. Distributed, it is kept with the state and relayed to the log
   * at least once, in order by key.
   * @throws UNSILO_STATE_FULL (nothing changed), UNSILO_STATE_CLOSED, UNSILO_STATE_VALUE_TOO_LARGE (nothing changed),
   * UNSILO_STATE_KEY_INVALID, UNSILO_STATE_VALUE_INVALID (no Unicode text, or a key of more than 4,000 bytes),
   * UNSILO_STATE_COMMIT_INVALID (a key twice), and what the log says about the outbox; nothing changed in any of these.
   * Over a network also UNSILO_STATE_UNREACHABLE, UNSILO_STATE_OUTBOX_FULL, UNSILO_STATE_COMMIT_TOO_LARGE (nothing changed) and
   * UNSILO_STATE_OUTCOME_UNKNOWN (the answer was lost: make the same commit again; where it moves offsets it answers ok if it had been carried out)
   */
  commit(tenant: string, commit: Commit): Promise<CommitResult>;

  /** Names of the tenants that have state. */
  tenants(): Promise<string[]>;

  /** Bytes used and number of entries, by table; for reports, may be estimated. */
  usage(): Promise<{ table: string; entries: number; bytes: number }[]>;

  /** Waits for commits under way. Repeats are harmless. */
  close(): Promise<void>;
}

export interface Entry {
  value: string;
  /** Raised at every put of this key; never reused for another value of the key while the entry exists. */
  revision: number;
}
export interface KeyedEntry extends Entry {
  key: string;
}
export interface RangeOptions {
  from?: string;
  to?: string;
  limit: number;
  reverse?: boolean;
}
export interface StoredOffset {
  topic: string;
  partition: number;
  /** Next offset to read. */
  offset: number;
}

export interface Commit {
  /** Compare-and-set: the revision that was read, or null where nothing must stand. */
  expect?: readonly Expectation[];
  put?: readonly { table: string; key: string; value: string }[];
  remove?: readonly { table: string; key: string }[];
  /**
   * Consumed offsets of one group; a group belongs to one tenant (adapters that spread tenants over servers refuse others). `from` is the offset that the worker believes to be stored (undefined: none yet); when it
   * isn't, another worker has been here and the commit fails: this fences off a worker that lost its partition.
   */
  offsets?: { group: string; moves: readonly OffsetMove[] };
  outbox?: readonly OutboxMessage[];
}
export interface Expectation {
  table: string;
  key: string;
  revision: number | null;
}
export interface OffsetMove {
  topic: string;
  partition: number;
  from: number | undefined;
  to: number;
}
/** As the log takes it. */
export interface OutboxMessage {
  topic: string;
  key: string;
  value: string | null;
  headers?: { traceparent?: string };
}
export type CommitResult =
  | { ok: true }
  | {
      ok: false;
      /** The expectations that didn't hold, each with the revision that stands now. */
      conflicts: Expectation[];
      offsets: { topic: string; partition: number; stored: number | undefined }[];
    };
