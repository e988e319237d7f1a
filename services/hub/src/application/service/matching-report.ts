import { isRetired } from '../../domain/linkage/crowds.js';
import { breathe } from '../breathe.js';
import { isGenericListing } from '../evidence.js';
import { sizeOf } from '../listings.js';
import type { ListingRow } from '../matching-rows.js';
import type { CustomerRow } from '../rows.js';
import type { MatchingReport } from '../service.js';
import type { ServiceContext } from './context.js';

/** Rows that are read at once. */
const PAGE = 1000;

/** Every row of a table, in order of the keys, in turns. */
export async function* pages(context: ServiceContext, table: string): AsyncGenerator<{ key: string; value: string }> {
  let from: string | undefined;
  for (;;) {
    const entries = await context.store.range(context.core.tenant, table, {
      ...(from === undefined ? {} : { from }),
      limit: PAGE,
    });
    yield* entries;
    if (entries.length < PAGE) return;
    from = `${entries.at(-1)?.key}\u0000`;
    await breathe();
  }
}

/** What matching leaves out, and how large customers have become. Reads every key: for a question once in a while, not for every page. */
export async function matchingReport(context: ServiceContext): Promise<MatchingReport> {
  const { model } = context.core;
  const partOf = (key: string) => (key.startsWith('p') ? model.person : model.organization);
  const report: MatchingReport = {
    model: model.version,
    records: 0,
    keys: 0,
    retiredKeys: 0,
    largestKey: 0,
    values: 0,
    genericValues: 0,
    customers: 0,
    largestCustomer: { records: 0 },
    partedComponents: 0,
  };
  report.records = await count(context, 'matching');
  for await (const { key, value } of pages(context, 'postings')) {
    const size = sizeOf(JSON.parse(value) as ListingRow);
    report.keys += 1;
    report.largestKey = Math.max(report.largestKey, size);
    if (isRetired(partOf(key), size)) report.retiredKeys += 1;
  }
  for await (const { key, value } of pages(context, 'shared')) {
    report.values += 1;
    if (isGenericListing(JSON.parse(value) as ListingRow, partOf(key))) report.genericValues += 1;
  }
  for await (const { key, value } of pages(context, 'customers')) {
    const { length } = (JSON.parse(value) as CustomerRow).members;
    report.customers += 1;
    if (length > report.largestCustomer.records) report.largestCustomer = { id: key, records: length };
  }
  report.partedComponents = await count(context, 'components');
  return report;
}

async function count(context: ServiceContext, table: string): Promise<number> {
  const rows = pages(context, table);
  let found = 0;
  while (!(await rows.next()).done) found += 1;
  return found;
}
