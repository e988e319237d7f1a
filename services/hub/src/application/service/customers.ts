import { createHash } from 'node:crypto';
import type { Command, Customer, Outcome, PartyState, Version } from '@unsilo/schemas';
import { queryTokens, searchWords } from '../../domain/search.js';
import { plan, type Member, type Plan } from '../../domain/plan.js';
import { mergeCustomer } from '../../domain/customer.js';
import type { Golden } from '../../domain/survivorship.js';
import { systemOf } from '../../domain/ref.js';
import type { OrderedDecision } from '../../domain/decisions.js';
import { unflatten } from '../../domain/attributes.js';
import type { RecordFacts } from '../../domain/facts.js';
import { unpackState } from '../../domain/packing.js';
import { isAfter } from '../../domain/version.js';
import { Evaluations } from '../evaluations.js';
import { membersOf, planContext } from '../merge-cluster.js';
import { searchKey } from '../merging.js';
import {
  SEPARATOR,
  type CommandRow,
  type InteractionRow,
  type ObjectRow,
  type RecordRow,
  type TimelineRow,
} from '../rows.js';
import {
  ServiceError,
  type CustomerLookup,
  type CustomerSummary,
  type InteractionView,
  type Page,
  type RecordSummaryView,
  type TimelineEntry,
} from '../service.js';
import { read, readMany, readRecords, type ServiceContext } from './context.js';
import { customerIds, readCustomer, readCustomers, type CurrentCustomer } from './current-customers.js';
import { decodeCursor, encodeCursor, isText } from './cursor.js';

/** Customers read at once when a listing walks through all of them. */
const SLICE = 500;
/** Entries of one index word that a search looks at for one page. */
const SCANNED = 5000;

export async function* allCustomers(context: ServiceContext, signal?: AbortSignal): AsyncGenerator<Customer> {
  let from: string | undefined;
  for (;;) {
    const ids = await customerIds(context, from, SLICE);
    if (ids.length === 0) return;
    for (const row of await readCustomers(context, ids)) {
      if (signal?.aborted) return;
      if (row) yield toCustomer(row);
    }
    from = `${ids.at(-1) ?? ''}\u0000`;
  }
}

function toCustomer(row: CurrentCustomer): Customer {
  return { ...row.customer, revision: row.revision };
}

/** Leaves out what depends on the way there: revisions and the time of the last change. */
export async function hashCustomers(context: ServiceContext): Promise<{ hash: string; customers: number }> {
  const hash = createHash('sha256');
  let customers = 0;
  for await (const customer of allCustomers(context)) {
    const { revision: _, changedAt: __, ...rest } = customer;
    hash.update(JSON.stringify(rest)).update('\n');
    customers += 1;
  }
  return { hash: hash.digest('hex'), customers };
}

export async function searchCustomers(
  context: ServiceContext,
  query: { text?: string; cursor?: string; limit: number },
): Promise<Page<CustomerSummary>> {
  const after = decodeCursor(query.cursor, isText);
  const words = queryTokens(query.text ?? '', context.core.normaliser);
  return words.length === 0
    ? listCustomers(context, after, query.limit)
    : findCustomers(context, words, after, query.limit);
}

async function listCustomers(
  context: ServiceContext,
  after: string | undefined,
  limit: number,
): Promise<Page<CustomerSummary>> {
  const ids = await customerIds(context, after === undefined ? undefined : `${after}\u0000`, limit + 1);
  const shown = ids.slice(0, limit);
  const rows = await readCustomers(context, shown);
  const page: Page<CustomerSummary> = { items: rows.flatMap((row) => (row ? summary(row.customer) : [])) };
  const last = shown.at(-1);
  if (ids.length > limit && last !== undefined) page.next = encodeCursor(last);
  return page;
}

