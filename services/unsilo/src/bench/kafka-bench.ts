import { fork, type ChildProcess } from 'node:child_process';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { EventLog } from '@unsilo/event-log';
import { consumedTopics, declareHubTopics, HUB_GROUP } from '@unsilo/hub';
import type { StateStore } from '@unsilo/state-store';
import type { StorageConfiguration } from '../configuration/configuration.js';
import { openServers } from '../running/storage.js';
import { benchSystems, Corpus, type PreparedMessage } from './corpus.js';
import { feed } from './feeding.js';
import { median, round, seconds } from './figures.js';
import type { FromBenchWorker, ToBenchWorker } from './kafka-protocol.js';
import type { Meter, Meters } from './metered.js';
import { passThrough } from './pass-through.js';
import { BenchSystems } from './systems.js';

export interface KafkaBenchOptions {
  /** A broker and a Redis of its own: neither may hold anything of Unsilo's. What is written stays there. */
  storage: StorageConfiguration;
  workers: number;
  events: number;
  parties: number;
  runs: number;
  seed: number;
  onProgress?: (line: string) => void;
}

/** What a kind of call costs: medians over the runs. */
export interface CallFigures {
  /** For each batch that a worker took from the log. */
  callsPerBatch: number;
  /** Messages, keys or rows of one call. */
  thingsPerCall: number;
  /** Waited for one call, milliseconds. */
  msPerCall: number;
}

export interface KafkaBenchReport {
  eventsPerSecond: number;
  /** Bare kafkajs: consume and produce the same bytes, in the same run. */
  passThroughPerSecond: number;
  ratio: number;
  workers: number;
  events: number;
  parties: number;
  runs: { eventsPerSecond: number; passThroughPerSecond: number; workerCpuMicrosPerEvent: number }[];
  messagesPerBatch: number;
  calls: { produce: CallFigures; consume: CallFigures; read: CallFigures; commit: CallFigures };
}

const WORKER = resolve(
  import.meta.dirname,
  import.meta.filename.endsWith('.ts') ? 'kafka-worker.ts' : 'kafka-worker.js',
);
const PARTITIONS = 4;
/** All is quiet when nothing has come for so long. */
const QUIET_MS = 150;

export class ServersInUse extends Error {
  readonly code = 'UNSILO_BENCH_SERVERS_IN_USE';
  constructor(what: string) {
    super(`${what} already holds something of Unsilo's: the benchmark needs a broker and a Redis of its own.`);
    this.name = 'ServersInUse';
  }
}

/** The whole path on Kafka and Redis, broker and workers on this machine, beside bare kafkajs in the same run. */
export async function kafkaBench(options: KafkaBenchOptions): Promise<KafkaBenchReport> {
  const { events, parties, runs: count, seed, workers: wanted } = options;
  const say = options.onProgress ?? (() => undefined);
  const partitions = options.storage.kafka.partitions ?? PARTITIONS;
  const storage = { ...options.storage, kafka: { ...options.storage.kafka, partitions } };
  const quiet = (): void => undefined;
  const { log, store, close } = await openServers(storage, { debug: quiet, info: quiet, warn: quiet });
  const workers: BenchWorker[] = [];
  try {
    const names = benchSystems().map((s) => s.system);
    if ((await store.tenants()).length > 0) throw new ServersInUse('The Redis');
    await declareHubTopics(log, names, partitions);
    const consumed = consumedTopics(names);
    if ((await log.ends(consumed)).some((end) => end.next > 0)) throw new ServersInUse('The broker');
    for (let n = 0; n < wanted; n += 1) workers.push(new BenchWorker(storage));
    await Promise.all(workers.map((worker) => worker.ready));
    const corpus = new Corpus(parties, seed);
    const answering = new BenchSystems(corpus, log, names);
    await answering.start();
    const hub = { settled: () => settled(log, store, consumed) };
    const reports = (): Promise<Report[]> => Promise.all(workers.map((worker) => worker.report()));
    say(`loading ${parties} parties`);
    await feed(log, corpus.load(), hub, answering);
    await feed(log, corpus.mixed(Math.min(events, 10_000)), hub, answering);
    const runs: KafkaBenchReport['runs'] = [];
    const meters: Meters[] = [];
    for (let run = 1; run <= count; run += 1) {
      const messages: PreparedMessage[] = [];
      await reports();
      const began = process.hrtime.bigint();
      await feed(log, corpus.mixed(events), hub, answering, messages);
      const whole = events / (seconds(began) - QUIET_MS / 1000);
      const told = await reports();
      meters.push(sum(told.map((report) => report.meters)));
      const bare = await passThrough(storage.kafka.brokers, partitions, messages);
      const cpu = told.reduce((total, { cpuMicros }) => total + cpuMicros, 0) / events;
      runs.push({
        eventsPerSecond: Math.round(whole),
        passThroughPerSecond: Math.round(bare),
        workerCpuMicrosPerEvent: Math.round(cpu),
      });
      say(
        `run ${run}: ${Math.round(whole)} events/s, bare kafkajs ${Math.round(bare)}, ratio ${(whole / bare).toFixed(3)}, ${Math.round(cpu)} µs of the workers' time an event`,
      );
    }
    await answering.close();
    const defects = workers.flatMap((worker) => worker.defects);
    if (defects.length > 0) throw new Error(`the hub reported ${defects.length} errors, the first: ${defects[0]}`);
    return {
      eventsPerSecond: median(runs.map((r) => r.eventsPerSecond)),
      passThroughPerSecond: median(runs.map((r) => r.passThroughPerSecond)),
      ratio: Number(median(runs.map((r) => r.eventsPerSecond / r.passThroughPerSecond)).toFixed(3)),
      workers: wanted,
      events,
      parties,
      runs,
      messagesPerBatch: Math.round(median(meters.map(({ consume }) => consume.things / Math.max(1, consume.calls)))),
      calls: {
        produce: figures(meters, 'produce'),
        consume: figures(meters, 'consume'),
        read: figures(meters, 'read'),
        commit: figures(meters, 'commit'),
      },
    };
  } finally {
    await Promise.all(workers.map((worker) => worker.stop()));
    await close();
  }
}

