import type { AttributeValue, PartyState } from '@unsilo/schemas';
import { ELEMENTS, type ElementKind, type MultiAttribute, type Tag } from './attributes.js';
import type { MappingConfig } from './config.js';
import { partValue, placeElements, problem, scalarOf } from './decode.js';
import type { Encoded, FieldMapping, FieldValue, MappingProblem, SystemRecord } from './mapping.js';
import { placeNames } from './profile.js';
import type { CompiledMapping, FieldLink, Part, Place } from './rules.js';

type Scalar = string | number | boolean;
type Element = Record<string, Scalar>;

export function encoder(
  config: MappingConfig,
  compiled: CompiledMapping,
): Pick<FieldMapping, 'encode' | 'encodeState'> {
  const empty = config.empty === undefined ? '' : config.empty;

  function encode(set: Readonly<Record<string, AttributeValue>>, current: SystemRecord = {}): Encoded {
    const encoded: Encoded = { fields: {}, problems: [] };
    for (const [path, value] of Object.entries(set)) {
      const links = compiled.scalars.get(path);
      const places = compiled.places.get(path as MultiAttribute);
      if (links !== undefined && !Array.isArray(value))
        writePart({ property: path, links }, value ?? undefined, current, empty, encoded);
      else if (places !== undefined && (value === null || Array.isArray(value)))
        writePlaces(places, (value ?? []) as Element[], current, empty, encoded);
      else if (value !== null) encoded.problems.push(noPlace(path));
    }
    return encoded;
  }

  function encodeState(state: PartyState): Encoded {
    const set: Record<string, AttributeValue> = {};
    for (const path of compiled.scalars.keys()) set[path] = scalarOf(state, path) ?? null;
    for (const attribute of compiled.places.keys()) set[attribute] = state[attribute] ?? [];
    const { fields, problems } = encode(set);
    const kind = config.kind;
    const organization = typeof kind === 'object' ? kind.organization[0] : undefined;
    const ofKind =
      typeof kind === 'object' && state.kind === 'organization' && organization !== undefined
        ? { [kind.field]: organization }
        : {};
    return { fields: { ...fields, ...ofKind, ...config.write }, problems };
  }

  return { encode, encodeState };
}

/** Writes one value into the fields of its part, if they read back as that value. */
function writePart(
  part: Part,
  value: Scalar | undefined,
  current: SystemRecord,
  empty: FieldValue,
  out: Encoded,
): void {
  const writable = part.links.filter((link) => link.writes);
  if (writable.length === 0) return;
  const fields: Record<string, FieldValue> = {};
  if (value === undefined) for (const link of writable) fields[link.field] = empty;
  else if (writable.length > 1 && writable.every((link) => link.rule.join !== undefined))
    Object.assign(fields, spread(writable, String(value), current, empty));
  else for (const link of writable) fields[link.field] = link.form.write(value) ?? empty;
  const readable = writable.filter((link) => link.reads);
  const back = partValue({ ...part, links: readable }, fields, []);
  if (readable.length > 0 && back !== value)
    out.problems.push(problem(writable[0]!, 'UNSILO_MAPPING_NOT_EXPRESSIBLE', 'the field can’t hold this value'));
  else Object.assign(out.fields, fields);
}

/**
 * Divides a value among joined fields. Each field but the last keeps what it has, if the value still begins with that, or takes what
 * its pattern matches; the last one takes the rest. Read back, they make the value again.
 */
function spread(
  links: readonly FieldLink[],
  value: string,
  current: SystemRecord,
  empty: FieldValue,
): Record<string, FieldValue> {
  const fields: Record<string, FieldValue> = {};
  let rest = value;
  for (const link of links.slice(0, -1)) {
    const separator = links[0]!.rule.join!;
    const pattern = link.rule.pattern === undefined ? undefined : new RegExp(`^(?:${link.rule.pattern})`, 'u');
    const stands = Object.hasOwn(current, link.field) ? String(current[link.field] ?? '') : '';
    const begins = (head: string | undefined) =>
      head !== undefined && head.trim() !== '' && rest.startsWith(head + separator);
    const matched = pattern?.exec(rest)?.[0];
    const head = begins(matched) ? matched! : begins(stands) ? stands : undefined;
    fields[link.field] = head ?? empty;
    if (head !== undefined) rest = rest.slice(head.length + separator.length);
  }
  fields[links.at(-1)!.field] = rest;
  return fields;
}

