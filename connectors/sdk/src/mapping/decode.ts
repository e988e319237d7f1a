import type { PartyState } from '@unsilo/schemas';
import { wellFormed } from '../text.js';
import { ELEMENTS, type ElementKind } from './attributes.js';
import type { MappingConfig } from './config.js';
import type { FieldMapping, MappingProblem, SystemRecord } from './mapping.js';
import { constantTarget, type CompiledMapping, type FieldLink, type Part, type Place } from './rules.js';

type Scalar = string | number | boolean;
type Element = Record<string, Scalar>;

export function decoder(config: MappingConfig, compiled: CompiledMapping): FieldMapping['decode'] {
  const constants = Object.entries(config.constants ?? {}).map(([path, value]) => ({
    target: constantTarget(path),
    value,
  }));
  return (record) => {
    const problems: MappingProblem[] = [];
    const state: PartyState = { kind: kindOf(config, record) };
    for (const [path, links] of compiled.scalars) {
      const value = partValue({ property: path, links }, record, problems);
      if (value !== undefined) setScalar(state, path, value);
    }
    for (const [attribute, places] of compiled.places) {
      const elements = places.flatMap((place) => placeElements(place, record, problems));
      if (elements.length > 0) Object.assign(state, { [attribute]: withoutRepeats(elements) });
    }
    for (const { target, value } of constants) {
      if (target.type !== 'element') {
        if (scalarOf(state, target.path) === undefined) setScalar(state, target.path, value);
      } else if (state[target.attribute] === undefined)
        Object.assign(state, { [target.attribute]: [{ [target.property]: String(value) }] });
    }
    return { state, problems };
  };
}

function kindOf(config: MappingConfig, record: SystemRecord): PartyState['kind'] {
  const { kind = 'person' } = config;
  if (typeof kind === 'string') return kind;
  const value = fieldText(record, kind.field);
  return kind.organization.some((candidate) => String(candidate) === value) ? 'organization' : 'person';
}

/** The text in a field; undefined when it is empty or missing, null when it holds something else than a scalar. */
export function fieldText(record: SystemRecord, field: string): string | undefined | null {
  const value = Object.hasOwn(record, field) ? record[field] : undefined;
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'object' || typeof value === 'function' || typeof value === 'symbol') return null;
  const text = wellFormed(String(value));
  return text.trim() === '' ? undefined : text;
}

/** What the fields of one part say together: the first that says something, or all of them joined. */
export function partValue(part: Part, record: SystemRecord, problems: MappingProblem[]): Scalar | undefined {
  const values: Scalar[] = [];
  for (const link of part.links) {
    if (!link.reads) continue;
    const value = linkValue(link, record, problems);
    if (value === undefined) continue;
    if (link.rule.join === undefined) return value;
    values.push(value);
  }
  if (values.length < 2) return values[0];
  return values.map(String).join(part.links[0]!.rule.join);
}

function linkValue(link: FieldLink, record: SystemRecord, problems: MappingProblem[]): Scalar | undefined {
  const text = fieldText(record, link.field);
  if (text === undefined) return undefined;
  if (text === null) {
    problems.push(problem(link, 'UNSILO_MAPPING_NOT_A_SCALAR', 'holds an object or a list'));
    return undefined;
  }
  const read = link.form.read(text);
  if (read.problem !== undefined) problems.push(problem(link, read.problem.code, read.problem.message));
  return read.value;
}

export function problem(link: FieldLink, code: string, message: string): MappingProblem {
  const { field, rule } = link;
  return {
    field,
    attribute: rule.attribute,
    code,
    message: `field ${JSON.stringify(field)} (${rule.attribute}): ${message}`,
  };
}

/** The elements that a place holds. */
export function placeElements(place: Place, record: SystemRecord, problems: MappingProblem[]): Element[] {
  const kind: ElementKind = ELEMENTS[place.attribute];
  if (place.split !== undefined) return splitElements(place, place.split, record, problems);
  const element: Element = {};
  for (const part of place.parts) {
    const value = partValue(part, record, problems);
    if (value !== undefined) element[part.property] = value;
  }
  if (Object.keys(element).length === 0) return [];
  if (kind.needs.length > 0 && !kind.needs.some((property) => property in element)) {
    const link = place.parts[0]!.links[0]!;
    problems.push(problem(link, 'UNSILO_MAPPING_INCOMPLETE', `left out, since there is no ${kind.needs.join(' or ')}`));
    return [];
  }
  return [{ ...element, ...place.tags }];
}

function splitElements(place: Place, separator: string, record: SystemRecord, problems: MappingProblem[]): Element[] {
  const part = place.parts[0]!;
  const link = part.links[0]!;
  const text = link.reads ? fieldText(record, link.field) : undefined;
  if (text === undefined) return [];
  if (text === null) {
    problems.push(problem(link, 'UNSILO_MAPPING_NOT_A_SCALAR', 'holds an object or a list'));
    return [];
  }
  return text.split(separator).flatMap((piece) => {
    const trimmed = piece.trim();
    if (trimmed === '') return [];
    const read = link.form.read(trimmed);
    if (read.problem !== undefined) problems.push(problem(link, read.problem.code, read.problem.message));
    return read.value === undefined ? [] : [{ [part.property]: read.value, ...place.tags }];
  });
}

function withoutRepeats(elements: Element[]): Element[] {
  const seen = new Set<string>();
  return elements.filter((element) => {
    const text = JSON.stringify(Object.entries(element).sort());
    return !seen.has(text) && seen.add(text);
  });
}

function setScalar(state: PartyState, path: string, value: Scalar): void {
  const dot = path.indexOf('.');
  if (dot < 0) return void Object.assign(state, { [path]: String(value) });
  const group = path.slice(0, dot) as 'name' | 'extra';
  const property = path.slice(dot + 1);
  state[group] = { ...state[group], [property]: group === 'extra' ? value : String(value) };
}

/** The value of a scalar attribute in a state. */
export function scalarOf(state: PartyState, path: string): Scalar | undefined {
  const dot = path.indexOf('.');
  const group: unknown = dot < 0 ? state : state[path.slice(0, dot) as 'name' | 'extra'];
  const property = path.slice(dot + 1);
  if (typeof group !== 'object' || group === null || !Object.hasOwn(group, property)) return undefined;
  return (group as Record<string, Scalar>)[property];
}
