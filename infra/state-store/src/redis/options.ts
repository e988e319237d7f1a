import type { ConnectionOptions } from 'node:tls';
import { StorageError, type EventLog } from '@unsilo/event-log';

export interface RedisStateStoreOptions {
  /**
   * `redis://host:port` or, over TLS, `rediss://host:port`; name, password and database may stand in it (`redis://name:password@host/2`).
   * Several addresses are nodes of one cluster.
   */
  servers: string | readonly string[];
  /** Where the outbox goes. */
  log: EventLog;
  /** One address that stands for a cluster. Default: only several addresses do. */
  cluster?: boolean;
  /** Wins over what stands in an address. */
  username?: string;
  password?: string;
  /** Number of the database; a cluster has only 0. */
  database?: number;
  /** Authorities, a certificate of our own, `servername`; given, the connection uses TLS whatever the address says. */
  tls?: ConnectionOptions;
  /** For a cluster whose nodes announce addresses that can't be reached from here: announced `host:port` to reachable one. */
  addresses?: Readonly<Record<string, { host: string; port: number }>>;
  /** What all keys begin with (letters, digits, `.`, `_`, `-`; default `unsilo`). */
  prefix?: string;
  /** How long a call may look for an answer, milliseconds (default 10,000). */
  patienceMs?: number;
  /** How long one attempt may wait before the connection counts as dead, milliseconds (default 5,000). */
  answerMs?: number;
  /** With so many messages waiting for the log, commits that send more are refused (default 1,000,000). */
  outboxLimit?: number;
  /** How long the outbox of a tenant stays with a relay that gives no sign, milliseconds (default 5,000). */
  leaseMs?: number;
  /** How long what was relayed is kept after a relay has fallen silent, milliseconds (default 300,000). */
  keepMs?: number;
  /** Told what no call answers: lost connections, a Redis that has gone back in time, a relay in trouble. */
  onEvent?: (event: RedisStateEvent) => void;
}

export interface RedisStateEvent {
  code:
    | 'UNSILO_STATE_DISCONNECTED'
    | 'UNSILO_STATE_CONNECTED'
    /** Redis knows less of the tenant than this process has seen of it: it lost its latest commits, or all of them. */
    | 'UNSILO_STATE_WENT_BACK'
    | 'UNSILO_STATE_RELAY_FAILED'
    /** This process was stopped for longer than its lease while it relayed. */
    | 'UNSILO_STATE_RELAY_OVERTAKEN'
    /** What closing had no time for. */
    | 'UNSILO_STATE_LEFT';
  message: string;
  tenant?: string;
}

export interface Address {
  host: string;
  port: number;
}

/** Options with their defaults, addresses taken apart. */
export interface Settings {
  nodes: readonly [Address, ...Address[]];
  cluster: boolean;
  username: string | undefined;
  password: string | undefined;
  database: number;
  tls: ConnectionOptions | undefined;
  addresses: Readonly<Record<string, Address>> | undefined;
  prefix: string;
  patienceMs: number;
  answerMs: number;
  outboxLimit: number;
  leaseMs: number;
  keepMs: number;
  onEvent: (event: RedisStateEvent) => void;
}

/** @throws UNSILO_STATE_OPTIONS_INVALID, which never shows an address whole: it may hold a password */
export function settingsOf(options: RedisStateStoreOptions): Settings {
  const servers = typeof options.servers === 'string' ? [options.servers] : options.servers;
  const [first, ...others] = servers.map(parseAddress);
  if (first === undefined) throw invalid('No address of a Redis is given.', 'Give at least one, as redis://host:port.');
  const nodes = [first, ...others];
  const cluster = options.cluster ?? nodes.length > 1;
  if (!cluster && nodes.length > 1)
    throw invalid(
      'Several addresses are given for a Redis that is no cluster.',
      'Give one, or leave out cluster: false.',
    );
  const database = options.database ?? first.database ?? 0;
  if (!Number.isInteger(database) || database < 0)
    throw invalid('The database of Redis is no whole number from 0.', 'Most often it is left out.');
  if (cluster && database !== 0) throw invalid(`A cluster has no database ${database}.`, 'Leave the database out.');
  const prefix = options.prefix ?? 'unsilo';
  if (!/^[\w.-]{1,100}$/.test(prefix))
    throw invalid('The prefix of the keys holds what it must not.', 'Letters, digits, ".", "_" and "-" are taken.');
  return {
    nodes: [toAddress(first), ...others.map(toAddress)],
    cluster,
    username: options.username ?? first.username,
    password: options.password ?? first.password,
    database,
    tls: options.tls ?? (nodes.some(({ tls }) => tls) ? {} : undefined),
    addresses: options.addresses,
    prefix,
    patienceMs: options.patienceMs ?? 10_000,
    answerMs: options.answerMs ?? 5000,
    outboxLimit: options.outboxLimit ?? 1_000_000,
    leaseMs: options.leaseMs ?? 5000,
    keepMs: options.keepMs ?? 300_000,
    onEvent: options.onEvent ?? (() => undefined),
  };
}

interface ParsedAddress extends Address {
  tls: boolean;
  username: string | undefined;
  password: string | undefined;
  database: number | undefined;
}

function parseAddress(text: string, index: number): ParsedAddress {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const database = /^\/?(\d*)$/.exec(url?.pathname ?? 'none')?.[1];
  if (
    url === undefined ||
    !['redis:', 'rediss:'].includes(url.protocol) ||
    url.hostname === '' ||
    database === undefined
  )
    throw invalid(
      `Address ${index + 1} of Redis can not be read.`,
      'Write redis://host:port, or rediss://host:port for TLS; in a name or password, escape what has a meaning in a URL (%40 for @).',
    );
  return {
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: url.port === '' ? 6379 : Number(url.port),
    tls: url.protocol === 'rediss:',
    username: url.username === '' ? undefined : decodeURIComponent(url.username),
    password: url.password === '' ? undefined : decodeURIComponent(url.password),
    database: database === '' ? undefined : Number(database),
  };
}

function toAddress({ host, port }: Address): Address {
  return { host, port };
}

function invalid(message: string, hint: string): StorageError {
  return new StorageError('UNSILO_STATE_OPTIONS_INVALID', message, { hint });
}
