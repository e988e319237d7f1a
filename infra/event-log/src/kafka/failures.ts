import { StorageError } from '../errors.js';

/** What Kafka or the client said, as far as it matters here. */
interface KafkaFailure {
  name?: string;
  message?: string;
  /** Kafka's name of the error. */
  type?: string;
  /** Of the system or TLS. */
  code?: unknown;
  /** `host:port` of the broker whose connection it was. */
  broker?: unknown;
  cause?: unknown;
}

/** The failure at the bottom of kafkajs' wrappers. */
export function originOf(error: unknown): KafkaFailure {
  let origin = error as KafkaFailure | null | undefined;
  for (let depth = 0; depth < 8; depth++) {
    const cause = origin?.cause as KafkaFailure | undefined;
    if (origin?.type !== undefined || cause === undefined || cause === null || cause === origin) break;
    origin = cause;
  }
  return origin ?? {};
}

export function typeOf(error: unknown): string | undefined {
  return originOf(error).type;
}

/** The broker whose connection failed or didn't answer in time; undefined where one answered, or where nobody says which it was. */
export function brokerOf(error: unknown): { host: string; port: number } | undefined {
  let failure = error as KafkaFailure | null | undefined;
  for (let depth = 0; depth < 8 && failure !== undefined && failure !== null; depth++) {
    if (failure.type !== undefined) return undefined;
    const [, host, port] = /^(.+):(\d+)$/.exec(typeof failure.broker === 'string' ? failure.broker : '') ?? [];
    if (host !== undefined) return { host, port: Number(port) };
    failure = failure.cause as KafkaFailure | undefined;
  }
  return undefined;
}

const TLS = /CERT|SSL|TLS|SIGNATURE/;
const NAMES: Readonly<Record<string, string>> = {
  KafkaJSSASLAuthenticationError: 'UNSILO_LOG_AUTHENTICATION',
  KafkaJSNotImplemented: 'UNSILO_LOG_CODEC_MISSING',
};
const TYPES: Readonly<Record<string, string>> = {
  SASL_AUTHENTICATION_FAILED: 'UNSILO_LOG_AUTHENTICATION',
  UNSUPPORTED_SASL_MECHANISM: 'UNSILO_LOG_AUTHENTICATION',
  TOPIC_AUTHORIZATION_FAILED: 'UNSILO_LOG_FORBIDDEN',
  GROUP_AUTHORIZATION_FAILED: 'UNSILO_LOG_FORBIDDEN',
  CLUSTER_AUTHORIZATION_FAILED: 'UNSILO_LOG_FORBIDDEN',
  INCONSISTENT_GROUP_PROTOCOL: 'UNSILO_LOG_GROUP_TAKEN',
  INVALID_GROUP_ID: 'UNSILO_LOG_GROUP_REFUSED',
  INVALID_SESSION_TIMEOUT: 'UNSILO_LOG_GROUP_REFUSED',
  GROUP_MAX_SIZE_REACHED: 'UNSILO_LOG_GROUP_REFUSED',
  UNSUPPORTED_VERSION: 'UNSILO_LOG_VERSION',
};
const HINTS: Readonly<Record<string, string>> = {
  UNSILO_LOG_AUTHENTICATION: 'Check the user name, the password and the mechanism that the brokers offer.',
  UNSILO_LOG_FORBIDDEN:
    'Grant this user READ, WRITE and DESCRIBE on the topics, READ on the groups, and CREATE and ALTER_CONFIGS where topics are applied.',
  UNSILO_LOG_CODEC_MISSING: 'Install the package lz4-napi (lz4) or @mongodb-js/zstd (zstd); snappy is not read.',
  UNSILO_LOG_GROUP_TAKEN: 'Other software uses this consumer group. Stop it, or choose another group.',
  UNSILO_LOG_GROUP_REFUSED:
    'Check the name of the group and group.min.session.timeout.ms, group.max.session.timeout.ms and group.max.size of the brokers.',
  UNSILO_LOG_VERSION: 'Kafka 2.1 or newer is needed.',
  UNSILO_LOG_TLS: "Check the authority (ca), the names in the brokers' certificates and their dates.",
  UNSILO_LOG_UNREACHABLE:
    'Check the addresses, the network and the brokers. Everything can be repeated as soon as they answer.',
};

/** The code of a failure that no repeating mends; undefined for all that may pass. */
function lastingCode(error: unknown): string | undefined {
  const origin = originOf(error);
  if (origin.type !== undefined && TYPES[origin.type] !== undefined) return TYPES[origin.type];
  const name = (error as KafkaFailure | undefined)?.name ?? '';
  if (NAMES[name] !== undefined) return NAMES[name];
  if (origin.name !== undefined && NAMES[origin.name] !== undefined) return NAMES[origin.name];
  if (typeof origin.code === 'string' && TLS.test(origin.code)) return 'UNSILO_LOG_TLS';
  return undefined;
}

export function isLasting(error: unknown): boolean {
  return error instanceof StorageError || lastingCode(error) !== undefined;
}

/** A failure in our codes; `what` was being done. */
export function logError(error: unknown, what: string): StorageError {
  if (error instanceof StorageError) return error;
  const code = lastingCode(error) ?? 'UNSILO_LOG_UNREACHABLE';
  const said = originOf(error).message ?? String(error);
  return new StorageError(code, `Kafka could not ${what}: ${said}.`.replace(/\.\.$/, '.'), {
    hint: HINTS[code]!,
    cause: error,
  });
}

const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 1000;

/** Pauses that grow from 50 ms to 1 s, until something went well. */
export class Backoff {
  private failures = 0;

  succeeded(): void {
    this.failures = 0;
  }

  /** Waits, unless `stopped` ends it. */
  async pause(stopped?: AbortSignal): Promise<void> {
    const ms = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** this.failures++);
    await pause(ms, stopped);
  }
}

/** Resolves after so many milliseconds, or as soon as `stopped` aborts. */
export function pause(ms: number, stopped?: AbortSignal): Promise<void> {
  if (stopped?.aborted === true) return Promise.resolve();
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      stopped?.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    stopped?.addEventListener('abort', done);
  });
}

/** The error for a group that stands behind the end of a partition. */
export function outOfRange(group: string, place: string, position: number, end: number): StorageError {
  return new StorageError(
    'UNSILO_LOG_OFFSET_OUT_OF_RANGE',
    `Group ${group} stands at offset ${position} of ${place}, which ends at ${end}.`,
    {
      hint: 'The state or the group belongs to another log, or the brokers have lost messages. Use the cluster that it was made with, or begin with an empty state and another group.',
    },
  );
}
