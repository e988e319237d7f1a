import { resolve } from 'node:path';
import { endsWithin } from '@unsilo/event-log';
import type { Logger } from 'pino';
import type { Configuration } from '../../configuration/configuration.js';
import { loadConfiguration } from '../../configuration/load.js';
import { prepareDemonstration, type Demonstration } from '../../demonstration/demonstration.js';
import { DEFAULT_FOLDER } from '../../demonstration/folder.js';
import { PACES, type Pace } from '../../demonstration/telling.js';
import { createLogger, type LogLevel } from '../../running/logger.js';
import { ROLES, startRole, type ProcessRole } from '../../running/start-role.js';
import { startUnsilo, type RunningRole, type RunningUnsilo } from '../../running/start.js';
import { startTracing, type Tracing } from '../../running/tracing.js';
import {
  choice,
  EXIT,
  noMoreArguments,
  UsageError,
  type Command,
  type Invocation,
  type Surroundings,
} from '../command.js';

const LEVELS: readonly LogLevel[] = ['debug', 'info', 'warn', 'error', 'silent'];
const FORMATS = ['text', 'json'] as const;
/** A stop that takes longer is cut off: everything that was acknowledged is durable at any moment. */
const LONGEST_STOP_MS = 10_000;
/** A process that is told to stop while it starts may take so long to come up all the same. */
const LONGEST_START_MS = 3000;
const LAST_TRACES_MS = 500;
/** What is written may take so long to leave the process. */
const LAST_WORDS_MS = 500;
/** Whoever sits at a terminal may answer the complaint of the demonstration for so long before the script does. */
const HUMAN_MS = 20_000;

