import type { EventLog, LogMessage, TopicPartition } from '@unsilo/event-log';
import { parseEvent, topicName } from '@unsilo/schemas';
import { ServiceError, type LiveEvent, type Page } from '../service.js';
import type { ServiceContext } from './context.js';
import { decodeCursor, encodeCursor, isPlaces, isPositions, type Places } from './cursor.js';

/**
 * How often a live stream looks at the ends of the topics where the log does not tell of appends, milliseconds: a subscription would be a
 * group, which keeps its offsets after its reader has left, and on a server each comes with an assignment of its own. People don't
 * see the delay, and a look costs one read of each partition's end.
 */
const LOOK_EVERY_MS = 150;
/** Where it does tell: what is appended within so long is read together, milliseconds. */
const GATHER_MS = 10;
/** And it is looked all the same after so long: whoever follows a log that was closed is told so. Milliseconds. */
const LONGEST_WAIT_MS = 5000;

export function knownTopics(context: ServiceContext): string[] {
  const kinds = [
    'parties',
    'objects',
    'interactions',
    'outcomes',
    'decisions',
    'customers',
    'signals',
    'dead-letters',
    'records',
  ] as const;
  return [...kinds.map((k) => topicName(k)), ...[...context.core.profiles.keys()].map((s) => topicName('commands', s))];
}

function checkTopics(context: ServiceContext, topics: readonly string[]): void {
  const known = knownTopics(context);
  const unknown = topics.find((t) => !known.includes(t));
  if (unknown !== undefined)
    throw new ServiceError('not-found', 'UNSILO_NO_TOPIC', 'There is no such topic.', {
      hint: `Topics: ${known.join(', ')}.`,
    });
}

/** Everything that is appended from now on, or after the cursor; a cursor holds the next offset of every partition. */
export async function* live(
  context: ServiceContext,
  query: { after?: string; topics?: readonly string[] },
  signal: AbortSignal,
): AsyncGenerator<LiveEvent> {
  // Summaries for rebuilds say nothing new.
  const topics = query.topics ?? knownTopics(context).filter((t) => t !== topicName('records'));
  checkTopics(context, topics);
  const known = decodeCursor(query.after, isPlaces);
  const positions = new Positions();
  for (const end of await context.log.ends(topics)) {
    positions.set(end, known ? (known[short(end.topic)]?.[end.partition] ?? 0) : end.next);
  }
  const arrivals = new Arrivals(context.log, topics, signal);
  try {
    while (!signal.aborted) {
      yield* arrived();
      await arrivals.next();
    }
  } finally {
    arrivals.close();
  }

  async function* arrived(): AsyncGenerator<LiveEvent> {
    for (const end of await context.log.ends(topics)) {
      const from = positions.get(end);
      if (from >= end.next) continue;
      const { messages, next } = await context.log.read({
        topic: end.topic,
        partition: end.partition,
        from,
        limit: 200,
      });
      for (const message of messages) {
        positions.set(end, message.offset + 1);
        const event = liveEvent(context, message, positions.cursor());
        if (event) yield event;
        if (signal.aborted) return;
      }
      positions.set(end, next ?? Math.max(end.next, positions.get(end)));
      if (next !== undefined) arrivals.expectMore();
    }
  }
}

/** Waits for appends: told of them by the log, or looking from time to time. */
class Arrivals {
  private readonly signal: AbortSignal;
  private readonly unlisten: (() => void) | undefined;
  private readonly wakeUp = (): void => this.wake?.();
  private expected = false;
  private wake: (() => void) | undefined;

  constructor(log: EventLog, topics: readonly string[], signal: AbortSignal) {
    this.signal = signal;
    this.unlisten = log.onAppended?.(topics, () => this.expectMore());
    signal.addEventListener('abort', this.wakeUp);
  }

  /** There may be more to read already: the next wait is a short one. */
  expectMore(): void {
    this.expected = true;
    this.wakeUp();
  }

  /** Resolves when it is worth looking again, or the signal has aborted. */
  async next(): Promise<void> {
    const isTold = this.unlisten !== undefined;
    if (!this.expected) await this.sleep(isTold ? LONGEST_WAIT_MS : LOOK_EVERY_MS);
    if (isTold && this.expected) await this.sleep(GATHER_MS, false);
    this.expected = false;
  }

  close(): void {
    this.unlisten?.();
    this.signal.removeEventListener('abort', this.wakeUp);
  }

  private sleep(ms: number, isWoken = true): Promise<void> {
    if (this.signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(() => done(), ms);
      const done = (): void => {
        clearTimeout(timer);
        this.wake = undefined;
        resolve();
      };
      if (isWoken) this.wake = done;
    });
  }
}

/** Next offsets of the partitions that a stream reads. */
class Positions {
  private readonly places: Places = {};

  get({ topic, partition }: TopicPartition): number {
    return this.places[short(topic)]?.[partition] ?? 0;
  }

  set({ topic, partition }: TopicPartition, offset: number): void {
    const offsets = (this.places[short(topic)] ??= []);
    while (offsets.length < partition) offsets.push(0);
    offsets[partition] = offset;
  }

  cursor(): string {
    return encodeCursor(
      Object.fromEntries(Object.entries(this.places).filter(([, offsets]) => offsets.some((o) => o > 0))),
    );
  }
}

/** `unsilo.parties.v1` as `parties`. */
function short(topic: string): string {
  return topic.replace(/^unsilo\./, '').replace(/\.v1$/, '');
}

function liveEvent(context: ServiceContext, message: LogMessage, cursor: string): LiveEvent | undefined {
  if (message.value === null) return undefined;
  const parsed = parseEvent(message.value);
  if (!parsed.ok || parsed.event.tenant !== context.core.tenant) return undefined;
  const { type, id, subject, time, data } = parsed.event;
  return { cursor, topic: message.topic, type, id, subject, at: time, data };
}

/** One topic, newest first. The cursor holds, for each partition, the offset to go on from downwards. */
export async function listNewest(
  context: ServiceContext,
  topic: string,
  cursor: string | undefined,
  limit: number,
): Promise<Page<LiveEvent>> {
  checkTopics(context, [topic]);
  const known = decodeCursor(cursor, isPositions);
  const positions = new Map<number, number>();
  for (const end of await context.log.ends([topic])) {
    const from = known ? known[String(end.partition)] : end.next - 1;
    if (from !== undefined && from >= end.first) positions.set(end.partition, from);
  }
  const pages = await Promise.all(
    [...positions].map(
      async ([partition, from]) =>
        (await context.log.read({ topic, partition, from, reverse: true, limit: limit + 1 })).messages,
    ),
  );
  const newest = pages
    .flat()
    .sort((a, b) => b.timestamp - a.timestamp || b.partition - a.partition || b.offset - a.offset);
  const shown = newest.slice(0, limit);
  const rest: Record<string, number> = {};
  for (const [i, [partition]] of [...positions].entries()) {
    const left = pages[i]?.find((m) => !shown.includes(m));
    if (left) rest[String(partition)] = left.offset;
  }
  // A live stream that begins at a listed event follows that event and whatever else comes from now on.
  const now = new Positions();
  for (const end of await context.log.ends(knownTopics(context))) now.set(end, end.next);
  const page: Page<LiveEvent> = {
    items: shown.flatMap((m) => {
      now.set(m, m.offset + 1);
      return liveEvent(context, m, now.cursor()) ?? [];
    }),
  };
  if (Object.keys(rest).length > 0) page.next = encodeCursor(rest);
  return page;
}
