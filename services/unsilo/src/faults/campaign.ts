import { fork, type ChildProcess } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { generator } from '../simulated/generator.js';
import { WRITTEN } from './company.js';
import { Feeder, readLedger } from './feeder.js';
import { FAULT_POINTS, type FaultPoint, type Kill } from './kill-points.js';
import type { FromVictim, Sabotage, ToVictim } from './protocol.js';
import { Script } from './script.js';
import { SimulatedSystem } from './simulated-system.js';
import { verify, type Findings } from './verify.js';

export interface CampaignOptions {
  kills: number;
  events: number;
  seed: number;
  /** For data folders and ledgers. */
  folder: string;
  /** Where to kill; default everywhere. */
  points?: readonly FaultPoint[];
  sabotage?: Sabotage | 'forgetful-system';
  say?: (line: string) => void;
}

/** One kill as it went. */
interface Killed {
  /** As planned; undefined when the point was not reached and the process was killed from outside. */
  point: FaultPoint | undefined;
  /** From opening the folder after this kill until the hub had caught up, milliseconds. */
  recoveryMs?: number;
}

export interface Campaign {
  findings: Findings;
  kills: Killed[];
  problems: string[];
  seconds: number;
}

const VICTIM = resolve(import.meta.dirname, import.meta.filename.endsWith('.ts') ? 'victim.ts' : 'victim.js');
const WINDOW = 4;
/** A process that has been fed and hasn't come to its point in this time is killed from outside. */
const PATIENCE_MS = 5000;

/** Feeds the whole script into one data folder through processes that are killed one after the other; the last one ends well. */
export async function campaign(options: CampaignOptions): Promise<Campaign> {
  return new Run(options).carryOut();
}

class Run {
  private readonly options: CampaignOptions;
  private readonly data: string;
  private readonly systems: ReadonlyMap<string, SimulatedSystem>;
  private readonly feeder: Feeder;
  private readonly rng: () => number;
  private readonly kills: Killed[] = [];
  private readonly problems: string[] = [];
  private typicalRecoveryMs = 500;
  private spare: Process | undefined;

  constructor(options: CampaignOptions) {
    this.options = options;
    this.data = join(options.folder, 'data');
    mkdirSync(this.data, { recursive: true });
    const ledger = join(options.folder, 'ledger.ndjson');
    writeFileSync(ledger, '');
    const remembers = options.sabotage !== 'forgetful-system';
    this.systems = new Map(WRITTEN.map((name) => [name, new SimulatedSystem(name, remembers)]));
    const perLife = options.events / (options.kills + 1);
    const batch = Math.max(5, Math.min(200, Math.floor(perLife / 8)));
    this.feeder = new Feeder(new Script(options.seed, options.events), this.systems, ledger, batch);
    this.rng = generator(options.seed ^ 0x5eed);
  }

  async carryOut(): Promise<Campaign> {
    const began = performance.now();
    const { kills, events } = this.options;
    const points = this.points();
    for (let k = 0; k < kills; k += 1) {
      const [from, limit] = [k, k + 1].map((i) => Math.floor((events * i) / (kills + 1)));
      await this.life(from ?? 0, limit ?? 0, this.plan(points[k] ?? 'random'));
      if ((k + 1) % 10 === 0) this.say(`${k + 1} kills, ${this.feeder.upTo} of ${events} inputs acknowledged`);
    }
    await this.life(0, Infinity, undefined);
    this.spare?.child.kill();
    const seconds = (performance.now() - began) / 1000;
    this.say(`fed in ${seconds.toFixed(0)} s; checking`);
    const findings = await verify(this.data, readLedger(this.feeder.ledger), this.systems);
    return { findings, kills: this.kills, problems: this.problems, seconds };
  }

  private say(line: string): void {
    this.options.say?.(line);
  }

  /** Every labelled point equally often, random times twice as often, in a seeded order. */
  private points(): FaultPoint[] {
    const cycle: readonly FaultPoint[] = this.options.points ?? [...FAULT_POINTS, 'random'];
    const points = Array.from({ length: this.options.kills }, (_, i) => cycle[i % cycle.length] ?? 'random');
    for (let i = points.length - 1; i > 0; i -= 1) {
      const j = Math.floor(this.rng() * (i + 1));
      [points[i], points[j]] = [points[j] ?? 'random', points[i] ?? 'random'];
    }
    return points;
  }

