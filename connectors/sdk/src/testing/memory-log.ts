import type {
  AppendMessage,
  EventLog,
  LogMessage,
  Position,
  ReadPage,
  SubscribeOptions,
  Subscription,
} from '@unsilo/event-log';
import { parseEvent, type UnsiloEvent } from '@unsilo/schemas';

/** What a memory log and its groups hold; outlives the log, as a data folder does. */
export interface LogContent {
  topics: Map<string, LogMessage[]>;
  groups: Map<string, number>;
}

/** An event log in memory with one partition a topic: for tests of connectors and runners, which need no more. */
export interface MemoryLog extends EventLog {
  readonly content: LogContent;
  /** All events of a topic, in order. */
  events(topic: string): UnsiloEvent[];
}

export function memoryLog(content: LogContent = { topics: new Map(), groups: new Map() }): MemoryLog {
  const listeners = new Set<() => void>();
  const subscriptions = new Set<Subscription>();
  let closed = false;
  const of = (topic: string): LogMessage[] => {
    const found = content.topics.get(topic);
    if (found !== undefined) return found;
    const made: LogMessage[] = [];
    content.topics.set(topic, made);
    return made;
  };
  const alive = () => {
    if (closed) throw Object.assign(new Error('the log is closed'), { code: 'UNSILO_LOG_CLOSED' });
  };

  async function append(messages: readonly AppendMessage[]): Promise<Position[]> {
    await Promise.resolve();
    alive();
    const positions = messages.map(({ topic, key, value, headers }) => {
      const list = of(topic);
      const offset = list.length;
      const bytes = value === null ? null : Buffer.from(value as string);
      list.push({
        topic,
        partition: 0,
        offset,
        key,
        value: bytes,
        timestamp: 0,
        ...(headers === undefined ? {} : { headers }),
      });
      return { topic, partition: 0, offset };
    });
    for (const listener of listeners) listener();
    return positions;
  }

  async function subscribe(options: SubscribeOptions): Promise<Subscription> {
    await Promise.resolve();
    alive();
    const key = (topic: string) => `${options.group} ${topic}`;
    const abort = new AbortController();
    let paused = false;
    let running: Promise<void> | undefined;
    let again: NodeJS.Timeout | undefined;
    const pump = () => {
      running ??= turn().finally(() => {
        running = undefined;
      });
    };
    async function turn(): Promise<void> {
      for (;;) {
        await Promise.resolve();
        if (paused || abort.signal.aborted) return;
        const topic = options.topics.find((name) => (content.groups.get(key(name)) ?? 0) < of(name).length);
        if (topic === undefined) return;
        const from = content.groups.get(key(topic)) ?? 0;
        const messages = of(topic).slice(from, from + (options.maxMessages ?? 1000));
        const at = (offset: number) => [{ topic, partition: 0, offset }];
        try {
          await options.onBatch({ messages, first: at(from), next: at(from + messages.length) }, abort.signal);
          content.groups.set(key(topic), from + messages.length);
        } catch (error) {
          options.onError?.(error);
          again = setTimeout(pump, 1);
          return;
        }
      }
    }
    listeners.add(pump);
    const subscription: Subscription = {
      pause: () => void (paused = true),
      resume: () => {
        paused = false;
        pump();
      },
      caughtUp: async () => {
        while (options.topics.some((name) => (content.groups.get(key(name)) ?? 0) < of(name).length))
          await new Promise((resolve) => setTimeout(resolve, 1));
      },
      close: async () => {
        abort.abort();
        clearTimeout(again);
        listeners.delete(pump);
        subscriptions.delete(subscription);
        await running;
      },
    };
    subscriptions.add(subscription);
    pump();
    return subscription;
  }

  return {
    content,
    capabilities: { transactionalOutbox: false, distributed: false, maxMessageBytes: 8 * 1024 * 1024 },
    declare: async (topics) => topics.forEach(({ name }) => void of(name)),
    topics: async () => [...content.topics.keys()].sort(),
    append,
    subscribe,
    read: async ({ topic, from, limit = 100 }): Promise<ReadPage> => {
      const messages = of(topic).slice(from, from + limit);
      const next = from + messages.length;
      return next < of(topic).length ? { messages, next } : { messages };
    },
    ends: async (topics) => topics.map((topic) => ({ topic, partition: 0, first: 0, next: of(topic).length })),
    lag: async () => [],
    clean: async () => ({ removed: 0 }),
    close: async () => {
      closed = true;
      await Promise.all([...subscriptions].map((subscription) => subscription.close()));
    },
    events: (topic) =>
      of(topic).map((message) => {
        const parsed = parseEvent(message.value ?? '');
        if (!parsed.ok) throw new Error(`${topic}@${message.offset}: ${JSON.stringify(parsed.errors)}`);
        return parsed.event;
      }),
  };
}
