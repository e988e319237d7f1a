import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';

/** A program in a process of its own that reports by lines on its standard output. */
export interface Child {
  readonly process: ChildProcess;
  readonly lines: string[];
  /** What it wrote to standard error. */
  errors(): string;
  /** Resolves with its exit code, or the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals>;
  onLine(listener: (line: string) => void): void;
}

/**
 * Starts a TypeScript or JavaScript program; our packages resolve to their sources for TypeScript. `under` is a command that
 * runs it (`unshare …`).
 */
export function startChild(program: string, args: readonly string[], under: readonly string[] = []): Child {
  const options = program.endsWith('.ts') ? ['--conditions=@unsilo/source', '--import', 'tsx'] : [];
  const [command, ...rest] = [...under, process.execPath, ...options, program, ...args];
  const child = spawn(command!, rest, {
    stdio: ['pipe', 'pipe', 'pipe'],
    // The variables of the test runner are not the child's.
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], TMPDIR: process.env['TMPDIR'] },
  });
  const lines: string[] = [];
  const listeners: ((line: string) => void)[] = [];
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
  const reader = createInterface({ input: child.stdout });
  reader.on('line', (line) => {
    lines.push(line);
    for (const listener of listeners) listener(line);
  });
  const ended = new Promise<number | NodeJS.Signals>((resolve, reject) => {
    let outcome: number | NodeJS.Signals | undefined;
    let read = false;
    const settle = (): void => {
      if (outcome !== undefined && read) resolve(outcome);
    };
    reader.on('close', () => {
      read = true;
      settle();
    });
    child.on('error', reject);
    child.on('close', (code, signal) => {
      outcome = signal ?? code ?? 1;
      settle();
    });
  });
  return { process: child, lines, errors: () => errors, ended, onLine: (listener) => void listeners.push(listener) };
}

/** Kills the child with SIGKILL at its `count`th line, at once; resolves with all its lines when it is gone. */
export async function killWhen(child: Child, count: number): Promise<readonly string[]> {
  child.onLine(() => {
    if (child.lines.length >= count) child.process.kill('SIGKILL');
  });
  const outcome = await child.ended;
  if (outcome !== 'SIGKILL') throw new Error(`the child ended by itself (${outcome}): ${child.errors()}`);
  return child.lines;
}
