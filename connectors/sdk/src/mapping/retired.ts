import { createHash } from 'node:crypto';
import type { AttributeValue, PartyState } from '@unsilo/schemas';
import { ELEMENTS, type ElementKind, type MultiAttribute } from './attributes.js';
import type { MappingConfig } from './config.js';
import { decoder } from './decode.js';
import type { SystemRecord } from './mapping.js';
import { constantTarget, compile, type CompiledMapping } from './rules.js';

/**
 * What a record said last that its mapping no longer has, by attribute: a scalar, or the elements of a list by the fields that held them.
 * JSON, to be kept with the record.
 */
export type Retired = Readonly<Record<string, unknown>>;

/** Elements of one place of a list attribute. Without fields: a constant. */
interface RetiredElements {
  fields: readonly string[];
  elements: readonly object[];
}

/**
 * Digest of all that decides what records say: keep it, and tell every record anew where another one is configured.
 * @param more What decides besides the mapping.
 */
export function mappingDigest({ kind, fields, constants }: MappingConfig, ...more: readonly unknown[]): string {
  return createHash('sha256')
    .update(JSON.stringify([...more, kind, fields, constants]))
    .digest('base64url')
    .slice(0, 22);
}

/**
 * What becomes of a record's word when the mapping changes. A field that is taken out of the mapping has not been emptied by anybody: were its
 * value left out of the state, that would withdraw what other systems say of it.
 * @returns by a record and what was retired of it before, all that is retired of it now
 * @throws TerminalError UNSILO_MAPPING_… when one of the two is wrong
 */
export function retirement(
  before: MappingConfig,
  after: MappingConfig,
): (record: SystemRecord, known?: Retired) => Retired {
  const now = spokenIn(after);
  const gone = compile(before);
  for (const path of gone.scalars.keys()) if (now.scalars.has(path)) gone.scalars.delete(path);
  const places = [...gone.places].flatMap(([attribute, list]) =>
    list
      .map((place) => ({ attribute, place, fields: fieldsOf(place.parts.flatMap((part) => part.links)) }))
      .filter(({ fields }) => !fields.some((field) => now.feeds(attribute, field))),
  );
  const constants = Object.entries(before.constants ?? {}).filter(([path]) => !now.constants.has(path));
  const decodeScalars = decoder({ ...before, constants: {} }, { ...gone, places: new Map() });
  const decodePlaces = places.map(({ attribute, place, fields }) => ({
    attribute,
    fields,
    decode: decoder({ fields: {} }, { links: [], scalars: new Map(), places: new Map([[attribute, [place]]]) }),
  }));
  const decodeBefore = decoder(before, compile(before));

  return (record, known = {}) => {
    const retired: Record<string, unknown> = {};
    for (const [attribute, value] of Object.entries(known)) {
      const kept = isMulti(attribute) ? stillRetired(attribute, value, now) : now.scalars.has(attribute) ? [] : value;
      if (!Array.isArray(kept) || kept.length > 0) retired[attribute] = kept;
    }
    const { state } = decodeScalars(record);
    for (const path of gone.scalars.keys()) {
      const value = valueAt(state, path);
      if (value !== undefined) retired[path] = value;
    }
    const add = (attribute: MultiAttribute, piece: RetiredElements): void => {
      const others = piecesIn(retired[attribute]).filter(({ fields }) => fields.join('\n') !== piece.fields.join('\n'));
      retired[attribute] = [...others, piece];
    };
    for (const { attribute, fields, decode } of decodePlaces) {
      const elements = decode(record).state[attribute];
      if (elements !== undefined) add(attribute, { fields, elements });
    }
    const said = constants.length === 0 ? undefined : decodeBefore(record).state;
    for (const [path, value] of constants) {
      const target = constantTarget(path);
      if (target.type !== 'element') {
        if (!now.scalars.has(path) && retired[path] === undefined) retired[path] = valueAt(said!, path);
        continue;
      }
      const element = { [target.property]: String(value) };
      const [only, ...others] = (said![target.attribute] ?? []) as object[];
      if (
        others.length === 0 &&
        only !== undefined &&
        identity(target.attribute, only) === identity(target.attribute, element)
      )
        add(target.attribute, { fields: [], elements: [element] });
    }
    return retired;
  };
}

