import {
  attributeTarget,
  ELEMENTS,
  knownPaths,
  nearestPath,
  type AttributeTarget,
  type ElementKind,
  type MultiAttribute,
  type Tag,
} from './attributes.js';
import type { FieldRule, FieldRuleObject, MappingConfig } from './config.js';
import { MappingMistake } from './mistake.js';
import { valueForm, type ValueForm } from './values.js';

/** One field and one of its attributes, checked. */
export interface FieldLink {
  field: string;
  rule: FieldRuleObject;
  target: AttributeTarget;
  form: ValueForm;
  reads: boolean;
  writes: boolean;
}

/** Fields that together make one value: one, or several joined. */
export interface Part {
  property: string;
  links: FieldLink[];
}

/** A place of a record that holds one element of a multi-valued attribute, or (split) any number of them. */
export interface Place {
  attribute: MultiAttribute;
  tags: Partial<Record<Tag, string>>;
  parts: Part[];
  split: string | undefined;
}

export interface CompiledMapping {
  links: FieldLink[];
  /** Scalars and `extra`, by path. */
  scalars: Map<string, FieldLink[]>;
  places: Map<MultiAttribute, Place[]>;
}

/** @throws MappingMistake UNSILO_MAPPING_… naming the field, with what was probably meant */
export function compile(config: MappingConfig): CompiledMapping {
  const links = Object.entries(config.fields).flatMap(([field, rule]) =>
    rulesOf(rule).map((single) => link(field, single)),
  );
  const scalars = new Map<string, FieldLink[]>();
  const places = new Map<MultiAttribute, Place[]>();
  for (const found of links) {
    const { target } = found;
    if (target.type === 'element') settle(places, found, target);
    else scalars.set(target.path, [...(scalars.get(target.path) ?? []), found]);
  }
  return { links, scalars, places };
}

export function rulesOf(rule: FieldRule): FieldRuleObject[] {
  if (rule === null) return [];
  const list: readonly (string | FieldRuleObject)[] = Array.isArray(rule) ? rule : [rule as string | FieldRuleObject];
  return list.map((single) => (typeof single === 'string' ? { attribute: single } : single));
}

/** @throws MappingMistake of any of the field's rules */
export function checkRule(field: string, rule: FieldRule): void {
  for (const single of rulesOf(rule)) link(field, single);
}

/** @throws MappingMistake UNSILO_MAPPING_UNKNOWN_ATTRIBUTE */
export function constantTarget(path: string): AttributeTarget {
  return targetOf(path, `constant ${JSON.stringify(path)}`);
}

/** @throws MappingMistake UNSILO_MAPPING_UNKNOWN_ATTRIBUTE */
function targetOf(path: string, where: string): AttributeTarget {
  const target = attributeTarget(path);
  if (target !== undefined) return target;
  const meant = nearestPath(path);
  throw new MappingMistake(
    'UNSILO_MAPPING_UNKNOWN_ATTRIBUTE',
    `${where}: there is no attribute ${JSON.stringify(path)}`,
    meant === undefined ? `Known are ${knownPaths().join(', ')}.` : `Did you mean ${meant}?`,
    'attribute',
  );
}

function link(field: string, rule: FieldRuleObject): FieldLink {
  const where = `field ${JSON.stringify(field)}`;
  const target = targetOf(rule.attribute, where);
  const kind: ElementKind | undefined = target.type === 'element' ? ELEMENTS[target.attribute] : undefined;
  for (const tag of ['label', 'service', 'issuer', 'purpose', 'channel'] as const)
    if (rule[tag] !== undefined && kind?.tags.includes(tag) !== true)
      throw badRule(where, `${rule.attribute} takes no ${tag}`, 'Take it out.', tag);
  for (const tag of kind?.required ?? [])
    if (rule[tag] === undefined)
      throw badRule(where, `${rule.attribute} needs a ${tag}`, `Write { attribute: ${rule.attribute}, ${tag}: … }.`);
  if (rule.split !== undefined && (kind === undefined || kind.properties.length > 1 || rule.split === ''))
    throw badRule(
      where,
      'only fields of e-mails, phones, titles, links and identifiers can be split',
      'Take split out.',
      'split',
    );
  const isConsent = target.type === 'element' && target.attribute === 'consents';
  if (!isConsent && (rule.granted ?? rule.withdrawn) !== undefined)
    throw badRule(
      where,
      'granted and withdrawn belong to consents',
      'Use values to translate other values.',
      rule.granted === undefined ? 'withdrawn' : 'granted',
    );
  if (rule.type !== undefined && target.type !== 'extra')
    throw badRule(where, 'a type can be given for extra.* only', 'Take type out.', 'type');
  if (rule.date !== undefined && rule.attribute !== 'birthDate' && target.type !== 'extra')
    throw badRule(where, `${rule.attribute} is no date`, 'Take date out.', 'date');
  if (rule.pattern !== undefined && !isPattern(rule.pattern))
    throw badRule(where, 'the pattern is no regular expression', 'Mind brackets and backslashes.', 'pattern');
  const direction = rule.direction ?? 'both';
  return {
    field,
    rule,
    target,
    form: valueForm(rule, target, where),
    reads: direction !== 'out',
    writes: direction !== 'in' && rule.derived !== true,
  };
}

/** Puts a field into the place that it completes: same attribute and tags, property still free (or joined). */
function settle(
  places: Map<MultiAttribute, Place[]>,
  found: FieldLink,
  target: AttributeTarget & { type: 'element' },
): void {
  const { attribute, property } = target;
  const { rule } = found;
  const tags = tagsOf(rule, attribute);
  const known = places.get(attribute) ?? [];
  places.set(attribute, known);
  if (rule.split === undefined)
    for (const place of known) {
      if (place.split !== undefined || !sameTags(place.tags, tags)) continue;
      const part = place.parts.find((candidate) => candidate.property === property);
      if (part === undefined) return void place.parts.push({ property, links: [found] });
      if (rule.join !== undefined && part.links.every((other) => other.rule.join !== undefined))
        return void part.links.push(found);
    }
  known.push({ attribute, tags, parts: [{ property, links: [found] }], split: rule.split });
}

function tagsOf(rule: FieldRuleObject, attribute: MultiAttribute): Partial<Record<Tag, string>> {
  const tags: Partial<Record<Tag, string>> = {};
  for (const tag of ELEMENTS[attribute].tags) {
    const value = rule[tag] ?? (tag === 'channel' ? 'any' : undefined);
    if (value !== undefined) tags[tag] = value;
  }
  return tags;
}

export function sameTags(a: Partial<Record<Tag, string>>, b: Partial<Record<Tag, string>>): boolean {
  return (['label', 'service', 'issuer', 'purpose', 'channel'] as const).every((tag) => a[tag] === b[tag]);
}

function isPattern(pattern: string): boolean {
  try {
    return new RegExp(pattern, 'u') instanceof RegExp;
  } catch {
    return false;
  }
}

function badRule(where: string, what: string, hint: string, key?: string): MappingMistake {
  return new MappingMistake('UNSILO_MAPPING_BAD_RULE', `${where}: ${what}`, hint, key);
}
