import type { Command, Customer } from '@unsilo/schemas';
import { mergeCustomer } from '../domain/customer.js';
import { erasedSystems, inOrder, type OrderedDecision } from '../domain/decisions.js';
import { byCreation, plan, type Member, type PlanContext } from '../domain/plan.js';
import { searchWords } from '../domain/search.js';
import { fingerprint, type Core } from './core.js';
import type { Evaluations } from './evaluations.js';
import type { RecordRow } from './rows.js';

/** What planning rests on besides the records. */
export interface PlanOptions {
  /** Commands may be planned: everything that was there at the start has been read (SYNC section 5.7). */
  planning: boolean;
  /** Every system's first snapshot is complete: creating may begin (SYNC section 6.1). */
  snapshotsComplete: boolean;
  /** Names of the systems that policy lets the hub write, sorted. */
  writable: readonly string[];
  /** Epoch milliseconds: when commands are issued. */
  now: number;
}

/** The customer that the records of one cluster make, and the commands that their systems need. Plain data: it may cross threads. */
export interface MergedCluster {
  id: string;
  /** Refs, first created first. */
  members: string[];
  /** Those of them whose row names another customer, or none. */
  newcomers: string[];
  /** The customer as JSON but for its revision and the time of its change. */
  text: string;
  /** Of that text: equal for equal states. */
  fingerprint: string;
  /** Under which it is found, sorted. */
  words: string[];
  changedAt: string;
  commands: Command[];
}

/**
 * Pure: of these records, the rules, and `options.now` alone.
 * @param rows At least one.
 */
export function mergeCluster(
  rows: readonly RecordRow[],
  evaluations: Evaluations,
  core: Core,
  options: PlanOptions,
): MergedCluster {
  const { members, decisions } = membersOf(rows, evaluations);
  const { tenant, policy, normaliser, digest } = core;
  const { customer, golden } = mergeCustomer(tenant, members, decisions, policy, normaliser, digest);
  const { id } = customer;
  const planned = (): Command[] =>
    plan(id, members, golden, planContext(core, options), erasedSystems(decisions)).commands;
  return {
    id,
    members: customer.members,
    newcomers: rows.filter((row) => row.customer !== id).map((row) => row.facts.ref),
    ...printOf(customer),
    words: searchWords(customer.state, normaliser).sort(),
    changedAt: customer.changedAt,
    commands: options.planning ? planned() : [],
  };
}

/** Members, first created first, and decisions in their order, as merging takes them. */
export function membersOf(
  rows: readonly RecordRow[],
  evaluations: Evaluations,
): { members: Member[]; decisions: OrderedDecision[] } {
  return {
    members: rows.map(({ facts }) => ({ facts, evaluation: evaluations.of(facts) })).sort(byCreation),
    decisions: inOrder(rows.flatMap((row) => row.decisions ?? [])),
  };
}

/** What tells one state of a customer from another: all but its revision and the time of its change. */
export function printOf(customer: Omit<Customer, 'revision'>): { text: string; fingerprint: string } {
  const { changedAt: _, ...rest } = customer;
  const text = JSON.stringify(rest);
  return { text, fingerprint: fingerprint(text) };
}

export function planContext(core: Core, options: Omit<PlanOptions, 'planning'>): PlanContext {
  return {
    tenant: core.tenant,
    policy: core.policy,
    normaliser: core.normaliser,
    digest: core.digest,
    now: options.now,
    profiles: (system) => core.profiles.get(system),
    systems: options.writable,
    snapshotsComplete: options.snapshotsComplete,
  };
}
