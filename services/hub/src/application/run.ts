import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { OUTBOX_WRITER, type EventLog, type LogBatch, type PartitionEnds, type Subscription } from '@unsilo/event-log';
import { Batches, codeOf, placeOf, StateWentBack } from './batches.js';
import { createCore, type Core } from './core.js';
import { createService } from './create-service.js';
import type { Hub, HubOptions } from './hub.js';
import { COMPUTED_WITH, matchAnewIfModelChanged } from './rematching.js';
import { Processor } from './processor.js';
import { publish, readPublished } from './publishing.js';
import { raiseRevisions } from './revisions.js';
import type { HubService } from './service.js';
import { consumedTopics, declareHubTopics, systemsOnLog, writtenTopics } from './topics.js';

/** Consumer group of the hub's workers: what lag tools show. */
export const HUB_GROUP = 'unsilo-hub';

/** Raised with every change of what rows of the state look like: the log is what lasts, and the state is made from it again. */
const STATE_FORMAT = 2;

/** Raised with every change of how customers come about from the same rows: they are computed again at the first start after it. */
const CUSTOMERS_FORMAT = 4;

/** Messages in a batch, at most; and so many at most where it is committed at one stroke. */
const LARGEST_BATCH = 4000;
const LARGEST_COMMIT = 1000;
/** Commits of a batch, at least, each of which overlaps with the work on the next. */
const SLICES = 4;
/** Messages of such a commit, at most: what it has read and computed should be gone before it is taken for something that lasts, and moved. */
const LARGEST_SLICE = 100;
/** Records or customers that a sweep looks at in one commit. */
const SLICE = 200;
/** Row of `progress`: the print of what the values in summaries were read by. */
const SUMMARISED_WITH = 'summarised-with';
/** How often to look whether a state that others can lose is still there, and whether they have brought it up to date, milliseconds. */
const LOOK_MS = 500;
const CAUGHT_UP_MS = 50;
/** So many looks without end, and it is asked whether there is anything left but gaps. */
const ROUNDS_TO_GAPS = 20;
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5000;

export function createHub(options: HubOptions): Hub {
  return new RunningHub(options);
}

/** The service alone, for a process that answers users while others do the hub's work on the same log and state. */
export function createHubService(options: HubOptions, isReady: () => boolean): HubService {
  const { log, store, systemsPort: systems } = options;
  const core = createCore({ ...options, now: () => options.clock.now() });
  return createService({ core, log, store, systems, group: HUB_GROUP, isReady, inTurn: (work) => work() });
}

class RunningHub implements Hub {
  readonly service: HubService;
  private readonly options: HubOptions;
  private readonly core: Core;
  /** What is read: known once the log has been asked. */
  private topics: readonly string[] = [];
  private processor: Processor;
  private batches: Batches;
  private subscription: Subscription | undefined;
  private turn: Promise<unknown> = Promise.resolve();
  private stopping = false;
  private ready = false;
  /** Aborts when what this worker has read of the state no longer holds, and when it stops. */
  private life = new AbortController();
  private recovery: Promise<void> | undefined;
  /** The state was seen to go back, and that has not been made good yet. */
  private wentBack = false;
  private sweepWanted = false;
  private sweep: Promise<void> | undefined;
  private confirming: Promise<void> | undefined;
  private routine: NodeJS.Timeout | undefined;
  private watch: NodeJS.Timeout | undefined;

  constructor(options: HubOptions) {
    this.options = options;
    this.core = createCore({ ...options, now: () => options.clock.now() });
    [this.processor, this.batches] = this.fresh();
    this.service = createService({
      core: this.core,
      log: options.log,
      store: options.store,
      systems: options.systemsPort,
      group: HUB_GROUP,
      isReady: () => this.ready,
      inTurn: (work) => this.inTurn(work),
    });
  }

  private fresh(): [Processor, Batches] {
    const { store, logger, batchSize = LARGEST_BATCH } = this.options;
    const processor = new Processor(this.core, store, HUB_GROUP);
    const slice = Math.min(Math.ceil(batchSize / SLICES), LARGEST_SLICE);
    return [processor, new Batches(processor, store, this.core.tenant, HUB_GROUP, logger, slice)];
  }

  async start(): Promise<void> {
    const { log, store, systems, partitions, maintenanceMs = 3_600_000 } = this.options;
    await declareHubTopics(
      log,
      systems.map((s) => s.system),
      partitions,
    );
    this.topics = consumedTopics(await systemsOnLog(log));
    await this.bringUp(false);
    if (this.stopping) return;
    // Everything that rests on events having come is checked against the state as a matter of routine.
    this.routine = setInterval(() => this.maintain(), maintenanceMs);
    this.routine.unref();
    if (!store.exclusive) this.watchState();
  }

