import { createHttpClient } from '../http/client.js';
import type { HttpSettings } from '../http/settings.js';
import type { Connector, ConnectorLog, ReadingContext, ReadItem } from '../connector.js';
import { parseOptions } from '../options.js';
import { secretValues } from '../redaction.js';
import { connectorMemory } from '../runner/context.js';
import { memoryStorage } from './memory-storage.js';
import { virtualClock, type VirtualClock } from './virtual-clock.js';

export interface LogLine {
  level: 'debug' | 'info' | 'warn';
  fields: Record<string, string | number | boolean>;
  message: string;
}

/** A context that keeps everything in memory and shows what happened. */
export interface TestContext<Options> extends ReadingContext<Options> {
  clock: VirtualClock;
  /** What the connector logged. */
  readonly logged: readonly LogLine[];
  /** What its memory holds, as JSON. */
  readonly stored: ReadonlyMap<string, string>;
  /** Aborts `signal`. */
  stop(): void;
  /** Aborts and closes the HTTP client. */
  close(): Promise<void>;
}

export interface TestContextOptions {
  tenant?: string;
  system?: string;
  checkpoint?: unknown;
  /** Default: virtual, waits up to ten minutes pass by themselves. */
  clock?: VirtualClock;
  http?: Partial<HttpSettings>;
  /** Measured before; answers with a `Date` header replace it. */
  clockOffsetMs?: number;
  /** The memory of an earlier context: a restart. */
  stored?: ReadonlyMap<string, string>;
}

/** Options are filled up and checked as in earnest; loopback addresses are allowed. */
export function testContext<Options>(
  connector: Connector<Options>,
  given: unknown,
  settings: TestContextOptions = {},
): TestContext<Options> {
  const parsed = parseOptions(connector, given);
  if (!parsed.ok)
    throw new Error(`options don't fit: ${parsed.problems.map((p) => `${p.path} ${p.message}`).join('; ')}`);
  const { options } = parsed;
  const system = settings.system ?? connector.id;
  const clock = settings.clock ?? virtualClock({ auto: 600_000 });
  const logged: LogLine[] = [];
  const log = memoryLogger(logged);
  const stored = new Map(settings.stored ?? []);
  const controller = new AbortController();
  let { clockOffsetMs } = settings;
  const http = createHttpClient({
    secrets: secretValues(connector.options, options),
    random: () => 0.5,
    ...connector.http?.(options),
    system,
    allowPrivateAddresses: true,
    clock,
    log,
    onClockOffset: (offsetMs) => (clockOffsetMs = offsetMs),
    ...settings.http,
  });
  const stop = () => controller.abort(new Error('stopped'));
  return {
    tenant: settings.tenant ?? 'acme',
    system,
    options,
    checkpoint: settings.checkpoint,
    http,
    memory: connectorMemory(memoryStorage(stored)),
    log,
    clock,
    get clockOffsetMs() {
      return clockOffsetMs;
    },
    signal: controller.signal,
    logged,
    stored,
    stop,
    close: async () => {
      stop();
      await http.close();
    },
  };
}

/** Reads until the source is exhausted or `enough` says so, and answers all that was yielded. */
export async function readItems<Options>(
  connector: Connector<Options>,
  context: ReadingContext<Options>,
  enough: (item: ReadItem, items: readonly ReadItem[]) => boolean = () => false,
): Promise<ReadItem[]> {
  const items: ReadItem[] = [];
  if (connector.read === undefined) return items;
  for await (const item of connector.read(context)) {
    items.push(item);
    if (enough(item, items)) break;
  }
  return items;
}

/** The value of the last checkpoint among items. */
export function lastCheckpoint(items: readonly ReadItem[]): unknown {
  const last = items.findLast((item) => item.type === 'checkpoint');
  return last === undefined ? undefined : structuredClone(last.value);
}

/** Keeps lines in the given list. */
export function memoryLogger(lines: LogLine[]): ConnectorLog {
  const at = (level: LogLine['level']) => (fields: LogLine['fields'], message: string) =>
    void lines.push({ level, fields, message });
  return { debug: at('debug'), info: at('info'), warn: at('warn') };
}