function writePlaces(
  places: Place[],
  elements: readonly Element[],
  current: SystemRecord,
  empty: FieldValue,
  out: Encoded,
): void {
  const written = places.filter((place) => place.parts.some((part) => part.links.some((link) => link.writes)));
  const taken = assign(written, elements, current);
  for (const place of written) {
    const mine = taken.get(place) ?? [];
    if (place.split !== undefined) writeSplit(place, place.split, mine, empty, out);
    else for (const part of place.parts) writePart(part, mine[0]?.[part.property], current, empty, out);
  }
  const placed = new Set([...taken.values()].flat());
  for (const element of elements) {
    const attribute = places[0]!.attribute;
    if (!placed.has(element)) out.problems.push(noPlace(attribute));
    else {
      const place = [...taken].find(([, mine]) => mine.includes(element))![0];
      out.problems.push(...droppedParts(place, element));
    }
  }
}

/**
 * Which element goes where: those that stand stay, unless their label names another place; then by label and by name of the place,
 * then the others into what is free.
 */
function assign(places: readonly Place[], elements: readonly Element[], current: SystemRecord): Map<Place, Element[]> {
  const taken = new Map<Place, Element[]>();
  const names = placeNames(places);
  const standing = new Map(places.map((place) => [place, placeElements(place, current, [])]));
  const stands = (place: Place, element: Element) =>
    standing.get(place)!.some((other) => sameValue(place, element, other));
  const ownLabel = (place: Place, element: Element) => element['label'] === place.tags.label;
  const noLabel = (place: Place) => place.tags.label === undefined;
  const wishes: ((place: Place, element: Element) => boolean)[] = [
    (place, element) => stands(place, element) && (ownLabel(place, element) || noLabel(place)),
    ownLabel,
    (place, element) => element['label'] === names.get(place),
    stands,
    noLabel,
    () => true,
  ];
  let left = [...elements];
  for (const wish of wishes)
    left = left.filter((element) => {
      const free = places.filter((place) => place.split !== undefined || !taken.has(place));
      const place = free.find((candidate) => tagsFit(candidate, element) && wish(candidate, element));
      if (place === undefined) return true;
      taken.set(place, [...(taken.get(place) ?? []), element]);
      return false;
    });
  return taken;
}

/** Labels may give way; issuer, service, purpose and channel are part of what an element says. */
function tagsFit(place: Place, element: Element): boolean {
  return ELEMENTS[place.attribute].tags.every((tag: Tag) => {
    if (tag === 'label') return true;
    return (element[tag] ?? (tag === 'channel' ? 'any' : undefined)) === place.tags[tag];
  });
}

function sameValue(place: Place, a: Element, b: Element): boolean {
  return place.parts.every(({ property }) => a[property] === b[property]);
}

function writeSplit(
  place: Place,
  separator: string,
  elements: readonly Element[],
  empty: FieldValue,
  out: Encoded,
): void {
  const part = place.parts[0]!;
  const link = part.links[0]!;
  const pieces = elements.map((element) => link.form.write(element[part.property] ?? ''));
  const joiner = link.rule.join ?? separator;
  const text = pieces.join(joiner);
  const back = link.reads ? placeElements(place, { [link.field]: text }, []) : elements;
  const same =
    back.length === elements.length && back.every((other, i) => other[part.property] === elements[i]![part.property]);
  if (!same) out.problems.push(problem(link, 'UNSILO_MAPPING_NOT_EXPRESSIBLE', 'a value holds the separator'));
  else out.fields[link.field] = text === '' ? empty : text;
}

/** Parts of an element that the record has no field for. */
function droppedParts(place: Place, element: Element): MappingProblem[] {
  const kind: ElementKind = ELEMENTS[place.attribute];
  const has = new Set(place.parts.map((part) => part.property));
  return kind.properties
    .filter((property) => element[property] !== undefined && !has.has(property))
    .map((property) => noPlace(`${place.attribute}.${property}`));
}

function noPlace(attribute: string): MappingProblem {
  return {
    field: '',
    attribute,
    code: 'UNSILO_MAPPING_NO_PLACE',
    message: `the records have no field for ${attribute}`,
  };
}
