import { createHash } from 'node:crypto';
import {
  ConnectorError,
  PauseError,
  RetryableError,
  TerminalError,
  type ConnectorContext,
  type ReadingContext,
  type ReadItem,
} from '@unsilo/connector-sdk';
import { expandFolder, fetchFeed, type Fetched, type Validators } from './client.js';
import { changesOf, placeOf, problemsOf } from './entries.js';
import { feedSources, type FeedOptions, type FeedSource } from './options.js';
import { parseFeed } from './parse.js';
import { nextReading, nextTry } from './schedule.js';
import { discoverHub, pokeKey, subscribe } from './websub.js';

/** What a checkpoint says of one feed. Times in epoch milliseconds. */
interface FeedState extends Validators {
  /** Not to be read before. */
  due?: number;
  /** Digest of the last document, for servers that know no conditional requests. */
  document?: string;
  failures?: number;
  /** Code of the last failure. */
  code?: string;
  weakIds?: true;
  /** The hub that the feed offers, and the topic there. */
  hub?: { hub: string; topic: string };
}
interface Checkpoint {
  feeds: Record<string, FeedState>;
  /** Every feed has been tried once. */
  complete?: boolean;
}

/** The longest wait that the HTTP client passes on from a server. */
const LONGEST_RETRY_AFTER_MS = 24 * 3600_000;
/** Feeds that are fetched at the same time. */
const AHEAD = 4;
/** After so many items or documents it is worth to remember how far the reading came. */
const CHECKPOINT_ITEMS = 500;
const CHECKPOINT_DOCUMENTS = 20;

/** One reading of all feeds that are due. One feed that fails doesn't hold up the others; when all fail, the system fails. */
export async function* readFeeds(context: ReadingContext<FeedOptions>): AsyncGenerator<ReadItem> {
  const before = checkpointOf(context.checkpoint);
  const { sources, failures } = await sourcesOf(context);
  const configured = new Set(sources.map(({ key }) => key));
  const feeds: Record<string, FeedState> = {};
  for (const { key } of sources) feeds[key] = before.feeds[key] ?? {};
  const pokes = await context.memory.getMany(sources.map(({ key }) => pokeKey(key)));
  const now = context.clock.now();
  const poked = new Set(sources.filter((_, index) => pokes[index] !== undefined).map(({ key }) => key));
  const due = sources.filter(
    (source) => poked.has(source.key) || isDue(context.options, source, feeds[source.key]!, now),
  );
  if (poked.size > 0) await context.memory.set(Object.fromEntries([...poked].map((key) => [pokeKey(key), undefined])));

  let items = 0;
  let documents = 0;
  const started = inOrder(due, AHEAD, (source) => attempt(context, source, feeds[source.key]!));
  for await (const { source, outcome } of started) {
    context.signal.throwIfAborted();
    const reading = await digest(context, source, outcome, feeds[source.key]!, configured);
    yield* reading.items;
    feeds[source.key] = reading.state;
    items += reading.items.length;
    documents += 1;
    if (items >= CHECKPOINT_ITEMS || documents >= CHECKPOINT_DOCUMENTS) {
      yield { type: 'checkpoint', value: structuredClone({ ...before, feeds }) };
      [items, documents] = [0, 0];
    }
  }
  if (before.complete !== true) yield { type: 'snapshot-completed' };
  const failure = failureOfAll(feeds, failures, context.clock.now());
  // Once somebody has mended it, it is read at once.
  if (failure instanceof PauseError) for (const state of Object.values(feeds)) delete state.due;
  if (due.length > 0 || before.complete !== true)
    yield { type: 'checkpoint', value: structuredClone({ feeds, complete: true }) };
  if (failure !== undefined) throw failure;
}

/** A time further ahead than any wait was set by a clock that has been put back since. */
function isDue({ maxInterval }: FeedOptions, { intervalMs }: FeedSource, { due = 0 }: FeedState, now: number): boolean {
  return due <= now || due > now + Math.max(intervalMs, maxInterval * 1000, LONGEST_RETRY_AFTER_MS);
}

