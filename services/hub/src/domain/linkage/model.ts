import { isKind, LEVELS, type Kind } from './kinds.js';

/**
 * A matching model, replaced as data: how often each comparison level comes about among pairs of records of one party (`m`) and of two
 * (`u`), and how often values are met. Evidence is log2(m/u). Persons and organizations have a part each.
 */
export interface LinkageModel {
  format: 'unsilo-linkage/1';
  /** Names this model in explanations and events. */
  version: string;
  person: PartModel;
  organization: PartModel;
}

export interface PartModel {
  /** Bits: log2 odds that two records taken at random are one party. */
  prior: number;
  /** Bits: at or above, a pair is a match. */
  threshold: number;
  /** Bits: from here to the threshold a pair waits for a steward. */
  review: number;
  /** Bits: the most that two records come to of which nothing but the names agrees. Absent: no bound. */
  nameAlone?: number;
  /** Bits: two clusters join only if the mean weight over all pairs between them is at least this. */
  guard: number;
  /** A key that more records share proposes no candidates. */
  keyLimit: number;
  /** A value (e-mail, phone, handle, page) that stands with more different names than this is generic and counts for nothing. */
  genericAbove: number;
  /** Attributes of which a party has exactly one: two different values keep records apart. Off for what people type in. */
  exclusive: string[];
  household: HouseholdModel;
  attributes: Record<string, AttributeModel>;
}

/** People share addresses, phones, family names and mailboxes, and move as a whole: bounds, in bits, of what these say together. */
export interface HouseholdModel {
  address: number;
  /** Address, phone, employer and family name together. */
  family: number;
  /** All that with mailbox, accounts and pages, where the given names differ: couples and colleagues use them together. Absent: no bound. */
  contact?: number;
  /** Where that much is shared, the most that an equal given name adds: children are named after their parents. */
  namesake: number;
  /** The least that an address says which differs in every part: who moves changes all of them at once. */
  moved: number;
}

export interface AttributeModel {
  kind: Kind;
  /** By level, in the order of `LEVELS[kind]`; sums to 1. */
  m: number[];
  u: number[];
  /** Share of the records with this attribute that have the value, for frequent values. Names, places and the like only. */
  frequencies?: Record<string, number>;
  /** Share of a value that isn't listed. */
  unseen?: number;
}

/** What is wrong with a model file, in words with the place; empty when nothing is. */
export function modelProblems(model: unknown): string[] {
  if (!isRecord(model)) return ['The model is no object.'];
  const problems: string[] = [];
  if (model['format'] !== 'unsilo-linkage/1') problems.push('format: must be "unsilo-linkage/1".');
  if (typeof model['version'] !== 'string' || model['version'] === '') problems.push('version: must be a text.');
  for (const name of ['person', 'organization'] as const) {
    const part = model[name];
    if (!isRecord(part)) problems.push(`${name}: is missing.`);
    else problems.push(...partProblems(part, name));
  }
  return problems;
}

function partProblems(part: Record<string, unknown>, place: string): string[] {
  const problems: string[] = [];
  for (const name of ['prior', 'threshold', 'review', 'guard'])
    if (!isNumber(part[name])) problems.push(`${place}.${name}: must be a number of bits.`);
  if (part['nameAlone'] !== undefined && !isNumber(part['nameAlone']))
    problems.push(`${place}.nameAlone: must be a number of bits.`);
  for (const name of ['keyLimit', 'genericAbove'])
    if (!isNumber(part[name]) || part[name] < 1) problems.push(`${place}.${name}: must be a number of at least 1.`);
  const { household, attributes, exclusive } = part;
  if (!Array.isArray(exclusive) || exclusive.some((name) => typeof name !== 'string'))
    problems.push(`${place}.exclusive: must be a list of attributes.`);
  for (const name of ['address', 'family', 'namesake', 'moved'])
    if (!isRecord(household) || !isNumber(household[name]))
      problems.push(`${place}.household.${name}: must be a number of bits.`);
  if (isRecord(household) && household['contact'] !== undefined && !isNumber(household['contact']))
    problems.push(`${place}.household.contact: must be a number of bits.`);
  if (!isRecord(attributes)) return [...problems, `${place}.attributes: is missing.`];
  for (const [name, attribute] of Object.entries(attributes))
    problems.push(...attributeProblems(attribute, `${place}.attributes.${name}`));
  return problems;
}

function attributeProblems(attribute: unknown, place: string): string[] {
  if (!isRecord(attribute)) return [`${place}: must be an object.`];
  const { kind, frequencies, unseen } = attribute;
  if (typeof kind !== 'string' || !isKind(kind))
    return [`${place}.kind: must be one of ${Object.keys(LEVELS).join(', ')}.`];
  const problems: string[] = [];
  for (const name of ['m', 'u']) {
    const list = attribute[name];
    const isShares = Array.isArray(list) && list.every((share) => isNumber(share) && share > 0 && share <= 1);
    if (!isShares || list.length !== LEVELS[kind].length)
      problems.push(`${place}.${name}: must be ${LEVELS[kind].length} shares above 0, for ${LEVELS[kind].join(', ')}.`);
  }
  if (unseen !== undefined && (!isNumber(unseen) || unseen <= 0)) problems.push(`${place}.unseen: must be above 0.`);
  if (
    frequencies !== undefined &&
    (!isRecord(frequencies) || Object.values(frequencies).some((f) => !isNumber(f) || f <= 0))
  )
    problems.push(`${place}.frequencies: must be shares above 0 by value.`);
  return problems;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}
