import { basename, extname, resolve } from 'node:path';
import { readDate, type Kind, type LinkageRecord } from '@unsilo/hub/linkage';
import { counted } from '@unsilo/schemas';
import { CommandError } from '../cli/command.js';
import type { AddressPart, Mapping, NamePart } from './mapping.js';
import { readRows, textsAt, type Row } from './rows.js';

/** A record with what the outside calls it. */
export interface FileRecord {
  source: string;
  id: string;
  record: LinkageRecord;
  /** What the mapping says it truly belongs to. */
  party: string | undefined;
}

/** What was left out, by reason, with the first lines that it happened on. */
export class Omissions {
  readonly #byReason = new Map<string, string[]>();
  #count = 0;

  add(file: string, line: number, why: string): void {
    this.#count += 1;
    const places = this.#byReason.get(why) ?? [];
    if (places.length < 3) places.push(`${basename(file)}:${line}`);
    this.#byReason.set(why, places);
  }

  get count(): number {
    return this.#count;
  }

  lines(): string[] {
    return [...this.#byReason].map(([why, places]) => `${why}: ${places.join(', ')} …`);
  }
}

export interface Input {
  file: string;
  mapping: Mapping;
}

/** Each file with its mapping: one for all, or one each. @throws CommandError */
export function pairUp(files: readonly string[], mappings: readonly Mapping[], cwd: string): Input[] {
  if (mappings.length !== 1 && mappings.length !== files.length)
    throw new CommandError(
      'UNSILO_MATCH_MAPPINGS',
      `${counted(mappings.length, 'mapping')} can't be paired with ${counted(files.length, 'file')}.`,
      'Give --map once for all files, or once for each in their order.',
    );
  return files.map((file, i) => ({ file: resolve(cwd, file), mapping: (mappings[i] ?? mappings[0]) as Mapping }));
}

/** What `extra.*` attributes of all mappings are compared as; the country of the first that names one. */
export function linkageOptions(inputs: readonly Input[]): { kinds: Record<string, Kind>; country?: string } {
  const kinds: Record<string, Kind> = {};
  for (const { mapping } of inputs) Object.assign(kinds, mapping.kinds);
  const country = inputs.find(({ mapping }) => mapping.country !== undefined)?.mapping.country;
  return { kinds, ...(country === undefined ? {} : { country }) };
}

/** All records of all files in the order given. */
export async function* readRecords(inputs: readonly Input[], omissions: Omissions): AsyncGenerator<FileRecord> {
  for (const { file, mapping } of inputs) {
    const source = mapping.source ?? basename(file, extname(file));
    let number = 0;
    let known: Set<string> | undefined;
    for await (const row of readRows(file, mapping.delimiter, (line, why) => omissions.add(file, line, why))) {
      number += 1;
      known ??= checkColumns(file, mapping, row);
      const id = mapping.id === undefined ? String(number) : textsAt(row.cells, mapping.id)[0]?.text;
      if (id === undefined) {
        omissions.add(file, row.line, `no value in ${String(mapping.id)}`);
        continue;
      }
      const record = toRecord(`${source}/${id}`, row, mapping);
      yield { source, id, record, party: partyOf(row, mapping) };
    }
  }
}

/** A misspelt column would be missing everywhere, without a word. JSON leaves out what is empty, so a line proves nothing there. */
function checkColumns(file: string, mapping: Mapping, row: Row): Set<string> {
  const present = new Set(Object.keys(row.cells));
  if (/\.(?:jsonl|ndjson|json)$/i.test(file)) return present;
  const wanted = [...mapping.targets.map(({ column }) => column), ...(mapping.id === undefined ? [] : [mapping.id])];
  const missing = [...new Set(wanted)].filter((column) => !present.has(column));
  if (missing.length > 0)
    throw new CommandError(
      'UNSILO_MATCH_COLUMN',
      `${basename(file)} has no column ${missing.map((column) => JSON.stringify(column)).join(', ')}`,
      `It has ${[...present].join(', ')}.`,
    );
  return present;
}

function partyOf({ cells }: Row, { truth }: Mapping): string | undefined {
  if (truth === undefined) return undefined;
  const text = textsAt(cells, truth.column)[0]?.text;
  return truth.pattern === undefined ? text : text === undefined ? undefined : truth.pattern.exec(text)?.[0];
}

function kindOf(cells: Record<string, unknown>, kind: Mapping['kind']): LinkageRecord['kind'] {
  if (typeof kind === 'string') return kind;
  const values = textsAt(cells, kind.column).map(({ text }) => text);
  return values.some((value) => kind.organization.map(String).includes(value)) ? 'organization' : 'person';
}

function toRecord(ref: string, { cells }: Row, mapping: Mapping): LinkageRecord {
  const names = new Map<string, Partial<Record<NamePart, string>>>();
  const addresses = new Map<string, Partial<Record<AddressPart, string>>>();
  const values: Record<string, string[]> = {};
  for (const target of mapping.targets) {
    for (const { text, place } of textsAt(cells, target.column)) {
      const group = `${target.group}${place}`;
      const parts = target.split === undefined ? [text] : text.split(target.split).map((part) => part.trim());
      for (const [index, part] of parts.entries()) {
        if (part === '') continue;
        if (target.type === 'value')
          (values[target.attribute] ??= []).push(
            target.prefix + (target.date === undefined ? part : readDate(part, target.date)),
          );
        else if (target.type === 'name') joinPart(names, `${group}#${index || ''}`, target.part, part);
        else joinPart(addresses, `${group}#${index || ''}`, target.part, part);
      }
    }
  }
  return {
    ref,
    kind: kindOf(cells, mapping.kind),
    names: [...names.values()],
    addresses: [...addresses.values()],
    values,
  };
}

/** Two columns for one part of one name or address are written behind each other. */
function joinPart<Part extends string>(
  groups: Map<string, Partial<Record<Part, string>>>,
  group: string,
  part: Part,
  text: string,
): void {
  const known: Partial<Record<Part, string>> = groups.get(group) ?? {};
  known[part] = known[part] === undefined ? text : `${known[part]} ${text}`;
  groups.set(group, known);
}
