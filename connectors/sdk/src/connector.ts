import type { BusinessObject, Command, Interaction, Outcome, Party, SystemProfile } from '@unsilo/schemas';
import type { HttpSettings } from './http/settings.js';

/**
 * What a connector is: one object that says how one kind of external system is checked, read, listened to and written.
 * The runner owns everything else: envelopes, appending, checkpoints, retries, pauses, dead letters, outcomes.
 */
export interface Connector<Options = unknown> {
  /** Name in the configuration, and of its folder: `suitecrm`. */
  id: string;
  title: string;
  /** JSON Schema (TypeBox) of the options, with descriptions and defaults; the README's table is generated from it. */
  options: object;
  emits: readonly ('party' | 'object' | 'interaction')[];
  /** How this kind of system wants to be called: rate, concurrency, statuses that pause. The configuration may override it. */
  http?(options: Options): Partial<HttpSettings>;
  /** Commands of different records carried out at once (default 4): more where a write asks no other system. */
  writesAtOnce?: number;
  /** What one configured system of this kind is like. Pure: reads nothing but the options. */
  profile(system: string, options: Options): SystemProfile;
  /** Tries the connection and rights as cheaply as possible; each finding says what to do. */
  check(context: ConnectorContext<Options>): Promise<Finding[]>;
  /**
   * Yields changes and checkpoints until `context.signal` aborts (or the source is exhausted: it is called again after
   * `interval`). A checkpoint says: everything yielded before it need not be read again. It is saved once that is durable.
   */
  read?(context: ReadingContext<Options>): AsyncIterable<ReadItem>;
  /** Handles one authentic HTTP call of the system. */
  webhook?: WebhookHandler<Options>;
  /**
   * Carries out one command and answers what became of it (SYNC section 1). Must be safe to repeat: with `attempt.unclear` an earlier
   * try may have taken effect, so where the system offers neither keys nor conditions, read back first.
   */
  write?(context: ConnectorContext<Options>, command: Command, attempt: WriteAttempt): Promise<WriteResult>;
  /**
   * Finds out, by reading only, what became of a command whose every attempt ended unclear. Called once, after the longest time
   * that a request of the system may take. Without it such a command is reported uncertain and a read is asked for. Where the record has
   * moved on without the value, answer `conflict` with `exact: false`, the `version` of that reading and `pre`: the write may have been
   * there in between.
   */
  settle?(context: ConnectorContext<Options>, command: Command): Promise<WriteResult>;
  /**
   * Takes out of `context.memory` whatever tells something of people in these records of its system: a steward has erased them. What is
   * needed to know their present states again, when they are read, stays as digests. Must be safe to repeat. A connector that keeps
   * nothing but ids, versions and digests in its memory needs none.
   */
  forget?(context: ConnectorContext<Options>, refs: readonly string[]): Promise<void>;
}

export interface WriteAttempt {
  /** Tries of this command by this connector, this one included (after a restart it counts from 1 again). */
  number: number;
  /** An earlier try ended without saying whether it took effect; also after a crash in the middle of one. */
  unclear: boolean;
}

/** An outcome without what the runner fills in. */
export type WriteResult = Omit<Outcome, 'command' | 'system' | 'reportedAt'>;

export type ReadItem =
  | { type: 'party'; change: Party }
  | { type: 'object'; change: BusinessObject }
  | { type: 'interaction'; change: Interaction }
  /** JSON value; what `context.checkpoint` gives back after a restart. */
  | { type: 'checkpoint'; value: unknown }
  /** The first complete reading of the system has ended: creating may begin (SYNC section 6). */
  | { type: 'snapshot-completed' }
  /** One piece of input that can't be used; reading goes on. */
  | {
      type: 'bad-input';
      code: string;
      message: string;
      hint?: string;
      at: { file?: string; line?: number; url?: string; ref?: string };
      payload: string | Uint8Array;
    };

export interface ConnectorContext<Options> {
  tenant: string;
  system: string;
  options: Options;
  /** HTTP with retries, rate limits shared by all of this system's readers and writers, time and size limits. */
  http: HttpClient;
  /** Small durable memory of the connector, apart from checkpoints: counters of versions, idempotency. */
  memory: ConnectorMemory;
  log: ConnectorLog;
  clock: { now(): number; sleep(ms: number, signal?: AbortSignal): Promise<void> };
  /**
   * The system's clock less ours, milliseconds, as the last answer with a `Date` header showed it, before a restart perhaps; undefined before
   * the first. For `correctedTime` where nothing was asked: in a webhook. What was asked has its own in the answer, and a connector that
   * talks to several servers must take that.
   */
  readonly clockOffsetMs: number | undefined;
  signal: AbortSignal;
}

