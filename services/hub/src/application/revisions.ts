import type { EventLog } from '@unsilo/event-log';
import { parseEvent, topicName } from '@unsilo/schemas';
import type { StateStore } from '@unsilo/state-store';
import type { CustomerRow, RetiredRow } from './rows.js';

const PAGE = 500;
const MOST_ATTEMPTS = 100;

/**
 * After a loss of state: no revision of a customer may be said a second time, since it names the event, so none goes on below what the topic
 * has. Ids that the state doesn't know are kept as retired ones until they come back.
 */
export async function raiseRevisions(
  log: EventLog,
  store: StateStore,
  tenant: string,
  signal: AbortSignal,
): Promise<void> {
  for (const { topic, partition, first, next: end } of await log.ends([topicName('customers')])) {
    let from: number | undefined = first;
    while (from !== undefined && from < end) {
      signal.throwIfAborted();
      const page = await log.read({ topic, partition, from, limit: PAGE, until: end });
      const said = new Map<string, number>();
      for (const { value } of page.messages) {
        const parsed = value === null ? undefined : parseEvent(value);
        if (parsed?.ok !== true || parsed.event.tenant !== tenant) continue;
        const { type, data } = parsed.event;
        if (type === 'unsilo.customer.changed' || type === 'unsilo.customer.gone')
          said.set(data.id, Math.max(said.get(data.id) ?? 0, data.revision));
      }
      await raise(store, tenant, said);
      from = page.next;
    }
  }
}

async function raise(store: StateStore, tenant: string, said: ReadonlyMap<string, number>): Promise<void> {
  const ids = [...said.keys()];
  for (let attempt = 1; attempt <= MOST_ATTEMPTS; attempt += 1) {
    const [customers, retired] = await Promise.all([
      store.getMany(tenant, 'customers', ids),
      store.getMany(tenant, 'retired', ids),
    ]);
    const put: { table: string; key: string; value: string }[] = [];
    const expect: { table: string; key: string; revision: number | null }[] = [];
    for (const [index, key] of ids.entries()) {
      const revision = said.get(key) ?? 0;
      const [customer, gone] = [customers[index], retired[index]];
      const row = JSON.parse((customer ?? gone)?.value ?? '{"revision":0}') as CustomerRow | RetiredRow;
      if (row.revision >= revision) continue;
      put.push({
        table: customer === undefined ? 'retired' : 'customers',
        key,
        value: JSON.stringify({ ...row, revision }),
      });
      expect.push(
        { table: 'customers', key, revision: customer?.revision ?? null },
        { table: 'retired', key, revision: gone?.revision ?? null },
      );
    }
    if (put.length === 0 || (await store.commit(tenant, { expect, put })).ok) return;
  }
  throw new Error('The revisions of customers keep being changed by others.');
}
