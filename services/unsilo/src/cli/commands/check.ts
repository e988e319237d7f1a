import { resolve } from 'node:path';
import {
  createHttpClient,
  secretValues,
  systemClock,
  type ConnectorContext,
  type Finding,
} from '@unsilo/connector-sdk';
import { counted } from '@unsilo/schemas';
import type { ConfiguredSystem } from '../../configuration/configuration.js';
import { loadConfiguration } from '../../configuration/load.js';
import { ConfigurationError, problemLine } from '../../configuration/problem.js';
import { configurationSchema } from '../../configuration/schema.js';
import { EXIT, noMoreArguments, sentences, type Command } from '../command.js';
import { optionRows, optionTable } from '../option-table.js';

/** A system that doesn't answer is given up after so long. */
const PATIENCE_MS = 30_000;

export const check: Command = {
  name: 'check',
  summary: 'Check the configuration and every system in it',
  usage: ['check [FILE] [--offline]', 'check --keys'],
  description:
    'FILE is unsilo.yaml unless told otherwise. Problems are told with line and column; exit code 3 says that there are some.',
  options: {
    offline: { type: 'boolean', description: 'Check the file only, call no system' },
    keys: { type: 'boolean', description: 'List every key of a configuration, and check nothing' },
  },
  examples: [
    { command: 'unsilo check --keys', what: 'What may stand in unsilo.yaml' },
    { command: 'unsilo check', what: 'Checks ./unsilo.yaml and tries every system' },
    { command: 'unsilo check examples/unsilo.yaml --offline --json', what: 'The file alone, for a program' },
  ],
  async run(invocation, { output, env, cwd, signal }) {
    noMoreArguments(invocation, 1);
    if (invocation.flag('keys')) {
      const rows = optionRows(configurationSchema);
      if (output.json) output.value({ keys: rows, schema: configurationSchema });
      else for (const line of optionTable('KEY', rows)) output.data(line);
      return EXIT.ok;
    }
    const file = resolve(cwd, invocation.positionals[0] ?? env['UNSILO_CONFIG'] ?? 'unsilo.yaml');
    let configuration;
    try {
      configuration = await loadConfiguration(file, { env });
    } catch (error) {
      if (!(error instanceof ConfigurationError)) throw error;
      if (output.json) output.value({ file, problems: error.problems, systems: [] });
      else for (const problem of error.problems) output.data(problemLine(file, problem));
      return EXIT.found;
    }
    const { systems } = configuration;
    const checked: { system: string; findings: Finding[] }[] = [];
    if (!invocation.flag('offline'))
      for (const [index, system] of systems.entries()) {
        output.progress(`${index + 1} of ${systems.length}: ${system.name} …`);
        checked.push({ system: system.name, findings: await tryOut(system, configuration.tenant, signal) });
      }
    const bad = checked.flatMap(({ findings }) => findings).filter(({ ok }) => !ok).length;
    if (output.json) output.value({ file, problems: [], systems: checked });
    else {
      output.data(`${file}: fine, ${counted(systems.length, 'system')}`);
      for (const { system, findings } of checked)
        for (const { ok, code, message, hint } of findings)
          output.data(`${system}: ${ok ? 'ok' : 'PROBLEM'}: ${sentences(message, hint)} [${code}]`);
    }
    return bad > 0 ? EXIT.found : EXIT.ok;
  },
};

/** The connector's own check, as it would run, but remembering nothing. */
async function tryOut(system: ConfiguredSystem, tenant: string, signal: AbortSignal): Promise<Finding[]> {
  const { name, connector, options, allowPrivateAddresses } = system;
  const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined };
  const http = createHttpClient({
    ...connector.http?.(options),
    system: name,
    secrets: secretValues(connector.options, options),
    allowPrivateAddresses,
  });
  const context: ConnectorContext<unknown> = {
    tenant,
    system: name,
    options,
    clockOffsetMs: undefined,
    http,
    memory: {
      get: () => Promise.resolve(undefined),
      getMany: (keys) => Promise.resolve(keys.map(() => undefined)),
      set: () => Promise.resolve(),
    },
    log: silent,
    clock: systemClock,
    signal: AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MS)]),
  };
  try {
    return await connector.check(context);
  } catch (error) {
    const { code, message, hint } = error as Error & { code?: string; hint?: string };
    return [{ ok: false, code: code ?? 'UNSILO_CHECK_FAILED', message, ...(hint === undefined ? {} : { hint }) }];
  } finally {
    await http.close();
  }
}
