import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { over, type EventLog, type LogBatch } from '@unsilo/event-log';
import { openEnvironment, openLmdbEventLog } from '@unsilo/event-log/lmdb';
import { createHub, declareHubTopics, HUB_GROUP } from '@unsilo/hub';
import { topicName } from '@unsilo/schemas';
import { openLmdbStateStore } from '@unsilo/state-store/lmdb';
import type { StateStore } from '@unsilo/state-store';
import { benchSystems, Corpus, type PreparedMessage } from './corpus.js';
import { APPEND, feed } from './feeding.js';
import { median, round, seconds } from './figures.js';
import { benchPolicy } from './policy.js';
import { BenchSystems } from './systems.js';

export interface BenchOptions {
  /** Measured events of each run. */
  events: number;
  /** Parties that are there before the clock runs. */
  parties: number;
  runs: number;
  seed: number;
  /** Where the data folder is made; removed afterwards. */
  folder?: string;
  onProgress?: (line: string) => void;
}

/** Medians over the runs. */
export interface BenchReport {
  eventsPerSecond: number;
  /** Append and read of the same bytes by the log alone, in the same run. */
  bareLogEventsPerSecond: number;
  ratio: number;
  /** Milliseconds from the append of an event to the commit of its customer and planned commands, at half of the measured load. */
  p50Ms: number;
  p99Ms: number;
  /** Resident memory, what is mapped of the data file included. */
  rssBytes: number;
  /** Of it: what isn't mapped from the file and can't be let go of at need. Null where the operating system doesn't tell. */
  anonymousBytes: number | null;
  /** Of that: what the simulated systems keep of their own records, about. */
  systemsBytes: number;
  events: number;
  parties: number;
  /** Processor time is that of all threads: far below 2 cores' worth, something else had the machine. */
  runs: { eventsPerSecond: number; bareLogEventsPerSecond: number; cpuMicrosPerEvent: number }[];
  /** Planned in all, each carried out by a simulated system and answered; the answers are work besides the events that are counted. */
  commands: number;
}

/**
 * The whole path, from durable append to committed state and planned commands, warm, beside the bare log in the same run. Runs follow
 * each other on one growing data folder, so that every run meets a state as large as promised.
 */
