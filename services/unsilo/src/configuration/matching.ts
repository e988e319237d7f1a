import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { DEFAULT_LINKAGE_MODEL, modelProblems, type LinkageModel } from '@unsilo/hub/linkage';
import { problemAt, type SourceDocument } from './document.js';
import type { ConfigurationProblem } from './problem.js';
import type { Written } from './schema.js';

/** The model that the configuration names, with the changes that it makes; the shipped one where it names none. */
export function configureModel(
  { matching = {} }: Written,
  document: SourceDocument,
  folder: string,
): { model: LinkageModel; problems: ConfigurationProblem[] } {
  if (matching.model === undefined) return { model: changed(DEFAULT_LINKAGE_MODEL, matching), problems: [] };
  const refuse = (message: string) => ({
    model: DEFAULT_LINKAGE_MODEL,
    problems: [
      problemAt(document, ['matching', 'model'], {
        code: 'UNSILO_CONFIG_MODEL_INVALID',
        message,
        hint: '`unsilo train` writes such a file.',
      }),
    ],
  });
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(resolve(folder, matching.model), 'utf8'));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return refuse(`The matching model can not be read (${code ?? 'it is no JSON'}).`);
  }
  const problems = modelProblems(value);
  if (problems.length > 0) return refuse(`This is no matching model: ${problems.slice(0, 3).join(' ')}`);
  return { model: changed(value as LinkageModel, matching), problems: [] };
}

/** Bits: the smallest difference between two weights. */
const JUST_BELOW = 1 / 1024;

/** Versioned by its content: customers found under another one are found anew. */
function changed(
  base: LinkageModel,
  { threshold, nameAlone = 'review', genericAbove, exclusiveIssuers }: NonNullable<Written['matching']>,
): LinkageModel {
  // What the hub joins it also writes: no name is so rare that it would be enough.
  const most = nameAlone === 'review' ? { nameAlone: (threshold ?? base.person.threshold) - JUST_BELOW } : {};
  const exclusive = exclusiveIssuers?.map((issuer) => `identifiers:${issuer.toLowerCase()}`).sort();
  const changes = {
    ...(threshold === undefined ? {} : { threshold }),
    ...(genericAbove === undefined ? {} : { genericAbove }),
    ...(exclusive === undefined ? {} : { exclusive }),
  };
  const digest = createHash('sha256')
    .update(JSON.stringify([changes, most]))
    .digest('hex')
    .slice(0, 16);
  return {
    ...base,
    version: `${base.version}+${digest}`,
    person: { ...base.person, ...changes, ...most },
    organization: { ...base.organization, ...changes },
  };
}