  private plan(point: FaultPoint): Kill {
    const most = point === 'start-up' ? 16 : point === 'in the middle of a batch' ? 12 : 4;
    const afterMs = point === 'random' ? this.rng() * (1.5 * this.typicalRecoveryMs + 1000) : this.rng() * 2;
    return { point, nth: 1 + Math.floor(this.rng() * most), afterMs };
  }

  /** One process from opening the folder to its end: fed up to input `limit`, killed at its point once `from` has been passed. */
  private async life(from: number, limit: number, kill: Kill | undefined): Promise<void> {
    const process = this.spare ?? new Process();
    await process.loaded;
    // The next one loads while this one lives: loading a program is no part of a recovery.
    this.spare = kill === undefined ? undefined : new Process();
    const { sabotage } = this.options;
    let ready = false;
    let onTime = true;
    let idle: NodeJS.Timeout | undefined;
    let chance: NodeJS.Timeout | undefined;
    const wait = (): void => {
      clearTimeout(idle);
      if (kill === undefined) return;
      idle = setTimeout(() => {
        onTime = false;
        process.child.kill('SIGKILL');
      }, PATIENCE_MS);
    };
    let armed = false;
    const arm = (): void => {
      if (armed || kill === undefined || this.feeder.upTo < from) return;
      armed = true;
      process.tell({ type: 'arm' });
      if (kill.point === 'random') chance = setTimeout(() => process.child.kill('SIGKILL'), kill.afterMs);
      if (kill.point === 'publishing records') process.tell({ type: 'publish' });
    };
    const feed = (): void => {
      if (!ready) return;
      wait();
      arm();
      for (;;) {
        const batch = this.feeder.next(WINDOW, limit);
        if (!batch) break;
        process.tell({ type: 'feed', batch: batch.number, messages: batch.messages, replies: batch.replies });
        if (armed && kill?.point === 'publishing records') process.tell({ type: 'publish' });
      }
      if (kill === undefined && this.feeder.done) process.tell({ type: 'settle' });
    };
    process.listen((message) => {
      if (message.type === 'acknowledged') {
        this.feeder.acknowledge(message.batch, message.places);
        feed();
      } else if (message.type === 'write') {
        const system = this.systems.get(message.system);
        if (system) process.tell({ type: 'written', call: message.call, answer: system.write(message.command) });
      } else if (message.type === 'ready') {
        ready = true;
        this.recovered(message.recoveryMs);
        feed();
      } else if (message.type === 'settled') process.tell({ type: 'stop' });
      else if (message.type === 'problem') this.problems.push(message.text);
    });
    process.tell({
      type: 'open',
      folder: this.data,
      ...(kill === undefined ? {} : { kill }),
      ...(sabotage === undefined || sabotage === 'forgetful-system' ? {} : { sabotage }),
    });
    // What is killed at random may be killed before it has come up.
    if (this.feeder.upTo >= from) arm();
    const { signal, code } = await process.ended;
    clearTimeout(idle);
    clearTimeout(chance);
    this.feeder.restart();
    if (kill === undefined && code !== 0) throw new Error(`the undisturbed process ended with ${signal ?? code}`);
    if (kill === undefined) return;
    if (signal !== 'SIGKILL') throw new Error(`a process ended by itself with ${signal ?? code}`);
    this.kills.push({ point: onTime ? kill.point : undefined });
  }

  private recovered(ms: number): void {
    const last = this.kills.at(-1);
    if (last && last.recoveryMs === undefined) last.recoveryMs = ms;
    this.typicalRecoveryMs = 0.9 * this.typicalRecoveryMs + 0.1 * ms;
  }
}

class Process {
  readonly child: ChildProcess;
  readonly loaded: Promise<void>;
  readonly ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  private listener: ((message: FromVictim) => void) | undefined;

  constructor() {
    this.child = fork(VICTIM, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    this.ended = new Promise((resolve, reject) => {
      this.child.once('error', reject);
      // Not `exit`: what it said before its end is still to be heard.
      this.child.once('close', (code, signal) => resolve({ code, signal }));
    });
    this.loaded = new Promise((resolve, reject) => {
      this.child.on('message', (message: FromVictim) => {
        if (message.type === 'loaded') resolve();
        else this.listener?.(message);
      });
      this.child.once('exit', (code) => reject(new Error(`the process ended with ${code} while it was being loaded`)));
    });
    this.loaded.catch(() => undefined);
  }

  listen(listener: (message: FromVictim) => void): void {
    this.listener = listener;
  }

  tell(message: ToVictim): void {
    // It may be dead by now; that is the point.
    if (this.child.connected) this.child.send(message, () => undefined);
  }
}
