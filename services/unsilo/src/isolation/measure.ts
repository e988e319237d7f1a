import { setTimeout as sleep } from 'node:timers/promises';
import type { LogMessage } from '@unsilo/event-log';
import { parseEvent, topicName } from '@unsilo/schemas';
import { median } from '../bench/figures.js';
import { edited, editOf, firstRecords, HURT, OTHERS, SYSTEMS, type Condition } from './company.js';
import type { Stage } from './stage.js';

/** Milliseconds. */
export interface Delays {
  samples: number;
  p50: number;
  p99: number;
}
export interface Isolation {
  /** Of the other systems, run by run: while all are well, and while one is not. */
  runs: { well: Delays; hurt: Delays }[];
  p99Well: number;
  p99Hurt: number;
  /** How much the p99 of the others changes, by medians over the runs: 0.1 is 10%. */
  change: number;
}

const GROUP = 'unsilo-isolation';
const BATCH = 200;

/** Edits people in the source at a steady rate and sees how long the write-back to each system takes. */
export class Observer {
  readonly #stage: Stage;
  readonly #persons: number;
  readonly #sentAt = new Map<number, number>();
  /** By system: the time from an edit's append to its outcome. */
  readonly #took = new Map<string, Map<number, number>>(SYSTEMS.map((name) => [name, new Map()]));
  /** By person. */
  readonly #edits: number[];

  constructor(stage: Stage, persons: number) {
    this.#stage = stage;
    this.#persons = persons;
    this.#edits = Array.from({ length: persons }, () => 0);
  }

  /** Everybody's first records; resolves when all systems follow. */
  async begin(): Promise<void> {
    const { log } = this.#stage;
    await log.subscribe({
      group: GROUP,
      topics: [topicName('outcomes')],
      start: 'latest',
      maxWaitMs: 0,
      onBatch: async ({ messages }) => messages.forEach((message) => this.#note(message)),
    });
    const first = firstRecords(this.#persons);
    for (let at = 0; at < first.length; at += BATCH) await log.append(first.slice(at, at + BATCH));
    const edits = await this.edit(1000);
    await this.written(edits, SYSTEMS);
  }

  /** Edits everybody once; answers the edits. */
  async edit(rate: number): Promise<number[]> {
    const edits: number[] = [];
    const began = performance.now();
    for (let person = 0; person < this.#persons; person += 1) {
      const due = (person / rate) * 1000 - (performance.now() - began);
      if (due > 1) await sleep(due);
      this.#edits[person]! += 1;
      const edit = this.#sentAt.size + 1;
      const now = Date.now();
      this.#sentAt.set(edit, now);
      edits.push(edit);
      await this.#stage.log.append([edited(person, edit, now)]);
    }
    return edits;
  }

  /** Resolves when these edits stand in the systems. */
  async written(edits: readonly number[], systems: readonly string[]): Promise<void> {
    for (const system of systems) {
      const took = this.#took.get(system)!;
      while (!edits.every((edit) => took.has(edit))) await sleep(20);
    }
  }

  isWritten(edit: number, system: string): boolean {
    return this.#took.get(system)!.has(edit);
  }

  delays(edits: readonly number[]): Delays {
    const all = OTHERS.flatMap((system) => edits.map((edit) => this.#took.get(system)!.get(edit)!)).sort(
      (a, b) => a - b,
    );
    const at = (part: number): number => all[Math.min(all.length - 1, Math.floor(part * all.length))] ?? 0;
    return { samples: all.length, p50: at(0.5), p99: at(0.99) };
  }

  #note({ value, timestamp }: LogMessage): void {
    const parsed = value === null ? undefined : parseEvent(value);
    if (parsed?.ok !== true || parsed.event.type !== 'unsilo.outcome.reported') return;
    const { system, status, left } = parsed.event.data;
    const edit = editOf(left);
    const took = this.#took.get(system);
    const sent = edit === undefined ? undefined : this.#sentAt.get(edit);
    if (status !== 'applied' || took === undefined || edit === undefined || sent === undefined || took.has(edit))
      return;
    took.set(edit, timestamp - sent);
  }
}

/** The others' delays while one system is hurt, beside those while all are well, in turn on one installation. */
export async function measureIsolation(
  stage: Stage,
  { condition, runs, rate, persons }: { condition: Condition; runs: number; rate: number; persons: number },
  say: (line: string) => void,
): Promise<Isolation> {
  const observer = new Observer(stage, persons);
  await observer.begin();
  const once = async (now: Condition): Promise<Delays> => {
    await stage.become(now);
    const edits = await observer.edit(rate);
    await observer.written(edits, OTHERS);
    // Nothing of it is left when the next one begins.
    await stage.become('well');
    await observer.written(edits, [HURT]);
    return observer.delays(edits);
  };
  const measured: Isolation['runs'] = [];
  for (let run = 1; run <= runs; run += 1) {
    // What comes second may find a warmer or a busier machine: each comes first every other time.
    const first = run % 2 === 1 ? await once('well') : undefined;
    const hurt = await once(condition);
    const well = first ?? (await once('well'));
    measured.push({ well, hurt });
    say(`run ${run}: p99 ${well.p99} ms well, ${hurt.p99} ms with one system ${condition}`);
  }
  const p99Well = median(measured.map(({ well }) => well.p99));
  const p99Hurt = median(measured.map(({ hurt }) => hurt.p99));
  return { runs: measured, p99Well, p99Hurt, change: p99Hurt / p99Well - 1 };
}
