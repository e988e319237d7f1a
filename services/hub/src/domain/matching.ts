import { hash53 } from './hash.js';
import type { StatedAddress } from './linkage/address.js';
import { readDate } from './linkage/dates.js';
import type { StatedName } from './linkage/person-name.js';
import type { LinkageRecord } from './linkage/profile.js';
import type { Policy } from './policy.js';
import type { Evaluation } from './testimony.js';

/** Issuer under which a connector shows the key that the hub gave to a record it had made. */
export const EXTERNAL_KEY_ISSUER = 'unsilo';

/**
 * What matching sees of one party: its own testimony only, so that a value which the hub wrote never counts as evidence. Job titles are
 * left out: they change with every promotion, and say little about who somebody is.
 * @param kinds What attributes of the company's own say; those that aren't named say nothing.
 */
export function linkageRecord(evaluation: Evaluation, kinds: Policy['kinds'] = {}): LinkageRecord {
  const { ref, kind } = evaluation;
  const name = statedName(evaluation);
  const birthDate = scalar(evaluation, 'birthDate');
  const values: Record<string, string[]> = {};
  const add = (attribute: string, value: string | undefined): void => {
    if (value === undefined || value === '') return;
    const list = values[attribute];
    if (list) list.push(value);
    else values[attribute] = [value];
  };
  add('birthDate', birthDate);
  for (const { address } of stated<{ address: string }>(evaluation, 'emails')) add('emails', address);
  for (const { number } of stated<{ number: string }>(evaluation, 'phones')) add('phones', number);
  for (const { service, user, uri } of stated<Account>(evaluation, 'onlineServices'))
    if (user === undefined || user === '') add('links', uri);
    else add('onlineServices', `${service}:${user.replace(/^@/, '')}`);
  for (const { uri } of stated<{ uri: string }>(evaluation, 'links')) add('links', uri);
  for (const employer of stated<{ name: string }>(evaluation, 'organizations')) add('organizations', employer.name);
  for (const { issuer, value } of stated<{ issuer: string; value: string }>(evaluation, 'identifiers'))
    if (issuer !== EXTERNAL_KEY_ISSUER) add(`identifiers:${issuer.toLowerCase()}`, value);
  for (const [path, { attribute, prefix = '', split, date }] of Object.entries(kinds)) {
    const text = scalar(evaluation, path) ?? '';
    for (const part of split === undefined ? [text] : text.split(split)) {
      const value = date === undefined ? part.trim() : readDate(part.trim(), date);
      if (value !== '') add(attribute, prefix + value);
    }
  }
  const addresses = stated<StatedAddress>(evaluation, 'addresses').map(statedAddress);
  return { ref, kind, names: name ? [name] : [], addresses, values };
}

interface Account {
  service: string;
  user?: string;
  uri?: string;
}

/** Tells two records apart that matching would see differently. */
export function printOfRecord(record: LinkageRecord): string {
  return hash53(JSON.stringify(record)).toString(36);
}

const NAME_PARTS = ['full', 'given', 'middle', 'surname', 'suffix'] as const;
const ADDRESS_PARTS = ['full', 'street', 'locality', 'region', 'postcode', 'country'] as const;

function scalar(evaluation: Evaluation, attribute: string): string | undefined {
  const value = evaluation.scalars.get(attribute)?.testimony?.value;
  return value === undefined ? undefined : String(value);
}

function statedName(evaluation: Evaluation): StatedName | undefined {
  let name: StatedName | undefined;
  for (const part of NAME_PARTS) {
    const text = scalar(evaluation, `name.${part}`);
    if (text !== undefined) (name ??= {})[part] = text;
  }
  return name;
}

function statedAddress(address: StatedAddress): StatedAddress {
  const parts: StatedAddress = {};
  for (const part of ADDRESS_PARTS) if (address[part] !== undefined) parts[part] = address[part];
  return parts;
}

type MatchedList = 'emails' | 'phones' | 'onlineServices' | 'links' | 'organizations' | 'identifiers' | 'addresses';

function stated<Element>(evaluation: Evaluation, attribute: MatchedList): Element[] {
  const elements: Element[] = [];
  for (const { testimony } of evaluation.lists.get(attribute)?.values() ?? [])
    if (testimony?.value !== undefined) elements.push(testimony.raw as Element);
  return elements;
}
