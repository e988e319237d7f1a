import { spawn, type ChildProcess } from 'node:child_process';
import { join, resolve } from 'node:path';
import { run } from '../../src/cli/main.js';

export interface Ran {
  code: number;
  stdout: string;
  stderr: string;
}

/** A command in this process, with streams and environment of its own. */
export async function unsilo(
  args: readonly string[],
  given: { cwd?: string; env?: Record<string, string>; signal?: AbortSignal; onData?: (text: string) => void } = {},
): Promise<Ran> {
  let stdout = '';
  let stderr = '';
  const code = await run(args, {
    stdout: {
      write(text) {
        stdout += text;
        given.onData?.(text);
      },
    },
    stderr: { write: (text) => void (stderr += text) },
    env: given.env ?? {},
    cwd: given.cwd ?? '/',
    signal: given.signal ?? new AbortController().signal,
  });
  return { code, stdout, stderr };
}

const SOURCE = resolve(import.meta.dirname, 'unsilo.ts');

/** A process of its own, from the sources. */
export class UnsiloProcess {
  readonly child: ChildProcess;
  stdout = '';
  stderr = '';
  readonly ended: Promise<number | string>;

  constructor(args: readonly string[], options: { cwd: string; env?: Record<string, string> }) {
    const loader = join(import.meta.dirname, '../../../../node_modules/tsx/dist/loader.mjs');
    this.child = spawn(process.execPath, ['--conditions=@unsilo/source', '--import', loader, SOURCE, ...args], {
      cwd: options.cwd,
      env: { PATH: process.env['PATH'], ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.child.stdout?.on('data', (chunk: Buffer) => (this.stdout += chunk.toString('utf8')));
    this.child.stderr?.on('data', (chunk: Buffer) => (this.stderr += chunk.toString('utf8')));
    this.ended = new Promise((settle) => this.child.on('close', (code, signal) => settle(code ?? signal ?? 'unknown')));
  }

  /** Ends it at once if it still runs; for cleaning up. */
  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.ended;
  }
}