/** Resolves when the state has taken in everything, and nothing more has come of it for a while. */
async function settled(log: EventLog, store: StateStore, topics: readonly string[]): Promise<void> {
  for (let since = performance.now(), before = -1; ;) {
    const ends = await log.ends(topics);
    const offsets = new Map((await store.offsets(HUB_GROUP)).map((o) => [`${o.topic}/${o.partition}`, o.offset]));
    const isDone = ends.every((end) => (offsets.get(`${end.topic}/${end.partition}`) ?? 0) >= end.next);
    const total = ends.reduce((sum, end) => sum + end.next, 0);
    if (!isDone || total !== before) since = performance.now();
    else if (performance.now() - since >= QUIET_MS) return;
    before = total;
    await sleep(20);
  }
}

function sum(all: readonly Meters[]): Meters {
  const add = (kind: keyof Meters): Meter =>
    all.reduce(
      (total, { [kind]: meter }) => ({
        calls: total.calls + meter.calls,
        ms: total.ms + meter.ms,
        things: total.things + meter.things,
      }),
      { calls: 0, ms: 0, things: 0 },
    );
  return { produce: add('produce'), consume: add('consume'), read: add('read'), commit: add('commit') };
}

function figures(runs: readonly Meters[], kind: keyof Meters): CallFigures {
  const of = (figure: (meter: Meter, batches: number) => number): number =>
    round(median(runs.map((meters) => figure(meters[kind], Math.max(1, meters.consume.calls)))));
  return {
    callsPerBatch: of(({ calls }, batches) => calls / batches),
    thingsPerCall: of(({ calls, things }) => things / Math.max(1, calls)),
    msPerCall: of(({ calls, ms }) => ms / Math.max(1, calls)),
  };
}

type Report = Extract<FromBenchWorker, { type: 'meters' }>;

class BenchWorker {
  readonly defects: string[] = [];
  readonly ready: Promise<void>;
  readonly #child: ChildProcess;
  readonly #ended: Promise<void>;
  #told: ((report: Report) => void) | undefined;

  constructor(storage: StorageConfiguration) {
    this.#child = fork(WORKER, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    this.#ended = new Promise((done) => this.#child.once('close', () => done()));
    this.ready = new Promise((done, reject) => {
      this.#child.on('message', (message: FromBenchWorker) => {
        if (message.type === 'loaded') this.#tell({ type: 'open', storage });
        else if (message.type === 'ready') done();
        else if (message.type === 'defect') this.defects.push(message.text);
        else this.#told?.(message);
      });
      void this.#ended.then(() => reject(new Error('a worker of the benchmark ended')));
    });
    this.ready.catch(() => undefined);
  }

  report(): Promise<Report> {
    return new Promise((done, reject) => {
      this.#told = done;
      void this.#ended.then(() => reject(new Error('a worker of the benchmark ended')));
      this.#tell({ type: 'report' });
    });
  }

  async stop(): Promise<void> {
    this.#tell({ type: 'stop' });
    await this.#ended;
  }

  #tell(message: ToBenchWorker): void {
    if (this.#child.connected) this.#child.send(message, () => undefined);
  }
}
