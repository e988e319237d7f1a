import type { AttributeValue, Consent, PartyState } from '@unsilo/schemas';
import { countryOf } from './country.js';
import { fold, type Normaliser } from './normalise.js';

/**
 * A party's state, taken apart into attributes. A scalar attribute is one register; a multi-valued one has a register for each
 * canonical element (SYNC section 4.4). Paths: `name.given`, `birthDate`, `emails`, `extra.loyalty`.
 */
export type Scalar = string | number | boolean;
export type Element = object;
export interface FlatState {
  kind: 'person' | 'organization';
  scalars: Map<string, Scalar>;
  /** Attribute, then canonical element, in the order of the source. */
  lists: Map<string, Map<string, Element>>;
}

const NAME_PARTS = ['full', 'prefix', 'given', 'middle', 'surname', 'suffix'] as const;
const PLAIN_SCALARS = ['birthDate', 'language', 'note'] as const;
export const LIST_ATTRIBUTES = [
  'emails',
  'phones',
  'onlineServices',
  'addresses',
  'organizations',
  'titles',
  'links',
  'identifiers',
  'consents',
] as const;
export type ListAttribute = (typeof LIST_ATTRIBUTES)[number];
const LISTS: ReadonlySet<string> = new Set(LIST_ATTRIBUTES);

export function isListAttribute(attribute: string): attribute is ListAttribute {
  return LISTS.has(attribute);
}

/** Every path a mapping or a policy may name, apart from `extra.*`. */
export const ATTRIBUTE_PATHS: readonly string[] = [
  ...NAME_PARTS.map((part) => `name.${part}`),
  ...PLAIN_SCALARS,
  ...LIST_ATTRIBUTES,
];

type ElementOf<A extends ListAttribute> = NonNullable<PartyState[A]>[number];
const ELEMENT_KEYS: { [A in ListAttribute]: (element: ElementOf<A>, normaliser: Normaliser) => string } = {
  emails: (e, n) => n.email(e.address),
  phones: (e, n) => n.phone(e.number),
  onlineServices: (e, n) => (e.user ? n.handle(e.service, e.user) : `${e.service.toLowerCase()}:${n.url(e.uri ?? '')}`),
  addresses: (e) => addressKey(e),
  organizations: (e) => fold(e.unit ? `${e.name} / ${e.unit}` : e.name),
  titles: (e) => fold(e.name),
  links: (e, n) => n.url(e.uri),
  identifiers: (e) => `${e.issuer.toLowerCase()}:${e.value.replace(/[\s.-]+/g, '').toUpperCase()}`,
  consents: (e) => `${e.purpose.toLowerCase()}/${e.channel.toLowerCase()}`,
};

function addressKey({ street, locality, region, postcode, country = '', full = '' }: ElementOf<'addresses'>): string {
  const parts = [street, locality, region, postcode, countryOf(country) ?? country];
  return fold(parts.filter(Boolean).join(' ') || full);
}

/** Canonical key of one element of a multi-valued attribute; empty when it holds nothing. */
export function elementKey(attribute: ListAttribute, element: object, normaliser: Normaliser): string {
  return (ELEMENT_KEYS[attribute] as (e: object, n: Normaliser) => string)(element, normaliser);
}

/** What is compared of an element: its presence, but for consents what they say. */
export function elementValue(attribute: string, element: object): Scalar {
  return attribute === 'consents' ? (element as Consent).status : true;
}

function cleanScalar(value: Scalar | undefined): Scalar | undefined {
  if (typeof value !== 'string') return value;
  const text = value.normalize('NFC').trim();
  return text === '' ? undefined : text;
}

export function flatten(state: PartyState, normaliser: Normaliser): FlatState {
  const scalars = new Map<string, Scalar>();
  const put = (path: string, value: Scalar | undefined): void => {
    const clean = cleanScalar(value);
    if (clean !== undefined) scalars.set(path, clean);
  };
  if (state.name) for (const part of NAME_PARTS) put(`name.${part}`, state.name[part]);
  for (const path of PLAIN_SCALARS) put(path, state[path]);
  if (state.extra) for (const [name, value] of Object.entries(state.extra)) put(`extra.${name}`, value);
  const lists = new Map<string, Map<string, Element>>();
  for (const attribute of LIST_ATTRIBUTES) {
    const list = state[attribute];
    if (list === undefined || list.length === 0) continue;
    lists.set(attribute, flattenList(attribute, list, normaliser));
  }
  return { kind: state.kind, scalars, lists };
}

/** Elements by canonical key; of two with one key the first stays. */
export function flattenList(
  attribute: ListAttribute,
  list: readonly object[],
  normaliser: Normaliser,
): Map<string, Element> {
  const elements = new Map<string, Element>();
  for (const element of list) {
    const key = elementKey(attribute, element, normaliser);
    if (key !== '' && !elements.has(key)) elements.set(key, element);
  }
  return elements;
}

export function unflatten(flat: FlatState): PartyState {
  const state: PartyState = { kind: flat.kind };
  for (const [path, value] of flat.scalars) setScalar(state, path, value);
  for (const attribute of LIST_ATTRIBUTES) {
    const elements = flat.lists.get(attribute);
    if (elements && elements.size > 0)
      (state as unknown as Record<string, unknown>)[attribute] = [...elements.values()];
  }
  return state;
}

function setScalar(state: PartyState, path: string, value: Scalar): void {
  if (path.startsWith('name.')) {
    state.name ??= {};
    state.name[path.slice(5) as (typeof NAME_PARTS)[number]] = String(value);
  } else if (path.startsWith('extra.')) {
    state.extra ??= {};
    state.extra[path.slice(6)] = value;
  } else {
    (state as unknown as Record<string, Scalar>)[path] = value;
  }
}

/** The attribute's value in the form that commands, statements and answers carry: scalar, list of elements, or null. */
export function valueOf(flat: FlatState, attribute: string): AttributeValue {
  if (!isListAttribute(attribute)) return flat.scalars.get(attribute) ?? null;
  const elements = flat.lists.get(attribute);
  return elements && elements.size > 0 ? [...elements.values()] : null;
}

/** One text for equal values whatever their form: to compare what was sent with what stands. */
export function canonicalValue(attribute: string, value: AttributeValue, normaliser: Normaliser): string {
  if (value === null) return '';
  if (Array.isArray(value)) {
    if (!isListAttribute(attribute)) return JSON.stringify(value);
    const parts: string[] = [];
    for (const [key, element] of flattenList(attribute, value, normaliser))
      parts.push(`${key}=${elementValue(attribute, element)}`);
    return parts.sort().join('\u001f');
  }
  const clean = cleanScalar(value);
  return clean === undefined ? '' : `${typeof clean}:${clean}`;
}
