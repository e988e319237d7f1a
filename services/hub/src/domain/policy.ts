import type { HorizonPolicy } from './compaction.js';
import type { ExtraMeaning } from './linkage/kinds.js';

/** How winners are picked among the statements about one attribute (SYNC section 4). */
export type SurvivorshipRule = 'most-recent' | 'source-rank' | 'most-frequent' | 'longest';

/** What may be written into one kind of party of one system. Absent members: the connector's profile decides. */
export interface WritePolicy {
  /** Attribute paths that may be written; `*` for all that the connector can write. Default none. */
  fields: readonly string[];
  /** May a value be cleared there. Default true. */
  clear: boolean;
  /** May records be made there for customers that have none. Default false. */
  create: boolean;
  /** Make one only for customers with all of these attributes. */
  createRequires: readonly string[];
}

export interface SystemPolicy {
  /** Lower is better; systems of equal rank are ordered by ref. Default 100. */
  rank: number;
  /** By kind of party (`contact`), or `*`. */
  write: Readonly<Record<string, WritePolicy>>;
  /** What a deletion there means for the customer's other records. */
  deletes: 'ignore' | 'archive' | 'propagate';
  /** Several records of one customer in this system: write all of them, or only the first made. */
  duplicates: 'write-all' | 'write-first';
  /** Elements of lists that people of this system removed are not added again there. */
  addWins: boolean;
}

/** Everything that a company decides about its records; versioned, since customers are computed from it. */
export interface Policy {
  version: string;
  /** ISO 3166 code for phone numbers without a country code. */
  country?: string;
  /** What attributes of the company's own say to matching, by path (`extra.taxId`). Others say nothing. */
  kinds?: Readonly<Record<string, ExtraMeaning>>;
  /** By attribute path; `*` is the default of all others. */
  rules: Readonly<Record<string, SurvivorshipRule>>;
  systems: Readonly<Record<string, SystemPolicy>>;
  horizon: HorizonPolicy;
  /** Milliseconds that a system has for a command. */
  commandDeadlineMs: number;
  /** At most so many sends of one value to one field within the window (SYNC section 5.6). */
  quarantine: { sends: number; windowMs: number };
}

export const DEFAULT_SYSTEM_POLICY: SystemPolicy = {
  rank: 100,
  write: {},
  deletes: 'ignore',
  duplicates: 'write-all',
  addWins: false,
};

export function systemPolicy(policy: Policy, system: string): SystemPolicy {
  return policy.systems[system] ?? DEFAULT_SYSTEM_POLICY;
}

export function writePolicy(policy: Policy, system: string, kind: string): WritePolicy | undefined {
  const { write } = systemPolicy(policy, system);
  return write[kind] ?? write['*'];
}

export function ruleFor(policy: Policy, attribute: string): SurvivorshipRule {
  return policy.rules[attribute] ?? policy.rules['*'] ?? 'most-recent';
}

export function mayWrite(write: WritePolicy | undefined, attribute: string): boolean {
  return write !== undefined && (write.fields.includes('*') || write.fields.includes(attribute));
}
