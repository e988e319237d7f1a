/**
 * The kinds of attributes and their comparison levels, from the strongest agreement to the plain difference. The order is that of
 * the model file's levels. A missing value has no level: it is no evidence.
 */
export const LEVELS = {
  /** `cross`: the other's family name, where one of the two has one name only. `swapped`: both names stand in the other's place. */
  given: ['exact', 'nickname', 'initial', 'close', 'fuzzy', 'swapped', 'cross', 'differs'],
  middle: ['exact', 'initial', 'close', 'differs'],
  /** `part`: one of several family names is equal (married, compound and Iberian names). */
  surname: ['exact', 'close', 'part', 'fuzzy', 'differs'],
  /** Jr, Sr, II: of one name, but another generation. */
  suffix: ['exact', 'differs'],
  /**
   * `typo`: one digit, two digits swapped, or day and month; `parts`: two of year, month and day; `near`: within a year or so; `generation`: 15 to
   * 60 years apart, as parents are. */
  date: ['exact', 'typo', 'parts', 'near', 'year', 'generation', 'differs'],
  email: ['exact', 'close', 'local', 'near', 'domain', 'differs'],
  phone: ['exact', 'close', 'differs'],
  /** `user`: one name on two networks. */
  handle: ['exact', 'user', 'close', 'differs'],
  url: ['exact', 'site', 'differs'],
  identifier: ['exact', 'close', 'differs'],
  number: ['exact', 'close', 'differs'],
  street: ['exact', 'close', 'fuzzy', 'overlap', 'differs'],
  place: ['exact', 'close', 'fuzzy', 'overlap', 'differs'],
  postcode: ['exact', 'close', 'prefix', 'differs'],
  code: ['exact', 'differs'],
  text: ['exact', 'close', 'fuzzy', 'overlap', 'differs'],
  /** By the weight of the words in common, legal forms apart. `acronym`: the first letters, or the name in the e-mail domain. */
  organization: ['exact', 'strong', 'partial', 'acronym', 'weak', 'differs'],
} as const;
export type Kind = keyof typeof LEVELS;

/** Attributes of every record, by path, and what they are compared as. Others (`extra.*`) say it themselves. */
const KIND_OF: Readonly<Record<string, Kind>> = {
  'name.given': 'given',
  'name.middle': 'middle',
  'name.surname': 'surname',
  'name.suffix': 'suffix',
  'name.organization': 'organization',
  birthDate: 'date',
  emails: 'email',
  phones: 'phone',
  onlineServices: 'handle',
  links: 'url',
  'addresses.number': 'number',
  'addresses.street': 'street',
  'addresses.unit': 'text',
  'addresses.locality': 'place',
  'addresses.region': 'code',
  'addresses.postcode': 'postcode',
  'addresses.country': 'code',
  organizations: 'organization',
  titles: 'text',
};

export function isKind(text: string): text is Kind {
  return Object.hasOwn(LEVELS, text);
}

/** Undefined for attributes that say it themselves. */
export function kindOf(attribute: string): Kind | undefined {
  return attribute.startsWith('identifiers:') ? 'identifier' : KIND_OF[attribute];
}

/** In this order levels stand side by side in a comparison. */
export const NAME_ATTRIBUTES = ['name.given', 'name.middle', 'name.surname', 'name.suffix'] as const;
export const ADDRESS_ATTRIBUTES = [
  'addresses.number',
  'addresses.street',
  'addresses.unit',
  'addresses.locality',
  'addresses.region',
  'addresses.postcode',
  'addresses.country',
] as const;

/** What an attribute outside the canonical model (`extra.taxId`) says of a party. */
export interface ExtraMeaning {
  /** Attribute that its value is: `birthDate`, `emails`, `identifiers:vat`; or its own path, where it says `compare`. */
  attribute: string;
  /** How it is compared with the same attribute of others. */
  compare?: Kind;
  /** Stands before every value: `github:`. */
  prefix?: string;
  /** Stands between several values. */
  split?: string;
  /** Form of a date: `dd/mm/yyyy`. */
  date?: string;
}

/** Those that are compared as themselves, and how. */
export function comparedAs(meanings: Readonly<Record<string, ExtraMeaning>>): Record<string, Kind> {
  const kinds: Record<string, Kind> = {};
  for (const [path, { compare }] of Object.entries(meanings)) if (compare !== undefined) kinds[path] = compare;
  return kinds;
}