  /** @param patient Tries again what failed for want of a server. */
  private async bringUp(patient: boolean): Promise<void> {
    for (let pauseMs = FIRST_PAUSE_MS; !this.stopping; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
      const life = (this.life = new AbortController());
      try {
        await this.begin(life.signal);
        return;
      } catch (error) {
        if (this.stopping) return;
        await this.endReading();
        const again = life.signal.aborted || error instanceof StateWentBack;
        if (!again && !patient) throw error;
        if (!again)
          this.options.logger.error(
            { code: codeOf(error), retryInMs: pauseMs },
            `The hub could not go on from the state: ${error instanceof Error ? error.message : String(error)}`,
          );
        await pause(pauseMs);
      }
    }
  }

  private async begin(signal: AbortSignal): Promise<void> {
    const { log, store, logger, systems, batchSize = LARGEST_BATCH } = this.options;
    [this.processor, this.batches] = this.fresh();
    const { processor, batches } = this;
    await processor.loadSnapshots();
    await batches.load();
    await this.checkFormat();
    await this.inTurn(() => matchAnewIfModelChanged(store, this.core));
    await this.makeGood(signal);
    await this.absorbPublished(signal);
    await this.recomputeIfRulesChanged();
    signal.throwIfAborted();
    this.subscription = await log.subscribe({
      group: HUB_GROUP,
      topics: this.topics,
      start: 'earliest',
      offsets: async (assigned) => {
        const ends = await log.ends([...new Set(assigned.map(({ topic }) => topic))]);
        return batches.assigned(
          assigned,
          ends.map(({ topic, partition, first: offset }) => ({ topic, partition, offset })),
        );
      },
      maxMessages: Math.min(batchSize, store.exclusive ? Infinity : LARGEST_COMMIT),
      onBatch: (batch) => this.inTurn(() => this.handle(batch)),
      onError: (error) => {
        if (error instanceof StateWentBack) this.beginAgain(error);
        else
          logger.error(
            { code: codeOf(error) },
            `A batch failed and will be tried again: ${error instanceof Error ? error.message : String(error)}`,
          );
      },
    });
    await this.caughtUp(signal);
    await this.inTurn(async () => {
      processor.planning = !signal.aborted;
    });
    await this.drainUnplanned();
    signal.throwIfAborted();
    this.ready = true;
    logger.info({ systems: systems.length }, 'The hub has caught up and plans writes.');
    this.requestSweep();
  }

  /** The state was set back: nothing is planned until the log has been read again from the state's offsets. */
  private beginAgain(loss: StateWentBack): void {
    if (this.stopping || this.life.signal.aborted) return;
    this.options.logger.warn({ code: loss.code }, `${loss.message} The log is read again from there.`);
    this.ready = false;
    this.wentBack = true;
    this.processor.planning = false;
    this.life.abort(loss);
    // While it is being brought up, whoever does that begins again.
    if (this.subscription === undefined) return;
    this.recovery ??= this.recover().finally(() => (this.recovery = undefined));
  }

  private async recover(): Promise<void> {
    await this.endReading();
    await this.sweep;
    await this.bringUp(true);
  }

  private async endReading(): Promise<void> {
    const { subscription } = this;
    this.subscription = undefined;
    await subscription?.close();
  }

  /** A worker that has nothing to do must hear of a loss as well. */
  private watchState(): void {
    let looking = false;
    this.watch = setInterval(() => {
      if (looking || this.life.signal.aborted) return;
      looking = true;
      this.batches
        .look()
        .catch((error: unknown) => {
          // A store that can't be reached is told of where it is needed.
          if (error instanceof StateWentBack) this.beginAgain(error);
        })
        .finally(() => (looking = false));
    }, LOOK_MS);
    this.watch.unref();
  }

  private maintain(): void {
    this.requestSweep();
    this.publishRecords().catch((error: unknown) => {
      this.options.logger.error(
        { code: codeOf(error) },
        'Publishing records failed; it will be tried again at the next routine.',
      );
    });
  }

  async settled(): Promise<void> {
    // What a batch appends (commands) is read again by the hub: quiet only when a whole round brought nothing new.
    for (;;) {
      const before = await this.heads();
      await this.recovery;
      await this.caughtUp(this.life.signal);
      await this.confirming;
      await this.sweep;
      await this.inTurn(async () => undefined);
      if (before === (await this.heads())) return;
    }
  }

