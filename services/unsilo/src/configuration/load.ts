import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { Ajv } from 'ajv';
import { connectorSource, type ConnectorSource } from '../connectors.js';
import { complete, type Configuration } from './configuration.js';
import { problemAt, readDocument, type SourceDocument } from './document.js';
import { explainErrors } from './explain.js';
import { configureKinds } from './kinds.js';
import { configureModel } from './matching.js';
import { ConfigurationError, type ConfigurationProblem } from './problem.js';
import { configurationSchema, type Written } from './schema.js';
import { resolveReferences, UNSET } from './secrets.js';
import { configureSystems, unknownAttribute } from './systems.js';

const validate = new Ajv({ allErrors: true, verbose: true, strictTypes: false }).compile<Written>(configurationSchema);

export interface LoadOptions {
  env?: Readonly<Record<string, string | undefined>>;
  /** Default: the built-in connectors and the packages installed beside the file. */
  connectors?: ConnectorSource;
  /**
   * `needed` (the default): every reference must stand for something. `not-needed`: nothing is connected, so those of systems may be unset;
   * what the storage is opened with is needed all the same.
   */
  secrets?: 'needed' | 'not-needed';
}

/**
 * Reads, resolves and checks `unsilo.yaml` together with what it names.
 * @throws ConfigurationError with every problem found, each with line and column.
 */
export async function loadConfiguration(file: string, options: LoadOptions = {}): Promise<Configuration> {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(file);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const message = code === 'ENOENT' ? 'There is no such file.' : `It can not be read (${code ?? String(error)}).`;
    throw new ConfigurationError(file, [
      { severity: 'error', code: 'UNSILO_CONFIG_UNREADABLE', message, path: '', line: 1, column: 1 },
    ]);
  }
  return parseConfiguration(bytes, file, options);
}

/** The same for a text that is at hand; `file` is its path, which relative paths in it start from. */
export async function parseConfiguration(
  bytes: Uint8Array,
  file: string,
  { env = process.env, connectors, secrets: wanted = 'needed' }: LoadOptions = {},
): Promise<Configuration> {
  const path = resolve(file);
  const folder = dirname(path);
  const fail = (problems: readonly ConfigurationProblem[]): never => {
    throw new ConfigurationError(file, problems);
  };
  const document = readDocument(bytes);
  if (document.problems.length > 0) fail(document.problems);
  // An empty file is an empty configuration.
  const resolved = resolveReferences({ ...document, value: document.value ?? {} }, { folder, env });
  const value = resolved.value as Written;
  // What a reference could not fill in is empty for that reason alone.
  const unfilled = new Set(resolved.problems.map(({ path: at }) => at));
  const missing = resolved.problems.filter(
    ({ code, path: at }) => wanted === 'needed' || code !== UNSET || at.startsWith('/storage/'),
  );
  const filled = (found: readonly ConfigurationProblem[]): ConfigurationProblem[] =>
    found.filter(({ path: at }) => !unfilled.has(at));
  const tolerated = wanted === 'needed' ? new Set<string>() : unfilled;
  const malformed = validate(value) ? [] : filled(explainErrors(validate.errors ?? [], document));
  // What else is wrong can be looked for only where the form is right.
  if (malformed.length > 0 || (missing.length > 0 && validate.errors)) return fail([...missing, ...malformed]);
  const found = await configureSystems(value, document, connectors ?? connectorSource(folder), folder, tolerated);
  const matching = configureModel(value, document, folder);
  const own = configureKinds(value, document, matching.model);
  const rules = Object.keys(value.survivorship ?? {}).flatMap((attribute) =>
    attribute === '*' ? [] : unknownAttribute(attribute, ['survivorship', attribute], document, 'key'),
  );
  const problems = [
    ...missing,
    ...filled([...found.problems, ...matching.problems, ...own.problems, ...redisProblems(value, document)]),
    ...rules,
  ];
  if (problems.length > 0) fail(problems.sort((a, b) => a.line - b.line || a.column - b.column));
  const secrets = [...new Set([...resolved.secrets, ...found.secrets])];
  const { systems } = found;
  return complete(value, folder, { file: path, systems, model: matching.model, kinds: own.kinds, secrets });
}

/** One address, or the nodes of a cluster; each of a form that can be an address. The text itself may hold a password: it is never told. */
function redisProblems({ storage }: Written, document: SourceDocument): ConfigurationProblem[] {
  if (storage === undefined) return [];
  const { url, servers } = storage.redis;
  const path = ['storage', 'redis'];
  if ((url === undefined) === (servers === undefined))
    return [
      problemAt(document, path, {
        code: 'UNSILO_CONFIG_REDIS_ADDRESS',
        message: 'Redis needs either `url` or `servers`.',
        hint: 'Write `url: redis://host:6379`; `servers` is for the nodes of a cluster.',
      }),
    ];
  const given: [string[], string][] =
    url === undefined
      ? (servers ?? []).map((server, index) => [[...path, 'servers', String(index)], server])
      : [[[...path, 'url'], url]];
  return given.flatMap(([at, address]) =>
    /^rediss?:\/\/[^\s/]+(\/\d*)?$/.test(address) && URL.canParse(address)
      ? []
      : [
          problemAt(document, at, {
            code: 'UNSILO_CONFIG_REDIS_ADDRESS',
            message: 'This is no address of a Redis.',
            hint: 'Write redis://host:port, or rediss://host:port for TLS.',
          }),
        ],
  );
}