/** What a reading is given besides: only it knows how far the system was read. */
export interface ReadingContext<Options> extends ConnectorContext<Options> {
  /** The value of the last checkpoint that was saved when this reading began; undefined at the first start. */
  checkpoint: unknown;
}

export interface HttpClient {
  /**
   * One exchange, redirects followed, body read whole and decompressed.
   * @throws RetryableError (network, time limit, truncated body, 408, 425, 429, 5xx, after the retries), PauseError (401, 403 unless
   * accepted), TerminalError (other statuses, body too large, address refused, too many redirects)
   */
  request(request: HttpRequest): Promise<HttpResponse>;
  /**
   * Opens a response that stays open (server-sent events, a download). No retries; `timeoutMs` limits the wait for the headers,
   * `idleTimeoutMs` the silence between chunks. Ends with RetryableError when the connection breaks. Aborting `signal` closes it.
   */
  stream(request: HttpStreamRequest): Promise<HttpStream>;
}
export interface HttpStreamRequest extends HttpRequest {
  idleTimeoutMs?: number;
}
export interface HttpStream extends Omit<HttpResponse, 'body'> {
  /** Decompressed chunks as they come. Leaving the loop closes the connection. */
  chunks: AsyncIterable<Buffer>;
}
export interface HttpRequest {
  method?: string;
  url: string | URL;
  headers?: Record<string, string>;
  body?: string | Uint8Array;
  /** Milliseconds for the whole exchange. */
  timeoutMs?: number;
  maxBodyBytes?: number;
  /** Safe to send again after an unclear failure (default: GET, HEAD, PUT, DELETE, unless conditional by If-Match). */
  idempotent?: boolean;
  /** Status codes handed back rather than thrown, besides 2xx and 304. */
  accept?: readonly number[];
  signal?: AbortSignal;
}
export interface HttpResponse {
  status: number;
  headers: Record<string, string>;
  body: Buffer;
  /** Where the answer came from, after redirects. */
  url: string;
  /** The redirects that were followed, in order, each with its status and where it led. */
  redirects: readonly { status: number; url: string }[];
  /** The server's `Date` less the local clock, milliseconds, by the middle of the exchange; undefined without the header. */
  clockOffsetMs?: number;
}

export interface ConnectorMemory {
  /** Undefined where nothing stands. */
  get(key: string): Promise<unknown>;
  /** In the order of the keys, one round trip. */
  getMany(keys: readonly string[]): Promise<unknown[]>;
  /** All entries or none; durable when it resolves. JSON values; undefined removes. */
  set(entries: Record<string, unknown>): Promise<void>;
}

export interface ConnectorLog {
  debug(fields: Record<string, string | number | boolean>, message: string): void;
  info(fields: Record<string, string | number | boolean>, message: string): void;
  warn(fields: Record<string, string | number | boolean>, message: string): void;
}

export interface Finding {
  ok: boolean;
  code: string;
  message: string;
  hint?: string;
}

/** What a call may tell. How far the system has been read, only a reading knows. */
export type WebhookItem = Exclude<ReadItem, { type: 'checkpoint' | 'snapshot-completed' }>;

export interface WebhookHandler<Options> {
  /**
   * Throws unless the call is authentic: signature over the raw bytes, compared in constant time.
   * @param now Epoch milliseconds by the system's clock, as far as it was measured: what a time of sending is held against.
   */
  verify(call: WebhookCall, options: Options, now: number): void;
  /** Answers what to send back, and what was learnt, durable before it is sent; `poke` asks for a read at once (the call is only a hint). */
  handle(
    context: ConnectorContext<Options>,
    call: WebhookCall,
  ): Promise<{ status: number; body?: string; contentType?: string; items?: WebhookItem[]; poke?: boolean }>;
}
export interface WebhookCall {
  method: string;
  path: string;
  query: Record<string, string>;
  headers: Record<string, string>;
  raw: Buffer;
}

/** Checks the shape at compile time and keeps the options' type. */
export function defineConnector<Options>(connector: Connector<Options>): Connector<Options> {
  return connector;
}