  async stop(): Promise<void> {
    this.stopping = true;
    this.ready = false;
    clearInterval(this.routine);
    clearInterval(this.watch);
    this.life.abort(new Error('stopped'));
    await this.endReading();
    await this.recovery;
    await this.sweep;
    await this.turn.catch(() => undefined);
  }

  /** Resolves when everything that is on the log now has been handled, by whichever worker: the state's offsets tell. */
  private async caughtUp(signal: AbortSignal): Promise<void> {
    const { store, log } = this.options;
    if (store.exclusive) return this.subscription?.caughtUp();
    let left = (await log.ends(this.topics)).filter(({ first, next }) => next > first);
    for (let round = 1; ; round += 1) {
      const stored = new Map((await store.offsets(HUB_GROUP)).map((p) => [placeOf(p), p.offset]));
      left = left.filter((end) => (stored.get(placeOf(end)) ?? 0) < end.next);
      if (round % ROUNDS_TO_GAPS === 0) left = await withMessages(log, left, stored);
      if (left.length === 0) return;
      await pause(CAUGHT_UP_MS, signal);
      signal.throwIfAborted();
    }
  }

  /** One piece of work on the state at a time. */
  private inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const next = this.turn.catch(() => undefined).then(work);
    this.turn = next;
    return next;
  }

  private async handle(batch: LogBatch): Promise<void> {
    // Another worker may have been told.
    if (!this.processor.allSnapshotsComplete && !this.options.store.exclusive) await this.processor.lookForSnapshots();
    await this.batches.handle(batch);
    this.confirming ??= this.confirmSnapshots().finally(() => (this.confirming = undefined));
  }

  /**
   * Topics are read side by side: that a snapshot is complete may be read before the records that it consists of, and they may be the ones that
   * would be made a second time.
   */
  private async confirmSnapshots(): Promise<void> {
    const { processor, life } = this;
    for (let told = processor.takeToldComplete(); told.length > 0; told = processor.takeToldComplete()) {
      const systems = told;
      try {
        await this.caughtUp(life.signal);
      } catch (error) {
        // Who begins again reads from the state which snapshots are complete.
        if (life.signal.aborted) return;
        processor.tellComplete(systems);
        this.options.logger.error(
          { code: codeOf(error) },
          'How far the log has been read could not be told; it will be asked again at the next batch.',
        );
        return;
      }
      await this.inTurn(async () => processor.confirmSnapshots(systems));
      if (processor.allSnapshotsComplete) this.requestSweep();
    }
  }

  private async heads(): Promise<string> {
    const ends = await this.options.log.ends(this.topics);
    return ends.map((e) => e.next).join();
  }

  /** @throws UNSILO_STATE_FORMAT when the rows were written by a version that kept them in another form */
  private async checkFormat(): Promise<void> {
    const { store } = this.options;
    const [known] = await store.getMany(this.core.tenant, 'progress', ['format']);
    const format = JSON.stringify(STATE_FORMAT);
    if (known?.value === format) return;
    // Where several workers begin at once, another one's first commit may come between.
    if (known !== undefined || (store.exclusive && !this.batches.isFresh)) throw new StateFormatError();
    await store.commit(this.core.tenant, { put: [{ table: 'progress', key: 'format', value: format }] });
  }

  /** Other than a data folder, a state on a server can have lost what the log has. */
  private async makeGood(signal: AbortSignal): Promise<void> {
    const { store, log } = this.options;
    const { tenant } = this.core;
    if (store.exclusive) return;
    const [mark] = await store.getMany(tenant, 'progress', ['published-read']);
    const hasLost = this.wentBack || this.batches.isBehind(await log.lag(HUB_GROUP));
    if (mark !== undefined && !hasLost) return;
    // What relays had read of the state that is lost, and had still in hand, comes to the log now or never.
    if (hasLost) await log.shutOut?.(OUTBOX_WRITER, writtenTopics(await systemsOnLog(log)));
    await raiseRevisions(log, store, tenant, signal);
    this.wentBack = false;
  }

  /**
   * A worker that finds offsets may still find a state without what was published, while another one is reading that: only the mark tells
   * that it is whole.
   */
  private async absorbPublished(signal: AbortSignal): Promise<void> {
    const { store, log } = this.options;
    const { tenant } = this.core;
    const [mark] = await store.getMany(tenant, 'progress', ['published-read']);
    if (mark !== undefined || (store.exclusive && !this.batches.isFresh)) return;
    await readPublished(log, this.processor, (work) => this.inTurn(work), { signal });
    await store.commit(tenant, { put: [{ table: 'progress', key: 'published-read', value: 'true' }] });
  }

  /** Customers are a function of policy, model, systems and the software too: when one of them changed, everything is looked at again. */
  private async recomputeIfRulesChanged(): Promise<void> {
    const { store } = this.options;
    const { tenant, policy, model } = this.core;
    // Under which mapping records are told is no rule: what they say then comes as events.
    const systems = this.options.systems.map(({ mapping: _, ...profile }) => profile);
    const rules = printOf([policy, model, systems, CUSTOMERS_FORMAT]);
    const reading = printOf([policy.country ?? null, systems, CUSTOMERS_FORMAT]);
    const [known, summarised] = await store.getMany(tenant, 'progress', [COMPUTED_WITH, SUMMARISED_WITH]);
    if (known?.value === rules && summarised?.value === reading) return;
    if (known && known.value !== rules) {
      this.options.logger.info(
        { policy: policy.version, model: model.version },
        'Policy, model, systems or the rules of this version are others than before: all customers are computed again.',
      );
      const summariseAnew = summarised?.value !== reading;
      for await (const refs of this.slices('records'))
        await this.inTurn(() => this.processor.reconsider({ refs, summariseAnew }));
    }
    await store.commit(tenant, {
      put: [
        { table: 'progress', key: COMPUTED_WITH, value: rules },
        { table: 'progress', key: SUMMARISED_WITH, value: reading },
      ],
    });
  }

  /** What was merged while commands could not be planned yet. */
  private async drainUnplanned(): Promise<void> {
    for (;;) {
      const entries = await this.options.store.range(this.core.tenant, 'unplanned', { limit: SLICE });
      if (entries.length === 0 || this.stopping) return;
      await this.inTurn(() => this.processor.reconsider({ customers: entries.map((e) => e.key) }));
    }
  }

  /** Plans every customer again: after the last first snapshot, and at every start, since planning rests on the state and not on events. */
  private requestSweep(): void {
    this.sweepWanted = true;
    this.sweep ??= this.runSweeps().finally(() => {
      this.sweep = undefined;
    });
  }

  private async runSweeps(): Promise<void> {
    while (this.sweepWanted && !this.stopping) {
      this.sweepWanted = false;
      for await (const keys of this.slices('customers')) {
        if (this.stopping) return;
        await this.inTurn(() => this.processor.reconsider({ customers: keys }));
      }
    }
  }

  /** Publishes every record whose facts changed since it was last published, so that older events need not be retained. */
  async publishRecords(): Promise<number> {
    let published = 0;
    for await (const keys of this.slices('records')) {
      if (this.stopping) break;
      published += await this.inTurn(() => publish(this.options.store, this.core, keys));
    }
    return published;
  }

  private async *slices(table: string): AsyncGenerator<string[]> {
    let from: string | undefined;
    for (;;) {
      const entries = await this.options.store.range(this.core.tenant, table, {
        ...(from === undefined ? {} : { from }),
        limit: SLICE,
      });
      if (entries.length === 0) return;
      const keys = entries.map((e) => e.key);
      yield keys;
      from = `${keys.at(-1)}\u0000`;
    }
  }
}