export async function bench(options: BenchOptions): Promise<BenchReport> {
  const folder = await mkdtemp(join(options.folder ?? tmpdir(), 'unsilo-bench-'));
  const say = options.onProgress ?? (() => undefined);
  try {
    const environment = await openEnvironment({ folder: join(folder, 'hub') });
    const log = openLmdbEventLog(environment);
    const store = openLmdbStateStore(environment);
    const commits = new CommitTimes(store);
    const systems = benchSystems();
    const defects: string[] = [];
    const hub = createHub({
      tenant: 'default',
      log,
      store: commits.store,
      policy: benchPolicy(),
      systems,
      systemsPort: { list: () => [], pause: async () => undefined, resume: async () => undefined },
      clock: { now: () => Date.now() },
      logger: { info: () => undefined, warn: (_, text) => say(text), error: (_, text) => void defects.push(text) },
    });
    await hub.start();
    const corpus = new Corpus(options.parties, options.seed);
    const answering = new BenchSystems(
      corpus,
      log,
      systems.map((s) => s.system),
    );
    await answering.start();
    say(`loading ${options.parties} parties`);
    const loading = process.hrtime.bigint();
    await feed(log, corpus.load(), hub, answering);
    say(`loaded in ${seconds(loading).toFixed(1)} s (${Math.round(options.parties / seconds(loading))} events/s)`);
    // One run to warm up, which isn't counted.
    await feed(log, corpus.mixed(Math.min(options.events, 20_000)), hub, answering);
    const runs: BenchReport['runs'] = [];
    for (let run = 1; run <= options.runs; run += 1) {
      const messages: PreparedMessage[] = [];
      const began = process.hrtime.bigint();
      const used = process.cpuUsage();
      await feed(log, corpus.mixed(options.events), hub, answering, messages);
      const whole = options.events / seconds(began);
      const { user, system } = process.cpuUsage(used);
      const bare = await bareLog(join(folder, `bare-${run}`), messages);
      runs.push({
        eventsPerSecond: Math.round(whole),
        bareLogEventsPerSecond: Math.round(bare),
        cpuMicrosPerEvent: Math.round((user + system) / options.events),
      });
      say(
        `run ${run}: ${Math.round(whole)} events/s, bare log ${Math.round(bare)}, ratio ${(whole / bare).toFixed(3)}, ${Math.round((user + system) / options.events)} µs of processor time an event`,
      );
    }
    const eventsPerSecond = median(runs.map((r) => r.eventsPerSecond));
    const latency = await latencies(log, commits, corpus, eventsPerSecond / 2, Math.min(options.events, 50_000));
    // What is done over and over, or set aside, is no measure of anything.
    if (defects.length > 0) throw new Error(`the hub reported ${defects.length} errors, the first: ${defects[0]}`);
    const { commands } = answering;
    const rssBytes = process.memoryUsage().rss;
    const anonymousBytes = anonymousMemory();
    const systemsBytes = corpus.bytes;
    await answering.close();
    await hub.stop();
    await store.close();
    await log.close();
    await environment.close();
    return {
      eventsPerSecond,
      bareLogEventsPerSecond: median(runs.map((r) => r.bareLogEventsPerSecond)),
      ratio: Number(median(runs.map((r) => r.eventsPerSecond / r.bareLogEventsPerSecond)).toFixed(3)),
      ...latency,
      rssBytes,
      anonymousBytes,
      systemsBytes,
      events: options.events,
      parties: options.parties,
      runs,
      commands,
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function anonymousMemory(): number | null {
  try {
    const [, kib] = /^RssAnon:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
    return kib === undefined ? null : Number(kib) * 1024;
  } catch {
    return null;
  }
}

/** The same messages through the log alone: appended durably, then read by one group. */
async function bareLog(folder: string, messages: readonly PreparedMessage[]): Promise<number> {
  const environment = await openEnvironment({ folder });
  const log = openLmdbEventLog(environment);
  await declareHubTopics(
    log,
    benchSystems().map((s) => s.system),
  );
  let read = 0;
  const began = process.hrtime.bigint();
  const subscription = await log.subscribe({
    group: 'bench',
    topics: [topicName('parties'), topicName('interactions')],
    start: 'earliest',
    maxMessages: APPEND,
    onBatch: async (batch: LogBatch) => {
      for (const message of batch.messages) read += message.value === null ? 0 : 1;
    },
  });
  await feed(log, messages, { settled: () => subscription.caughtUp() });
  const rate = messages.length / seconds(began);
  await subscription.close();
  await log.close();
  await environment.close();
  await rm(folder, { recursive: true, force: true });
  if (read !== messages.length) throw new Error(`the bare log delivered ${read} of ${messages.length} messages`);
  return rate;
}

/** Notes when each consumed offset was committed. */
class CommitTimes {
  readonly store: StateStore;
  private listener: ((topic: string, partition: number, to: number) => void) | undefined;

  constructor(store: StateStore) {
    this.store = over(store, {
      commit: async (tenant, commit) => {
        const result = await store.commit(tenant, commit);
        const moves = result.ok && commit.offsets?.group === HUB_GROUP ? commit.offsets.moves : [];
        for (const move of moves) this.listener?.(move.topic, move.partition, move.to);
        return result;
      },
    });
  }

  listen(listener: (topic: string, partition: number, to: number) => void): void {
    this.listener = listener;
  }
}

/** Paced appends at a fixed rate; each event's time runs from when it was due, so that a stall is not hidden by the pace. */
async function latencies(
  log: EventLog,
  commits: CommitTimes,
  corpus: Corpus,
  rate: number,
  events: number,
): Promise<{ p50Ms: number; p99Ms: number }> {
  const waiting = new Map<string, { offset: number; due: number }[]>();
  const times: number[] = [];
  commits.listen((topic, partition, to) => {
    const queue = waiting.get(`${topic}/${partition}`);
    const now = performance.now();
    while (queue?.[0] && queue[0].offset < to) times.push(now - (queue.shift()?.due ?? now));
  });
  const messages = corpus.mixed(events);
  const began = performance.now();
  const appends: Promise<unknown>[] = [];
  for (let sent = 0; sent < events;) {
    const due = Math.min(events, Math.floor(((performance.now() - began) / 1000) * rate));
    if (due > sent) {
      const slice = Array.from({ length: due - sent }, () => messages.next().value as PreparedMessage);
      const base = sent;
      sent = due;
      appends.push(
        log.append(slice).then((positions) => {
          for (const [i, p] of positions.entries()) {
            const place = `${p.topic}/${p.partition}`;
            const queue = waiting.get(place) ?? [];
            waiting.set(place, queue);
            queue.push({ offset: p.offset, due: began + ((base + i) / rate) * 1000 });
          }
        }),
      );
    }
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await Promise.all(appends);
  while (times.length < events) await new Promise((resolve) => setTimeout(resolve, 5));
  times.sort((a, b) => a - b);
  return { p50Ms: round(times[Math.floor(times.length * 0.5)]), p99Ms: round(times[Math.floor(times.length * 0.99)]) };
}
