import type { ErrorObject } from 'ajv';
import { problemAt, type SourceDocument } from './document.js';
import { steps, type ConfigurationProblem, type Path } from './problem.js';
import { meant } from './suggest.js';

/**
 * What a validator found, in words that help, at the line and column of the document.
 * @param errors From ajv with `allErrors` and `verbose`.
 * @param base Where in the document the validated value stands.
 */
export function explainErrors(
  errors: readonly ErrorObject[],
  document: SourceDocument,
  base: Path = [],
): ConfigurationProblem[] {
  const problems = withoutUnions(errors).map((error) => explain(error, document, base));
  // Several branches of one schema may say the same.
  const seen = new Map(problems.map((problem) => [`${problem.path} ${problem.message}`, problem]));
  return [...seen.values()].sort((a, b) => a.line - b.line || a.column - b.column);
}

/** Of a union that nothing matched, only what the branch that was probably meant complains about. */
function withoutUnions(errors: readonly ErrorObject[]): ErrorObject[] {
  let left = [...errors];
  const unions = left
    .filter(({ keyword }) => keyword === 'anyOf' || keyword === 'oneOf')
    .sort((a, b) => b.schemaPath.length - a.schemaPath.length);
  for (const union of unions) {
    const inside = left.filter((error) => isWithin(error, union));
    const branches = new Map<string, ErrorObject[]>();
    for (const error of inside) {
      const branch = error.schemaPath.slice(union.schemaPath.length + 1).split('/')[0] ?? '';
      branches.set(branch, [...(branches.get(branch) ?? []), error]);
    }
    const right = [...branches.values()].filter(
      (found) => !found.some((error) => error.instancePath === union.instancePath && misfits(error)),
    );
    const [best] = right.sort((a, b) => a.length - b.length);
    left = left.filter((error) => !inside.includes(error) || best?.includes(error) === true);
    if (best === undefined) Object.assign(union.params, { expected: expectations(inside, union.instancePath) });
    else left = left.filter((error) => error !== union);
  }
  return left;
}

/** Found by a branch of the union, in the value that the union is about. */
function isWithin(error: ErrorObject, union: ErrorObject): boolean {
  return (
    error.schemaPath.startsWith(`${union.schemaPath}/`) &&
    (error.instancePath === union.instancePath || error.instancePath.startsWith(`${union.instancePath}/`))
  );
}

/** The value is of another sort altogether than this branch is about. */
function misfits({ keyword }: ErrorObject): boolean {
  return keyword === 'type' || keyword === 'const' || keyword === 'enum';
}

function expectations(errors: readonly ErrorObject[], instancePath: string): string[] {
  const expected = errors
    .filter((error) => error.instancePath === instancePath)
    .flatMap(({ keyword, params }) => {
      if (keyword === 'type') return [params['type'] as string | string[]].flat().map(typeName);
      if (keyword === 'const') return [JSON.stringify(params['allowedValue'])];
      return keyword === 'enum' ? (params['allowedValues'] as unknown[]).map((value) => JSON.stringify(value)) : [];
    });
  return [...new Set(expected)];
}

const TYPE_NAMES: Readonly<Record<string, string>> = {
  string: 'a text',
  integer: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
  object: 'a group of keys',
  array: 'a list',
  null: 'null',
};

function typeName(type: string): string {
  return TYPE_NAMES[type] ?? type;
}

function explain(error: ErrorObject, document: SourceDocument, base: Path): ConfigurationProblem {
  const path: Path = [...base, ...steps(error.instancePath)];
  const { keyword, params, parentSchema, data } = error;
  const name = path.length === 0 ? 'The configuration' : `"${String(path.at(-1))}"`;
  const invalid = (message: string, hint?: string): ConfigurationProblem =>
    problemAt(document, path, {
      code: 'UNSILO_CONFIG_INVALID_VALUE',
      message: `${name} ${message}.`,
      ...(hint === undefined ? {} : { hint }),
    });

  switch (keyword) {
    case 'additionalProperties': {
      const key = String(params['additionalProperty']);
      const known = Object.keys((parentSchema?.['properties'] as object | undefined) ?? {});
      const hint = meant(key, known);
      return problemAt(document, [...path, key], {
        what: 'key',
        code: 'UNSILO_CONFIG_UNKNOWN_KEY',
        message: `"${key}" is not known here.`,
        ...(hint === undefined ? {} : { hint }),
      });
    }
    case 'required':
      return problemAt(document, path, {
        code: 'UNSILO_CONFIG_MISSING_KEY',
        message: `"${String(params['missingProperty'])}" is missing here.`,
      });
    case 'propertyNames': {
      const key = String(params['propertyName']);
      return problemAt(document, [...path, key], {
        what: 'key',
        code: 'UNSILO_CONFIG_UNKNOWN_KEY',
        message: `"${key}" can not be a key here.`,
      });
    }
    case 'type':
      return invalid(`must be ${[params['type'] as string | string[]].flat().map(typeName).join(' or ')}`);
    case 'enum':
    case 'const': {
      const allowed = keyword === 'const' ? [params['allowedValue']] : (params['allowedValues'] as unknown[]);
      const texts = allowed.map(String);
      return invalid(`must be one of ${texts.join(', ')}`, typeof data === 'string' ? near(data, texts) : undefined);
    }
    case 'anyOf':
    case 'oneOf': {
      const expected = (params['expected'] as string[] | undefined) ?? [];
      return invalid(expected.length === 0 ? 'fits none of the allowed forms' : `must be ${expected.join(' or ')}`);
    }
    case 'pattern':
    case 'format': {
      const comment = parentSchema?.['$comment'];
      return invalid(
        typeof comment === 'string' ? comment : `doesn't have the right form (${String(params[keyword])})`,
      );
    }
    case 'minimum':
    case 'exclusiveMinimum':
    case 'maximum':
    case 'exclusiveMaximum':
      return invalid(`must be ${String(params['comparison'])} ${String(params['limit'])}`);
    case 'minLength':
      return invalid('must not be empty');
    default:
      return invalid(error.message ?? 'is not valid');
  }
}

function near(given: string, allowed: readonly string[]): string | undefined {
  const hint = meant(given, allowed);
  return hint?.startsWith('Did') === true ? hint : undefined;
}
