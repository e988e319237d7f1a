import { commandEvent, customerGoneEvent, customerMessage, signalEvent } from '@unsilo/schemas';
import type { OutboxMessage } from '@unsilo/state-store';
import { customerId } from '../domain/customer.js';
import { identityChanges, type IdentityChange } from '../domain/identity-change.js';
import { searchTokens } from '../domain/search.js';
import { breathe } from './breathe.js';
import type { Core } from './core.js';
import { loadForCreates } from './creates.js';
import type { Evaluations } from './evaluations.js';
import type { Assignment } from './identity.js';
import { message } from './outbox.js';
import { subjectOfCluster, subjectOfCustomer } from './parts.js';
import { mergeCluster, type MergedCluster, type PlanOptions } from './merge-cluster.js';
import { recordRow, type Touched } from './record-row.js';
import { registerCommand } from './records.js';
import { SEPARATOR, type CustomerRow, type RetiredRow } from './rows.js';
import type { Workspace } from './workspace.js';

/** So many customers are merged and planned before others have their turn: some 10 ms. */
const CLUSTERS_A_TURN = 100;

/** Merges every customer that the batch touched, plans what their systems need, and says what changed. */
export async function mergeTouched(
  workspace: Workspace,
  touched: Touched,
  assignment: Assignment,
  evaluations: Evaluations,
  core: Core,
  options: PlanOptions,
): Promise<void> {
  for (const ref of workspace.each(touched.identity, (r) => r)) leaveIfErased(workspace, ref, evaluations);
  const clusters = await membership(workspace, touched, assignment);
  await workspace.load('records', clusters.flat());
  const merged: MergedCluster[] = [];
  for (const [turn, refs] of workspace.each(clusters.entries(), ([, its]) => subjectOfCluster(its))) {
    if (turn % CLUSTERS_A_TURN === CLUSTERS_A_TURN - 1) await breathe();
    const rows = refs.map((ref) => recordRow(workspace, ref));
    merged.push(mergeCluster(rows, evaluations, core, options));
  }
  await workspace.load(
    'customers',
    merged.map((m) => m.id),
  );
  await workspace.load(
    'retired',
    workspace.glance(() => merged.flatMap((m) => (workspace.has('customers', m.id) ? [] : [m.id]))),
  );
  const standing = new Set(merged.map((m) => m.id));
  const changes = identityChanges(membersBefore(workspace, assignment), new Map(merged.map((m) => [m.id, m.members])));
  for (const cluster of workspace.each(merged, subjectOfMerged)) {
    for (const ref of cluster.newcomers) assign(workspace, ref, cluster.id, core);
    writeCustomer(workspace, cluster, core);
    if (!options.planning) workspace.overwrite('unplanned', cluster.id, {});
  }
  await workspace.load(
    'commands',
    merged.flatMap((m) => m.commands.map((c) => c.id)),
  );
  await loadForCreates(
    workspace,
    merged.flatMap((m) => m.commands),
  );
  for (const cluster of workspace.each(merged, subjectOfMerged)) {
    for (const command of cluster.commands) {
      if (workspace.has('commands', command.id)) continue;
      workspace.set('commands', command.id, { command });
      await registerCommand(workspace, touched, command);
      workspace.say(message(commandEvent(core.tenant, command)));
    }
  }
  await retire(workspace, assignment, standing, core);
  for (const change of workspace.each(changes, ({ before }) => subjectOfCustomer(before[0] ?? '')))
    workspace.say(identitySignal(workspace, change, core));
}

function subjectOfMerged({ members }: MergedCluster): string {
  return subjectOfCluster(members);
}

function membersBefore(workspace: Workspace, { before }: Assignment): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const id of workspace.each(before, subjectOfCustomer)) {
    const row = workspace.get<CustomerRow>('customers', id);
    if (row) found.set(id, row.members);
  }
  return found;
}

/** Dated by the facts that led to it, so that the same change is told under the same id when it is computed again. */
function identitySignal(workspace: Workspace, change: IdentityChange, core: Core): OutboxMessage {
  const { kind, before, after, records } = change;
  for (const id of [...before, ...after]) workspace.tie(subjectOfCustomer(id));
  const times = after.map((id) => workspace.get<CustomerRow>('customers', id)?.changedAt ?? '');
  const at = times.reduce((latest, time) => (time > latest ? time : latest), '');
  return message(signalEvent(core.tenant, { name: `customers.${kind}`, at, before, after, detail: { records } }));
}

