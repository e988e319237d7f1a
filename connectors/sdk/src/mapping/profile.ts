import type { AttributeProfile, Rewrite } from '@unsilo/schemas';
import { ELEMENTS } from './attributes.js';
import type { CompiledMapping, FieldLink, Place } from './rules.js';

/** What can be written where, by attribute: `name.given`, `emails`. */
export function attributeProfiles({ scalars, places }: CompiledMapping): Record<string, AttributeProfile> {
  const profiles: Record<string, AttributeProfile> = {};
  for (const [path, links] of scalars) profiles[path] = profile(links);
  for (const [attribute, list] of places) {
    const links = list.flatMap((place) => place.parts.flatMap((part) => part.links));
    // Where more than a label tells elements apart (issuer, service, purpose), places can't be exchanged: they are no slots.
    const exchangeable = ELEMENTS[attribute].required.length === 0 && list.every((place) => place.split === undefined);
    const slots = exchangeable ? { slots: [...placeNames(list).values()] } : {};
    profiles[attribute] = { ...profile(links), ...slots };
  }
  return profiles;
}

function profile(links: readonly FieldLink[]): AttributeProfile {
  const lengths = links.map((link) => link.rule.length).filter((length) => length !== undefined);
  const rewrites: Rewrite[] = lengths.length === 0 ? [] : [{ rule: 'truncate', length: Math.min(...lengths) }];
  return {
    writable: links.some((link) => link.writes),
    ...(links.every((link) => link.rule.derived === true) ? { derived: true } : {}),
    ...(rewrites.length === 0 ? {} : { rewrites }),
  };
}

/**
 * Names of the places of one attribute, all different: their labels, and the names of the fields where there are no labels. Commands
 * name a place by it in `label`.
 */
export function placeNames(places: readonly Place[]): Map<Place, string> {
  const names = new Map<Place, string>();
  for (const place of places) {
    const label = place.tags.label;
    const taken = label === undefined || [...names.values()].includes(label);
    names.set(place, taken ? place.parts[0]!.links[0]!.field : label);
  }
  return names;
}
