import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { ServiceError, type LiveEvent } from '@unsilo/hub';
import type { FastifyBaseLogger } from 'fastify';
import { faultFields } from './log.js';
import { answerOf, HttpProblem } from './problems.js';

export interface LiveStreamOptions {
  heartbeatMs: number;
  /** At most so many events a second; absent: all. */
  rate?: number;
  /** Asked at every heartbeat; when the answer is false the stream ends. */
  stillAllowed(): Promise<boolean>;
  requestId: string;
  log: FastifyBaseLogger;
}

const SECOND_MS = 1000;

/** Live events written as server-sent events, with signs of life between them, no faster than the reader reads. */
export class LiveStream {
  readonly output = new PassThrough();
  readonly #controller = new AbortController();
  readonly #options: LiveStreamOptions;
  #second = 0;
  #sent = 0;
  #skipped = 0;
  #lastSkipped: string | undefined;

  constructor(options: LiveStreamOptions) {
    this.#options = options;
    const heartbeat = setInterval(() => void this.#beat(), options.heartbeatMs);
    const flush = options.rate === undefined ? undefined : setInterval(() => this.#tellSkipped(), SECOND_MS);
    this.output.once('close', () => {
      clearInterval(heartbeat);
      clearInterval(flush);
      this.#controller.abort();
    });
    this.output.write('retry: 2000\n\n');
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  end(): void {
    this.#controller.abort();
  }

  /** Ends when the events do, the reader leaves, or somebody ends it. Never rejects: what goes wrong is the last event. */
  async pump(open: (signal: AbortSignal) => AsyncIterable<LiveEvent>): Promise<void> {
    try {
      for await (const event of open(this.signal)) {
        if (this.signal.aborted) break;
        if (this.#isTooMany(event)) continue;
        this.#tellSkipped();
        if (!this.output.write(frame(event))) await once(this.output, 'drain', { signal: this.signal });
      }
    } catch (error) {
      if (!this.signal.aborted) this.output.write(this.#farewell(error));
    } finally {
      this.output.end();
    }
  }

  #isTooMany(event: LiveEvent): boolean {
    const { rate } = this.#options;
    if (rate === undefined) return false;
    const second = Math.floor(Date.now() / SECOND_MS);
    if (second !== this.#second) {
      this.#second = second;
      this.#sent = 0;
    }
    this.#sent += 1;
    if (this.#sent <= rate) return false;
    this.#skipped += 1;
    this.#lastSkipped = event.cursor;
    return true;
  }

  #tellSkipped(): void {
    if (this.#skipped === 0 || this.#lastSkipped === undefined || !this.output.writable) return;
    this.output.write(
      `${idLine(this.#lastSkipped)}event: skipped\ndata: ${JSON.stringify({ count: this.#skipped })}\n\n`,
    );
    this.#skipped = 0;
  }

  async #beat(): Promise<void> {
    // Ended at an earlier beat and still open: its reader stands still, and would keep its place for as long as it likes.
    if (this.signal.aborted) {
      this.output.destroy();
      return;
    }
    const allowed = await this.#options.stillAllowed().catch(() => false);
    if (!allowed) this.end();
    else if (this.output.writable) this.output.write(': alive\n\n');
  }

  #farewell(error: unknown): string {
    const { requestId, log } = this.#options;
    const known = error instanceof ServiceError;
    if (!known) log.error(faultFields(error), 'A live stream failed');
    const { problem } = answerOf(known ? error : new HttpProblem('UNSILO_INTERNAL'), requestId);
    return `event: problem\ndata: ${JSON.stringify(problem)}\n\n`;
  }
}

function frame(event: LiveEvent): string {
  return `${idLine(event.cursor)}data: ${JSON.stringify(event)}\n\n`;
}

function idLine(cursor: string): string {
  // A line break would begin another field.
  return /[\r\n\0]/.test(cursor) ? '' : `id: ${cursor}\n`;
}
