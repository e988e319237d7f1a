import { isIP } from 'node:net';
import { WebSocket, type RawData } from 'ws';
import {
  addressPolicy,
  guardedLookup,
  PauseError,
  RetryableError,
  TerminalError,
  urlForMessages,
  type ConnectorContext,
  type HttpRequest,
  type HttpResponse,
} from '@unsilo/connector-sdk';
import { readAccount, readInstance, readStatus, type Account, type Instance, type Status } from './api.js';
import type { MastodonOptions } from './options.js';
import type { ReplyBody } from './reply.js';

export interface Page {
  /** As the server orders them: newest first. */
  items: unknown[];
  /** Where the next newer page begins (`Link`, relation `prev`). */
  newer: string | undefined;
}
export interface Conversation {
  ancestors: unknown[];
  descendants: unknown[];
}
export type Posted = { kind: 'posted'; status: Status } | { kind: 'refused'; status: number; message: string };

/** The calls of the client API that are made. Nothing answers undefined where the server says 404 or 410. */
export interface MastodonClient {
  self(): Promise<Account>;
  instance(): Promise<Instance>;
  /** One page of what is newer than `minId`, next to it. */
  page(path: string, minId: string, query?: Readonly<Record<string, string>>): Promise<Page>;
  /** An account's statuses from the newest down, one page below `maxId`: all of them, or it fails. */
  latest(accountId: string, maxId?: string): Promise<Status[]>;
  status(id: string): Promise<Status | undefined>;
  /** The text of one's own status as it was typed. */
  source(id: string): Promise<string | undefined>;
  account(id: string): Promise<Account | undefined>;
  conversation(id: string): Promise<Conversation | undefined>;
  post(body: ReplyBody, key: string): Promise<Posted>;
  /** The server's clock less ours as last measured, milliseconds. */
  readonly clockOffsetMs: number | undefined;
}

export const PAGE_LIMIT = 40;

export function mastodonClient(context: ConnectorContext<MastodonOptions>): MastodonClient {
  const { options, http, signal } = context;
  let clockOffsetMs: number | undefined;

  async function call(path: string, request: Partial<HttpRequest> = {}): Promise<HttpResponse> {
    const url = new URL(path, options.url);
    try {
      const response = await http.request({
        ...request,
        url,
        headers: { accept: 'application/json', authorization: `Bearer ${options.token}`, ...request.headers },
        signal,
      });
      clockOffsetMs = trusted(response.clockOffsetMs) ?? clockOffsetMs;
      return response;
    } catch (error) {
      throw error instanceof PauseError ? refusedToken(error, url) : error;
    }
  }

  async function get(path: string): Promise<{ status: number; json: unknown; headers: HttpResponse['headers'] }> {
    const { status, headers, body } = await call(path, { accept: [404, 410] });
    return { status, headers, json: status >= 400 ? undefined : parsed(body, path) };
  }

  async function entity<T>(path: string, read: (value: unknown) => T | undefined): Promise<T | undefined> {
    const { status, json } = await get(path);
    if (status >= 400) return undefined;
    const value = read(json);
    if (value === undefined) throw strange(path, 'is not what the client API says');
    return value;
  }

  return {
    get clockOffsetMs() {
      return clockOffsetMs;
    },

    async self() {
      const account = await entity('/api/v1/accounts/verify_credentials', readAccount);
      if (account === undefined)
        throw new TerminalError(
          'UNSILO_MASTODON_NOT_MASTODON',
          `${options.url} does not speak the client API of Mastodon`,
          {
            hint: 'Give the address of the instance itself, as in https://social.example',
          },
        );
      return account;
    },

    async instance() {
      const { status, json } = await get('/api/v2/instance');
      return readInstance(status < 400 ? json : (await get('/api/v1/instance')).json);
    },

    async page(path, minId, query = {}) {
      const parameters = new URLSearchParams({ ...query, limit: String(PAGE_LIMIT), min_id: minId });
      const { json, headers } = await get(`${path}?${parameters.toString()}`);
      if (!Array.isArray(json)) throw strange(path, 'is no list');
      return { items: json, newer: newerOf(headers['link']) };
    },

    async latest(accountId, maxId) {
      const query = new URLSearchParams({ limit: String(PAGE_LIMIT), exclude_reblogs: 'true' });
      if (maxId !== undefined) query.set('max_id', maxId);
      const path = `/api/v1/accounts/${encodeURIComponent(accountId)}/statuses`;
      const { json } = await get(`${path}?${query.toString()}`);
      if (!Array.isArray(json)) throw strange(path, 'is no list');
      return json.map((item: unknown) => {
        const status = readStatus(item);
        if (status === undefined) throw strange(path, 'has a status without usable id, author or time');
        return status;
      });
    },

    status: (id) => entity(`/api/v1/statuses/${encodeURIComponent(id)}`, readStatus),
    account: (id) => entity(`/api/v1/accounts/${encodeURIComponent(id)}`, readAccount),
    conversation: (id) => entity(`/api/v1/statuses/${encodeURIComponent(id)}/context`, readConversation),

    async source(id) {
      const { json } = await get(`/api/v1/statuses/${encodeURIComponent(id)}/source`);
      const { text } = (json ?? {}) as { text?: unknown };
      return typeof text === 'string' ? text : undefined;
    },

    async post(body, key) {
      const path = '/api/v1/statuses';
      const response = await call(path, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'idempotency-key': key },
        body: JSON.stringify(body),
        accept: [400, 404, 406, 413, 422],
      });
      const json = response.status >= 400 ? lenient(response.body) : parsed(response.body, path);
      if (response.status >= 400) {
        const { error } = (json ?? {}) as { error?: unknown };
        return { kind: 'refused', status: response.status, message: typeof error === 'string' ? error : '' };
      }
      const status = readStatus(json);
      // It was taken, so a repeat would be a second one: say that it isn't clear.
      if (status === undefined) throw strange(path, 'is no status');
      return { kind: 'posted', status };
    },
  };
}

