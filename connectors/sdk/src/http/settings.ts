import { Type, type Static } from 'typebox';
import type { ConnectorLog } from '../connector.js';
import type { Clock } from '../clock.js';

/** How one system is called over HTTP. All its readers and writers share one client, hence one limit. */
export interface HttpSettings {
  /** Name of the system, for messages. */
  system: string;
  userAgent: string;
  /**
   * Addresses that are not public are refused when the connection is made, whatever the name resolved to before. `true` allows loopback and
   * private networks; link-local addresses (cloud metadata among them) only by naming their CIDR block: `['169.254.0.0/16']`.
   */
  allowPrivateAddresses: boolean | readonly string[];
  /** Values that must never be seen in an error or a log line. */
  secrets: readonly string[];
  /** Requests under way at once. */
  concurrency: number;
  /** At most `requests` begun in any `perMs` milliseconds; absent: no limit but the server's own headers. */
  rate?: { requests: number; perMs: number };
  retries: {
    /** Sends in all, the first included. */
    attempts: number;
    /** Full jitter: a wait is random between 0 and min(maxMs, baseMs * 2^n). */
    baseMs: number;
    maxMs: number;
    /** A `Retry-After` longer than this is not waited for here but handed to the caller. */
    longestWaitMs: number;
  };
  /** Default for a whole exchange, milliseconds. */
  timeoutMs: number;
  maxBodyBytes: number;
  maxRedirects: number;
  /** Statuses that stop the system until somebody acts. */
  pauseStatuses: readonly number[];
  clock: Clock;
  /** Uniform in [0, 1). */
  random: () => number;
  log?: ConnectorLog;
  /** Told after each answer with a `Date` header. */
  onClockOffset?: (offsetMs: number) => void;
}

export const httpDefaults = {
  userAgent: 'unsilo/0.1',
  allowPrivateAddresses: false,
  secrets: [],
  concurrency: 4,
  retries: { attempts: 4, baseMs: 250, maxMs: 20_000, longestWaitMs: 60_000 },
  timeoutMs: 30_000,
  maxBodyBytes: 16 * 1024 * 1024,
  maxRedirects: 5,
  pauseStatuses: [401, 403],
} as const;

/** What the configuration may say of a system's HTTP; the rest is the connector's and the runner's. */
export const HttpOptionsSchema = Type.Object(
  {
    allowPrivateAddresses: Type.Optional(
      Type.Union([Type.Boolean(), Type.Array(Type.String())], {
        description: 'Allow loopback and private networks (true), or single address blocks: `10.0.0.0/8`',
      }),
    ),
    concurrency: Type.Optional(Type.Integer({ minimum: 1, description: 'Requests under way at once' })),
    rate: Type.Optional(
      Type.Object(
        {
          requests: Type.Integer({ minimum: 1, description: 'So many requests …' }),
          perMs: Type.Integer({ minimum: 1, description: '… in so many milliseconds' }),
        },
        { additionalProperties: false, description: 'Limit of requests' },
      ),
    ),
    timeoutMs: Type.Optional(Type.Integer({ minimum: 1, description: 'Time for one exchange, milliseconds' })),
    maxBodyBytes: Type.Optional(Type.Integer({ minimum: 1, description: 'Longest answer that is read, bytes' })),
    maxRedirects: Type.Optional(Type.Integer({ minimum: 0, description: 'Redirects that are followed' })),
    userAgent: Type.Optional(Type.String({ minLength: 1, description: 'How requests name themselves' })),
  },
  { additionalProperties: false },
);
export type HttpOptions = Static<typeof HttpOptionsSchema>;
