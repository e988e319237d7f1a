import { run } from './cli/main.js';

export { emptyConfiguration, type Configuration, type ConfiguredSystem } from './configuration/configuration.js';
export { loadConfiguration, parseConfiguration, type LoadOptions } from './configuration/load.js';
export { ConfigurationError, type ConfigurationProblem } from './configuration/problem.js';
export { builtInConnectors, connectorSource, type ConnectorSource } from './connectors.js';
export { demonstrationChecks, type Checked, type CheckedPlace } from './demonstration/checks.js';
export { createLogger } from './running/logger.js';
export { startUnsilo, type RunningUnsilo, type StartOptions } from './running/start.js';

/** One Ctrl-C arrives twice under npm: from the terminal, and passed on by npm. */
const SAME_SIGNAL_MS = 1000;

/**
 * Runs one command line (without `node unsilo`) on this process's streams and answers the exit code. The first SIGINT or SIGTERM ends
 * it in order, the second at once.
 */
export async function main(args: readonly string[]): Promise<number> {
  const controller = new AbortController();
  let first = 0;
  const onSignal = (signal: NodeJS.Signals): void => {
    if (!controller.signal.aborted) {
      first = performance.now();
      controller.abort(new Error(signal));
    } else if (performance.now() - first > SAME_SIGNAL_MS) process.exit(signal === 'SIGINT' ? 130 : 143);
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  // `unsilo customers | head`: whoever reads has had enough.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    throw error;
  });
  try {
    const { stdout, stderr, env } = process;
    return await run(args, { stdout, stderr, env, cwd: process.cwd(), signal: controller.signal });
  } finally {
    process.off('SIGINT', onSignal);
    process.off('SIGTERM', onSignal);
  }
}
