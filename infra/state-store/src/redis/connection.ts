import { setTimeout as pause } from 'node:timers/promises';
import { Cluster, Redis } from 'ioredis';
import { COMMIT_SCRIPT } from './commit-script.js';
import { closed, isPassing, isRefusal, outcomeUnknown, saying, translated, unreachable } from './failures.js';
import type { Settings } from './options.js';
import { LEASE_SCRIPT, RANGE_SCRIPT, RELAY_SCRIPT } from './scripts.js';

/** The scripts as commands; each takes one list: the number of keys, the keys, the arguments. */
interface Scripts {
  unsiloCommit(args: readonly (string | number)[]): Promise<unknown[]>;
  unsiloRange(args: readonly (string | number)[]): Promise<(string | null)[]>;
  unsiloRelay(args: readonly (string | number)[]): Promise<unknown[]>;
  unsiloLease(args: readonly (string | number)[]): Promise<number>;
}
export type Client = (Redis | Cluster) & Scripts;

const FIRST_PAUSE_MS = 20;
const LONGEST_PAUSE_MS = 1000;

/**
 * The connection to one Redis or to a cluster. The client neither queues nor repeats anything by itself: a call is sent when there is a
 * connection, and sent again by `ask` when its answer was lost, so every call given to `ask` must be one that can be repeated.
 */
export class Connection {
  private readonly settings: Settings;
  private readonly client: Client;
  private readonly where: string;
  private readonly waiting = new Set<() => void>();
  private readonly whenConnected: () => void;
  private lastFailure: unknown;
  private connected = false;
  private ended = false;

  /** @param whenConnected called at every new connection, the first one too */
  constructor(settings: Settings, whenConnected: () => void) {
    this.settings = settings;
    this.whenConnected = whenConnected;
    this.where = settings.nodes.map(({ host, port }) => `${host}:${port}`).join(', ');
    this.client = createClient(settings);
    this.client.on('ready', () => this.becameReady());
    this.client.on('close', () => this.lost());
    this.client.on('end', () => this.wakeAll());
    this.client.on('error', (error: unknown) => {
      this.lastFailure = nodeFailure(error);
      if (isRefusal(this.lastFailure)) this.wakeAll();
    });
  }

  /**
   * The answer of a call. It is repeated, until patience ends, when the connection or Redis fails in a way that passes.
   * @throws UNSILO_STATE_UNREACHABLE; or UNSILO_STATE_OUTCOME_UNKNOWN when `changes` and it may have arrived; what Redis refuses, translated
   */
  async ask<Answer>(call: (client: Client) => Promise<Answer>, changes = false): Promise<Answer> {
    const { patienceMs, answerMs } = this.settings;
    const end = performance.now() + patienceMs;
    let sent = false;
    for (let wait = FIRST_PAUSE_MS; ; wait = Math.min(2 * wait, LONGEST_PAUSE_MS)) {
      try {
        if (this.client.status !== 'ready') await this.ready(end);
        const attempt = call(this.client);
        sent = true;
        return await this.within(attempt, Math.max(1, Math.min(answerMs, end - performance.now())));
      } catch (error) {
        if (!isPassing(error)) throw translated(error);
        if (this.ended) throw closed();
        if (saying(error).startsWith('READONLY')) this.client.disconnect(true);
        if (performance.now() + wait >= end) {
          const failure = changes && sent ? outcomeUnknown : unreachable;
          throw failure(this.where, patienceMs, saying(this.reason(error)));
        }
        await pause(wait);
      }
    }
  }

  /** The nodes that hold the data: the masters of a cluster, or the one server. */
  masters(): readonly Redis[] {
    return this.client instanceof Cluster ? this.client.nodes('master') : [this.client];
  }

  close(): void {
    this.ended = true;
    this.client.disconnect();
    this.wakeAll();
  }

  /**
   * An answer that takes too long means a connection that is dead, whatever the operating system still believes of it. In a cluster the
   * client finds out by itself which node's it is (socketTimeout); the others' go on.
   */
  private async within<Answer>(answer: Promise<Answer>, limitMs: number): Promise<Answer> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        reject(new Error(`no answer within ${Math.round(limitMs)} ms`));
        if (!this.ended && this.client instanceof Redis) this.client.disconnect(true);
      }, limitMs);
    });
    try {
      return await Promise.race([answer, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  private async ready(end: number): Promise<void> {
    for (;;) {
      if (this.ended) throw closed();
      if (isRefusal(this.lastFailure)) throw this.lastFailure;
      if (this.client.status === 'ready') return;
      const left = end - performance.now();
      if (left <= 0) throw new Error(saying(this.lastFailure ?? 'no connection'));
      let wake!: () => void;
      const woken = new Promise<void>((done) => (wake = done));
      this.waiting.add(wake);
      const timer = setTimeout(wake, left);
      await woken;
      clearTimeout(timer);
      this.waiting.delete(wake);
    }
  }

  private becameReady(): void {
    this.connected = true;
    this.lastFailure = undefined;
    this.wakeAll();
    this.settings.onEvent({ code: 'UNSILO_STATE_CONNECTED', message: `Connected to Redis at ${this.where}.` });
    this.whenConnected();
  }

  private lost(): void {
    if (!this.connected || this.ended) return;
    this.connected = false;
    const why = this.lastFailure === undefined ? '' : ` (${saying(this.lastFailure)})`;
    this.settings.onEvent({
      code: 'UNSILO_STATE_DISCONNECTED',
      message: `The connection to Redis at ${this.where} was lost${why}; it is being made again.`,
    });
  }

  private reason(error: unknown): unknown {
    return saying(error).startsWith('Stream isn') ? (this.lastFailure ?? error) : error;
  }

  private wakeAll(): void {
    for (const wake of this.waiting) wake();
  }
}

/** A cluster wraps what its nodes said. */
function nodeFailure(error: unknown): unknown {
  return (error as { lastNodeError?: unknown }).lastNodeError ?? error;
}

function createClient(settings: Settings): Client {
  const { nodes, username, password, database, tls, addresses } = settings;
  const common = {
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(tls === undefined ? {} : { tls }),
    protocol: 2 as const,
    connectionName: 'unsilo-state',
    connectTimeout: settings.answerMs,
    // A timer of the client that would keep the process alive after closing.
    disconnectTimeout: 200,
    // The handshake of a new connection must not hang for ever either. Our own limit is the shorter one.
    commandTimeout: settings.answerMs + 1000,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
  };
  const scripts = {
    unsiloCommit: { lua: COMMIT_SCRIPT },
    unsiloRange: { lua: RANGE_SCRIPT },
    unsiloRelay: { lua: RELAY_SCRIPT },
    unsiloLease: { lua: LEASE_SCRIPT },
  };
  const again = (times: number): number => Math.min(FIRST_PAUSE_MS * 2 ** Math.min(times, 10), LONGEST_PAUSE_MS);
  const client = settings.cluster
    ? new Cluster([...nodes], {
        redisOptions: { ...common, socketTimeout: settings.answerMs },
        scripts,
        enableOfflineQueue: false,
        clusterRetryStrategy: again,
        // A certificate names the host, not the address that it resolves to.
        ...(tls === undefined ? {} : { dnsLookup: (address, done) => done(null, address) }),
        ...(addresses === undefined ? {} : { natMap: { ...addresses } }),
      })
    : new Redis({ ...common, ...nodes[0], scripts, db: database, enableOfflineQueue: false, retryStrategy: again });
  return client as Client;
}
