import { randomBytes } from 'node:crypto';
import type { Capabilities, EventLog, LogMessage, TopicSpec } from '../port.js';

/** How the suite gets at an adapter. */
export interface EventLogFactory {
  /** What the adapter's logs will declare; chooses the tests. */
  capabilities: Capabilities;
  /** Whether `clean` frees at once (otherwise a server does it in its own time). */
  cleansAtOnce: boolean;
  /** How many histories the model test runs (each opens the log several times). */
  histories: number;
  /** A place for one test's data. Topics and groups have names of their own in every test, so places may share a server. */
  create(): Promise<LogPlace>;
}

export interface LogPlace {
  /** Opens the log, or opens it again over the same data after `close` or after a child process has died. */
  open(): Promise<EventLog>;
  /** Closes what `open` gave last, with all that belongs to it. Repeats are harmless. */
  close(): Promise<void>;
  /** Closes and removes everything. */
  remove(): Promise<void>;
  /**
   * For the tests that kill a process: a module that exports `openLog(argument: string): Promise<EventLog>` and opens this
   * place's data in another process. The place is closed meanwhile.
   */
  child: { module: string; argument: string };
}

/** A name that no other test uses. */
export function unique(name: string): string {
  return `${name}-${randomBytes(6).toString('hex')}`;
}

/** Runs a test on a place of its own. */
export function inPlace(factory: EventLogFactory, run: (place: LogPlace) => Promise<void>): () => Promise<void> {
  return async () => {
    const place = await factory.create();
    try {
      await run(place);
    } finally {
      await place.remove();
    }
  };
}

/** Runs a test on an open log with one new topic. */
export function withTopic(
  factory: EventLogFactory,
  spec: Partial<Omit<TopicSpec, 'name'>>,
  run: (log: EventLog, topic: string, place: LogPlace) => Promise<void>,
): () => Promise<void> {
  return inPlace(factory, async (place) => {
    const log = await place.open();
    const topic = unique('topic');
    await log.declare([{ name: topic, partitions: 1, cleanup: 'delete', ...spec }]);
    await run(log, topic, place);
  });
}

/** Everything that a topic holds, by partition. */
export async function contents(log: EventLog, topic: string): Promise<LogMessage[]> {
  const messages: LogMessage[] = [];
  for (const { partition } of await log.ends([topic])) {
    let from: number | undefined = 0;
    while (from !== undefined) {
      const page: { messages: LogMessage[]; next?: number } = await log.read({ topic, partition, from, limit: 500 });
      messages.push(...page.messages);
      from = page.next;
    }
  }
  return messages;
}

export function values(messages: readonly LogMessage[]): (string | null)[] {
  return messages.map((message) => message.value?.toString('utf8') ?? null);
}

/** Numbered messages: key `k<n % keys>`, value `<n>`. */
export function numbered(
  topic: string,
  from: number,
  to: number,
  keys = 1,
): { topic: string; key: string; value: string }[] {
  return Array.from({ length: to - from }, (_, index) => ({
    topic,
    key: `k${(from + index) % keys}`,
    value: String(from + index),
  }));
}
