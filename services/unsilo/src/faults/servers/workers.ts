import { fork, type ChildProcess } from 'node:child_process';
import { resolve } from 'node:path';
import type { StorageConfiguration } from '../../configuration/configuration.js';
import type { SimulatedSystem } from '../simulated-system.js';
import type { FromWorker, ToWorker } from './protocol.js';

const WORKER = resolve(import.meta.dirname, import.meta.filename.endsWith('.ts') ? 'worker.ts' : 'worker.js');

/** Processes on the same servers, and the systems that they write to. */
export class Workers {
  readonly problems: string[] = [];
  readonly #storage: StorageConfiguration;
  readonly #systems: ReadonlyMap<string, SimulatedSystem>;
  readonly #running: Worker[] = [];

  constructor(storage: StorageConfiguration, systems: ReadonlyMap<string, SimulatedSystem>) {
    this.#storage = storage;
    this.#systems = systems;
  }

  get count(): number {
    return this.#running.length;
  }

  /** Resolves when it has caught up. */
  async add(): Promise<void> {
    await this.begin().ready;
  }

  /** Starts one without waiting for it. */
  begin(): Worker {
    const worker = new Worker(this.#storage, this.#systems, this.problems);
    this.#running.push(worker);
    return worker;
  }

  /** Kills the one that has run longest. */
  async kill(): Promise<void> {
    await this.#running.shift()?.kill();
  }

  /** Stops the one that has run longest, in order. */
  async remove(): Promise<void> {
    await this.#running.shift()?.stop();
  }

  /** Stands still for so long, and goes on as if nothing had been. */
  async freeze(ms: number): Promise<void> {
    await this.#running[0]?.freeze(ms);
  }

  async stop(): Promise<void> {
    await Promise.all(this.#running.splice(0).map((worker) => worker.stop()));
  }

  async killAll(): Promise<void> {
    await Promise.all(this.#running.splice(0).map((worker) => worker.kill()));
  }
}

class Worker {
  readonly ready: Promise<void>;
  readonly #child: ChildProcess;
  readonly #ended: Promise<number | string>;

  constructor(storage: StorageConfiguration, systems: ReadonlyMap<string, SimulatedSystem>, problems: string[]) {
    this.#child = fork(WORKER, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    this.#ended = new Promise((settle) => {
      this.#child.once('close', (code, signal) => settle(signal ?? code ?? 'unknown'));
    });
    this.ready = new Promise((settle, reject) => {
      this.#child.on('message', (message: FromWorker) => {
        if (message.type === 'loaded') this.#tell({ type: 'open', storage });
        else if (message.type === 'ready') settle();
        else if (message.type === 'problem') problems.push(message.text);
        else {
          const answer = systems.get(message.system)?.write(message.command);
          if (answer !== undefined) this.#tell({ type: 'written', call: message.call, answer });
        }
      });
      void this.#ended.then((how) => reject(new Error(`a worker ended with ${how} before it was ready`)));
    });
    this.ready.catch(() => undefined);
  }

  #tell(message: ToWorker): void {
    if (this.#child.connected) this.#child.send(message, () => undefined);
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#ended;
  }

  async stop(): Promise<void> {
    this.#tell({ type: 'stop' });
    await this.#ended;
  }

  async freeze(ms: number): Promise<void> {
    this.#child.kill('SIGSTOP');
    await new Promise((done) => setTimeout(done, ms));
    this.#child.kill('SIGCONT');
  }
}
