import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import {
  RetryableError,
  TerminalError,
  urlForMessages,
  type ConnectorContext,
  type HttpResponse,
} from '@unsilo/connector-sdk';
import { feedKey, type FeedOptions, type FeedSource } from './options.js';

/** What was known of a feed when it was last read. */
export interface Validators {
  etag?: string;
  modified?: string;
}

export type Fetched =
  | { kind: 'unchanged'; headers: HttpResponse['headers'] }
  | {
      kind: 'document';
      bytes: Buffer;
      headers: HttpResponse['headers'];
      /** Where it came from in the end. */
      address: string;
      validators: Validators;
      /** The feed has moved for good. */
      movedTo?: string;
    };

const ACCEPT =
  'application/atom+xml, application/rss+xml, application/rdf+xml, application/feed+json, application/xml;q=0.9, text/xml;q=0.9, application/json;q=0.8, */*;q=0.1';
const FILES = /\.(?:xml|rss|rdf|atom|json|feed)$/i;
const EMPTY_HEADERS: HttpResponse['headers'] = {};

/**
 * Reads one feed, from the network (conditional GET) or from a file.
 * @throws RetryableError, TerminalError UNSILO_FEED_GONE, UNSILO_FEED_NOT_FOUND, UNSILO_FEED_UNAUTHORIZED, UNSILO_FEED_REFUSED, UNSILO_FEED_FILES_NOT_ALLOWED, those of
 * the HTTP client
 */
export async function fetchFeed(
  context: ConnectorContext<FeedOptions>,
  source: FeedSource,
  known: Validators,
): Promise<Fetched> {
  if (source.url.protocol === 'file:') return readLocal(context.options, source.url, known);
  const response = await context.http.request({
    url: source.url,
    headers: {
      ...source.headers,
      accept: ACCEPT,
      ...(known.etag === undefined ? {} : { 'if-none-match': known.etag }),
      ...(known.modified === undefined ? {} : { 'if-modified-since': known.modified }),
    },
    maxBodyBytes: context.options.maxBodyBytes,
    accept: [400, 401, 402, 403, 404, 405, 406, 410, 451],
    signal: context.signal,
  });
  const { status, headers, body } = response;
  if (status === 304) return { kind: 'unchanged', headers };
  if (status >= 400) throw refusal(status, source.url);
  const { etag, 'last-modified': modified } = headers;
  const movedTo = permanentTarget(response);
  return {
    kind: 'document',
    bytes: body,
    headers,
    address: response.url,
    validators: { ...(etag === undefined ? {} : { etag }), ...(modified === undefined ? {} : { modified }) },
    ...(movedTo === undefined ? {} : { movedTo }),
  };
}

/** The files of a folder as feeds of their own, in order of their names; any other feed as it is. */
export async function expandFolder(options: FeedOptions, source: FeedSource): Promise<FeedSource[]> {
  if (source.url.protocol !== 'file:') return [source];
  checkFilesAllowed(options, source.url);
  const path = fileURLToPath(source.url);
  const found = await stat(path).catch((error: unknown) => {
    throw unreadable(source.url, error);
  });
  if (!found.isDirectory()) return [source];
  const entries = await readdir(path, { withFileTypes: true }).catch((error: unknown) => {
    throw unreadable(source.url, error);
  });
  return entries
    .filter((entry) => entry.isFile() && FILES.test(entry.name))
    .map((entry) => entry.name)
    .sort()
    .map((name) => {
      const url = pathToFileURL(join(path, name));
      return { ...source, url, key: feedKey(url) };
    });
}

/** Asks a hub to announce changes of a topic; the hub verifies it by calling back. */
export async function requestSubscription(
  context: ConnectorContext<FeedOptions>,
  hub: string,
  form: Readonly<Record<string, string>>,
): Promise<void> {
  await context.http.request({
    method: 'POST',
    url: hub,
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams(form).toString(),
    maxBodyBytes: 65_536,
    // Asking twice is harmless: the hub keeps one subscription for each callback and topic.
    idempotent: true,
    signal: context.signal,
  });
}

async function readLocal(options: FeedOptions, url: URL, known: Validators): Promise<Fetched> {
  checkFilesAllowed(options, url);
  const path = fileURLToPath(url);
  try {
    const { size, mtimeMs } = await stat(path);
    const etag = `${size}-${mtimeMs}`;
    if (etag === known.etag) return { kind: 'unchanged', headers: EMPTY_HEADERS };
    if (size > options.maxBodyBytes)
      throw new TerminalError('UNSILO_FEED_TOO_LARGE', `${path} has more than ${options.maxBodyBytes} bytes`, {
        hint: 'Raise maxBodyBytes for this system.',
      });
    const bytes = await readFile(path);
    return { kind: 'document', bytes, headers: EMPTY_HEADERS, address: url.href, validators: { etag } };
  } catch (error) {
    throw error instanceof TerminalError ? error : unreadable(url, error);
  }
}

function checkFilesAllowed(options: FeedOptions, url: URL): void {
  if (options.allowFiles) return;
  throw new TerminalError('UNSILO_FEED_FILES_NOT_ALLOWED', `${fileURLToPath(url)} is a local file`, {
    hint: 'Set allowFiles: true for this system if it may read local files.',
  });
}

function unreadable(url: URL, error: unknown): RetryableError {
  const { code } = error as { code?: unknown };
  return new RetryableError('UNSILO_FEED_FILE', `${fileURLToPath(url)} can't be read: ${String(code ?? 'unknown')}`, {
    mayHaveApplied: false,
    hint: 'Check that it exists and that this process may read it.',
  });
}

function refusal(status: number, url: URL): TerminalError {
  const where = urlForMessages(url);
  if (status === 410)
    return new TerminalError('UNSILO_FEED_GONE', `${where} is gone for good`, {
      status,
      hint: 'Take it out of the configuration.',
    });
  if (status === 404)
    return new TerminalError('UNSILO_FEED_NOT_FOUND', `There is no feed at ${where}`, {
      status,
      hint: 'Check the address; the site may have moved its feed.',
    });
  if (status === 401 || status === 403)
    return new TerminalError('UNSILO_FEED_UNAUTHORIZED', `${where} answered ${status}`, {
      status,
      hint: 'The feed wants credentials (headers of the feed), or its server refuses programs.',
    });
  return new TerminalError('UNSILO_FEED_REFUSED', `${where} answered ${status}`, {
    status,
    hint: 'The server will not answer this request otherwise if repeated.',
  });
}

/** Where a feed has moved: the end of its redirects, if all of them are permanent. */
function permanentTarget({ redirects }: HttpResponse): string | undefined {
  const last = redirects.at(-1);
  if (last === undefined || redirects.some(({ status }) => status !== 301 && status !== 308)) return undefined;
  return last.url;
}