/** The clusters that were found anew, and the customers whose members changed without changing hands. */
async function membership(workspace: Workspace, touched: Touched, assignment: Assignment): Promise<string[][]> {
  const found = new Set(assignment.clusters.flat());
  const untouched = new Set<string>();
  for (const ref of workspace.each(touched.facts, (r) => r)) {
    if (found.has(ref)) continue;
    const { customer } = recordRow(workspace, ref);
    if (customer === undefined) continue;
    workspace.tie(subjectOfCustomer(customer));
    untouched.add(customer);
  }
  await workspace.load('customers', untouched);
  // A late fact can make another member the first one, and so give the same members another id.
  for (const id of untouched) assignment.before.add(id);
  const rest: string[][] = [];
  for (const id of workspace.each(untouched, subjectOfCustomer)) {
    const members = workspace.get<CustomerRow>('customers', id)?.members;
    if (!members) continue;
    for (const ref of members) workspace.tie(ref);
    if (!members.some((ref) => found.has(ref))) rest.push(members);
  }
  return [...assignment.clusters, ...rest];
}

function assign(workspace: Workspace, ref: string, id: string, core: Core): void {
  const row = recordRow(workspace, ref);
  if (row.customer === id) return;
  if (row.customer === undefined) workspace.overwrite('aliases', customerId(core.tenant, ref, core.digest), ref);
  workspace.set('records', ref, { ...row, customer: id });
}

/** Written down once: the same text serves the topic and the comparison with what stood before. */
function writeCustomer(workspace: Workspace, merged: MergedCluster, core: Core): void {
  const { id, members, words, fingerprint, changedAt } = merged;
  const known = workspace.get<CustomerRow>('customers', id);
  if (known?.fingerprint === fingerprint) {
    // Another version may have found other words in the same customer: that is nothing new to anybody else.
    if (isSame(known.words, words)) return;
    reindexSearch(workspace, id, known.words, words, core);
    workspace.set('customers', id, { ...known, words } satisfies CustomerRow);
    return;
  }
  const retired = known ? undefined : workspace.get<RetiredRow>('retired', id);
  const revision = ((known ?? retired)?.revision ?? 0) + 1;
  reindexSearch(workspace, id, known?.words ?? [], words, core);
  workspace.set('customers', id, { revision, members, fingerprint, words, changedAt } satisfies CustomerRow);
  if (retired) workspace.remove('retired', id);
  workspace.say(customerMessage(merged.text, { id, tenant: core.tenant, revision, changedAt }));
}

function isSame(before: readonly string[], after: readonly string[]): boolean {
  return before.length === after.length && before.every((word, i) => word === after[i]);
}

function reindexSearch(
  workspace: Workspace,
  id: string,
  before: readonly string[],
  after: readonly string[],
  core: Core,
): void {
  if (isSame(before, after)) return;
  const old = new Set(searchTokens(before));
  for (const token of searchTokens(after)) {
    if (!old.delete(token)) workspace.overwrite('search', searchKey(core, token, id), {});
  }
  for (const token of old) workspace.overwrite('search', searchKey(core, token, id), undefined);
}

export function searchKey(core: Core, token: string, id: string): string {
  return `${core.digest(`search ${token}`)}${SEPARATOR}${id}`;
}

/** Ids whose members are others' now: readers of the topic are told where they went. */
async function retire(
  workspace: Workspace,
  assignment: Assignment,
  standing: ReadonlySet<string>,
  core: Core,
): Promise<void> {
  await workspace.load('customers', assignment.before);
  for (const id of workspace.each(assignment.before, subjectOfCustomer)) {
    if (standing.has(id)) continue;
    const known = workspace.get<CustomerRow>('customers', id);
    if (!known) continue;
    const into = recordRow(workspace, known.members[0] ?? '').customer;
    reindexSearch(workspace, id, known.words, [], core);
    workspace.remove('customers', id);
    workspace.overwrite('retired', id, { revision: known.revision + 1 } satisfies RetiredRow);
    const moved = into !== undefined && into !== id;
    if (!moved) for (const ref of known.members) unassign(workspace, ref, id);
    const event = customerGoneEvent({
      id,
      tenant: core.tenant,
      revision: known.revision + 1,
      ...(moved ? { mergedInto: into } : { erased: true as const }),
      changedAt: known.changedAt,
    });
    workspace.say(message(event));
  }
}

/** A record of which nothing is known any more belongs to nobody. */
function leaveIfErased(workspace: Workspace, ref: string, evaluations: Evaluations): void {
  const row = recordRow(workspace, ref);
  if (row.customer !== undefined && evaluations.of(row.facts).version === undefined)
    unassign(workspace, ref, row.customer);
}

function unassign(workspace: Workspace, ref: string, id: string): void {
  const row = recordRow(workspace, ref);
  if (row.customer !== id) return;
  const { customer: _, ...rest } = row;
  workspace.set('records', ref, rest);
}
