import type { LogBatch, LogMessage } from '@unsilo/event-log';
import type { OffsetMove, StateStore } from '@unsilo/state-store';
import type { HubLogger } from './hub.js';
import { LostPartition, type Processor, type Step } from './processor.js';

/**
 * Takes batches from the log to the state, and knows how far each partition has come. Where nobody else can write the state, a batch goes in
 * slices: while one is made durable, the next is computed on top of it.
 */
export class Batches {
  private readonly processor: Processor;
  private readonly store: StateStore;
  private readonly group: string;
  private readonly logger: HubLogger;
  private readonly slice: number;
  private readonly positions = new Map<string, number>();

  /** @param slice Messages of one commit, where commits overlap with the work on the next one. */
  constructor(processor: Processor, store: StateStore, group: string, logger: HubLogger, slice: number) {
    this.processor = processor;
    this.store = store;
    this.group = group;
    this.logger = logger;
    this.slice = slice;
  }

  /** Reads how far the state has come. */
  async load(): Promise<void> {
    this.positions.clear();
    for (const { topic, partition, offset } of await this.store.offsets(this.group))
      this.positions.set(`${topic}/${partition}`, offset);
  }

  /** Nothing was ever consumed. */
  get isFresh(): boolean {
    return this.positions.size === 0;
  }

  async handle(batch: LogBatch): Promise<void> {
    // A batch that failed half way comes again whole.
    const messages = batch.messages.filter((m) => m.offset >= (this.positions.get(placeOf(m)) ?? 0));
    try {
      await this.inSlices(messages, batch);
    } catch (error) {
      if (error instanceof LostPartition) await this.load();
      if (isEnvironmental(error)) throw error;
      this.logger.error(
        { code: codeOf(error), events: messages.length },
        `A batch could not be processed and is taken apart: ${String(error)}`,
      );
      await this.oneByOne(messages.filter((m) => m.offset >= (this.positions.get(placeOf(m)) ?? 0)));
    }
  }

  private async inSlices(messages: readonly LogMessage[], batch: LogBatch): Promise<void> {
    const size = this.store.exclusive ? this.slice : Math.max(messages.length, 1);
    const reached = new Map(this.positions);
    let before: Step | undefined;
    for (let at = 0; at === 0 || at < messages.length; at += size) {
      const slice = messages.slice(at, at + size);
      const ends = new Map<string, OffsetMove>();
      const moveTo = (topic: string, partition: number, to: number): void => {
        const from = reached.get(placeOf({ topic, partition }));
        if (from === undefined || to > from) ends.set(placeOf({ topic, partition }), { topic, partition, from, to });
      };
      for (const { topic, partition, offset } of slice) moveTo(topic, partition, offset + 1);
      if (at + size >= messages.length)
        for (const { topic, partition, offset } of batch.next) moveTo(topic, partition, offset);
      const moves = [...ends.values()];
      for (const [place, { to }] of ends) reached.set(place, to);
      const step = await this.next(slice, moves, before);
      before = { workspace: step.workspace, done: this.remember(step.done, moves) };
      // Told where it is awaited.
      before.done.catch(() => undefined);
    }
    await before?.done;
  }

  private async next(slice: readonly LogMessage[], moves: readonly OffsetMove[], before?: Step): Promise<Step> {
    try {
      return await this.processor.begin(slice, moves, before);
    } catch (error) {
      // What is still being made durable must have ended before anybody looks how far the state has come.
      await before?.done;
      throw error;
    }
  }

  private async remember(done: Promise<void>, moves: readonly OffsetMove[]): Promise<void> {
    await done;
    for (const move of moves) this.positions.set(placeOf(move), move.to);
  }

  /** A defect that one event brings to light must not hold up the others: that event alone becomes a dead letter. */
  private async oneByOne(messages: readonly LogMessage[]): Promise<void> {
    for (const message of messages) {
      const { topic, partition, offset } = message;
      const move = { topic, partition, from: this.positions.get(placeOf(message)), to: offset + 1 };
      try {
        await (
          await this.processor.begin([message], [move])
        ).done;
      } catch (error) {
        if (isEnvironmental(error)) throw error;
        await this.processor.setAside(message, move, error);
      }
      this.positions.set(placeOf(move), move.to);
    }
  }
}

function placeOf({ topic, partition }: { topic: string; partition: number }): string {
  return `${topic}/${partition}`;
}

/** The store or the log could not, not the event: trying again is right. */
function isEnvironmental(error: unknown): boolean {
  return error instanceof LostPartition || /^UNSILO_(STATE|LOG|DATA)_/.test(codeOf(error));
}

export function codeOf(error: unknown): string {
  const code = (error as { code?: unknown } | undefined)?.code;
  return typeof code === 'string' ? code : 'UNSILO_HUB_BATCH_FAILED';
}
