import type { Customer } from '@unsilo/schemas';
import { mergeCustomer } from '../../domain/customer.js';
import { Evaluations } from '../evaluations.js';
import { membersOf, printOf } from '../merge-cluster.js';
import type { CustomerRow, RecordRow } from '../rows.js';
import { readMany, type ServiceContext } from './context.js';

/** A customer as it stands, merged from its members' records. */
export interface CurrentCustomer {
  revision: number;
  customer: Omit<Customer, 'revision'>;
}

/** How often a reading is repeated whose parts a commit came between. */
const ATTEMPTS = 3;

/** The customers with these ids, in their order; undefined where there is none. */
export async function readCustomers(
  context: ServiceContext,
  ids: readonly string[],
): Promise<(CurrentCustomer | undefined)[]> {
  const found = new Map<string, CurrentCustomer>();
  let wanted = [...ids];
  for (let attempt = 1; wanted.length > 0; attempt += 1) {
    const rows = await readMany<CustomerRow>(context, 'customers', wanted);
    const torn: string[] = [];
    for (const [id, { row, customer }] of await mergeRows(context, wanted, rows)) {
      const isWhole = attempt === ATTEMPTS || printOf(customer).fingerprint === row.fingerprint;
      if (!isWhole) torn.push(id);
      else found.set(id, { revision: row.revision, customer: { ...customer, changedAt: row.changedAt } });
    }
    wanted = torn;
  }
  return ids.map((id) => found.get(id));
}

async function mergeRows(
  context: ServiceContext,
  ids: readonly string[],
  rows: readonly (CustomerRow | undefined)[],
): Promise<Map<string, { row: CustomerRow; customer: CurrentCustomer['customer'] }>> {
  const { core } = context;
  const refs = rows.flatMap((row) => row?.members ?? []);
  const records = new Map<string, RecordRow>();
  for (const [i, record] of (await readMany<RecordRow>(context, 'records', refs)).entries())
    if (record) records.set(refs[i] ?? '', record);
  const evaluations = new Evaluations(core);
  const merged = new Map<string, { row: CustomerRow; customer: CurrentCustomer['customer'] }>();
  for (const [i, row] of rows.entries()) {
    const id = ids[i] ?? '';
    const { members, decisions } = membersOf(
      (row?.members ?? []).flatMap((ref) => records.get(ref) ?? []),
      evaluations,
    );
    if (!row || members.length === 0) continue;
    const { customer } = mergeCustomer(core.tenant, members, decisions, core.policy, core.normaliser, core.digest);
    merged.set(id, { row, customer: { ...customer, id } });
  }
  return merged;
}

export async function readCustomer(context: ServiceContext, id: string): Promise<CurrentCustomer | undefined> {
  const [found] = await readCustomers(context, [id]);
  return found;
}

/** A page of ids in their order, from `from` on. */
export async function customerIds(context: ServiceContext, from: string | undefined, limit: number): Promise<string[]> {
  const entries = await context.store.range(context.core.tenant, 'customers', {
    ...(from === undefined ? {} : { from }),
    limit,
  });
  return entries.map((e) => e.key);
}