export const start: Command = {
  name: 'start',
  summary: 'Run everything in one process, or one part of it',
  usage: [
    'start [--config FILE] [--port N] [--data DIR]',
    'start [--demonstration told|fast] [--port N] [--data DIR]',
    'start --config FILE --role hub|gateway|connector [--system NAME]… [--connector ID]… [--port N]',
  ],
  description:
    'Without a configuration it runs the demonstration: an invented company with simulated systems, in a data folder of its own that\n' +
    `is thrown away at each start (${DEFAULT_FOLDER}). ` +
    'Prints where the console is, where the data lies and, at the first start on a data folder, the admin key: it is shown this\n' +
    'once and kept only as a hash. Ctrl-C or SIGTERM stops cleanly; a second one stops at once.\n' +
    'Where the configuration names servers for log and state (`storage`), the parts can be processes of their own: any number of hub\n' +
    'workers, gateways, and connectors. A system that several processes could run is run by one of them; the others wait for its end.',
  options: {
    config: { type: 'string', value: 'FILE', description: 'The configuration ($UNSILO_CONFIG)' },
    demonstration: {
      type: 'string',
      value: 'PACE',
      description: 'Without a configuration: `told` with time to read (default), or `fast`',
    },
    role: { type: 'string', value: 'ROLE', description: `${ROLES.join(', ')}; default all` },
    system: {
      type: 'string',
      multiple: true,
      value: 'NAME',
      description: 'With --role connector: run this system; can be repeated. Default: all of them',
    },
    connector: {
      type: 'string',
      multiple: true,
      value: 'ID',
      description: 'With --role connector: run the systems that this connector connects, if there are any',
    },
    port: { type: 'string', value: 'N', description: 'Instead of http.port; 0 takes a free one' },
    host: { type: 'string', value: 'ADDRESS', description: 'Instead of http.host' },
    data: {
      type: 'string',
      value: 'DIR',
      description: 'Instead of the data folder of the configuration ($UNSILO_DATA)',
    },
    'log-level': {
      type: 'string',
      value: 'LEVEL',
      description: `${LEVELS.join(', ')}; default info, of the demonstration warn`,
    },
    'log-format': {
      type: 'string',
      value: 'FORMAT',
      description: 'text or json; default text on a terminal, else json',
    },
  },
  examples: [
    { command: 'unsilo start', what: 'Runs the demonstration' },
    { command: 'unsilo start --config unsilo.yaml', what: 'Runs what the file describes' },
    { command: 'unsilo start --config unsilo.yaml --port 0 --data /tmp/trial', what: 'Beside another one' },
    { command: 'unsilo start --config unsilo.yaml --role hub --port 8421', what: 'One worker of the hub' },
    { command: 'unsilo start --config unsilo.yaml --role connector --system crm', what: 'Reads and writes one system' },
  ],
  async run(invocation, surroundings) {
    noMoreArguments(invocation, 0);
    const { output } = surroundings;
    const pace = choice(invocation, 'demonstration', PACES) ?? 'told';
    const role: ProcessRole = choice(invocation, 'role', ROLES) ?? 'all';
    const only = invocation.texts('system');
    const file = invocation.text('config') ?? surroundings.env['UNSILO_CONFIG'];
    if (file !== undefined && invocation.text('demonstration') !== undefined)
      throw new UsageError('--demonstration and a configuration exclude each other.');
    if (file === undefined && role !== 'all') throw new UsageError('--role needs a configuration: give --config FILE.');
    const connectors = invocation.texts('connector');
    if (only.length + connectors.length > 0 && role !== 'connector')
      throw new UsageError('--system and --connector go with --role connector only.');
    const demonstration = file === undefined ? await demonstrated(pace, invocation, surroundings) : undefined;
    let tracing: Tracing | undefined;
    try {
      const configuration = await configured(file, demonstration, invocation, surroundings);
      const level = demonstration === undefined ? 'info' : 'warn';
      const logger = createLogger({ ...logOptions(invocation, level), secrets: configuration.secrets });
      tracing = await startTracing(role, surroundings.env);
      const options = { logger, tracing: tracing !== undefined };
      let whole: RunningUnsilo | undefined;
      let running: RunningRole;
      if (role === 'all') running = whole = await unlessStopped(startUnsilo(configuration, options), surroundings);
      else {
        const starting = startRole(configuration, role, chosen(configuration, only, connectors), options);
        running = await unlessStopped(starting, surroundings);
      }
      const stopped = stopOnSignal(running, logger, surroundings);
      announce(running, configuration, demonstration, surroundings);
      const ready = running.ready.then(() => {
        if (!surroundings.signal.aborted) output.message('Ready.');
      });
      const story = whole === undefined ? undefined : demonstration?.tell(whole, surroundings.signal);
      story?.catch((error: unknown) => {
        if (!surroundings.signal.aborted) output.message(`The story broke off: ${String(error)}`);
      });
      try {
        await ready;
      } catch (error) {
        await running.stop();
        throw error;
      }
      return await stopped;
    } finally {
      await demonstration?.close();
      // A collector that doesn't answer is not waited for.
      const lastTraces = tracing?.stop().catch((error: unknown) => {
        output.message(`The last traces were lost: ${String(error)}`);
      });
      if (lastTraces !== undefined) await endsWithin(lastTraces, LAST_TRACES_MS);
    }
  },
};

/** Names of the systems to run; undefined: all. */
function chosen(
  { systems }: Configuration,
  only: readonly string[],
  connectors: readonly string[],
): readonly string[] | undefined {
  if (only.length + connectors.length === 0) return undefined;
  const connected = systems.filter(({ connector }) => connectors.includes(connector.id));
  return [...new Set([...only, ...connected.map(({ name }) => name)])];
}

function demonstrated(pace: Pace, invocation: Invocation, { env, cwd, output }: Surroundings): Promise<Demonstration> {
  return prepareDemonstration({
    pace,
    folder: resolve(cwd, invocation.text('data') ?? env['UNSILO_DATA'] ?? DEFAULT_FOLDER),
    humanMs: pace === 'told' && process.stdin.isTTY && process.stderr.isTTY ? HUMAN_MS : 0,
    say: (line) => output.message(line),
  });
}

