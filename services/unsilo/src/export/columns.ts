import type { RecordInSystem } from '@unsilo/hub';
import type { Address, AttributeValue, Customer, PartyState, Statement } from '@unsilo/schemas';

/** One line of a table, by column. */
export type Row = Readonly<Record<string, string>>;

/** Between the elements of an attribute that has several. */
const AND = '; ';

const STATE_COLUMNS = [
  'kind',
  'name',
  'prefix',
  'given',
  'middle',
  'surname',
  'suffix',
  'birthDate',
  'language',
  'emails',
  'phones',
  'addresses',
  'organizations',
  'titles',
  'onlineServices',
  'links',
  'identifiers',
  'consents',
  'note',
  'extra',
] as const;

export const CUSTOMER_COLUMNS = ['id', ...STATE_COLUMNS, 'records', 'aliases', 'archived', 'changedAt'] as const;
export const RECORD_COLUMNS = ['ref', 'customer', 'system', 'deleted', 'version', ...STATE_COLUMNS] as const;
export const VALUE_COLUMNS = ['customer', 'attribute', 'element', 'standing', 'value', 'ref', 'since', 'rule'] as const;

export function customerRow(customer: Customer): Row {
  const { id, members, aliases, archived, changedAt, state } = customer;
  return {
    id,
    ...stateCells(state),
    records: members.join(AND),
    aliases: aliases.join(AND),
    archived: archived === true ? 'yes' : '',
    changedAt,
  };
}

export function recordRow({ ref, customer = '', system, deleted, version, state }: RecordInSystem): Row {
  return {
    ref,
    customer,
    system,
    deleted: deleted ? 'yes' : '',
    version: version === undefined ? '' : `${version.major}.${version.minor}`,
    ...(state === undefined ? {} : stateCells(state)),
  };
}

/** One statement about one value of a customer. */
export interface StatedValue {
  customer: string;
  attribute: string;
  /** Canonical element of an attribute that has several. */
  element?: string;
  /** Does it stand in the customer, or was it beaten by the one that does? */
  standing: 'wins' | 'beaten';
  value: AttributeValue;
  /** The record that states it. */
  ref: string;
  /** Since when, RFC 3339. */
  since: string;
  /** The rule that picked the winner. */
  rule: string;
}

/** Who said each value of a customer, since when, and what it beat. */
export function* valuesOf({ id, provenance }: Customer): Generator<StatedValue> {
  for (const { attribute, element, from, value, rule, alternatives } of provenance) {
    const stated = (standing: StatedValue['standing'], statement: Statement, said: AttributeValue): StatedValue => ({
      customer: id,
      attribute,
      ...(element === undefined ? {} : { element }),
      standing,
      value: said,
      ref: statement.ref,
      since: new Date(statement.asOf).toISOString(),
      rule,
    });
    yield stated('wins', from, value);
    for (const other of alternatives) yield stated('beaten', other, other.value);
  }
}

export function valueRow({ value, element = '', ...rest }: StatedValue): Row {
  const text = typeof value === 'string' ? value : value === null ? '' : JSON.stringify(value);
  return { ...rest, element, value: text };
}

/** Every attribute in one cell; what a table has no room for (labels, times of consents) stands in JSON Lines only. */
function stateCells(state: PartyState): Row {
  const { kind, name = {}, birthDate = '', language = '', note = '', extra } = state;
  return {
    kind,
    name: name.full ?? [name.given, name.middle, name.surname].filter((part) => part !== undefined).join(' '),
    prefix: name.prefix ?? '',
    given: name.given ?? '',
    middle: name.middle ?? '',
    surname: name.surname ?? '',
    suffix: name.suffix ?? '',
    birthDate,
    language,
    emails: list(state.emails, ({ address }) => address),
    phones: list(state.phones, ({ number }) => number),
    addresses: list(state.addresses, addressText),
    organizations: list(state.organizations, ({ name: organization, unit }) => joined([organization, unit])),
    titles: list(state.titles, ({ name: title }) => title),
    onlineServices: list(state.onlineServices, ({ service, user, uri }) => `${service}: ${user ?? uri ?? ''}`),
    links: list(state.links, ({ uri }) => uri),
    identifiers: list(state.identifiers, ({ issuer, value }) => `${issuer}: ${value}`),
    consents: list(state.consents, ({ purpose, channel, status }) => `${purpose} by ${channel}: ${status}`),
    note,
    extra: extra === undefined ? '' : JSON.stringify(extra),
  };
}

function addressText({ full, street, postcode, locality, region, country }: Address): string {
  return full ?? joined([street, joined([postcode, locality], ' '), region, country]);
}

function joined(parts: readonly (string | undefined)[], between = ', '): string {
  return parts.filter((part) => part !== undefined && part !== '').join(between);
}

function list<Element>(elements: readonly Element[] | undefined, text: (element: Element) => string): string {
  return (elements ?? []).map(text).join(AND);
}