/** All feeds, folders taken apart. A folder that can't be read is a failure of its own. */
async function sourcesOf(
  context: ConnectorContext<FeedOptions>,
): Promise<{ sources: FeedSource[]; failures: ConnectorError[] }> {
  const given = feedSources(context.options);
  for (const problem of given.problems)
    context.log.warn({ system: context.system, code: 'UNSILO_FEED_BAD_ADDRESS' }, problem);
  const failures = given.problems.map((problem) => new TerminalError('UNSILO_FEED_BAD_ADDRESS', problem));
  const sources = new Map<string, FeedSource>();
  for (const source of given.sources) {
    try {
      for (const found of await expandFolder(context.options, source))
        if (!sources.has(found.key)) sources.set(found.key, found);
    } catch (error) {
      if (!(error instanceof ConnectorError)) throw error;
      failures.push(error);
      context.log.warn({ system: context.system, code: error.code }, error.message);
    }
  }
  return { sources: [...sources.values()], failures };
}

type Outcome = { fetched: Fetched } | { failure: ConnectorError };

async function attempt(
  context: ConnectorContext<FeedOptions>,
  source: FeedSource,
  { etag, modified }: FeedState,
): Promise<Outcome> {
  try {
    const known = { ...(etag === undefined ? {} : { etag }), ...(modified === undefined ? {} : { modified }) };
    return { fetched: await fetchFeed(context, source, known) };
  } catch (error) {
    if (context.signal.aborted || !(error instanceof ConnectorError)) throw error;
    return { failure: error };
  }
}

/** What one feed's answer means: the items to yield and the feed's next state. */
async function digest(
  context: ConnectorContext<FeedOptions>,
  source: FeedSource,
  outcome: Outcome,
  before: FeedState,
  configured: ReadonlySet<string>,
): Promise<{ items: ReadItem[]; state: FeedState }> {
  if ('failure' in outcome) return failed(context, source, outcome.failure, before);
  const { fetched } = outcome;
  const bounds = { intervalMs: source.intervalMs, maxMs: context.options.maxInterval * 1000 };
  const now = context.clock.now();
  const local = source.url.protocol === 'file:';
  if (fetched.kind === 'unchanged') {
    // A file that couldn't be read as a feed still can't.
    if (local) return { items: [], state: before };
    const { failures: _failures, code: _code, ...well } = before;
    if (before.hub !== undefined) await subscribe(context, source.key, before.hub);
    return { items: [], state: { ...well, due: nextReading(now, bounds, fetched.headers, undefined) } };
  }
  if (fetched.movedTo !== undefined)
    context.log.warn(
      { system: context.system, feed: source.key, code: 'UNSILO_FEED_MOVED' },
      `A feed has moved for good; set its new address in the configuration (${placeOf(source).url ?? ''})`,
    );
  const document = createHash('sha256').update(fetched.bytes).digest('base64url').slice(0, 22);
  const parsed = parseFeed({
    bytes: fetched.bytes,
    address: fetched.address,
    ...(fetched.headers['content-type'] === undefined ? {} : { contentType: fetched.headers['content-type'] }),
  });
  if ('problem' in parsed) {
    const { code, message, hint, line } = parsed.problem;
    const item: ReadItem = {
      type: 'bad-input',
      code,
      message,
      ...(hint === undefined ? {} : { hint }),
      at: { ...placeOf(source), ...(line === undefined ? {} : { line }) },
      payload: fetched.bytes,
    };
    const failure = failed(context, source, new TerminalError(code, message), before);
    // A file stays as it is until somebody changes it.
    return { items: [item], state: local ? { ...failure.state, ...fetched.validators, due: 0 } : failure.state };
  }
  const { feed } = parsed;
  const hub = local ? undefined : discoverHub(fetched.headers['link'], feed, fetched.address);
  if (hub !== undefined) await subscribe(context, source.key, hub);
  const due = local ? 0 : nextReading(now, bounds, fetched.headers, feed.ttlMs);
  const state: FeedState = {
    ...fetched.validators,
    due,
    document,
    ...(before.weakIds === true ? { weakIds: true } : {}),
    ...(hub === undefined ? {} : { hub }),
  };
  if (document === before.document) return { items: [], state };
  const reading = await changesOf(context, source, feed, before.weakIds === true, configured);
  return {
    items: [...reading.items, ...problemsOf(source, feed, fetched.bytes)],
    state: { ...state, ...(reading.weakIds ? { weakIds: true } : {}) },
  };
}

