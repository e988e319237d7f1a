import { createHash } from 'node:crypto';
import type { LogBatch, Subscription } from '@unsilo/event-log';
import { recordEvent, topicName } from '@unsilo/schemas';
import { emptyRecord } from '../domain/facts.js';
import { toSummary } from '../domain/rebuild.js';
import { Batches, codeOf } from './batches.js';
import { createCore, type Core } from './core.js';
import { createService } from './create-service.js';
import { withPast } from './history.js';
import type { Hub, HubOptions } from './hub.js';
import { message } from './merging.js';
import { Processor } from './processor.js';
import type { RecordRow } from './rows.js';
import type { HubService } from './service.js';
import { declareHubTopics } from './topics.js';

/** Consumer group of the hub's workers: what lag tools show. */
export const HUB_GROUP = 'unsilo-hub';

/** Raised with every change of what rows of the state look like: the log is what lasts, and the state is made from it again. */
const STATE_FORMAT = 2;

/** Messages in a batch, at most; and so many at most where it is committed at one stroke. */
const LARGEST_BATCH = 4000;
const LARGEST_COMMIT = 1000;
/** Commits of a full batch, each of which overlaps with the work on the next. */
const SLICES = 4;
/** Records or customers that a sweep looks at in one commit. */
const SLICE = 200;

export function createHub(options: HubOptions): Hub {
  return new RunningHub(options);
}

class RunningHub implements Hub {
  readonly service: HubService;
  private readonly options: HubOptions;
  private readonly core: Core;
  private readonly processor: Processor;
  private readonly batches: Batches;
  private subscription: Subscription | undefined;
  private turn: Promise<unknown> = Promise.resolve();
  private stopping = false;
  private ready = false;
  private sweepWanted = false;
  private sweep: Promise<void> | undefined;
  private routine: NodeJS.Timeout | undefined;

  constructor(options: HubOptions) {
    this.options = options;
    this.core = createCore({ ...options, now: () => options.clock.now() });
    this.processor = new Processor(this.core, options.store, HUB_GROUP);
    const slice = Math.ceil((options.batchSize ?? LARGEST_BATCH) / SLICES);
    this.batches = new Batches(this.processor, options.store, HUB_GROUP, options.logger, slice);
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

  async start(): Promise<void> {
    const { log, store, logger } = this.options;
    const systems = this.options.systems.map((s) => s.system);
    await declareHubTopics(log, systems);
    await this.processor.loadSnapshots();
    await this.batches.load();
    await this.checkFormat();
    if (this.batches.isFresh) await this.readPublishedRecords();
    await this.recomputeIfRulesChanged();
    const topics = [
      ...(['parties', 'objects', 'interactions', 'outcomes', 'decisions', 'signals'] as const).map((kind) =>
        topicName(kind),
      ),
      ...systems.map((system) => topicName('commands', system)),
    ];
    this.subscription = await log.subscribe({
      group: HUB_GROUP,
      topics,
      start: 'earliest',
      offsets: async () => store.offsets(HUB_GROUP),
      maxMessages: Math.min(this.options.batchSize ?? LARGEST_BATCH, store.exclusive ? Infinity : LARGEST_COMMIT),
      onBatch: (batch) => this.inTurn(() => this.handle(batch)),
      onError: (error) =>
        logger.error(
          { code: codeOf(error) },
          `A batch failed and will be tried again: ${error instanceof Error ? error.message : String(error)}`,
        ),
    });
    await this.subscription.caughtUp();
    await this.inTurn(async () => {
      this.processor.planning = true;
    });
    await this.drainUnplanned();
    this.ready = true;
    logger.info({ systems: systems.length }, 'The hub has caught up and plans writes.');
    this.requestSweep();
    // Everything that rests on events having come is checked against the state as a matter of routine.
    this.routine = setInterval(() => this.maintain(), this.options.maintenanceMs ?? 3_600_000);
    this.routine.unref();
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
      await this.subscription?.caughtUp();
      await this.sweep;
      await this.inTurn(async () => undefined);
      if (before === (await this.heads())) return;
    }
  }

  async stop(): Promise<void> {
    this.stopping = true;
    this.ready = false;
    clearInterval(this.routine);
    await this.subscription?.close();
    await this.sweep;
    await this.turn.catch(() => undefined);
  }