function printOf(value: unknown): string {
  return JSON.stringify(createHash('sha256').update(JSON.stringify(value)).digest('base64url'));
}

/** Ends early when the signal aborts. */
async function pause(ms: number, signal?: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { ref: false, ...(signal === undefined ? {} : { signal }) }).catch(() => undefined);
}

/** Those partitions that still have a message to handle: compaction and other software leave gaps at their ends. */
async function withMessages(
  log: EventLog,
  ends: readonly PartitionEnds[],
  stored: ReadonlyMap<string, number>,
): Promise<PartitionEnds[]> {
  const left: PartitionEnds[] = [];
  for (const end of ends) {
    const { topic, partition, first, next: until } = end;
    const from = Math.max(first, stored.get(placeOf(end)) ?? 0);
    if ((await log.read({ topic, partition, from, until, limit: 1 })).messages.length > 0) left.push(end);
  }
  return left;
}

/** The state was written by another version of the software. */
class StateFormatError extends Error {
  readonly code = 'UNSILO_STATE_FORMAT';
  readonly hint = 'Run `unsilo replay --into DIR` to make it anew from the log, then start with `--data DIR`.';
  constructor() {
    super('The state in this data folder was written by another version, which kept it in another form.');
    this.name = 'StateFormatError';
  }
}
