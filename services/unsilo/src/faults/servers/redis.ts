import { spawn, type ChildProcess } from 'node:child_process';
import { copyFileSync, mkdirSync } from 'node:fs';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from './broker.js';

/** A Redis of its own (the program `redis-server`), which may be hurt. It writes every change to its disk within a second. */
export class FaultRedis {
  readonly port: number;
  readonly #folder: string;
  #process: ChildProcess | undefined;

  private constructor(folder: string, port: number) {
    this.#folder = folder;
    this.port = port;
  }

  static async start(folder: string): Promise<FaultRedis> {
    mkdirSync(folder, { recursive: true });
    const redis = new FaultRedis(folder, await freePort());
    await redis.restart();
    return redis;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  async restart(): Promise<void> {
    const args = ['--port', String(this.port), '--bind', '127.0.0.1', '--dir', this.#folder, '--save', ''];
    this.#process = spawn('redis-server', args, { stdio: 'ignore' });
    const ended = new Promise<never>((_, reject) => {
      this.#process?.once('error', reject);
      this.#process?.once('exit', (code) => reject(new Error(`redis-server ended with ${code}`)));
    });
    // Whoever waits for it is told; its end by a kill is nobody's failure.
    ended.catch(() => undefined);
    await Promise.race([this.#answers(), ended]);
  }

  async #answers(): Promise<void> {
    for (;;) {
      const answer = await this.ask('PING').catch(() => '');
      if (answer.startsWith('+PONG')) return;
      await sleep(20);
    }
  }

  /** One command without blanks in its parts; its raw answer. */
  ask(...command: string[]): Promise<string> {
    return new Promise((resolve, reject) => {
      const socket = createConnection({ host: '127.0.0.1', port: this.port });
      socket.once('error', reject);
      socket.once('data', (data) => {
        socket.destroy();
        resolve(data.toString('utf8'));
      });
      socket.write(`${command.join(' ')}\r\n`);
    });
  }

  async lose(): Promise<void> {
    await this.ask('FLUSHALL');
  }

  /** What it holds now, for `setBack`. */
  async keep(): Promise<void> {
    await this.ask('SAVE');
    copyFileSync(join(this.#folder, 'dump.rdb'), join(this.#folder, 'kept.rdb'));
  }

  /** Killed, and started again with what was kept. */
  async setBack(): Promise<void> {
    await this.stop();
    copyFileSync(join(this.#folder, 'kept.rdb'), join(this.#folder, 'dump.rdb'));
    await this.restart();
  }

  /** Connections stay open and nothing answers. */
  async pause(ms: number): Promise<void> {
    this.freeze();
    await sleep(ms);
    this.thaw();
  }
  freeze(): void {
    this.#process?.kill('SIGSTOP');
  }
  thaw(): void {
    this.#process?.kill('SIGCONT');
  }

  async stop(): Promise<void> {
    const process = this.#process;
    if (process === undefined) return;
    const gone = new Promise((done) => process.once('exit', done));
    process.kill('SIGKILL');
    await gone;
    this.#process = undefined;
  }
}
