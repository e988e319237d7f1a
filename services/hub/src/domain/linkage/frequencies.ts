import type { AddressParts } from './address.js';
import { ADDRESS_ATTRIBUTES, type Kind } from './kinds.js';
import type { AttributeModel } from './model.js';
import type { NameParts } from './person-name.js';
import type { Profile } from './profile.js';
import { compareText } from './text.js';

/** Agreement on a frequent value of these says less than on a rare one. Others point at one party, whatever their value. */
const BY_FREQUENCY: ReadonlySet<Kind> = new Set([
  'given',
  'middle',
  'surname',
  'date',
  'number',
  'street',
  'place',
  'postcode',
  'code',
  'text',
  'organization',
]);
/** So many records' worth the shipped model's shares weigh beside the counted ones. */
const PSEUDO_RECORDS = 50;
/** The most frequent values of an attribute that a model keeps. */
const MOST_LISTED = 20_000;

/** Values of one attribute in the form in which they are compared. */
export function valuesOf(profile: Profile, attribute: string): readonly string[] {
  if (attribute.startsWith('name.') && attribute !== 'name.organization')
    return present(profile.names.map((name) => name[attribute.slice(5) as 'given' & keyof NameParts]));
  if ((ADDRESS_ATTRIBUTES as readonly string[]).includes(attribute))
    return present(profile.addresses.map((address) => address[attribute.slice(10) as keyof AddressParts]));
  return profile.values[attribute] ?? [];
}

function present(values: readonly string[]): string[] {
  return [...new Set(values)].filter((value) => value !== '');
}

export interface Frequencies {
  frequencies: Record<string, number>;
  unseen: number;
}

/**
 * How frequent the values of an attribute are among records. A value counts once less than it is met: what matters is how often another
 * record has it too. Undefined for kinds whose values aren't told apart by frequency.
 * @param shipped What the shipped model says of the attribute.
 */
export function countFrequencies(
  profiles: readonly Profile[],
  attribute: string,
  kind: Kind,
  shipped: AttributeModel,
): Frequencies | undefined {
  if (!BY_FREQUENCY.has(kind)) return undefined;
  const counts = new Map<string, number>();
  let records = 0;
  for (const profile of profiles) {
    const values = valuesOf(profile, attribute);
    if (values.length > 0) records += 1;
    for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  const rarest = shipped.unseen ?? shipped.u[0] ?? 0.001;
  const share = (value: string, count: number): number =>
    (Math.max(0.5, count - 1) + PSEUDO_RECORDS * Math.min(rarest, shipped.frequencies?.[value] ?? rarest)) /
    (records + PSEUDO_RECORDS);
  const listed = [...counts]
    .filter(([, count]) => count > 2)
    .sort(([a, x], [b, y]) => y - x || compareText(a, b))
    .slice(0, MOST_LISTED);
  const frequencies = Object.fromEntries(listed.map(([value, count]) => [value, round(share(value, count))]));
  return { frequencies, unseen: round(share('', 1.5)) };
}

/** Three significant digits: a model file is read by people. */
export function round(share: number): number {
  return Number(share.toPrecision(4));
}
