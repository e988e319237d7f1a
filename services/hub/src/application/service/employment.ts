import type { PartyState } from '@unsilo/schemas';
import { employmentBetween, leadWord, organizationNames } from '../../domain/employment.js';
import { fold } from '../../domain/normalise.js';
import { searchKey } from '../merging.js';
import type { EmploymentLink, EmploymentView } from '../service.js';
import type { ServiceContext } from './context.js';
import { currentCustomer, summary } from './customers.js';
import { readCustomers, type CurrentCustomer } from './current-customers.js';

/** Customers that have a word which are looked at, at most. */
const SCANNED = 2000;

/**
 * The organizations that a person belongs to, or the people of an organization, found by the names that systems give. Nothing of it is stored, so that
 * it changes with the customers.
 */
export async function employment(context: ServiceContext, id: string, limit: number): Promise<EmploymentView> {
  const { customer } = await currentCustomer(context, id);
  const isPerson = customer.kind === 'person';
  const { state } = customer;
  const names = isPerson ? (state.organizations ?? []).map((o) => o.name) : organizationNames(state);
  const links: EmploymentLink[] = [];
  const { found, isComplete } = await candidates(context, names);
  for (const { customer: other } of found) {
    if (other.id === customer.id || (other.kind === 'person') === isPerson) continue;
    const [person, organization] = isPerson ? [state, other.state] : [other.state, state];
    const tie = employmentBetween(person, organization);
    if (tie) links.push({ ...tie, ...titleOf(person), customer: summary(other) });
  }
  const kept = isPerson ? withoutNamesakes(links) : links;
  kept.sort(byCertainty);
  const shown = kept.slice(0, limit);
  return {
    employers: isPerson ? shown : [],
    people: isPerson ? [] : shown,
    complete: isComplete && kept.length <= limit,
  };
}

async function candidates(
  context: ServiceContext,
  names: readonly string[],
): Promise<{ found: CurrentCustomer[]; isComplete: boolean }> {
  const words = (text: string): string[] => fold(text).split(' ').filter(Boolean);
  const ids = new Set<string>();
  let isComplete = true;
  for (const lead of new Set(names.flatMap((name) => leadWord(name, words) ?? []))) {
    const prefix = searchKey(context.core, `=${lead}`, '');
    const range = { from: prefix, to: `${prefix}\u{10ffff}`, limit: SCANNED };
    const entries = await context.store.range(context.core.tenant, 'search', range);
    if (entries.length === SCANNED) isComplete = false;
    for (const { key } of entries) ids.add(key.slice(prefix.length));
  }
  const rows = await readCustomers(context, [...ids]);
  return { found: rows.filter((row) => row !== undefined), isComplete };
}

/** Where the domain tells which of several organizations of one name is meant, the others aren't. */
function withoutNamesakes(links: readonly EmploymentLink[]): EmploymentLink[] {
  const sure = new Set(links.flatMap((l) => (l.how === 'name-and-domain' ? [l.stated] : [])));
  return links.filter((l) => l.how === 'name-and-domain' || !sure.has(l.stated));
}

function titleOf({ titles }: PartyState): { title?: string } {
  const [title] = titles ?? [];
  return title ? { title: title.name } : {};
}

function byCertainty(a: EmploymentLink, b: EmploymentLink): number {
  const certainty = Number(b.how === 'name-and-domain') - Number(a.how === 'name-and-domain');
  const [x, y] = [a.customer, b.customer];
  return certainty || (x.name < y.name ? -1 : Number(x.name > y.name)) || (x.id < y.id ? -1 : 1);
}
