import type { PartyState } from '@unsilo/schemas';
import { canonicalEmail, canonicalUrl, emailParts, isProvider } from './linkage/contact.js';
import { canonicalOrganization, compareOrganizations } from './linkage/organization-name.js';

/** What ties a person to an organization. */
export interface Employment {
  /** As the person's systems write the organization's name. */
  stated: string;
  /** `name-and-domain`: besides, the person has an address at the organization's domain. */
  how: 'name' | 'name-and-domain';
}

/** Level of `compareOrganizations` up to which two names are one, as long as the domain says so too. */
const ALIKE = 1;

/**
 * Whether somebody works for an organization, or belongs to it: the name that the person's systems give it is its name, legal forms aside; or the
 * names are alike and the person has an e-mail address at its domain. Undefined: nothing says so. A mailbox provider's domain says nothing.
 */
export function employmentBetween(person: PartyState, organization: PartyState): Employment | undefined {
  const names = organizationNames(organization).map(canonicalOrganization);
  const domains = new Set(domainsOf(organization));
  const isAtDomain = domainsOf(person).some((domain) => domains.has(domain));
  let found: Employment | undefined;
  for (const { name: stated } of person.organizations ?? []) {
    const said = canonicalOrganization(stated);
    if (said === '') continue;
    const level = Math.min(...names.map((name) => compare(said, name)));
    if (level > (isAtDomain ? ALIKE : 0)) continue;
    if (isAtDomain) return { stated, how: 'name-and-domain' };
    found ??= { stated, how: 'name' };
  }
  return found;
}

/** All that an organization is called. */
export function organizationNames({ name, organizations }: PartyState): string[] {
  const names = [name?.full, ...(organizations ?? []).map((o) => o.name)].filter((text) => text !== undefined);
  return [...new Set(names)];
}

/** The word that an organization is best looked up by: the longest that tells it from others, as it is written. */
export function leadWord(name: string, words: (text: string) => string[]): string | undefined {
  const telling = new Set(canonicalOrganization(name).split(' '));
  const written = words(name);
  const candidates = written.some((word) => telling.has(word)) ? written.filter((word) => telling.has(word)) : written;
  return candidates.reduce<string | undefined>(
    (best, word) => (best === undefined || word.length > best.length ? word : best),
    undefined,
  );
}

function compare(a: string, b: string): number {
  if (b === '') return Infinity;
  return a < b ? compareOrganizations(a, b) : compareOrganizations(b, a);
}

/** Domains of e-mail addresses and web pages that are somebody's own. */
function domainsOf({ emails, links }: PartyState): string[] {
  const ofMail = (emails ?? []).map(({ address }) => emailParts(canonicalEmail(address) ?? '').domain);
  const ofPages = (links ?? []).map(({ uri }) => canonicalUrl(uri)?.split('/', 1)[0] ?? '');
  return [...ofMail, ...ofPages].filter((domain) => domain !== '' && !isProvider(domain));
}
