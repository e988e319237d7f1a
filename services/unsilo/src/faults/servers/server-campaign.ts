import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { EventLog } from '@unsilo/event-log';
import {
  connectorGroup,
  createHubService,
  declareHubTopics,
  HUB_GROUP,
  type Actor,
  type HubService,
} from '@unsilo/hub';
import { declareTopics, topicName } from '@unsilo/schemas';
import type { StateStore } from '@unsilo/state-store';
import type { StorageConfiguration } from '../../configuration/configuration.js';
import { openServers } from '../../running/storage.js';
import { stoppedSystems } from '../../running/systems.js';
import { faultPolicy, faultSystems, TENANT, WRITTEN } from '../company.js';
import { Feeder, readLedger, type Batch } from '../feeder.js';
import type { Place } from '../protocol.js';
import { Script } from '../script.js';
import { SimulatedSystem } from '../simulated-system.js';
import { examine, type Findings } from '../verify.js';
import { FaultBroker } from './broker.js';
import { FaultRedis } from './redis.js';
import { SERVER_FAULTS, type ServerFaultName } from './server-faults.js';
import { Workers } from './workers.js';

export interface ServerCampaignOptions {
  fault: ServerFaultName;
  events: number;
  seed: number;
  /** Events a second that are fed at most, so that a fault happens under load. */
  rate: number;
  times: number;
  lastingMs: number;
  betweenMs: number;
  /** For the ledger and the files of Redis. */
  folder: string;
  say: (line: string) => void;
}

export interface ServerCampaign {
  fault: ServerFaultName;
  findings: Findings;
  problems: string[];
  /** Milliseconds from the end of each fault until everything that was on the log then had been processed. */
  recoveries: number[];
  times: number;
  seconds: number;
}

const PARTITIONS = 4;
const BATCH = 50;
/** Of the inputs; then the fault begins. */
const BEFORE = 0.2;
const admin: Actor = { tenant: TENANT, name: 'faults', roles: ['admin'] };
const HUB_TOPICS = declareTopics(faultSystems().map(({ system }) => system))
  .map(({ name }) => name)
  .filter((name) => ![topicName('customers'), topicName('records'), topicName('dead-letters')].includes(name));

/** Feeds the script into servers of its own while workers process it and a fault takes place; then looks at what is left. */
export async function serverCampaign(options: ServerCampaignOptions): Promise<ServerCampaign> {
  mkdirSync(options.folder, { recursive: true });
  const broker = await FaultBroker.start();
  try {
    const redis = await FaultRedis.start(join(options.folder, 'redis'));
    try {
      return await new Run(options, broker, redis).carryOut();
    } finally {
      await redis.stop();
    }
  } finally {
    await broker.remove();
  }
}

class Run {
  private readonly options: ServerCampaignOptions;
  private readonly broker: FaultBroker;
  private readonly redis: FaultRedis;
  private readonly storage: StorageConfiguration;
  private readonly systems: ReadonlyMap<string, SimulatedSystem>;
  private readonly feeder: Feeder;
  private readonly workers: Workers;
  private log!: EventLog;
  private store!: StateStore;
  private service!: HubService;

  constructor(options: ServerCampaignOptions, broker: FaultBroker, redis: FaultRedis) {
    this.options = options;
    this.broker = broker;
    this.redis = redis;
    this.storage = {
      // The shortest session that brokers take: what died is given up for dead sooner.
      kafka: { brokers: [broker.address], partitions: PARTITIONS, sessionTimeoutMs: 6000, heartbeatIntervalMs: 500 },
      redis: { servers: [redis.url] },
    };
    this.systems = new Map(WRITTEN.map((name) => [name, new SimulatedSystem(name)]));
    const ledger = join(options.folder, 'ledger.ndjson');
    writeFileSync(ledger, '');
    this.feeder = new Feeder(new Script(options.seed, options.events), this.systems, ledger, BATCH);
    this.workers = new Workers(this.storage, this.systems);
  }

