import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { isKind, kindOf, LEVELS, type Kind } from '@unsilo/hub/linkage';
import { Ajv, type ValidateFunction } from 'ajv';
import { problemAt, readDocument, type SourceDocument } from '../configuration/document.js';
import { explainErrors } from '../configuration/explain.js';
import { ConfigurationError, type ConfigurationProblem } from '../configuration/problem.js';
import { meant } from '../configuration/suggest.js';

/** How the columns of a file stand to what is compared: the text of `--map`. */
export interface WrittenMapping {
  source?: string;
  id?: string;
  kind?: 'person' | 'organization' | { column: string; organization: (string | number)[] };
  country?: string;
  delimiter?: string;
  columns: Record<string, ColumnRule | ColumnRule[] | null>;
  truth?: { column: string; pattern?: string };
}
export type ColumnRule = string | ColumnRuleObject;
export interface ColumnRuleObject {
  attribute: string;
  issuer?: string;
  service?: string;
  compare?: string;
  group?: string;
  split?: string;
  date?: string;
}

const RULE = {
  anyOf: [
    { type: 'string', minLength: 1 },
    {
      type: 'object',
      additionalProperties: false,
      required: ['attribute'],
      properties: {
        attribute: { type: 'string', minLength: 1 },
        issuer: { type: 'string', minLength: 1 },
        service: { type: 'string', minLength: 1 },
        compare: { type: 'string', enum: Object.keys(LEVELS) },
        group: { type: 'string', minLength: 1 },
        split: { type: 'string', minLength: 1 },
        date: {
          type: 'string',
          pattern: '^(?=.*y)(?=.*m)(?=.*d)',
          $comment: 'must be a form of a date such as dd/mm/yyyy or yyyymmdd',
        },
      },
    },
  ],
} as const;

let compiled: ValidateFunction<WrittenMapping> | undefined;
/** Made when a mapping is first read: every start of a process that reads none would pay for it. */
function validator(): ValidateFunction<WrittenMapping> {
  compiled ??= new Ajv({ allErrors: true, verbose: true, strictTypes: false }).compile<WrittenMapping>({
    type: 'object',
    additionalProperties: false,
    required: ['columns'],
    properties: {
      source: { type: 'string', minLength: 1 },
      id: { type: 'string', minLength: 1 },
      kind: {
        anyOf: [
          { type: 'string', enum: ['person', 'organization'] },
          {
            type: 'object',
            additionalProperties: false,
            required: ['column', 'organization'],
            properties: {
              column: { type: 'string', minLength: 1 },
              organization: { type: 'array', items: { type: ['string', 'number'] } },
            },
          },
        ],
      },
      country: { type: 'string', pattern: '^[A-Z]{2}$', $comment: 'must be a country code such as GB' },
      delimiter: { type: 'string', minLength: 1, maxLength: 1 },
      columns: {
        type: 'object',
        minProperties: 1,
        additionalProperties: { anyOf: [...RULE.anyOf, { type: 'array', items: RULE }, { type: 'null' }] },
      },
      truth: {
        type: 'object',
        additionalProperties: false,
        required: ['column'],
        properties: { column: { type: 'string', minLength: 1 }, pattern: { type: 'string', minLength: 1 } },
      },
    },
  });
  return compiled;
}

const NAME_PARTS = ['full', 'given', 'middle', 'surname', 'suffix'] as const;
const ADDRESS_PARTS = ['full', 'number', 'street', 'unit', 'locality', 'region', 'postcode', 'country'] as const;
export type NamePart = (typeof NAME_PARTS)[number];
export type AddressPart = (typeof ADDRESS_PARTS)[number];

/** Every attribute that a column can be mapped to. */
const ATTRIBUTES: readonly string[] = [
  ...NAME_PARTS.map((part) => `name.${part}`),
  ...ADDRESS_PARTS.map((part) => `addresses.${part}`),
  'birthDate',
  'emails',
  'phones',
  'onlineServices',
  'links',
  'organizations',
  'titles',
  'identifiers',
  'extra.NAME',
];

/** What one column feeds. */
export type Target = { column: string; group: string; split: string | undefined; date: string | undefined } & (
  | { type: 'name'; part: NamePart }
  | { type: 'address'; part: AddressPart }
  | { type: 'value'; attribute: string; prefix: string }
);

