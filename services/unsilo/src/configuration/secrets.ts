import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { problemAt, type SourceDocument } from './document.js';
import type { ConfigurationProblem, Path } from './problem.js';

/** `${env:NAME}` or `${file:PATH}`; `$${` stands for `${` itself. */
const REFERENCE = /\$\$\{|\$\{([^}]*)\}/g;

/** Of a reference that is well-formed and stands for nothing. */
export const UNSET = 'UNSILO_CONFIG_SECRET_MISSING';

export interface Surroundings {
  /** Paths in references are relative to it. */
  folder: string;
  env: Readonly<Record<string, string | undefined>>;
}

export interface Resolved {
  value: unknown;
  /** Every text that came out of a reference: never to be shown. */
  secrets: string[];
  problems: ConfigurationProblem[];
}

/** Puts what the references stand for into every text of the document. */
export function resolveReferences(document: SourceDocument, { folder, env }: Surroundings): Resolved {
  const secrets = new Set<string>();
  const problems: ConfigurationProblem[] = [];

  function lookUp(reference: string, path: Path): string {
    const colon = reference.indexOf(':');
    const kind = reference.slice(0, colon);
    const name = reference.slice(colon + 1).trim();
    const refuse = (code: string, message: string, hint: string): string => {
      problems.push(problemAt(document, path, { code, message, hint }));
      return '';
    };
    if (colon < 0 || name === '' || (kind !== 'env' && kind !== 'file'))
      return refuse(
        'UNSILO_CONFIG_REFERENCE',
        'This reference is neither ${env:NAME} nor ${file:PATH}.',
        'Write $${ for the two characters ${ themselves.',
      );
    if (kind === 'env') {
      const value = env[name];
      if (value === undefined || value === '')
        return refuse(UNSET, `The environment variable ${name} is not set.`, 'Set it, or use ${file:PATH}.');
      return value;
    }
    try {
      // Editors and `echo` end files with a line break that is not part of the secret.
      return readFileSync(resolve(folder, name), 'utf8').replace(/\r?\n$/, '');
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      return refuse(
        UNSET,
        `The file ${name} can not be read (${code ?? 'unknown'}).`,
        'Paths are relative to the folder of the configuration.',
      );
    }
  }

  function walk(value: unknown, path: Path): unknown {
    if (typeof value === 'string')
      return value.replace(REFERENCE, (_, reference: string | undefined) => {
        if (reference === undefined) return '${';
        const found = lookUp(reference, path);
        if (found !== '') secrets.add(found);
        return found;
      });
    if (Array.isArray(value)) return value.map((item, index) => walk(item, [...path, index]));
    if (typeof value === 'object' && value !== null)
      // fromEntries makes `__proto__` an ordinary member, which validation then refuses.
      return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, walk(item, [...path, key])]));
    return value;
  }

  return { value: walk(document.value, []), secrets: [...secrets], problems };
}