  /** One piece of work on the state at a time. */
  private inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const next = this.turn.catch(() => undefined).then(work);
    this.turn = next;
    return next;
  }

  private async handle(batch: LogBatch): Promise<void> {
    const wasComplete = this.processor.allSnapshotsComplete;
    await this.batches.handle(batch);
    if (!wasComplete && this.processor.allSnapshotsComplete) this.requestSweep();
  }

  private async heads(): Promise<string> {
    const topics = ['parties', 'objects', 'interactions', 'outcomes', 'decisions', 'signals'] as const;
    const ends = await this.options.log.ends([
      ...topics.map((t) => topicName(t)),
      ...this.options.systems.map((s) => topicName('commands', s.system)),
    ]);
    return ends.map((e) => e.next).join();
  }

  /** @throws UNSILO_STATE_FORMAT when the rows were written by a version that kept them in another form */
  private async checkFormat(): Promise<void> {
    const { store } = this.options;
    const [known] = await store.getMany(this.core.tenant, 'progress', ['format']);
    const format = JSON.stringify(STATE_FORMAT);
    if (known?.value === format) return;
    if (!this.batches.isFresh) throw new StateFormatError();
    await store.commit(this.core.tenant, { put: [{ table: 'progress', key: 'format', value: format }] });
  }

  /** A store that knows nothing begins with what the hub once published of every ref; the retained topics then add the rest. */
  private async readPublishedRecords(): Promise<void> {
    const { log } = this.options;
    for (const kind of ['decisions', 'records'] as const) {
      for (const end of await log.ends([topicName(kind)])) {
        let from: number | undefined = end.first;
        while (from !== undefined && from < end.next) {
          const page = await log.read({ topic: end.topic, partition: end.partition, from, limit: 500 });
          // Decisions are known before the records that they are about; the subscription delivers them once more.
          const again = kind === 'decisions';
          if (page.messages.length > 0) await this.inTurn(() => this.processor.absorb(page.messages, again));
          from = page.next;
        }
      }
    }
  }

  /** Customers are a function of policy, model and systems too: when one of them changed, everything is looked at again. */
  private async recomputeIfRulesChanged(): Promise<void> {
    const { store } = this.options;
    const { policy, model } = this.core;
    const rules = createHash('sha256')
      .update(JSON.stringify([policy, model, this.options.systems]))
      .digest('base64url');
    const [known] = await store.getMany(this.core.tenant, 'progress', ['computed-with']);
    if (known?.value === JSON.stringify(rules)) return;
    if (known) {
      this.options.logger.info(
        { policy: policy.version, model: model.version },
        'Policy, model or systems have changed: all customers are computed again.',
      );
      for await (const keys of this.slices('records'))
        await this.inTurn(() => this.processor.reconsider({ refs: keys }));
    }
    await store.commit(this.core.tenant, {
      put: [{ table: 'progress', key: 'computed-with', value: JSON.stringify(rules) }],
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
      published += await this.inTurn(() => this.publishSlice(keys));
    }
    return published;
  }

  private async publishSlice(refs: readonly string[]): Promise<number> {
    const { store } = this.options;
    const { tenant } = this.core;
    const [rows, marks] = await Promise.all([
      store.getMany(tenant, 'records', refs),
      store.getMany(tenant, 'published', refs),
    ]);
    const changed = refs.flatMap((ref, i) => {
      const row = rows[i];
      const mark = row && JSON.stringify(row.revision);
      return row && marks[i]?.value !== mark ? [{ ref, row, mark: mark ?? '' }] : [];
    });
    if (changed.length === 0) return 0;
    const whole = await withPast(
      store,
      tenant,
      changed.map(({ row }) => JSON.parse(row.value) as RecordRow),
    );
    const result = await store.commit(tenant, {
      expect: changed.map(({ ref, row }) => ({ table: 'records', key: ref, revision: row.revision })),
      put: changed.map(({ ref, mark }) => ({ table: 'published', key: ref, value: mark })),
      outbox: changed.map(({ row }, i) =>
        message(
          recordEvent(tenant, toSummary(whole[i]?.facts ?? emptyRecord('')), {
            revision: row.revision,
            at: new Date(this.core.now()).toISOString(),
          }),
        ),
      ),
    });
    return result.ok ? changed.length : 0;
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

/** The state was written by another version of the software. */
class StateFormatError extends Error {
  readonly code = 'UNSILO_STATE_FORMAT';
  readonly hint = 'Run `unsilo replay --into DIR` to make it anew from the log, then start with `--data DIR`.';
  constructor() {
    super('The state in this data folder was written by another version, which kept it in another form.');
    this.name = 'StateFormatError';
  }
}
