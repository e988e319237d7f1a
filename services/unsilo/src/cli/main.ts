import { StorageError } from '@unsilo/event-log';
import { ServiceError } from '@unsilo/hub';
import { ConfigurationError } from '../configuration/problem.js';
import { meant } from '../configuration/suggest.js';
import { CommandError, EXIT, sentences, UsageError, type ExitCode, type Surroundings } from './command.js';
import { commands } from './commands/index.js';
import { helpFor, overview } from './help.js';
import { createOutput, type Streams } from './output.js';
import { parseInvocation } from './parse.js';

export interface MainOptions extends Streams {
  env: Readonly<Record<string, string | undefined>>;
  cwd: string;
  signal: AbortSignal;
}

/** Runs one command line (without `node unsilo`) and answers the exit code. */
export async function run(args: readonly string[], options: MainOptions): Promise<ExitCode> {
  const [name, ...rest] = args;
  const output = createOutput(options, rest.includes('--json'));
  if (name === undefined || name === '--help' || name === '-h' || (name === 'help' && rest.length === 0)) {
    output.data(overview(commands));
    return name === undefined ? EXIT.usage : EXIT.ok;
  }
  const wanted = name === 'help' ? rest[0] : name;
  const command = commands.find((candidate) => candidate.name === wanted);
  if (command === undefined) {
    const hint =
      meant(
        wanted,
        commands.map((candidate) => candidate.name),
      ) ?? '';
    output.message(`There is no command "${String(wanted)}". ${hint}`.trim());
    return EXIT.usage;
  }
  if (name === 'help' || rest.includes('--help') || rest.includes('-h')) {
    output.data(helpFor(command));
    return EXIT.ok;
  }
  const surroundings: Surroundings = { output, env: options.env, cwd: options.cwd, signal: options.signal };
  try {
    return await command.run(parseInvocation(rest, command.options), surroundings);
  } catch (error) {
    if (error instanceof UsageError) {
      output.message(`${error.message} \`unsilo help ${command.name}\` shows what it takes.`);
      return EXIT.usage;
    }
    if (options.signal.aborted) return EXIT.failure;
    const told = failure(error);
    if (output.json) output.value({ error: told });
    output.message(`${sentences(told.message, told.hint)} [${told.code}]`);
    return EXIT.failure;
  }
}

function failure(error: unknown): { code: string; message: string; hint?: string } {
  const hinted = (error instanceof CommandError || error instanceof ServiceError) && error.hint !== undefined;
  const hint = hinted ? { hint: error.hint } : {};
  if (error instanceof ConfigurationError || error instanceof CommandError || error instanceof ServiceError)
    return { code: error.code, message: error.message, ...hint };
  // Its message ends with its hint.
  if (error instanceof StorageError) return { code: error.code, message: error.message };
  const { code, message } = error as Error & { code?: unknown };
  if (typeof code === 'string' && code.startsWith('UNSILO_')) return { code, message };
  return {
    code: 'UNSILO_UNEXPECTED',
    message: `Something went wrong: ${error instanceof Error ? error.message : String(error)}`,
  };
}
