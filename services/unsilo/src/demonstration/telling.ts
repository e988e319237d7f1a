import { setTimeout as sleep } from 'node:timers/promises';
import type { Claim } from './claims.js';
import type { Look } from './look.js';

/** `told` leaves time to read and to look around; `fast` waits for the systems alone. */
export const PACES = ['told', 'fast'] as const;
export type Pace = (typeof PACES)[number];

export interface TellingOptions {
  pace: Pace;
  look: Look;
  signal: AbortSignal;
  /** One line for people. */
  say(line: string): void;
  /** Notes the beginning of a chapter where the console shows it. No names: it goes to the log of signals. */
  mark(chapter: { number: number; of: number; title: string }): Promise<void>;
  /** How long a claim may take to come true, milliseconds (default 60,000). */
  patienceMs?: number;
}

/** Far more than it takes: a machine that is busy with other things is no reason to tell of a claim that it did not hold. */
const PATIENCE_MS = 60_000;
const LOOK_AGAIN_MS = 100;

/** How the story is told: lines, pauses, and what is claimed only once it has been looked up. */
export class Telling {
  readonly look: Look;
  readonly signal: AbortSignal;
  readonly #options: TellingOptions;
  readonly #patienceMs: number;
  /** Claims that did not come true, by id. */
  readonly broken: string[] = [];

  constructor(options: TellingOptions) {
    this.#options = options;
    this.#patienceMs = options.patienceMs ?? PATIENCE_MS;
    this.look = options.look;
    this.signal = options.signal;
  }

  async chapter(number: number, of: number, title: string): Promise<void> {
    this.signal.throwIfAborted();
    this.say('');
    this.say(`Chapter ${number} of ${of}: ${title}`);
    await this.#options.mark({ number, of, title });
    await this.pause(1500);
  }

  /** A piece of the story, with time to read it. */
  async narrate(...lines: readonly string[]): Promise<void> {
    for (const line of lines) this.say(`  ${line}`);
    await this.pause(1500 + 500 * lines.length);
  }

  say(line: string): void {
    this.#options.say(line);
  }

  /** For readers; milliseconds. */
  async pause(ms: number): Promise<void> {
    if (this.#options.pace === 'told') await sleep(ms, undefined, { signal: this.signal });
    else this.signal.throwIfAborted();
  }

  /** Says each claim once it has come true; one that doesn't in time is told as broken, and the story goes on. */
  async claim(claims: readonly Claim[]): Promise<void> {
    for (const { id, says, check } of claims) {
      const detail = await this.#comesTrue(check);
      if (detail === undefined) this.say(`  ✓ ${says}`);
      else {
        this.broken.push(id);
        this.say(`  ✗ ${says}`);
        this.say(`    This did not happen within ${this.#patienceMs / 1000} seconds: ${detail}`);
      }
      await this.pause(2500);
    }
  }

  /** Waits for what the next claims rest on; owns up to it when it doesn't come. */
  async comes(says: string, happened: () => Promise<boolean>): Promise<void> {
    if (await this.until(happened)) return;
    this.broken.push(says);
    this.say(`  ✗ ${says}: this did not happen within ${this.#patienceMs / 1000} seconds.`);
  }

  /** Waits for something that is no claim; false when it doesn't come in time. */
  async until(happened: () => boolean | Promise<boolean>, withinMs = this.#patienceMs): Promise<boolean> {
    const end = performance.now() + withinMs;
    for (;;) {
      if (await happened()) return true;
      if (performance.now() >= end) return false;
      await sleep(LOOK_AGAIN_MS, undefined, { signal: this.signal });
    }
  }

  /** Undefined when it has; otherwise what was found instead. */
  async #comesTrue(check: Claim['check']): Promise<string | undefined> {
    let detail = '';
    const isTrue = await this.until(async () => {
      const finding = await check(this.look).catch((error: unknown) => ({ holds: false, detail: String(error) }));
      this.signal.throwIfAborted();
      detail = finding.detail;
      return finding.holds;
    });
    return isTrue ? undefined : detail;
  }
}
