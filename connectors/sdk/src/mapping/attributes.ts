/** The attributes of a party that a field can be mapped to, by their paths. */

export const SCALARS = [
  'name.full',
  'name.prefix',
  'name.given',
  'name.middle',
  'name.surname',
  'name.suffix',
  'birthDate',
  'language',
  'note',
] as const;

/** What tells the elements of a multi-valued attribute apart, besides their values. */
export type Tag = 'label' | 'service' | 'issuer' | 'purpose' | 'channel';

export interface ElementKind {
  /** Property meant when the path names the attribute alone. */
  main: string;
  properties: readonly string[];
  tags: readonly Tag[];
  /** Tags without which an element can't exist. */
  required: readonly Tag[];
  /** An element needs at least one of these. */
  needs: readonly string[];
}

const labelled = (
  main: string,
  properties: readonly string[] = [main],
  needs: readonly string[] = [main],
): ElementKind => ({
  main,
  properties,
  tags: ['label'],
  required: [],
  needs,
});

export const ELEMENTS = {
  emails: labelled('address'),
  phones: labelled('number'),
  addresses: labelled('full', ['street', 'locality', 'region', 'postcode', 'country', 'full'], []),
  links: labelled('uri'),
  organizations: { main: 'name', properties: ['name', 'unit'], tags: [], required: [], needs: ['name'] },
  titles: { main: 'name', properties: ['name'], tags: [], required: [], needs: ['name'] },
  onlineServices: {
    main: 'user',
    properties: ['user', 'uri'],
    tags: ['service', 'label'],
    required: ['service'],
    needs: ['user', 'uri'],
  },
  identifiers: { main: 'value', properties: ['value'], tags: ['issuer'], required: ['issuer'], needs: ['value'] },
  consents: {
    main: 'status',
    properties: ['status'],
    tags: ['purpose', 'channel'],
    required: ['purpose'],
    needs: ['status'],
  },
} as const satisfies Record<string, ElementKind>;
export type MultiAttribute = keyof typeof ELEMENTS;

/** Attributes that tell who somebody is. */
const PERSONAL = /^(?:name|emails|phones|addresses|onlineServices|identifiers|birthDate|note|links)(?:\.|$)/;

export function isPersonalAttribute(path: string): boolean {
  return PERSONAL.test(path);
}

export type AttributeTarget =
  | { type: 'scalar'; path: string }
  | { type: 'extra'; path: string; name: string }
  | { type: 'element'; attribute: MultiAttribute; property: string };

const EXTRA_NAME = /^(?!(?:__proto__|constructor|prototype)$)[^\u0000-\u001f\u007f-\u009f]{1,128}$/;

/** What a path means; undefined when there is no such attribute. */
export function attributeTarget(path: string): AttributeTarget | undefined {
  if ((SCALARS as readonly string[]).includes(path)) return { type: 'scalar', path };
  if (path.startsWith('extra.')) {
    const name = path.slice('extra.'.length);
    return EXTRA_NAME.test(name) ? { type: 'extra', path, name } : undefined;
  }
  const [attribute = '', property, ...rest] = path.split('.');
  if (!Object.hasOwn(ELEMENTS, attribute) || rest.length > 0) return undefined;
  const kind: ElementKind = ELEMENTS[attribute as MultiAttribute];
  if (property !== undefined && !kind.properties.includes(property)) return undefined;
  return { type: 'element', attribute: attribute as MultiAttribute, property: property ?? kind.main };
}

export function knownPaths(): string[] {
  const elements = Object.entries(ELEMENTS).flatMap(([attribute, kind]) =>
    kind.properties.length > 1
      ? [attribute, ...kind.properties.map((property) => `${attribute}.${property}`)]
      : [attribute],
  );
  return [...SCALARS, ...elements, 'extra.<name>'];
}

/** What people write when they mean one of ours. */
const OTHER_WORDS: Readonly<Record<string, string>> = {
  birthday: 'birthDate',
  city: 'addresses.locality',
  company: 'organizations',
  country: 'addresses.country',
  dateofbirth: 'birthDate',
  dob: 'birthDate',
  email: 'emails',
  firstname: 'name.given',
  forename: 'name.given',
  givenname: 'name.given',
  handle: 'onlineServices',
  jobtitle: 'titles',
  lastname: 'name.surname',
  mobile: 'phones',
  name: 'name.full',
  organization: 'organizations',
  phone: 'phones',
  postalcode: 'addresses.postcode',
  state: 'addresses.region',
  street: 'addresses.street',
  surname: 'name.surname',
  telephone: 'phones',
  title: 'titles',
  town: 'addresses.locality',
  url: 'links',
  website: 'links',
  zip: 'addresses.postcode',
};

/** The attribute that was probably meant, if one comes near. */
export function nearestPath(path: string): string | undefined {
  const plain = path.toLowerCase().replace(/[^a-z.]/g, '');
  const last = plain.split('.').at(-1) ?? '';
  const meant = OTHER_WORDS[plain.replaceAll('.', '')] ?? OTHER_WORDS[last];
  if (meant !== undefined) return meant;
  let best: { path: string; distance: number } | undefined;
  for (const known of knownPaths()) {
    const distance = editDistance(plain, known.toLowerCase());
    if (best === undefined || distance < best.distance) best = { path: known, distance };
  }
  return best !== undefined && best.distance <= Math.max(2, Math.floor(path.length / 3)) ? best.path : undefined;
}

/** Levenshtein: insertions, removals and replacements of one character. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1)
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)));
    row = next;
  }
  return row[b.length]!;
}
