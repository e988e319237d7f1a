import { createHash } from 'node:crypto';
import { resolve } from 'node:path';
import type { Connector } from '@unsilo/connector-sdk';
import { DEFAULT_HORIZON, DEFAULT_SYSTEM_POLICY, type Policy, type SystemPolicy } from '@unsilo/hub/domain';
import { DEFAULT_LINKAGE_MODEL, type LinkageModel } from '@unsilo/hub/linkage';
import type { SystemProfile } from '@unsilo/schemas';
import type { Written, WrittenStorage, WrittenSystemPolicy } from './schema.js';

/** What the process runs on: checked, complete, secrets filled in. */
export interface Configuration {
  /** Path of the file; undefined when there is none. */
  file: string | undefined;
  tenant: string;
  /** Absolute. */
  dataFolder: string;
  http: { host: string; port: number; trustProxy: string[]; adminKey?: string };
  /** Servers for log and state; undefined: both lie in the data folder. */
  storage?: StorageConfiguration;
  systems: ConfiguredSystem[];
  policy: Policy;
  /** Who is who. */
  model: LinkageModel;
  limits: { batch: number; requestsPerMinute: number | undefined; bodyBytes: number | undefined };
  /** Every text that came from `${env:…}` or `${file:…}`. */
  secrets: readonly string[];
}

export interface StorageConfiguration {
  kafka: WrittenStorage['kafka'] & { sessionTimeoutMs?: number; heartbeatIntervalMs?: number };
  redis: { servers: readonly string[]; username?: string; password?: string; prefix?: string };
}

export interface ConfiguredSystem {
  name: string;
  connector: Connector;
  /** As the connector's schema wants them, defaults filled in. */
  options: unknown;
  profile: SystemProfile;
  intervalMs: number;
  allowPrivateAddresses: boolean | readonly string[];
}

const UNITS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const DEFAULTS = {
  tenant: 'main',
  data: '.unsilo',
  host: '127.0.0.1',
  port: 8420,
  interval: '1m',
  commandDeadline: '1h',
  sameValueSends: 4,
  sameValueWindow: '1d',
  batch: 4000,
} as const;

/** Milliseconds of a time such as `30s`. */
export function milliseconds(duration: string): number {
  const [, count, unit] = /^(\d+) ?(ms|s|m|h|d)$/.exec(duration) ?? [];
  if (count === undefined || unit === undefined) throw new RangeError(`${JSON.stringify(duration)} is not a time`);
  return Number(count) * UNITS[unit as keyof typeof UNITS];
}

export function intervalMs(interval: string | undefined): number {
  return milliseconds(interval ?? DEFAULTS.interval);
}

/** Fills in the defaults; `folder` is what the data folder is relative to. */
export function complete(
  written: Written,
  folder: string,
  { kinds, ...given }: Pick<Configuration, 'file' | 'systems' | 'model' | 'secrets'> & { kinds?: Policy['kinds'] },
): Configuration {
  const { http = {}, limits = {}, storage } = written;
  return {
    ...given,
    tenant: written.tenant ?? DEFAULTS.tenant,
    dataFolder: resolve(folder, written.data ?? DEFAULTS.data),
    http: {
      host: http.host ?? DEFAULTS.host,
      port: http.port ?? DEFAULTS.port,
      trustProxy: http.trustProxy ?? [],
      ...(http.adminKey === undefined ? {} : { adminKey: http.adminKey }),
    },
    ...(storage === undefined ? {} : { storage: storageOf(storage) }),
    policy: policyOf(written, kinds),
    limits: {
      batch: limits.batch ?? DEFAULTS.batch,
      requestsPerMinute: limits.requestsPerMinute,
      bodyBytes: limits.bodyBytes,
    },
  };
}

/** No file: nothing connected, everything else as by default. */
export function emptyConfiguration(folder: string): Configuration {
  return complete({}, folder, { file: undefined, systems: [], model: DEFAULT_LINKAGE_MODEL, secrets: [] });
}

function storageOf({ kafka, redis: { url, servers, ...redis } }: WrittenStorage): StorageConfiguration {
  return { kafka, redis: { ...redis, servers: servers ?? [url ?? ''] } };
}

/** The policy is versioned by its content: customers computed under another one are computed anew. */
export function policyOf(written: Written, kinds?: Policy['kinds']): Policy {
  const { limits = {}, systems = [] } = written;
  const content: Omit<Policy, 'version'> = {
    ...(written.country === undefined ? {} : { country: written.country }),
    ...(kinds === undefined ? {} : { kinds }),
    rules: written.survivorship ?? {},
    systems: Object.fromEntries(systems.map(({ name, policy = {} }) => [name, systemPolicyOf(policy)])),
    horizon: {
      age: limits.historyAge === undefined ? DEFAULT_HORIZON.age : milliseconds(limits.historyAge),
      versions: limits.historyVersions ?? DEFAULT_HORIZON.versions,
    },
    commandDeadlineMs: milliseconds(limits.commandDeadline ?? DEFAULTS.commandDeadline),
    quarantine: {
      sends: limits.sameValueSends ?? DEFAULTS.sameValueSends,
      windowMs: milliseconds(limits.sameValueWindow ?? DEFAULTS.sameValueWindow),
    },
  };
  return { version: versionOf(content), ...content };
}

function versionOf(content: unknown): string {
  return createHash('sha256')
    .update(JSON.stringify(sorted(content)))
    .digest('hex')
    .slice(0, 16);
}

function systemPolicyOf({ write, ...rest }: WrittenSystemPolicy): SystemPolicy {
  const writes = Object.entries(write ?? {}).map(
    ([kind, { fields, clear = true, create = false, createRequires = [] }]) =>
      [kind, { fields, clear, create, createRequires }] as const,
  );
  return { ...DEFAULT_SYSTEM_POLICY, ...rest, write: Object.fromEntries(writes) };
}

/** The same content in another order is the same policy. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : Number(a > b)));
  return Object.fromEntries(entries.map(([key, item]) => [key, sorted(item)]));
}
