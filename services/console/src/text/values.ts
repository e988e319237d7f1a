import type { AttributeElement, AttributeValue, PartyState } from '../api/types.js';

/** Attributes of people and organizations, in the words and the order of the page. */
const LABELS: Record<string, string> = {
  'name.full': 'Full name',
  'name.prefix': 'Title',
  'name.given': 'Given name',
  'name.middle': 'Middle names',
  'name.surname': 'Surname',
  'name.suffix': 'Suffix',
  birthDate: 'Date of birth',
  language: 'Language',
  emails: 'E-mail',
  phones: 'Phone',
  onlineServices: 'Accounts',
  addresses: 'Addresses',
  organizations: 'Organization',
  titles: 'Role',
  links: 'Web pages',
  identifiers: 'Numbers',
  consents: 'Consent',
  note: 'Note',
};
const ORDER = Object.keys(LABELS);

export function attributeLabel(attribute: string): string {
  return LABELS[attribute] ?? attribute.replace(/^extra\./, '');
}

export function compareAttributes(a: string, b: string): number {
  const rank = (name: string): number => (ORDER.indexOf(name) + ORDER.length + 1) % (ORDER.length + 1);
  return rank(a) - rank(b) || (a < b ? -1 : 1);
}

/** Every attribute that a state says something of, with its value as statements carry it. */
export function attributesOf(state: PartyState): Map<string, AttributeValue> {
  const found = new Map<string, AttributeValue>();
  for (const [key, value] of Object.entries(state) as [string, unknown][]) {
    if (key === 'kind' || value === undefined) continue;
    if (key === 'name' || key === 'extra') {
      for (const [part, inner] of Object.entries(value as Record<string, AttributeValue>))
        found.set(`${key}.${part}`, inner);
    } else found.set(key, value as AttributeValue);
  }
  return found;
}

/** The values that one value stands for: the elements of a list, or itself. */
export function elementsOf(value: AttributeValue | undefined): (AttributeElement | string | number | boolean)[] {
  if (value === undefined || value === null) return [];
  return Array.isArray(value) ? value : [value];
}

type Words = { text: string; note?: string; link?: string };

/** One value in words; `note` is what stands beside it in small letters. */
export function inWords(attribute: string, value: AttributeElement | string | number | boolean): Words {
  if (typeof value !== 'object') return { text: typeof value === 'boolean' ? (value ? 'yes' : 'no') : String(value) };
  const part = (name: string): string => String(value[name] ?? '');
  const labelled = (text: string): Words => (part('label') === '' ? { text } : { text, note: part('label') });
  switch (attribute) {
    case 'emails':
      return labelled(part('address'));
    case 'phones':
      return labelled(part('number'));
    case 'onlineServices':
      return withLink({ text: part('user') || part('uri'), note: part('service') }, part('uri'));
    case 'addresses':
      return labelled(
        [
          part('street'),
          [part('postcode'), part('locality')].filter(Boolean).join(' '),
          part('region'),
          part('country'),
        ]
          .filter(Boolean)
          .join(', ') || part('full'),
      );
    case 'organizations':
      return part('unit') === '' ? { text: part('name') } : { text: part('name'), note: part('unit') };
    case 'titles':
      return { text: part('name') };
    case 'links':
      return withLink(labelled(part('uri')), part('uri'));
    case 'identifiers':
      return { text: part('value'), note: part('issuer') };
    case 'consents':
      return { text: `${part('purpose')} by ${part('channel')}`, note: part('status') };
    default:
      return { text: Object.values(value).join(' ') };
  }
}

/** All of a value in one line. */
export function lineOf(attribute: string, value: AttributeValue | undefined): string {
  const parts = elementsOf(value).map((one) => {
    const { text, note } = inWords(attribute, one);
    return note === undefined ? text : `${text} (${note})`;
  });
  return parts.length === 0 ? 'nothing' : parts.join(', ');
}

/** Only addresses of web pages become links: others may run scripts. */
export function safeLink(address: string | undefined): string | undefined {
  return address !== undefined && /^https?:\/\//i.test(address) ? address : undefined;
}

function withLink(words: Words, address: string): Words {
  const link = safeLink(address);
  return link === undefined ? words : { ...words, link };
}

export function nameOf(state: PartyState | undefined): string {
  const name = state?.name;
  return [name?.given, name?.surname].filter(Boolean).join(' ') || name?.full || state?.emails?.[0]?.address || '';
}
