import { Agent, request as send, type Dispatcher } from 'undici';
import { systemClock } from '../clock.js';
import type { HttpClient, HttpRequest, HttpResponse, HttpStream, HttpStreamRequest } from '../connector.js';
import { ConnectorError, RetryableError, TerminalError } from '../errors.js';
import { redactor, urlForMessages } from '../redaction.js';
import { addressPolicy, guardedConnector } from './addresses.js';
import { decoded, limited } from './body.js';
import { networkError, statusError, timeoutError } from './failures.js';
import { createLimiter } from './limiter.js';
import { exhaustedUntil, retryAfter } from './limits.js';
import { follow, isRedirect, type Sending } from './redirects.js';
import { httpDefaults, type HttpSettings } from './settings.js';
import { timeLimit, type TimeLimit } from './time-limit.js';

const IDEMPOTENT: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE']);

export interface OwnedHttpClient extends HttpClient {
  /** Ends every exchange under way and closes the connections. */
  close(): Promise<void>;
}

/** An answer whose body has not been read yet. */
interface Opened {
  answer: Dispatcher.ResponseData;
  headers: Record<string, string>;
  url: URL;
  redirects: { status: number; url: string }[];
  clockOffsetMs: number | undefined;
  exchange: string;
}

/** One client for one configured system: every reader and writer of the system shares its limits. */
export function createHttpClient(given: Partial<HttpSettings> & { system: string }): OwnedHttpClient {
  const settings: HttpSettings = { ...httpDefaults, clock: systemClock, random: Math.random, ...given };
  const { clock, retries } = settings;
  const redact = redactor(settings.secrets);
  const limiter = createLimiter({
    system: settings.system,
    concurrency: settings.concurrency,
    longestWaitMs: retries.longestWaitMs,
    clock,
    ...(settings.rate === undefined ? {} : { rate: settings.rate }),
  });
  const agent = new Agent({
    connect: guardedConnector(addressPolicy(settings.allowPrivateAddresses)),
    // The client sets its own limits on time, by the exchange.
    headersTimeout: 0,
    bodyTimeout: 0,
    pipelining: 1,
  });
  const closing = new AbortController();

  /** Sends and follows redirects until an answer that isn't one. */
  async function open(request: HttpRequest, signal: AbortSignal): Promise<Opened> {
    let sending = firstSending(request, settings.userAgent);
    const redirects: { status: number; url: string }[] = [];
    for (;;) {
      const exchange = redact(`${sending.method} ${urlForMessages(sending.url)}`);
      const began = clock.now();
      const answer = await send(sending.url, {
        method: sending.method,
        headers: sending.headers,
        body: sending.body ?? null,
        dispatcher: agent,
        signal,
      }).catch((error: unknown) => {
        signal.throwIfAborted();
        throw networkError(error, exchange);
      });
      const headers = plainHeaders(answer.headers);
      const clockOffsetMs = clockOffset(headers, began, clock.now());
      if (clockOffsetMs !== undefined) settings.onClockOffset?.(clockOffsetMs);
      const until = exhaustedUntil(headers, clock.now());
      if (until !== undefined) limiter.holdUntil(until);
      const location = headers['location'];
      if (!isRedirect(answer.statusCode) || location === undefined || request.accept?.includes(answer.statusCode))
        return { answer, headers, url: sending.url, redirects, clockOffsetMs, exchange };
      discard(answer);
      if (redirects.length >= settings.maxRedirects)
        throw new TerminalError(
          'UNSILO_HTTP_TOO_MANY_REDIRECTS',
          `${exchange} was redirected more than ${settings.maxRedirects} times`,
        );
      sending = follow(sending, answer.statusCode, location, exchange);
      redirects.push({ status: answer.statusCode, url: sending.url.href });
    }
  }

  /** Throws the error that a status stands for, unless the caller wants to see it. */
  function judge(opened: Opened, request: HttpRequest): void {
    const status = opened.answer.statusCode;
    if ((status >= 200 && status < 300) || status === 304 || request.accept?.includes(status)) return;
    discard(opened.answer);
    const now = clock.now();
    const until = retryAfter(opened.headers, now) ?? (status === 429 ? exhaustedUntil(opened.headers, now) : undefined);
    if (status === 429 && until !== undefined) limiter.holdUntil(until);
    throw statusError(status, opened.exchange, settings.pauseStatuses, until === undefined ? undefined : until - now);
  }

  async function exchangeOnce(request: HttpRequest): Promise<HttpResponse> {
    const timeoutMs = request.timeoutMs ?? settings.timeoutMs;
    const maxBytes = request.maxBodyBytes ?? settings.maxBodyBytes;
    const limit = timeLimit(timeoutMs, [request.signal, closing.signal]);
    let exchange = redact(`${(request.method ?? 'GET').toUpperCase()} ${urlForMessages(request.url)}`);
    try {
      const opened = await open(request, limit.signal);
      exchange = opened.exchange;
      judge(opened, request);
      const { answer, headers } = opened;
      const chunks: Buffer[] = [];
      if (hasBody(request, answer.statusCode, headers)) {
        const body = decoded(answer.body, headers['content-encoding'], exchange);
        for await (const chunk of limited(body, maxBytes, exchange)) chunks.push(chunk);
      } else discard(answer);
      return { ...summary(opened), body: Buffer.concat(chunks) };
    } catch (error) {
      if (limit.expired()) throw timeoutError(exchange, timeoutMs);
      limit.signal.throwIfAborted();
      throw networkError(error, exchange);
    } finally {
      limit.end();
    }
  }

  async function request(wanted: HttpRequest): Promise<HttpResponse> {
    const repeatable = wanted.idempotent ?? isIdempotent(wanted);
    let mayHaveApplied = false;
    for (let sends = 1; ; sends += 1) {
      const release = await limiter.acquire(wanted.signal);
      let failure: unknown;
      try {
        return await exchangeOnce(wanted);
      } catch (error) {
        failure = error;
      } finally {
        release();
      }
      if (!(failure instanceof RetryableError)) throw failure;
      mayHaveApplied ||= failure.mayHaveApplied !== false;
      const mayRepeat = repeatable || failure.mayHaveApplied === false;
      const waitMs =
        failure.retryAfterMs ?? settings.random() * Math.min(retries.maxMs, retries.baseMs * 2 ** (sends - 1));
      if (!mayRepeat || sends >= retries.attempts || waitMs > retries.longestWaitMs)
        throw finalError(failure, mayHaveApplied);
      settings.log?.debug(
        { system: settings.system, code: failure.code, attempt: sends, waitMs },
        redact(failure.message),
      );
      await clock.sleep(waitMs, wanted.signal);
    }
  }

  async function stream(wanted: HttpStreamRequest): Promise<HttpStream> {
    const timeoutMs = wanted.timeoutMs ?? settings.timeoutMs;
    const limit = timeLimit(timeoutMs, [wanted.signal, closing.signal]);
    const exchange = redact(`${(wanted.method ?? 'GET').toUpperCase()} ${urlForMessages(wanted.url)}`);
    const release = await limiter.acquire(wanted.signal);
    try {
      const opened = await open(wanted, limit.signal);
      judge(opened, wanted);
      limit.restart(wanted.idleTimeoutMs);
      const body = decoded(opened.answer.body, opened.headers['content-encoding'], exchange);
      const chunks = heard(
        limited(body, wanted.maxBodyBytes ?? Infinity, exchange),
        limit,
        exchange,
        wanted.idleTimeoutMs,
      );
      return { ...summary(opened), chunks };
    } catch (error) {
      const expired = limit.expired();
      limit.end();
      if (expired) throw timeoutError(exchange, timeoutMs);
      limit.signal.throwIfAborted();
      throw networkError(error, exchange);
    } finally {
      // An open stream doesn't count as a request under way: it would keep a place for hours.
      release();
    }
  }

  return {
    request,
    stream,
    async close() {
      const error = new RetryableError('UNSILO_HTTP_CLOSED', `The HTTP client of ${settings.system} is closed`);
      closing.abort(error);
      limiter.close();
      await agent.destroy(error);
    },
  };
}

