import type { HubService } from '@unsilo/hub';
import type { FastifyBaseLogger } from 'fastify';
import type { KeyStore } from './access/keys.js';

export interface GatewayOptions {
  service: HubService;
  keys: KeyStore;
  /** Absent: no system takes webhooks. */
  webhooks?: Webhooks;
  /** Folder of the built console. Absent, or without an `index.html`: the page says how to build it. */
  consoleFolder?: string;
  limits?: Partial<Limits>;
  /** Written to with named fields only: never a query string, a body or a key. Absent: silent. */
  log?: FastifyBaseLogger;
  /** Signs session cookies; at least 32 bytes. Absent: made at start, and sessions end with the process. */
  sessionSecret?: Uint8Array;
  /** Which proxies are believed when they name the client and the scheme (`X-Forwarded-*`). Default: none. */
  trustProxy?: boolean | string | string[];
}

/** One HTTP call of an external system, its body as the bytes that were sent (signatures are over them). */
export interface WebhookCall {
  method: string;
  path: string;
  query: Record<string, string>;
  headers: Record<string, string>;
  raw: Buffer;
}
export interface WebhookAnswer {
  status: number;
  body?: string;
  contentType?: string;
}
export interface Webhooks {
  /** Names of the systems that take webhooks; a call for another one is refused unread. */
  systems: readonly string[];
  /**
   * Hands a call to the connector of a system; undefined where that takes none after all. Errors with a code `UNSILO_WEBHOOK_…` mean that
   * the call isn't authentic; errors with `retryAfterMs` (or the names RetryableError and PauseError) ask the caller to come back later.
   */
  call(system: string, call: WebhookCall): Promise<WebhookAnswer | undefined>;
}

export interface Limits {
  /** Largest body of a request, bytes. */
  bodyBytes: number;
  /** Largest body of events, of a webhook and of a mended dead letter, bytes. */
  eventBodyBytes: number;
  /** Most events in one request. */
  eventsPerRequest: number;
  /** Most items on a page; the default is a quarter of it. */
  pageSize: number;
  /** Requests a minute of one key, or of one address without a key. */
  requestsPerMinute: number;
  /** Requests with events a minute of one key. */
  eventRequestsPerMinute: number;
  /** Attempts to log in a minute from one address. */
  loginsPerMinute: number;
  /** Live streams open at once, of all keys. */
  liveStreams: number;
  /** Milliseconds between signs of life on a live stream. */
  heartbeatMs: number;
  /** Milliseconds that a request may take to arrive. */
  requestTimeoutMs: number;
  /** Milliseconds that a session of the console lasts. */
  sessionMs: number;
  /** Milliseconds that the answer to a decision waits for it to be in effect. */
  effectMs: number;
}

export const defaultLimits: Limits = {
  bodyBytes: 256 * 1024,
  eventBodyBytes: 8 * 1024 * 1024,
  eventsPerRequest: 1000,
  pageSize: 200,
  requestsPerMinute: 1200,
  eventRequestsPerMinute: 12_000,
  loginsPerMinute: 10,
  liveStreams: 100,
  heartbeatMs: 15_000,
  requestTimeoutMs: 60_000,
  sessionMs: 12 * 60 * 60 * 1000,
  effectMs: 3000,
};