/** A hint that something happened; never more than that. */
export interface StreamHint {
  /** `update`, `delete`, `notification`, `status.update`, … */
  event: string;
  /** The status that it is about. */
  statusId?: string;
  /** Its author's account. */
  accountId?: string;
}
export interface Stream {
  /** Resolves with the reason when the connection ends, whoever ended it. */
  readonly closed: Promise<string>;
  close(): void;
}

const PING_MS = 30_000;
const LARGEST_MESSAGE = 1_048_576;

/**
 * Opens the stream of the account. Its host is what the instance names, which may be another one; addresses that aren't public are connected
 * to only on the instance's own host, which REST reaches as well.
 */
export function openStream(
  context: ConnectorContext<MastodonOptions>,
  instance: Instance,
  onHint: (hint: StreamHint) => void,
): Stream {
  const url = streamAddress(context.options.url, instance.streaming);
  const home = new URL(context.options.url).hostname;
  const permits = addressPolicy(url.hostname === home);
  const literal = url.hostname.replace(/^\[|\]$/g, '');
  if (isIP(literal) !== 0 && !permits(literal))
    return { closed: Promise.resolve('the address of the stream is not public'), close: () => undefined };
  const socket = new WebSocket(url, {
    headers: { authorization: `Bearer ${context.options.token}`, 'user-agent': 'unsilo/0.1' },
    handshakeTimeout: 10_000,
    maxPayload: LARGEST_MESSAGE,
    perMessageDeflate: false,
    followRedirects: false,
    lookup: guardedLookup(permits),
  });
  let alive = true;
  const pings = setInterval(() => {
    if (!alive) return socket.terminate();
    alive = false;
    if (socket.readyState === WebSocket.OPEN) socket.ping();
  }, PING_MS);
  let reason = 'the connection ended';
  const closed = new Promise<string>((resolve) => {
    socket.on('close', (code) => {
      clearInterval(pings);
      resolve(code === 1000 || code === 1006 ? reason : `${reason} (${code})`);
    });
  });
  socket.on('open', () => onHint({ event: 'open' }));
  socket.on('pong', () => void (alive = true));
  socket.on('error', (error: Error & { code?: string }) => {
    // Messages may hold the address with what is in it.
    reason = error.code ?? /\b\d{3}\b/.exec(error.message)?.[0] ?? 'failed';
  });
  socket.on('message', (data) => {
    alive = true;
    const hint = readHint(data);
    if (hint !== undefined) onHint(hint);
  });
  return { closed, close: () => socket.terminate() };
}