/** A conditional write repeated after its answer was lost meets its own effect and fails: the caller must know of the repeat. */
function isIdempotent({ method = 'GET', headers = {} }: HttpRequest): boolean {
  const isConditional = Object.keys(headers).some((name) => /^if-(?:match|unmodified-since)$/i.test(name));
  return IDEMPOTENT.has(method.toUpperCase()) && !isConditional;
}

/** Hands chunks on and watches the silence between them. */
async function* heard(
  chunks: AsyncIterable<Buffer>,
  limit: TimeLimit,
  exchange: string,
  idleTimeoutMs: number | undefined,
): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of chunks) {
      limit.restart(idleTimeoutMs);
      yield chunk;
    }
  } catch (error) {
    if (limit.expired()) throw timeoutError(exchange, idleTimeoutMs ?? 0);
    limit.signal.throwIfAborted();
    throw networkError(error, exchange);
  } finally {
    limit.end();
  }
}

function firstSending(request: HttpRequest, userAgent: string): Sending {
  let url: URL;
  try {
    url = new URL(request.url);
  } catch {
    throw new TerminalError(
      'UNSILO_HTTP_BAD_URL',
      `${urlForMessages(request.url)}: the address of a request is no URL`,
    );
  }
  if (url.protocol !== 'https:' && url.protocol !== 'http:')
    throw new TerminalError('UNSILO_HTTP_BAD_URL', `${url.protocol} can't be requested, only http and https`);
  const headers: Record<string, string> = { 'user-agent': userAgent, 'accept-encoding': 'gzip, br' };
  if (url.username !== '' || url.password !== '') {
    const credentials = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
    headers['authorization'] = `Basic ${Buffer.from(credentials, 'utf8').toString('base64')}`;
    url.username = '';
    url.password = '';
  }
  for (const [name, value] of Object.entries(request.headers ?? {})) headers[name.toLowerCase()] = value;
  return { method: (request.method ?? 'GET').toUpperCase(), url, headers, body: request.body };
}

