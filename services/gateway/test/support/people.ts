import { ServiceError, type CustomerSummary, type EmploymentView, type RecordSummaryView } from '@unsilo/hub';
import type { Customer, PresentParty } from '@unsilo/schemas';
import { companyParties } from './company.js';
import { displayName, merge } from './merging.js';

export interface Group {
  id: string;
  aliases: string[];
  records: PresentParty[];
  revision: number;
}

/** Which records are one customer. */
export class People {
  readonly #gone = new Set<string>();
  #groups: Group[];

  constructor() {
    this.#groups = companyParties().map((records, i) => ({
      id: `cus-${i + 1}`,
      aliases: records.slice(1).map((_, k) => `cus-${i + 1}-${k + 2}`),
      records,
      revision: 1,
    }));
  }

  get groups(): readonly Group[] {
    return this.#groups;
  }

  isGone(id: string): boolean {
    return this.#gone.has(id);
  }

  /** By its id or an alias. */
  find(id: string): Group | undefined {
    return this.#groups.find((group) => group.id === id || group.aliases.includes(id));
  }

  get(id: string): Group {
    const found = this.find(id);
    if (!found) throw new ServiceError('not-found', 'UNSILO_NO_CUSTOMER', 'No customer ever had this id.');
    return found;
  }

  ofRecord(ref: string | undefined): Group | undefined {
    return this.#groups.find((group) => group.records.some((record) => record.ref === ref));
  }

  customer(group: Group): Customer {
    return merge(group.id, group.aliases, group.records, group.revision);
  }

  overview(group: Group): CustomerSummary {
    const customer = this.customer(group);
    return {
      id: customer.id,
      kind: customer.kind,
      name: displayName(customer),
      systems: [...new Set(group.records.map((record) => systemOf(record.ref)))],
      members: group.records.length,
      changedAt: customer.changedAt,
    };
  }

  /** By the very name that a person's system gives. */
  employment(id: string, limit: number): EmploymentView {
    const own = this.customer(this.get(id)).state;
    const links = this.#groups.flatMap((group) => {
      const { state } = this.customer(group);
      const [person, organization] = own.kind === 'person' ? [own, state] : [state, own];
      const stated = person.organizations?.find(({ name }) => name === organization.name?.full)?.name;
      const [title] = person.titles ?? [];
      if (state.kind === own.kind || stated === undefined) return [];
      return [{ customer: this.overview(group), stated, how: 'name' as const, ...(title && { title: title.name }) }];
    });
    const shown = links.slice(0, limit);
    const [employers, people] = own.kind === 'person' ? [shown, []] : [[], shown];
    return { employers, people, complete: shown.length === links.length };
  }

  summary(record: PresentParty, customer: Customer): RecordSummaryView {
    const surname = customer.state.name?.surname;
    const shadow = record.state.name?.surname ?? null;
    return {
      ref: record.ref,
      system: systemOf(record.ref),
      state: record.state,
      deleted: false,
      version: record.version,
      differences:
        surname !== undefined && shadow !== surname
          ? [
              {
                attribute: 'name.surname',
                wanted: surname,
                shadow,
                asOf: record.version.major,
                reason: 'not-writable',
              },
            ]
          : [],
    };
  }

  split(ref: string): void {
    const group = this.ofRecord(ref);
    if (!group || group.records.length < 2) return;
    const apart = group.records.filter((record) => record.ref === ref);
    group.records = group.records.filter((record) => record.ref !== ref);
    group.revision += 1;
    const id = group.aliases.pop() ?? `${group.id}-split`;
    this.#groups.splice(1, 0, { id, aliases: [], records: apart, revision: 1 });
  }

  join(a: string, b: string): void {
    const home = this.ofRecord(a);
    const other = this.ofRecord(b);
    if (!home || !other || home === other) return;
    home.records.push(...other.records);
    home.aliases.push(other.id, ...other.aliases);
    home.revision += 1;
    this.#groups = this.#groups.filter((group) => group !== other);
  }

  erase(refs: readonly string[]): void {
    for (const group of this.#groups) group.records = group.records.filter((record) => !refs.includes(record.ref));
    for (const group of this.#groups.filter((one) => one.records.length === 0))
      for (const id of [group.id, ...group.aliases]) this.#gone.add(id);
    this.#groups = this.#groups.filter((group) => group.records.length > 0);
  }
}

export function systemOf(ref: string): string {
  return ref.slice(0, ref.indexOf('/'));
}