/** Where the stream is: as the instance says, but never readable by others where REST is not. */
export function streamAddress(base: string, streaming: string | undefined): URL {
  const rest = new URL(base);
  let url: URL;
  try {
    url = new URL(streaming ?? base);
  } catch {
    url = new URL(base);
  }
  // An instance behind a local address announces wss all the same.
  const plain = rest.protocol === 'http:' && url.hostname === rest.hostname;
  url.protocol = plain ? 'ws:' : 'wss:';
  url.pathname = '/api/v1/streaming';
  url.search = '?stream=user';
  return url;
}

function readHint(data: RawData): StreamHint | undefined {
  try {
    const text = Array.isArray(data) ? Buffer.concat(data).toString() : Buffer.from(data as Buffer).toString();
    const { event, payload } = JSON.parse(text) as { event?: unknown; payload?: unknown };
    if (typeof event !== 'string') return undefined;
    if (event === 'delete') return typeof payload === 'string' ? { event, statusId: payload } : { event };
    const inner: unknown = typeof payload === 'string' && payload.startsWith('{') ? JSON.parse(payload) : payload;
    const { id, account, status } = (inner ?? {}) as {
      id?: unknown;
      account?: { id?: unknown };
      status?: { id?: unknown };
    };
    const statusId = event === 'notification' ? status?.id : id;
    return {
      event,
      ...(typeof statusId === 'string' ? { statusId } : {}),
      ...(typeof account?.id === 'string' ? { accountId: account.id } : {}),
    };
  } catch {
    return undefined;
  }
}

/** `Date` has whole seconds: what is less than two of them is no difference of clocks. */
function trusted(offsetMs: number | undefined): number | undefined {
  return offsetMs !== undefined && Math.abs(offsetMs) < 2000 ? 0 : offsetMs;
}

function readConversation(value: unknown): Conversation | undefined {
  const { ancestors, descendants } = (value ?? {}) as { ancestors?: unknown; descendants?: unknown };
  return Array.isArray(ancestors) && Array.isArray(descendants) ? { ancestors, descendants } : undefined;
}

/** The `min_id` of the link to newer entries; only that of it is used, since proxies often get the host wrong. */
function newerOf(link: string | undefined): string | undefined {
  for (const [, target, parameters] of (link ?? '').matchAll(/<([^<>]{1,4000})>([^<]*)/g)) {
    if (!/\brel="?prev\b/.test(parameters!)) continue;
    const query = target!.split('?')[1] ?? '';
    return new URLSearchParams(query).get('min_id') ?? undefined;
  }
  return undefined;
}

function refusedToken(error: PauseError, url: URL): PauseError {
  const unauthorized = error.status === 401;
  return new PauseError(
    unauthorized ? 'UNSILO_MASTODON_UNAUTHORIZED' : 'UNSILO_MASTODON_FORBIDDEN',
    `${urlForMessages(url)} was refused with ${error.status ?? 'an error'}`,
    {
      ...(error.status === undefined ? {} : { status: error.status }),
      hint: unauthorized
        ? 'The access token is not valid (any more): make a new one in Preferences, Development, put it into the configuration and resume.'
        : 'The access token lacks a scope (it needs read and write:statuses), or the account is limited. Mend it and resume.',
    },
  );
}

function parsed(body: Buffer, path: string): unknown {
  try {
    return JSON.parse(body.toString('utf8')) as unknown;
  } catch {
    throw strange(path, 'is not JSON');
  }
}

function lenient(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8')) as unknown;
  } catch {
    return undefined;
  }
}

function strange(path: string, what: string): RetryableError {
  return new RetryableError(
    'UNSILO_MASTODON_BAD_ANSWER',
    `The answer to ${urlForMessages(new URL(path, 'http://instance'))} ${what}`,
    {
      hint: 'Something between may have answered instead of the instance, such as a page of maintenance.',
    },
  );
}