function failed(
  context: ConnectorContext<FeedOptions>,
  source: FeedSource,
  error: ConnectorError,
  before: FeedState,
): { items: ReadItem[]; state: FeedState } {
  const failures = (before.failures ?? 0) + 1;
  const bounds = { intervalMs: source.intervalMs, maxMs: context.options.maxInterval * 1000 };
  const retryAfterMs = error instanceof RetryableError ? error.retryAfterMs : undefined;
  const gone = error.code === 'UNSILO_FEED_GONE';
  const now = context.clock.now();
  const due = gone ? now + bounds.maxMs : nextTry(now, bounds, failures, retryAfterMs);
  context.log.warn(
    { system: context.system, feed: source.key, code: error.code, failures },
    `A feed can't be read: ${error.message}`,
  );
  const tooLarge = error.code === 'UNSILO_HTTP_BODY_TOO_LARGE' || error.code === 'UNSILO_FEED_TOO_LARGE';
  const items: ReadItem[] = tooLarge
    ? [
        {
          type: 'bad-input',
          code: error.code,
          message: error.message,
          ...(error.hint === undefined ? {} : { hint: error.hint }),
          at: placeOf(source),
          payload: '',
        },
      ]
    : [];
  return { items, state: { ...before, failures, code: error.code, due } };
}

/**
 * A system none of whose feeds can be read is shown as failing, and tried again when the first of them is due. When all want credentials it
 * waits for somebody who has them.
 */
function failureOfAll(
  feeds: Readonly<Record<string, FeedState>>,
  failures: readonly ConnectorError[],
  now: number,
): ConnectorError | undefined {
  const states = Object.values(feeds);
  if (states.length === 0) return failures[0];
  if (states.some((state) => state.failures === undefined)) return undefined;
  const codes = [...new Set(states.map((state) => state.code ?? 'unknown'))].sort();
  const [only] = codes;
  const subject = states.length === 1 ? "The feed can't" : `None of the ${states.length} feeds can`;
  const message = `${subject} be read (${codes.join(', ')})`;
  if (codes.length === 1 && only === 'UNSILO_FEED_UNAUTHORIZED')
    return new PauseError(only, message, {
      hint: 'Give the credentials that the feeds want as headers of the feed, then resume the system.',
    });
  const soonest = Math.min(...states.map((state) => state.due ?? now));
  return new RetryableError(codes.length === 1 ? only! : 'UNSILO_FEED_ALL_FAIL', message, {
    retryAfterMs: Math.max(0, soonest - now),
    mayHaveApplied: false,
    hint: 'The log names each feed and its failure.',
  });
}

function checkpointOf(value: unknown): Checkpoint {
  const feeds = (value as Checkpoint | undefined)?.feeds;
  return typeof feeds === 'object' && feeds !== null ? (value as Checkpoint) : { feeds: {} };
}

/** Works ahead on a few sources and answers in their order. */
async function* inOrder(
  sources: readonly FeedSource[],
  ahead: number,
  work: (source: FeedSource) => Promise<Outcome>,
): AsyncGenerator<{ source: FeedSource; outcome: Outcome }> {
  const running: { source: FeedSource; done: Promise<Outcome> }[] = [];
  let next = 0;
  for (;;) {
    while (next < sources.length && running.length < ahead) {
      const source = sources[next]!;
      const done = work(source);
      // Its failure is met when its turn comes.
      done.catch(() => undefined);
      running.push({ source, done });
      next += 1;
    }
    const first = running.shift();
    if (first === undefined) return;
    yield { source: first.source, outcome: await first.done };
  }
}
