import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { packageFiles, REPOSITORY, type NewConnector } from './package-files.js';
import { identifierOf, NoPlace, withConnector, withDependency, withReference } from './wiring.js';

/** Why a connector can't be made. */
export class CannotMake extends Error {
  readonly code: string;
  readonly hint: string;
  constructor(code: string, message: string, hint: string) {
    super(message);
    this.name = 'CannotMake';
    this.code = code;
    this.hint = hint;
  }
}

export interface Made {
  /** Paths of the new files, in the package. */
  files: string[];
  /** Paths of files of the repository that name the connector now. */
  changed: string[];
}

/** Words that can't name a constant. */
const RESERVED = new Set(
  (
    'arguments await break case catch class const continue debugger default delete do else enum eval export extends false finally for function if ' +
    'implements import in instanceof interface let new null package private protected public return static super switch this throw true try ' +
    'typeof var void while with yield'
  ).split(' '),
);

/**
 * Writes the package, whole or not at all, and, where it is to come with Unsilo, the changes that make it do so.
 * @param repository Where the four files are that name the connectors.
 * @throws CannotMake UNSILO_FOLDER_EXISTS, UNSILO_CONNECTOR_NAME, UNSILO_NO_SOURCES
 */
export function makeConnector(connector: NewConnector, repository: string = REPOSITORY): Made {
  const { folder, place } = connector;
  if (existsSync(folder) && readdirSync(folder).length > 0)
    throw new CannotMake('UNSILO_FOLDER_EXISTS', `${folder} is there and not empty.`, 'Choose another name or folder.');
  if (!existsSync(join(REPOSITORY, 'connectors/sdk/src/index.ts')))
    throw new CannotMake(
      'UNSILO_NO_SOURCES',
      'This Unsilo has no sources.',
      'Make connectors from a clone of the repository.',
    );
  const changes = place === 'repository' ? wiring(connector, repository) : new Map<string, string>();
  const files = packageFiles(connector);
  mkdirSync(dirname(folder), { recursive: true });
  const draft = mkdtempSync(join(dirname(folder), `.${basename(folder)}-`));
  try {
    for (const [path, text] of files) {
      mkdirSync(dirname(join(draft, path)), { recursive: true });
      writeFileSync(join(draft, path), text);
    }
    chmodSync(draft, 0o777 & ~process.umask());
    renameSync(draft, folder);
  } catch (error) {
    rmSync(draft, { recursive: true, force: true });
    throw error;
  }
  for (const [path, text] of changes) {
    writeFileSync(join(repository, `${path}.new`), text);
    renameSync(join(repository, `${path}.new`), join(repository, path));
  }
  return { files: [...files.keys()], changed: [...changes.keys()] };
}

/** The changed files of the repository, by their paths. */
function wiring({ name }: NewConnector, repository: string): Map<string, string> {
  const list = 'services/unsilo/src/connectors.ts';
  const changes = {
    'tsconfig.json': (text: string) => withReference(text, `./connectors/${name}`),
    'services/unsilo/tsconfig.json': (text: string) => withReference(text, `../../connectors/${name}`),
    'services/unsilo/package.json': (text: string) => withDependency(text, name),
    [list]: (text: string) => withConnector(text, name),
  };
  const identifier = identifierOf(name);
  const changed = new Map<string, string>();
  for (const [path, change] of Object.entries(changes)) {
    const text = readFileSync(join(repository, path), 'utf8');
    if (path === list && (RESERVED.has(identifier) || new RegExp(`\\b${identifier}\\b`).test(text)))
      throw new CannotMake(
        'UNSILO_CONNECTOR_NAME',
        `A connector that comes with Unsilo can not be called ${name}: ${identifier} is something else in ${list}.`,
        'Choose another name.',
      );
    try {
      changed.set(path, change(text));
    } catch (error) {
      if (!(error instanceof NoPlace)) throw error;
      throw new CannotMake(
        'UNSILO_NO_PLACE',
        `${path} has no place where the other connectors are named.`,
        'Make it with --folder, and name it there by hand.',
      );
    }
  }
  return changed;
}