export interface Mapping {
  file: string;
  source: string | undefined;
  id: string | undefined;
  kind: NonNullable<WrittenMapping['kind']>;
  country: string | undefined;
  delimiter: string | undefined;
  targets: Target[];
  /** What `extra.*` attributes are compared as. */
  kinds: Record<string, Kind>;
  truth: { column: string; pattern: RegExp | undefined } | undefined;
}

/** @throws ConfigurationError with every problem of the file, each with line and column. */
export function loadMapping(file: string): Mapping {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(file);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const message = code === 'ENOENT' ? 'There is no such file.' : `It can not be read (${code ?? String(error)}).`;
    throw new ConfigurationError(file, [
      { severity: 'error', code: 'UNSILO_MAPPING_UNREADABLE', message, path: '', line: 1, column: 1 },
    ]);
  }
  const document = readDocument(bytes);
  if (document.problems.length > 0) throw new ConfigurationError(file, document.problems);
  const value = document.value ?? {};
  const validate = validator();
  if (!validate(value)) throw new ConfigurationError(file, explainErrors(validate.errors ?? [], document));
  const problems: ConfigurationProblem[] = [];
  const kinds: Record<string, Kind> = {};
  const targets = Object.entries(value.columns).flatMap(([column, rules]) =>
    [rules ?? []].flat().flatMap((rule) => {
      const target = targetOf(column, typeof rule === 'string' ? { attribute: rule } : rule, kinds, document, problems);
      return target === undefined ? [] : [target];
    }),
  );
  let pattern: RegExp | undefined;
  try {
    if (value.truth?.pattern !== undefined) pattern = new RegExp(value.truth.pattern, 'u');
  } catch (error) {
    problems.push(
      problemAt(document, ['truth', 'pattern'], {
        code: 'UNSILO_MAPPING_PATTERN',
        message: `This is no regular expression: ${(error as Error).message}.`,
      }),
    );
  }
  if (problems.length > 0) throw new ConfigurationError(file, problems);
  return {
    file: basename(file),
    source: value.source,
    id: value.id,
    kind: value.kind ?? 'person',
    country: value.country,
    delimiter: value.delimiter,
    targets,
    kinds,
    truth: value.truth === undefined ? undefined : { column: value.truth.column, pattern },
  };
}

function targetOf(
  column: string,
  rule: ColumnRuleObject,
  kinds: Record<string, Kind>,
  document: SourceDocument,
  problems: ConfigurationProblem[],
): Target | undefined {
  const { attribute, issuer, service, compare, group = '', split, date } = rule;
  const common = { column, group, split, date };
  const refuse = (message: string, hint?: string): undefined => {
    const problem = { code: 'UNSILO_MAPPING_ATTRIBUTE', message, ...(hint === undefined ? {} : { hint }) };
    problems.push(problemAt(document, ['columns', column], problem));
    return undefined;
  };
  const [head = '', part = ''] = attribute.split('.');
  const namePart = NAME_PARTS.find((known) => known === (part || 'full'));
  if (head === 'name' && namePart !== undefined) return { ...common, type: 'name', part: namePart };
  const addressPart = ADDRESS_PARTS.find((known) => known === (part || 'full'));
  if (head === 'addresses' && addressPart !== undefined) return { ...common, type: 'address', part: addressPart };
  if (head === 'extra' && part !== '') {
    if (compare === undefined || !isKind(compare))
      return refuse(
        `"${attribute}" needs "compare": how it is compared.`,
        'For example code, text, place, date or identifier.',
      );
    kinds[attribute] = compare;
    return { ...common, type: 'value', attribute, prefix: '' };
  }
  if (attribute === 'identifiers') {
    if (issuer === undefined) return refuse('"identifiers" needs "issuer": who gave the number.');
    return { ...common, type: 'value', attribute: `identifiers:${issuer.toLowerCase()}`, prefix: '' };
  }
  if (attribute === 'onlineServices') {
    if (service === undefined) return refuse('"onlineServices" needs "service": the network.');
    return { ...common, type: 'value', attribute, prefix: `${service.toLowerCase()}:` };
  }
  if (part === '' && kindOf(attribute) !== undefined) return { ...common, type: 'value', attribute, prefix: '' };
  return refuse(
    `There is no attribute "${attribute}".`,
    meant(attribute, ATTRIBUTES) ?? `Known: ${ATTRIBUTES.join(', ')}.`,
  );
}