async function configured(
  file: string | undefined,
  demonstration: Demonstration | undefined,
  invocation: Invocation,
  { env, cwd }: Surroundings,
): Promise<Configuration> {
  const configuration = demonstration?.configuration ?? (await loadConfiguration(resolve(cwd, file ?? ''), { env }));
  const data = invocation.text('data') ?? env['UNSILO_DATA'];
  const port = invocation.number('port', { min: 0, max: 65_535 });
  const host = invocation.text('host');
  return {
    ...configuration,
    ...(data === undefined || demonstration !== undefined ? {} : { dataFolder: resolve(cwd, data) }),
    http: {
      ...configuration.http,
      ...(port === undefined ? {} : { port }),
      ...(host === undefined ? {} : { host }),
    },
  };
}

function logOptions(invocation: Invocation, usual: LogLevel): { level: LogLevel; format: 'json' | 'text' } {
  return {
    level: choice(invocation, 'log-level', LEVELS) ?? usual,
    format: choice(invocation, 'log-format', FORMATS) ?? (process.stderr.isTTY ? 'text' : 'json'),
  };
}

function announce(
  running: RunningRole,
  configuration: Configuration,
  demonstration: Demonstration | undefined,
  { output }: Surroundings,
): void {
  const { url, dataFolder, adminKey } = running;
  const simulated = demonstration?.window;
  if (output.json) {
    const shown = { url, dataFolder, adminKey, simulated };
    output.value(Object.fromEntries(Object.entries(shown).filter(([, value]) => value !== undefined)), 'line');
    return;
  }
  if (dataFolder === undefined) return output.data(`Health:    ${url}/health/ready`);
  output.data(`Console:   ${url}`);
  output.data(`Data:      ${dataFolder}`);
  if (adminKey !== undefined) {
    output.data(`Admin key: ${adminKey}`);
    output.message('Keep the admin key: it is shown this once. `unsilo keys` makes others and revokes them.');
  }
  if (simulated !== undefined) output.data(`Simulated: ${simulated}`);
  if (configuration.systems.length === 0)
    output.message('No system is connected: name some in a configuration and start with --config FILE.');
}

/**
 * What is being started, unless the process is told to stop before it answers: then nothing has been begun, and servers that are away are
 * not waited for.
 */
async function unlessStopped<Running>(starting: Promise<Running>, { signal, output }: Surroundings): Promise<Running> {
  let timer: NodeJS.Timeout | undefined;
  const giveUp = (): void => {
    timer = setTimeout(() => {
      output.message('Stopped before anything was begun: log or state did not answer.');
      process.exit(EXIT.failure);
    }, LONGEST_START_MS);
  };
  if (signal.aborted) giveUp();
  else signal.addEventListener('abort', giveUp, { once: true });
  try {
    return await starting;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', giveUp);
  }
}

/** Resolves with the exit code once everything has been stopped; the second signal doesn't wait for that. */
function stopOnSignal(running: RunningRole, logger: Logger, { signal, output }: Surroundings): Promise<0 | 1> {
  return new Promise((settle) => {
    const stop = async (): Promise<void> => {
      output.message('Stopping …');
      const late = setTimeout(() => {
        output.message('Something does not end; what was acknowledged is safe.');
        process.exit(EXIT.failure);
      }, LONGEST_STOP_MS);
      late.unref();
      const left = await running.stop();
      clearTimeout(late);
      if (left.length === 0) {
        output.message('Stopped.');
        return settle(EXIT.ok);
      }
      logger.warn(
        { code: 'UNSILO_STOP_INCOMPLETE', left },
        'Stopped with work left undone; nothing that was acknowledged is lost.',
      );
      output.message(
        `Stopped. Left undone, and nothing that was acknowledged is lost:\n${left.map((what) => `- ${what}`).join('\n')}`,
      );
      // Whatever still waits for an answer would keep the process alive.
      setTimeout(() => process.exit(EXIT.failure), LAST_WORDS_MS).unref();
      settle(EXIT.failure);
    };
    if (signal.aborted) void stop();
    else signal.addEventListener('abort', () => void stop(), { once: true });
  });
}
