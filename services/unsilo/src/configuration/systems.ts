import { Ajv, type ValidateFunction } from 'ajv';
import { mappingMistakes, parseOptions, secretValues, type Connector, type PlacedMistake } from '@unsilo/connector-sdk';
import { ATTRIBUTE_PATHS } from '@unsilo/hub/domain';
import type { SystemProfile } from '@unsilo/schemas';
import { UnknownConnector, type ConnectorSource } from '../connectors.js';
import { intervalMs, type ConfiguredSystem } from './configuration.js';
import { problemAt, type SourceDocument } from './document.js';
import { explainErrors } from './explain.js';
import { absolutePaths } from './paths.js';
import { steps, type ConfigurationProblem, type Path } from './problem.js';
import type { Written, WrittenSystem } from './schema.js';
import { meant } from './suggest.js';

/** Connectors may use keywords and formats of their own, which their own check of the options (`parseOptions`) knows. */
const ajv = new Ajv({
  allErrors: true,
  verbose: true,
  strict: false,
  logger: false,
  validateFormats: false,
  useDefaults: true,
});
const validators = new WeakMap<object, ValidateFunction>();

/**
 * Finds each system's connector, validates its options and its policy against what that connector can do.
 * @param unfilled Pointers to values that are empty because a reference stands for nothing: they fit no form, for that reason alone.
 */
export async function configureSystems(
  written: Written,
  document: SourceDocument,
  source: ConnectorSource,
  folder: string,
  unfilled: ReadonlySet<string>,
): Promise<{ systems: ConfiguredSystem[]; problems: ConfigurationProblem[]; secrets: string[] }> {
  const systems: ConfiguredSystem[] = [];
  const problems: ConfigurationProblem[] = [];
  const secrets: string[] = [];
  const names = new Map<string, number>();
  for (const [index, system] of (written.systems ?? []).entries()) {
    const path: Path = ['systems', index];
    const earlier = names.get(system.name);
    names.set(system.name, earlier ?? index);
    if (earlier !== undefined)
      problems.push(
        problemAt(document, [...path, 'name'], {
          code: 'UNSILO_CONFIG_DUPLICATE_SYSTEM',
          message: `The system "${system.name}" stands here a second time.`,
          hint: 'Each has a name of its own.',
        }),
      );
    const found = await configure(system, path, document, source, folder, unfilled);
    problems.push(...found.problems);
    secrets.push(...found.secrets);
    if (found.configured !== undefined)
      systems.push({
        ...found.configured,
        name: system.name,
        intervalMs: intervalMs(system.interval),
        allowPrivateAddresses: system.allowPrivateAddresses ?? written.allowPrivateAddresses ?? false,
      });
  }
  return { systems, problems, secrets };
}

interface Found {
  configured?: Pick<ConfiguredSystem, 'connector' | 'options' | 'profile'>;
  problems: ConfigurationProblem[];
  secrets: string[];
}

async function configure(
  system: WrittenSystem,
  path: Path,
  document: SourceDocument,
  source: ConnectorSource,
  folder: string,
  unfilled: ReadonlySet<string>,
): Promise<Found> {
  let connector: Connector;
  try {
    connector = await source.find(system.connector);
  } catch (error) {
    if (!(error instanceof UnknownConnector)) throw error;
    const hint = error.reason === 'not-found' ? meant(system.connector, source.names()) : undefined;
    const problem = problemAt(document, [...path, 'connector'], {
      code: 'UNSILO_CONFIG_UNKNOWN_CONNECTOR',
      message: error.message,
      ...(hint === undefined ? {} : { hint }),
    });
    return { problems: [problem], secrets: [] };
  }
  const at: Path = [...path, 'options'];
  const given = absolutePaths(connector.options, system.options ?? {}, folder);
  const checked = validOptions(connector, given, at, document, unfilled);
  const secrets = secretValues(connector.options, system.options ?? {});
  if (!checked.ok) return { problems: checked.problems, secrets };
  let profile: SystemProfile;
  try {
    profile = connector.profile(system.name, checked.options);
  } catch (error) {
    const { message, hint } = error as Error & { hint?: string };
    const problem = { what: 'key', code: 'UNSILO_CONFIG_INVALID_OPTIONS', message: `${message}.` } as const;
    return { problems: [problemAt(document, at, hint === undefined ? problem : { ...problem, hint })], secrets };
  }
  return {
    configured: { connector, options: checked.options, profile },
    problems: policyProblems(system, profile, path, document),
    secrets,
  };
}

