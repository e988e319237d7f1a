import type { LogBatch, LogMessage, Position, TopicPartition } from '@unsilo/event-log';
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
  private readonly tenant: string;
  private readonly group: string;
  private readonly logger: HubLogger;
  private readonly slice: number;
  /** Next offset by partition, as the state has it or as this worker last moved it. */
  private readonly positions = new Map<string, number>();
  /** Where reading begins in partitions that the state has no offset of. */
  private readonly starts = new Map<string, number>();
  /** The furthest that the state was ever seen to have come, whichever worker brought it there. */
  private readonly furthest = new Map<string, number>();

  /** @param slice Messages of one commit, where commits overlap with the work on the next one. */
  constructor(
    processor: Processor,
    store: StateStore,
    tenant: string,
    group: string,
    logger: HubLogger,
    slice: number,
  ) {
    this.processor = processor;
    this.tenant = tenant;
    this.store = store;
    this.group = group;
    this.logger = logger;
    this.slice = slice;
  }

  /** Reads how far the state has come. */
  async load(): Promise<void> {
    const stored = await this.store.offsets(this.group);
    this.positions.clear();
    for (const position of stored) this.positions.set(placeOf(position), position.offset);
  }

  /** The group was told of more than the state has. */
  isBehind(group: readonly { topic: string; partition: number; committed: number }[]): boolean {
    return group.some((read) => read.committed > (this.positions.get(placeOf(read)) ?? 0));
  }

  /**
   * Where to read partitions from that were just assigned: from the state's offsets, and from the beginning where it has none, whatever the
   * group says. The group's offsets are for tools that show lag.
   * @param beginnings First retained offset of the partitions.
   */
  async assigned(places: readonly TopicPartition[], beginnings: readonly Position[]): Promise<Position[]> {
    const first = new Map(beginnings.map((p) => [placeOf(p), p.offset]));
    const stored = await this.begun(places, first);
    return places.map(({ topic, partition }) => {
      const place = placeOf({ topic, partition });
      const known = stored.get(place);
      const offset = known ?? first.get(place) ?? 0;
      if (known === undefined) this.positions.delete(place);
      else this.positions.set(place, known);
      this.starts.set(place, offset);
      return { topic, partition, offset };
    });
  }

  /**
   * The state's offsets. Where others can lose the state, one is noted before anything is read of a partition: without it a commit could not
   * tell a state that has lost everything from one that knows nothing of the partition yet.
   */
  private async begun(
    places: readonly TopicPartition[],
    first: ReadonlyMap<string, number>,
  ): Promise<Map<string, number>> {
    for (;;) {
      const stored = new Map((await this.store.offsets(this.group)).map((p) => [placeOf(p), p.offset]));
      const moves = places.flatMap(({ topic, partition }): OffsetMove[] => {
        const place = placeOf({ topic, partition });
        return stored.has(place) ? [] : [{ topic, partition, from: undefined, to: first.get(place) ?? 0 }];
      });
      if (this.store.exclusive || moves.length === 0) return stored;
      // Whoever was faster has noted the same.
      await this.store.commit(this.tenant, { offsets: { group: this.group, moves } });
    }
  }

  /**
   * Looks whether the state still is where it was seen before.
   * @throws StateWentBack
   */
  async look(): Promise<void> {
    // Noted before the state is asked: this worker may move on meanwhile.
    for (const [place, offset] of this.positions)
      this.furthest.set(place, Math.max(offset, this.furthest.get(place) ?? 0));
    const before = [...this.furthest];
    const stored = new Map((await this.store.offsets(this.group)).map((p) => [placeOf(p), p.offset]));
    const back = before.find(([place, offset]) => (stored.get(place) ?? -1) < offset);
    if (back !== undefined) throw new StateWentBack(back[0], back[1], stored.get(back[0]));
    for (const [place, offset] of stored) this.furthest.set(place, offset);
  }

  /** Nothing was ever consumed. */
  get isFresh(): boolean {
    return this.positions.size === 0;
  }

  /**
   * @throws StateWentBack when the state is behind what has been read: what lies between would be missing from it.
   */
  async handle(batch: LogBatch): Promise<void> {
    for (const first of batch.first) {
      const place = placeOf(first);
      const stored = this.positions.get(place) ?? this.starts.get(place);
      if (stored !== undefined && first.offset > stored) throw new StateWentBack(place, first.offset, stored);
    }
    // A batch that failed half way comes again whole.
    const messages = batch.messages.filter((m) => m.offset >= (this.positions.get(placeOf(m)) ?? 0));
    try {
      await this.inSlices(messages, batch);
    } catch (error) {
      if (error instanceof LostPartition) await this.loadAfterLoss(batch);
      if (isEnvironmental(error)) throw error;
      this.logger.error(
        { code: codeOf(error), events: messages.length },
        `A batch could not be processed and is taken apart: ${String(error)}`,
      );
      await this.oneByOne(messages.filter((m) => m.offset >= (this.positions.get(placeOf(m)) ?? 0)));
      await this.passGaps(batch);
    }
  }

  /** Either another worker has come further, or the state has been set back. */
  private async loadAfterLoss(batch: LogBatch): Promise<void> {
    const before = new Map(this.positions);
    await this.load();
    for (const first of batch.first) {
      const place = placeOf(first);
      const [was, is] = [before.get(place), this.positions.get(place)];
      if (was !== undefined && (is === undefined || is < was)) throw new StateWentBack(place, was, is);
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
      before = { written: step.written, done: this.remember(step.done, moves) };
      // Told where it is awaited.
      before.done.catch(() => undefined);
    }
    await before?.done;
  }

  /** What compaction left no message of belongs to the batch as well: the next one begins behind it. */
  private async passGaps(batch: LogBatch): Promise<void> {
    const moves = batch.next.flatMap(({ topic, partition, offset: to }) => {
      const from = this.positions.get(placeOf({ topic, partition }));
      return from === undefined || to > from ? [{ topic, partition, from, to }] : [];
    });
    if (moves.length === 0) return;
    await this.remember((await this.processor.begin([], moves)).done, moves);
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

export function placeOf({ topic, partition }: { topic: string; partition: number }): string {
  return `${topic}/${partition}`;
}

/** The state was lost or set back to something older, and its offsets with it: the log is to be read again from them. */
export class StateWentBack extends Error {
  readonly code = 'UNSILO_HUB_STATE_WENT_BACK';
  constructor(place: string, was: number, is: number | undefined) {
    super(`The state has gone back: it had taken in ${place} up to ${was}, and now has ${is ?? 'nothing of it'}.`);
    this.name = 'StateWentBack';
  }
}

/** The store or the log could not, not the event: trying again is right. */
function isEnvironmental(error: unknown): boolean {
  return (
    error instanceof LostPartition || error instanceof StateWentBack || /^UNSILO_(STATE|LOG|DATA)_/.test(codeOf(error))
  );
}

export function codeOf(error: unknown): string {
  const code = (error as { code?: unknown } | undefined)?.code;
  return typeof code === 'string' ? code : 'UNSILO_HUB_BATCH_FAILED';
}