/** Walks the entries of the longest word asked for, and keeps the customers that have all of them. */
async function findCustomers(
  context: ServiceContext,
  words: { word: string; token: string }[],
  after: string | undefined,
  limit: number,
): Promise<Page<CustomerSummary>> {
  const [lead] = [...words].sort((a, b) => b.word.length - a.word.length);
  const prefix = searchKey(context.core, lead?.token ?? '', '');
  const page: Page<CustomerSummary> = { items: [] };
  let from = after === undefined ? prefix : `${prefix}${after}\u0000`;
  for (let scanned = 0; scanned < SCANNED;) {
    const entries = await context.store.range(context.core.tenant, 'search', {
      from,
      to: `${prefix}\u{10ffff}`,
      limit: SLICE,
    });
    const ids = entries.map((e) => e.key.slice(prefix.length));
    const rows = await readCustomers(context, ids);
    for (const [i, row] of rows.entries()) {
      if (!row || !matches(row.customer.state, words, context)) continue;
      page.items.push(summary(row.customer));
      if (page.items.length < limit) continue;
      page.next = encodeCursor(ids[i]);
      return page;
    }
    const last = entries.at(-1);
    if (!last || entries.length < SLICE) return page;
    scanned += entries.length;
    from = `${last.key}\u0000`;
    if (scanned >= SCANNED) page.next = encodeCursor(last.key.slice(prefix.length));
  }
  return page;
}

function matches(state: PartyState, words: readonly { word: string }[], context: ServiceContext): boolean {
  const have = searchWords(state, context.core.normaliser);
  return words.every(({ word }) => have.some((h) => h.startsWith(word)));
}

export function displayName(state: PartyState): string {
  const { name } = state;
  const joined = [name?.given, name?.middle, name?.surname].filter(Boolean).join(' ');
  return (
    joined ||
    name?.full ||
    state.organizations?.[0]?.name ||
    state.emails?.[0]?.address ||
    state.onlineServices?.[0]?.user ||
    'Unnamed'
  );
}

export function summary(customer: CurrentCustomer['customer']): CustomerSummary {
  return {
    id: customer.id,
    kind: customer.kind,
    name: displayName(customer.state),
    systems: [...new Set(customer.members.map(systemOf))].sort(),
    members: customer.members.length,
    changedAt: customer.changedAt,
  };
}

export async function lookUp(context: ServiceContext, id: string): Promise<CustomerLookup> {
  const row = await readCustomer(context, id);
  if (row) {
    const { members, planned } = await membersAndPlan(context, row);
    return { status: 'found', customer: toCustomer(row), records: members.map((m) => recordSummary(m, planned)) };
  }
  const ref = await read<string>(context, 'aliases', id);
  if (ref === undefined) return { status: 'unknown' };
  const record = await read<RecordRow>(context, 'records', ref);
  return record?.customer === undefined ? { status: 'gone' } : { status: 'moved', to: record.customer };
}

/**
 * The customer of any id ever handed out, or of a record.
 * @param id A ref has slashes, and no id of a customer has.
 */
export async function currentCustomer(context: ServiceContext, id: string): Promise<CurrentCustomer> {
  const isRef = id.includes('/');
  const row = isRef ? undefined : await readCustomer(context, id);
  if (row) return row;
  const ref = isRef ? id : await read<string>(context, 'aliases', id);
  const record = ref === undefined ? undefined : await read<RecordRow>(context, 'records', ref);
  if (isRef && !record) throw unknownRecord();
  const moved = record?.customer === undefined ? undefined : await readCustomer(context, record.customer);
  if (moved) return moved;
  const text = isRef ? 'This record belongs to no customer any more.' : 'No customer has this id.';
  throw new ServiceError('not-found', 'UNSILO_NO_CUSTOMER', text, {
    hint: 'Search for the customer by name, e-mail address, phone number or handle.',
  });
}

export function unknownRecord(): ServiceError {
  return new ServiceError('not-found', 'UNSILO_NO_RECORD', 'The hub has never seen a record with this ref.', {
    hint: 'Refs are written system/kind/id; the system must have been read at least once.',
  });
}

export async function membersAndPlan(
  context: ServiceContext,
  row: CurrentCustomer,
): Promise<{ members: Member[]; planned: Plan; golden: Golden; decisions: OrderedDecision[] }> {
  const rows = await readRecords(context, row.customer.members);
  const { core } = context;
  const { members, decisions: ordered } = membersOf(rows, new Evaluations(core));
  const { golden } = mergeCustomer(core.tenant, members, ordered, core.policy, core.normaliser, core.digest);
  const planned = plan(
    row.customer.id,
    members,
    golden,
    planContext(core, { snapshotsComplete: false, writable: [], now: core.now() }),
  );
  return { members, planned, golden, decisions: ordered };
}

