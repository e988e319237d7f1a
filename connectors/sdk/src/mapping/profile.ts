import type { AttributeProfile, Rewrite } from '@unsilo/schemas';
import type { CompiledMapping, FieldLink, Place } from './rules.js';

/** What can be written where, by attribute: `name.given`, `emails`. */
export function attributeProfiles({ scalars, places }: CompiledMapping): Record<string, AttributeProfile> {
  const profiles: Record<string, AttributeProfile> = {};
  for (const [path, links] of scalars) profiles[path] = profile(links);
  for (const [attribute, list] of places) {
    const links = list.flatMap((place) => place.parts.flatMap((part) => part.links));
    const slots = list.some((place) => place.split !== undefined) ? {} : { slots: list.map(slotName) };
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

/** The label of a place; what else tells elements apart where the attribute has no labels. */
function slotName({ tags }: Place): string {
  if (tags.purpose !== undefined) return `${tags.purpose}/${tags.channel ?? 'any'}`;
  return tags.label ?? tags.service ?? tags.issuer ?? '';
}