  async carryOut(): Promise<ServerCampaign> {
    const began = performance.now();
    const { fault: name, times, say } = this.options;
    const fault = SERVER_FAULTS[name];
    const quiet = (): void => undefined;
    const opened = await openServers(this.storage, { debug: quiet, info: quiet, warn: quiet });
    this.log = opened.log;
    this.store = opened.store;
    this.service = createHubService(
      {
        tenant: TENANT,
        log: this.log,
        store: this.store,
        policy: faultPolicy(),
        systems: faultSystems(),
        systemsPort: stoppedSystems([]),
        clock: { now: () => Date.now() },
        logger: { info: quiet, warn: quiet, error: quiet },
      },
      () => true,
    );
    try {
      const names = faultSystems().map(({ system }) => system);
      await declareHubTopics(this.log, names, PARTITIONS);
      await Promise.all(Array.from({ length: fault.workers }, () => this.workers.add()));
      let begin!: () => void;
      const enough = new Promise<void>((done) => (begin = done));
      const fed = this.feed(begin);
      await enough;
      say(`${name}: under load`);
      const { broker, redis, workers } = this;
      const recoveries = await fault.run({
        ...this.options,
        broker,
        redis,
        workers,
        recovered: () => this.recovered(),
      });
      await fed;
      say(`${name}: fed; waiting for the end`);
      await this.settled();
      await this.workers.stop();
      const ledger = readLedger(this.feeder.ledger);
      const findings = await examine(this.log, this.store, ledger, this.systems, { repeats: true });
      const seconds = (performance.now() - began) / 1000;
      // Of what goes on while it is repeated, the recovery is that of the whole.
      const done = name === 'workers-killed' ? times : recoveries.length;
      return { fault: name, findings, problems: this.workers.problems, recoveries, times: done, seconds };
    } finally {
      await this.workers.killAll();
      await opened.close();
    }
  }

  private async feed(enough: () => void): Promise<void> {
    const { events, rate } = this.options;
    const began = performance.now();
    for (;;) {
      const batch = this.feeder.next(1, Infinity);
      if (batch === undefined) break;
      const places = await this.append(batch);
      for (const reply of batch.replies) await this.reply(reply);
      this.feeder.acknowledge(batch.number, places);
      if (batch.upTo >= events * BEFORE) enough();
      const due = (batch.upTo / rate) * 1000 - (performance.now() - began);
      if (due > 0) await sleep(due);
    }
    enough();
  }

  /** What a source does whose append fails: the same once more. */
  private async append({ messages }: Batch): Promise<Place[]> {
    for (;;) {
      try {
        const positions = await this.log.append(messages);
        return positions.map((p): Place => [p.topic, p.partition, p.offset]);
      } catch (error) {
        if ((error as { code?: unknown }).code !== 'UNSILO_LOG_UNREACHABLE') throw error;
      }
    }
  }

  /** What is answered was fed before; the hub may not have come to it yet, or have lost it again. */
  private async reply({ interaction, text, key }: Batch['replies'][number]): Promise<void> {
    for (;;) {
      try {
        await this.service.reply(admin, interaction, { text, idempotencyKey: key });
        return;
      } catch {
        await sleep(50);
      }
    }
  }

  private async recovered(): Promise<number> {
    const began = performance.now();
    const goals = await this.persistently(() => this.log.ends(HUB_TOPICS));
    while (!(await this.persistently(() => this.has(goals)))) await sleep(20);
    return performance.now() - began;
  }

  private async has(
    goals: readonly { topic: string; partition: number; first: number; next: number }[],
  ): Promise<boolean> {
    const offsets = await this.store.offsets(HUB_GROUP);
    const stored = new Map(offsets.map(({ topic, partition, offset }) => [`${topic}/${partition}`, offset]));
    return goals.every(({ topic, partition, next }) => (stored.get(`${topic}/${partition}`) ?? 0) >= next);
  }

  /** Servers that don't answer are part of a fault: whoever waits for its end asks again. */
  private async persistently<T>(work: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await work();
      } catch (error) {
        if (!/^UNSILO_(LOG|STATE)_/.test(String((error as { code?: unknown }).code))) throw error;
        await sleep(100);
      }
    }
  }

  /** Until nothing has come to any topic for a while, everything is processed, and no system has a command to carry out. */
  private async settled(): Promise<void> {
    for (let before = '', since = performance.now(); ;) {
      const ends = await this.persistently(() => this.log.ends(HUB_TOPICS));
      const now = ends.map(({ next }) => next).join();
      if (now !== before || !(await this.persistently(() => this.has(ends))) || !(await this.outboundDone())) {
        before = now;
        since = performance.now();
      } else if (performance.now() - since > QUIET_MS) return;
      await sleep(100);
    }
  }

  private async outboundDone(): Promise<boolean> {
    for (const system of WRITTEN) {
      const [ends, lag] = await this.persistently(() =>
        Promise.all([this.log.ends([topicName('commands', system)]), this.log.lag(connectorGroup(system))]),
      );
      const read = new Map(lag.map(({ partition, committed }) => [partition, committed]));
      if (ends.some(({ partition, next }) => next > 0 && (read.get(partition) ?? 0) < next)) return false;
    }
    return true;
  }
}

/** Longer than a connector or the relay of the outbox pauses before it tries again. */
const QUIET_MS = 6000;