export function recordSummary(member: Member, planned: Plan): RecordSummaryView {
  const { facts, evaluation } = member;
  const entry = planned.records.find((r) => r.ref === facts.ref);
  const seen = lastState(facts);
  const differences = (entry?.differences ?? []).map((d) =>
    d.reason === undefined && entry?.reason !== undefined ? { ...d, reason: entry.reason } : d,
  );
  const view: RecordSummaryView = {
    ref: facts.ref,
    system: systemOf(facts.ref),
    deleted: evaluation.deleted,
    differences,
  };
  if (seen) view.state = seen;
  if (evaluation.version) view.version = evaluation.version;
  if (evaluation.open) view.open = { command: evaluation.open.command.id, since: evaluation.open.command.issuedAt };
  return view;
}

/** The latest state that is known: an applied write tells it as well, and the system need not show it again. */
export function lastState({ observations, commands, summary }: RecordFacts): PartyState | undefined {
  let last: { version: Version; state: PartyState } | undefined;
  const take = (version: Version | undefined, state: PartyState | undefined): void => {
    if (version && state && (!last || isAfter(version, last.version))) last = { version, state };
  };
  for (const { version, state } of observations) take(version, state);
  for (const { outcome } of commands) if (outcome?.status === 'applied') take(outcome.version, outcome.left);
  return last?.state ?? (summary && unflatten(unpackState(summary.state).flat));
}

/** Merges the timelines of all members, newest first; one that several members share is shown once. */
export async function timeline(
  context: ServiceContext,
  id: string,
  query: { cursor?: string; limit: number },
): Promise<Page<TimelineEntry>> {
  const { customer } = await currentCustomer(context, id);
  const after = decodeCursor(query.cursor, isText) ?? '';
  const { tenant } = context.core;
  const perMember = await Promise.all(
    customer.members.map((ref) =>
      context.store.range(tenant, 'timeline', {
        from: `${ref}${SEPARATOR}${after}`,
        to: `${ref}${SEPARATOR}\u{10ffff}`,
        limit: query.limit + 2,
      }),
    ),
  );
  const places = new Map<string, TimelineRow>();
  for (const [i, entries] of perMember.entries()) {
    const prefix = (customer.members[i] ?? '').length + 1;
    for (const entry of entries) {
      const place = entry.key.slice(prefix);
      if (place > after) places.set(place, JSON.parse(entry.value) as TimelineRow);
    }
  }
  const ordered = [...places].sort(([a], [b]) => (a < b ? -1 : 1));
  const shown = ordered.slice(0, query.limit);
  const items = await Promise.all(shown.map(([, row]) => timelineEntry(context, row)));
  const page: Page<TimelineEntry> = { items: items.filter((i) => i !== undefined) };
  const last = shown.at(-1);
  if (ordered.length > query.limit && last) page.next = encodeCursor(last[0]);
  return page;
}

async function timelineEntry(context: ServiceContext, row: TimelineRow): Promise<TimelineEntry | undefined> {
  if (row.type === 'object') {
    const found = await read<ObjectRow>(context, 'objects', row.ref);
    return found && { type: 'object', at: found.object.createdAt ?? found.object.changedAt, object: found.object };
  }
  const found = await read<InteractionRow>(context, 'interactions', row.ref);
  if (!found?.interaction) return undefined;
  const { interaction } = found;
  return {
    type: 'interaction',
    at: interaction.state?.publishedAt ?? interaction.changedAt,
    interaction,
    replies: await repliesOf(context, found),
  };
}

async function repliesOf(
  context: ServiceContext,
  row: InteractionRow,
): Promise<{ command: Command; outcome?: Outcome }[]> {
  const rows = await readMany<CommandRow>(context, 'commands', row.replies);
  return rows.flatMap((r) =>
    r?.command ? [r.outcome ? { command: r.command, outcome: r.outcome } : { command: r.command }] : [],
  );
}

export async function interactionView(context: ServiceContext, ref: string): Promise<InteractionView> {
  const row = await read<InteractionRow>(context, 'interactions', ref);
  if (!row?.interaction)
    throw new ServiceError('not-found', 'UNSILO_NO_INTERACTION', 'No interaction has this ref.', {
      hint: 'Refs are written system/kind/id.',
    });
  const author = row.interaction.state?.author;
  const record = author === undefined ? undefined : await read<RecordRow>(context, 'records', author);
  const reply = context.core.profiles.get(systemOf(ref))?.reply;
  return {
    interaction: row.interaction,
    replies: await repliesOf(context, row),
    ...(record?.customer === undefined ? {} : { customer: record.customer }),
    ...(reply ? { reply } : {}),
  };
}
