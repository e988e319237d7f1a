import { connect as connectPlain, isIP, type Socket } from 'node:net';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';
import { logLevel, type KafkaConfig, type SASLOptions } from 'kafkajs';
import { StorageError } from '../errors.js';

export interface KafkaOptions {
  /** `host:port` of some brokers; the others are found through them. */
  brokers: readonly string[];
  /** Name under which the brokers' logs, quotas and metrics know this process (default `unsilo`). */
  clientId?: string;
  sasl?: KafkaSasl;
  /** `true`: encrypted, certificates checked against the system's authorities. */
  tls?: boolean | KafkaTls;
  /** Default: lz4 where the package `lz4-napi` is installed, none otherwise. What others have compressed is read whatever this says. */
  compression?: Compression;
  /** Of topics that are made here; default: what the cluster says. */
  replicationFactor?: number;
  /** Largest key and value together, bytes (default 8 MiB). Topics made here take that much. */
  maxMessageBytes?: number;
  /** How long a few messages wait for more to share a request with, milliseconds (default 5). 100 or more don't wait. */
  lingerMs?: number;
  /** A member of a group that was not heard of for so long loses its partitions, milliseconds (default 10,000; brokers want 6,000 at least). */
  sessionTimeoutMs?: number;
  /** Pause between signs of life, milliseconds (default 500): how soon a member hears that the partitions are shared anew. */
  heartbeatIntervalMs?: number;
  /** A member that keeps its partitions for so long after it should have given them up is left out, milliseconds (default 60,000). */
  rebalanceTimeoutMs?: number;
  /** How long one answer may take, milliseconds (default 15,000). */
  requestTimeoutMs?: number;
  /** How long anything is tried again before it fails with UNSILO_LOG_UNREACHABLE, milliseconds (default 120,000). */
  deliveryTimeoutMs?: number;
  /** Hears what the client has to say about its connections. Without it nobody does; what fails is told by errors all the same. */
  onLog?: (entry: { level: 'error' | 'warn'; message: string; broker?: string }) => void;
  /** Told at closing what there was no time for. */
  onLeft?: (what: string) => void;
}

export interface KafkaSasl {
  mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512';
  username: string;
  password: string;
}

export interface KafkaTls {
  /** PEM texts. */
  ca?: string;
  cert?: string;
  key?: string;
  /** The name that the brokers' certificates bear, where it is not the one that they are called by. */
  serverName?: string;
}

export type Compression = 'none' | 'gzip' | 'lz4' | 'zstd';

/** The options with their defaults. */
export type Settings = Readonly<
  Required<Omit<KafkaOptions, 'sasl' | 'tls' | 'compression' | 'replicationFactor' | 'onLog' | 'onLeft'>>
> &
  Pick<KafkaOptions, 'sasl' | 'tls' | 'compression' | 'replicationFactor' | 'onLog' | 'onLeft'>;

/** @throws UNSILO_LOG_OPTIONS */
export function settingsOf(options: KafkaOptions): Settings {
  const settings: Settings = {
    clientId: 'unsilo',
    maxMessageBytes: 8 * 1024 * 1024,
    lingerMs: 5,
    sessionTimeoutMs: 10_000,
    heartbeatIntervalMs: 500,
    rebalanceTimeoutMs: 60_000,
    requestTimeoutMs: 15_000,
    deliveryTimeoutMs: 120_000,
    ...options,
  };
  if (settings.brokers.length === 0) throw wrongOptions('names no broker', 'Give the host:port of at least one.');
  for (const broker of settings.brokers) {
    if (!/^[^\s/@]+:\d+$/.test(broker)) throw wrongOptions('names a broker that is no host:port', 'Write host:port.');
  }
  if (settings.heartbeatIntervalMs * 2 > settings.sessionTimeoutMs)
    throw wrongOptions(
      `has ${settings.heartbeatIntervalMs} ms between signs of life in a session of ${settings.sessionTimeoutMs} ms`,
      'Leave room for at least two.',
    );
  return settings;
}

function wrongOptions(what: string, hint: string): StorageError {
  return new StorageError('UNSILO_LOG_OPTIONS', `The configuration of the Kafka log ${what}.`, { hint });
}

/** What kafkajs is told. Sockets are noted in `sockets`, so that they can be cut; `ended` hears of each that has closed. */
export function clientConfig(settings: Settings, sockets: Set<Socket>, ended: (socket: Socket) => void): KafkaConfig {
  const { brokers, clientId, sasl, tls, requestTimeoutMs, onLog } = settings;
  return {
    brokers: [...brokers],
    clientId,
    ...(sasl === undefined ? {} : { sasl: sasl as SASLOptions }),
    ...(tls === undefined || tls === false ? {} : { ssl: tls === true ? true : tlsOptions(tls) }),
    connectionTimeout: Math.min(10_000, requestTimeoutMs),
    authenticationTimeout: Math.min(10_000, requestTimeoutMs),
    requestTimeout: requestTimeoutMs,
    // Whoever calls tries again, with a longer breath.
    retry: { initialRetryTime: 100, maxRetryTime: 1000, retries: 2 },
    socketFactory: ({ host, port, ssl, onConnect }) => {
      const encrypted = ssl as ConnectionOptions | true | undefined | null;
      const name = isIP(host) === 0 ? { servername: host } : {};
      const socket =
        encrypted === undefined || encrypted === null
          ? connectPlain({ host, port }, onConnect)
          : connectTls({ host, port, ...name, ...(encrypted === true ? {} : encrypted) }, onConnect);
      socket.setKeepAlive(true, 60_000);
      socket.setNoDelay(true);
      // Everybody who wants to send while it connects waits at it.
      socket.setMaxListeners(1000);
      sockets.add(socket);
      socket.once('close', () => {
        sockets.delete(socket);
        ended(socket);
      });
      return socket;
    },
    logLevel: onLog === undefined ? logLevel.NOTHING : logLevel.WARN,
    logCreator:
      () =>
      ({ level, log }) =>
        onLog?.({
          level: level === logLevel.ERROR ? 'error' : 'warn',
          message: log.message,
          ...(typeof log['broker'] === 'string' ? { broker: log['broker'] } : {}),
        }),
  };
}

function tlsOptions({ ca, cert, key, serverName }: KafkaTls): ConnectionOptions {
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(serverName === undefined ? {} : { servername: serverName }),
  };
}
