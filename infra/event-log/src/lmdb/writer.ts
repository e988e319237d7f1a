import type { Area } from './failures.js';

/**
 * One write as the writer takes it. `check` runs when its turn has come, in the order of the calls, while no transaction is
 * under way, and may run again when a round has to be repeated. It sees everything that was written before it: durable or in
 * the same round. It may refuse by throwing, and must change nothing then.
 */
export interface Write<T> {
  readonly area: Area;
  /** Roughly how many bytes it adds; a round ends at a limit. */
  readonly bytes: number;
  check(round: Round): Accepted<T>;
}
export interface Accepted<T> {
  result: T;
  /** Puts what was checked; must not throw. Absent when there is nothing to put. */
  put?: () => void;
}

/** The writes that go into one transaction. */
export class Round {
  /** Epoch milliseconds; the time of everything in the round. */
  readonly timestamp = Date.now();
  /** Run once everything is put, before the transaction ends. Must not throw. */
  readonly finally: (() => void)[] = [];
  /** Run when the transaction is durable, before anybody hears of it. */
  readonly committed: (() => void)[] = [];
  /** Run when the round is over, durable or not. Must not throw. */
  readonly ended: (() => void)[] = [];
  private readonly notes = new Map<object, unknown>();

  /** What one part of the product keeps for the time of this round, made at the first call. */
  note<T>(owner: object, make: () => T): T {
    let note = this.notes.get(owner) as T | undefined;
    if (note === undefined) {
      note = make();
      this.notes.set(owner, note);
    }
    return note;
  }
}

interface Waiting {
  write: Write<unknown>;
  resolve: (value: unknown) => void;
  reject: (error: unknown) => void;
}

export interface WriterPorts {
  /** Runs `put` in one transaction; resolves when it is durable, rejects when nothing of it was kept. */
  transact(put: () => void): Promise<void>;
  /** Makes the space that was freed last usable, as far as possible. */
  reclaim(): Promise<void>;
  translate(error: unknown, area: Area): Error;
}

const ROUND_BYTES = 32 * 1024 * 1024;
const ROUND_WRITES = 10_000;
/** Pause before what may wait is tried again after a failure. */
const RETRY_MS = 1000;

/**
 * Puts writes into transactions, one after the other: while one is being made durable, the next ones gather. So many small
 * writes at the same time cost one flush, and each sees what those before it did.
 */
export class Writer {
  private waiting: Waiting[] = [];
  private running: Promise<void> | undefined;
  private lazyTimer: NodeJS.Timeout | undefined;
  private forced = false;
  /** Asked at every round for what may wait for one (positions of groups). */
  readonly lazy: ((round: Round) => void)[] = [];

  private readonly ports: WriterPorts;

  constructor(ports: WriterPorts) {
    this.ports = ports;
  }

  write<T>(write: Write<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.waiting.push({ write, resolve: resolve as (value: unknown) => void, reject });
      this.start();
    });
  }

  /** Makes a round within `ms` at the latest, whether there are writes or not. */
  soon(ms: number): void {
    if (this.lazyTimer !== undefined) return;
    this.lazyTimer = setTimeout(() => {
      this.lazyTimer = undefined;
      this.forced = true;
      this.start();
    }, ms);
  }

  /** Resolves when everything given so far, lazy parts included, has been tried. */
  async drain(): Promise<void> {
    clearTimeout(this.lazyTimer);
    this.lazyTimer = undefined;
    this.forced = true;
    this.start();
    while (this.running !== undefined) await this.running;
    clearTimeout(this.lazyTimer);
    this.lazyTimer = undefined;
  }

  private start(): void {
    this.running ??= Promise.resolve().then(() => this.run());
  }

  private async run(): Promise<void> {
    try {
      while (this.waiting.length > 0 || this.forced) {
        this.forced = false;
        await this.round(this.take());
      }
    } finally {
      this.running = undefined;
    }
  }

  private take(): Waiting[] {
    let bytes = 0;
    let count = 0;
    while (count < this.waiting.length && count < ROUND_WRITES && bytes < ROUND_BYTES) {
      bytes += this.waiting[count]!.write.bytes;
      count++;
    }
    return this.waiting.splice(0, count);
  }

  private async round(writes: readonly Waiting[], last = false): Promise<void> {
    const round = new Round();
    const accepted: { waiting: Waiting; result: unknown }[] = [];
    const puts: (() => void)[] = [];
    for (const waiting of writes) {
      try {
        const { result, put } = waiting.write.check(round);
        accepted.push({ waiting, result });
        if (put !== undefined) puts.push(put);
      } catch (error) {
        waiting.reject(this.ports.translate(error, waiting.write.area));
      }
    }
    for (const contribute of this.lazy) contribute(round);
    puts.push(...round.finally);
    try {
      if (puts.length > 0) {
        await this.ports.transact(() => {
          for (const put of puts) put();
        });
        for (const done of round.committed) done();
      }
    } catch (error) {
      for (const end of round.ended) end();
      await this.afterFailure(accepted, error, last);
      return;
    }
    for (const end of round.ended) end();
    for (const { waiting, result } of accepted) waiting.resolve(result);
  }

  /**
   * Writes that failed together are tried one by one, so that one that doesn't fit fails alone; each once more after LMDB has
   * been given the chance to use the space that was freed last.
   */
  private async afterFailure(accepted: readonly { waiting: Waiting }[], error: unknown, last: boolean): Promise<void> {
    if (accepted.length === 0) this.soon(RETRY_MS);
    if (last) {
      for (const { waiting } of accepted) waiting.reject(this.ports.translate(error, waiting.write.area));
      return;
    }
    for (const { waiting } of accepted) {
      await this.ports.reclaim();
      await this.round([waiting], true);
    }
  }
}
