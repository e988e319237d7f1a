import type { Output } from './output.js';

/** Exit codes of all commands. */
export const EXIT = {
  ok: 0,
  /** It could not be done. */
  failure: 1,
  /** The command line is wrong. */
  usage: 2,
  /** It was done, and what was looked for (problems, differences) is there. */
  found: 3,
} as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** The command line is wrong: told with a pointer to the help. */
export class UsageError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'UsageError';
  }
}

/** It can't be done, and this is what the user should know about it. */
export class CommandError extends Error {
  readonly code: string;
  readonly hint: string | undefined;
  constructor(code: string, message: string, hint?: string) {
    super(message);
    this.name = 'CommandError';
    this.code = code;
    this.hint = hint;
  }
}

export interface Option {
  type: 'string' | 'boolean';
  short?: string;
  multiple?: boolean;
  /** What stands for the value in the help: `N`, `FILE`. */
  value?: string;
  description: string;
}
export type Options = Readonly<Record<string, Option>>;

export interface Invocation {
  positionals: readonly string[];
  text(name: string): string | undefined;
  texts(name: string): readonly string[];
  flag(name: string): boolean;
  /** A whole number within bounds. @throws UsageError */
  number(name: string, bounds: { min: number; max: number }): number | undefined;
}

export interface Surroundings {
  output: Output;
  env: Readonly<Record<string, string | undefined>>;
  cwd: string;
  /** Aborts when the user presses Ctrl-C. */
  signal: AbortSignal;
}

export interface Command {
  name: string;
  /** One line, for the list of commands. */
  summary: string;
  /** What follows `unsilo`, one line a form. */
  usage: readonly string[];
  description?: string;
  options: Options;
  examples: readonly { command: string; what: string }[];
  run(invocation: Invocation, surroundings: Surroundings): Promise<ExitCode>;
}

/** The positional argument at an index. @throws UsageError when it is missing. */
export function argument({ positionals }: Invocation, index: number, name: string): string {
  const found = positionals[index];
  if (found === undefined || found === '') throw new UsageError(`${name} is missing.`);
  return found;
}

export function noMoreArguments({ positionals }: Invocation, most: number): void {
  const extra = positionals[most];
  if (extra !== undefined) throw new UsageError(`"${extra}" is one argument too many.`);
}

/** The first argument, which says what to do; the first of `known` where there is none. @throws UsageError */
export function action<const Known extends readonly [string, ...string[]]>(
  { positionals }: Invocation,
  known: Known,
): Known[number] {
  const [given = known[0]] = positionals;
  if (known.includes(given)) return given;
  throw new UsageError(`"${given}" is not ${known.slice(0, -1).join(', ')} or ${String(known.at(-1))}.`);
}

/** The value of an option that takes one of these; undefined where it is not given. @throws UsageError */
export function choice<Known extends string>(
  invocation: Invocation,
  name: string,
  known: readonly Known[],
): Known | undefined {
  const given = invocation.text(name);
  const found = known.find((one) => one === given);
  if (given === undefined || found !== undefined) return found;
  throw new UsageError(`--${name} must be ${known.length === 2 ? known.join(' or ') : `one of ${known.join(', ')}`}.`);
}

/** A message and what to do about it, each a sentence of its own. */
export function sentences(message: string, hint: string | undefined): string {
  const ended = /[.!?]$/.test(message) ? message : `${message}.`;
  return hint === undefined ? ended : `${ended} ${hint}`;
}
