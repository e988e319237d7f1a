/** The process that is killed: log, state, hub and connectors on one data folder, fed by its parent. */
import { openEnvironment, openLmdbEventLog } from '@unsilo/event-log/lmdb';
import { runConnector, type Connector, type ConnectorRunner, type WriteResult } from '@unsilo/connector-sdk';
import type { EventLog } from '@unsilo/event-log';
import { connectorGroup, createHub, declareHubTopics, ServiceError, type Actor, type Hub } from '@unsilo/hub';
import { declareTopics, topicName, type Command } from '@unsilo/schemas';
import { openLmdbStateStore } from '@unsilo/state-store/lmdb';
import { connectorStorage } from '../running/connector-storage.js';
import { faultPolicy, faultSystems, TENANT, WRITTEN } from './company.js';
import { KillSwitch } from './kill-points.js';
import type { FromVictim, Place, ToVictim } from './protocol.js';

type Opening = Extract<ToVictim, { type: 'open' }>;
type Feed = Extract<ToVictim, { type: 'feed' }>;

const agent: Actor = { tenant: TENANT, name: 'faults', roles: ['admin'] };
const calls = new Map<number, (answer: WriteResult) => void>();
let lastCall = 0;

function say(message: FromVictim): void {
  process.send?.(message);
}

/** Asks the system itself, which lives outside of this process. */
function ask(system: string, command: Command): Promise<WriteResult> {
  const call = (lastCall += 1);
  return new Promise((resolve) => {
    calls.set(call, resolve);
    say({ type: 'write', call, system, command });
  });
}

class Victim {
  private readonly opening: Opening;
  private readonly log: EventLog;
  private readonly hub: Hub;
  private readonly runners: ConnectorRunner[] = [];
  private readonly end: () => Promise<void>;
  private readonly killer: KillSwitch;

  private constructor(opening: Opening, killer: KillSwitch, log: EventLog, hub: Hub, end: () => Promise<void>) {
    this.opening = opening;
    this.killer = killer;
    this.log = log;
    this.hub = hub;
    this.end = end;
  }

  static async open(opening: Opening): Promise<Victim> {
    const began = performance.now();
    const killer = new KillSwitch(opening.kill);
    const environment = await openEnvironment({ folder: opening.folder });
    const log = killer.log(openLmdbEventLog(environment));
    const store = killer.store(openLmdbStateStore(environment));
    const systems = faultSystems();
    await declareHubTopics(
      log,
      systems.map((s) => s.system),
    );
    const complain = (fields: Record<string, unknown>, text: string): void =>
      say({ type: 'problem', text: `${String(fields['code'])}: ${text}` });
    const quiet = (): void => undefined;
    const hub = createHub({
      tenant: TENANT,
      log,
      store,
      policy: faultPolicy(),
      systems,
      systemsPort: { list: () => [], pause: async () => undefined, resume: async () => undefined },
      clock: { now: () => Date.now() },
      logger: { info: quiet, warn: complain, error: complain },
      batchSize: 200,
    });
    const victim = new Victim(opening, killer, log, hub, async () => {
      await hub.stop();
      await Promise.all(victim.runners.map((r) => r.close()));
      await store.close();
      await log.close();
      await environment.close();
    });
    await hub.start();
    killer.started();
    for (const system of WRITTEN) {
      const profile = systems.find((s) => s.system === system);
      if (!profile) throw new Error(`there is no system ${system}`);
      const connector: Connector<object> = {
        id: 'simulated',
        title: system,
        options: {},
        emits: ['party'],
        profile: () => profile,
        check: async () => [],
        async write(_, command) {
          const answer = await ask(system, command);
          killer.pass('between a write and its outcome');
          return answer;
        },
      };
      victim.runners.push(
        await runConnector({
          connector,
          system,
          tenant: TENANT,
          options: {},
          log,
          storage: connectorStorage(store, TENANT, system),
          logger: { debug: quiet, info: quiet, warn: complain },
        }),
      );
    }
    say({ type: 'ready', recoveryMs: performance.now() - began });
    return victim;
  }

  async feed({ batch, messages, replies }: Feed): Promise<void> {
    if (this.opening.sabotage === 'acknowledges-before-append') {
      say({ type: 'acknowledged', batch, places: messages.map((m): Place => [m.topic, 0, 0]) });
      await this.log.append(messages);
      return;
    }
    const positions = await this.log.append(messages);
    for (const reply of replies) await this.reply(reply);
    const places = positions.map((p): Place => [p.topic, p.partition, p.offset]);
    say({ type: 'acknowledged', batch, places });
  }

  /** What is answered was fed before; the hub may not have come to it yet. */
  private async reply({ interaction, text, key }: Feed['replies'][number]): Promise<void> {
    for (;;) {
      try {
        await this.hub.service.reply(agent, interaction, { text, idempotencyKey: key });
        return;
      } catch (error) {
        if (!(error instanceof ServiceError) || error.kind !== 'not-found') throw error;
        await this.hub.settled();
      }
    }
  }

  arm(): void {
    this.killer.arm();
  }

  async publish(): Promise<void> {
    await this.hub.publishRecords();
  }

  /** Until the hub has nothing to process and no system has anything to do. */
  async settle(): Promise<void> {
    const topics = declareTopics(faultSystems().map((s) => s.system)).map((t) => t.name);
    for (let before = ''; ;) {
      await this.hub.settled();
      await this.outbound();
      const now = (await this.log.ends(topics)).map((e) => e.next).join();
      if (now === before) return;
      before = now;
    }
  }

  private async outbound(): Promise<void> {
    for (const system of WRITTEN) {
      for (;;) {
        const ends = await this.log.ends([topicName('commands', system)]);
        const lag = await this.log.lag(connectorGroup(system));
        const read = new Map(lag.map((l) => [l.partition, l.committed]));
        if (ends.every((e) => e.next === 0 || (read.get(e.partition) ?? 0) >= e.next)) break;
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    }
  }

  stop(): Promise<void> {
    return this.end();
  }
}

let victim: Promise<Victim> | undefined;
/** Batches are appended in the order in which they come. */
let lane: Promise<unknown> = Promise.resolve();

function inLane(work: (victim: Victim) => Promise<void>): void {
  lane = lane.then(async () => work(await (victim as Promise<Victim>)));
}

process.on('message', (message: ToVictim) => {
  switch (message.type) {
    case 'open':
      victim = Victim.open(message);
      return;
    case 'feed':
      inLane((v) => v.feed(message));
      return;
    case 'written':
      calls.get(message.call)?.(message.answer);
      calls.delete(message.call);
      return;
    case 'arm':
      inLane(async (v) => v.arm());
      return;
    case 'publish':
      inLane((v) => v.publish());
      return;
    case 'settle':
      inLane(async (v) => {
        await v.settle();
        say({ type: 'settled' });
      });
      return;
    case 'stop':
      inLane(async (v) => {
        await v.stop();
        process.disconnect();
      });
      return;
  }
});
// Whoever fed it is gone: nobody would ever stop it.
process.on('disconnect', () => process.exit());
process.on('unhandledRejection', (error) => {
  process.stderr.write(`${String(error instanceof Error ? error.stack : error)}\n`);
  process.exit(70);
});
say({ type: 'loaded' });