function validOptions(
  connector: Connector,
  given: unknown,
  at: Path,
  document: SourceDocument,
  unfilled: ReadonlySet<string>,
): { ok: true; options: unknown } | { ok: false; problems: ConfigurationProblem[] } {
  let validate = validators.get(connector.options);
  if (validate === undefined) validators.set(connector.options, (validate = ajv.compile(connector.options)));
  const filledIn = structuredClone(given);
  if (!validate(filledIn)) {
    const problems = explainErrors(validate.errors ?? [], document, at);
    return problems.every(({ path }) => unfilled.has(path)) ? { ok: true, options: filledIn } : { ok: false, problems };
  }
  const parsed = parseOptions(connector, given);
  if (parsed.ok) {
    const mistakes = mappingMistakes(connector.options, given);
    if (mistakes.length === 0) return parsed;
    return { ok: false, problems: mistakes.map((mistake) => mappingProblem(mistake, at, document)) };
  }
  const problems = parsed.problems.map(({ path, message }) =>
    problemAt(document, [...at, ...steps(path)], {
      code: 'UNSILO_CONFIG_INVALID_VALUE',
      message: `This option ${message}.`,
    }),
  );
  return { ok: false, problems };
}

function mappingProblem({ path, code, message, hint }: PlacedMistake, at: Path, document: SourceDocument) {
  const told = { code, message: `${message}.`, ...(hint === undefined ? {} : { hint }) };
  return problemAt(document, [...at, ...path], told);
}

/** A policy that names what the system doesn't have would silently do nothing. */
function policyProblems(
  { policy = {} }: WrittenSystem,
  profile: SystemProfile,
  path: Path,
  document: SourceDocument,
): ConfigurationProblem[] {
  const problems: ConfigurationProblem[] = [];
  const kinds = new Map(profile.kinds.map((kind) => [kind.kind, kind]));
  const refuse = (at: Path, message: string, hint: string | undefined, what: 'key' | 'value'): void => {
    problems.push(
      problemAt(document, at, { what, code: 'UNSILO_CONFIG_POLICY', message, ...(hint === undefined ? {} : { hint }) }),
    );
  };
  for (const [kindName, write] of Object.entries(policy.write ?? {})) {
    const at: Path = [...path, 'policy', 'write', kindName];
    const kind = kinds.get(kindName);
    if (kind === undefined && kindName !== '*') {
      refuse(at, `This system has no records of the kind "${kindName}".`, meant(kindName, [...kinds.keys()]), 'key');
      continue;
    }
    const meantKinds = kind === undefined ? [...kinds.values()] : [kind];
    const writable = [
      ...new Set(
        meantKinds.flatMap(({ attributes }) => Object.keys(attributes).filter((a) => attributes[a]?.writable)),
      ),
    ];
    if (writable.length === 0 && write.fields.includes('*'))
      refuse(
        [...at, 'fields', write.fields.indexOf('*')],
        'Nothing can be written there with these options.',
        'Give the options what writing needs (see the README of the connector), or leave write out.',
        'value',
      );
    for (const [index, field] of write.fields.entries())
      if (field !== '*' && !writable.includes(field))
        refuse([...at, 'fields', index], `"${field}" can not be written there.`, meant(field, writable), 'value');
    if (write.create === true && meantKinds.every(({ create }) => create === 'none' || create === 'unsafe'))
      refuse(
        [...at, 'create'],
        'Records can not be made there safely: the system offers neither an external key nor a search.',
        'Set it to false.',
        'value',
      );
    for (const [index, attribute] of (write.createRequires ?? []).entries())
      problems.push(...unknownAttribute(attribute, [...at, 'createRequires', index], document, 'value'));
  }
  return problems;
}

export function unknownAttribute(
  attribute: string,
  at: Path,
  document: SourceDocument,
  what: 'key' | 'value',
): ConfigurationProblem[] {
  if (ATTRIBUTE_PATHS.includes(attribute) || /^extra\.[^.]/.test(attribute)) return [];
  const hint = meant(attribute, ATTRIBUTE_PATHS);
  return [
    problemAt(document, at, {
      what,
      code: 'UNSILO_CONFIG_UNKNOWN_ATTRIBUTE',
      message: `There is no attribute "${attribute}".`,
      ...(hint === undefined ? {} : { hint }),
    }),
  ];
}