/** The state with what was retired; what it says itself goes first. */
export function withRetired(state: PartyState, retired: Retired): PartyState {
  const whole = { ...state } as Record<string, unknown>;
  for (const [attribute, value] of Object.entries(retired)) {
    if (isMulti(attribute)) {
      const own = (whole[attribute] ?? []) as object[];
      const more = elementsIn(value).filter((element) => !holds(attribute, own, element));
      if (more.length > 0) whole[attribute] = [...own, ...more];
    } else if (valueAt(whole, attribute) === undefined) {
      const [part, name] = inParts(attribute);
      whole[part] = name === undefined ? value : { ...(whole[part] as object | undefined), [name]: value };
    }
  }
  return whole as unknown as PartyState;
}

/**
 * What stays retired after a write. Whoever writes a list decides on the whole of it: of its retired elements those stay that the
 * write names and the record doesn't hold in another field now.
 * @param set The attributes that were written.
 * @param left What the record itself says after it.
 */
export function retiredAfterWrite(
  retired: Retired,
  set: Readonly<Record<string, AttributeValue>>,
  left: PartyState,
): Retired {
  const entries = Object.entries(retired).flatMap(([attribute, value]): (readonly [string, unknown])[] => {
    if (!isMulti(attribute) || !Object.hasOwn(set, attribute)) return [[attribute, value]];
    const named = (set[attribute] ?? []) as object[];
    const own = (left[attribute] ?? []) as object[];
    const pieces = piecesIn(value)
      .map(({ fields, elements }) => ({
        fields,
        elements: elements.filter((element) => holds(attribute, named, element) && !holds(attribute, own, element)),
      }))
      .filter(({ elements }) => elements.length > 0);
    return pieces.length === 0 ? [] : [[attribute, pieces]];
  });
  return Object.fromEntries(entries);
}

/** What a mapping says something of. */
interface Spoken {
  scalars: ReadonlySet<string>;
  constants: ReadonlySet<string>;
  feeds(attribute: MultiAttribute, field: string): boolean;
}

function spokenIn(config: MappingConfig): Spoken {
  const { scalars, places }: CompiledMapping = compile(config);
  const constants = new Set(Object.keys(config.constants ?? {}));
  const fields = new Map(
    [...places].map(([attribute, list]) => [
      attribute,
      new Set(fieldsOf(list.flatMap((place) => place.parts.flatMap((part) => part.links)))),
    ]),
  );
  return {
    scalars: new Set([...scalars.keys(), ...constants]),
    constants,
    feeds: (attribute, field) => fields.get(attribute)?.has(field) === true,
  };
}

function fieldsOf(links: readonly { field: string; reads: boolean }[]): string[] {
  return links.filter((link) => link.reads).map((link) => link.field);
}

function stillRetired(attribute: MultiAttribute, value: unknown, now: Spoken): RetiredElements[] {
  const paths = [attribute, ...ELEMENTS[attribute].properties.map((property) => `${attribute}.${property}`)];
  return piecesIn(value).filter(({ fields }) =>
    fields.length === 0
      ? !paths.some((path) => now.constants.has(path))
      : !fields.some((field) => now.feeds(attribute, field)),
  );
}

/** Elements that stand for themselves were kept before their fields were. */
function piecesIn(value: unknown): RetiredElements[] {
  const items = Array.isArray(value) ? (value as (RetiredElements | object)[]) : [];
  return items.map((item) => ('elements' in item ? item : { fields: [], elements: [item] }));
}

function elementsIn(value: unknown): object[] {
  return piecesIn(value).flatMap(({ elements }) => elements);
}

function holds(attribute: MultiAttribute, elements: readonly object[], element: object): boolean {
  const wanted = identity(attribute, element);
  return elements.some((other) => identity(attribute, other) === wanted);
}

/** What makes an element the same whatever its label and case; a consent is the same whatever it says. */
function identity(attribute: MultiAttribute, element: object): string {
  const { properties, tags }: ElementKind = ELEMENTS[attribute];
  const names = [...(attribute === 'consents' ? [] : properties), ...tags.filter((tag) => tag !== 'label')];
  const values = names.map((name) => (element as Record<string, unknown>)[name]);
  return JSON.stringify(values.map((value) => (value === undefined ? null : String(value).toLowerCase())));
}

function isMulti(attribute: string): attribute is MultiAttribute {
  return Object.hasOwn(ELEMENTS, attribute);
}

function valueAt(state: object, attribute: string): unknown {
  const [part, name] = inParts(attribute);
  const value = (state as Record<string, unknown>)[part];
  return name === undefined ? value : (value as Record<string, unknown> | undefined)?.[name];
}

/** Names of extras may have dots of their own. */
function inParts(attribute: string): [part: string, name?: string] {
  const dot = attribute.indexOf('.');
  return dot < 0 ? [attribute] : [attribute.slice(0, dot), attribute.slice(dot + 1)];
}