function plainHeaders(headers: Dispatcher.ResponseData['headers']): Record<string, string> {
  const plain: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers))
    if (value !== undefined) plain[name.toLowerCase()] = Array.isArray(value) ? value.join(', ') : value;
  return plain;
}

/** The server's clock less ours. `Date` has whole seconds, so half a second is added; a cached answer's date is old. */
function clockOffset(headers: Record<string, string>, began: number, ended: number): number | undefined {
  const date = Date.parse(headers['date'] ?? '');
  if (Number.isNaN(date) || Number(headers['age'] ?? 0) > 0) return undefined;
  return Math.round(date + 500 - (began + ended) / 2);
}

function hasBody(request: HttpRequest, status: number, headers: Record<string, string>): boolean {
  if (request.method?.toUpperCase() === 'HEAD') return false;
  return status !== 204 && status !== 304 && headers['content-length'] !== '0';
}

function discard(answer: Dispatcher.ResponseData): void {
  answer.body.on('error', () => undefined);
  void answer.body.dump({ limit: 64 * 1024 }).catch(() => undefined);
}

function summary(opened: Opened): Omit<HttpResponse, 'body'> {
  const { answer, headers, url, redirects, clockOffsetMs } = opened;
  const shown = { status: answer.statusCode, headers, url: url.href, redirects };
  return clockOffsetMs === undefined ? shown : { ...shown, clockOffsetMs };
}

/** The last failure, told with what all sends together may have done. */
function finalError(failure: RetryableError, mayHaveApplied: boolean): ConnectorError {
  if ((failure.mayHaveApplied !== false) === mayHaveApplied) return failure;
  return new RetryableError(failure.code, failure.message, {
    mayHaveApplied,
    ...(failure.hint === undefined ? {} : { hint: failure.hint }),
    ...(failure.status === undefined ? {} : { status: failure.status }),
    ...(failure.retryAfterMs === undefined ? {} : { retryAfterMs: failure.retryAfterMs }),
  });
}
