import type { EventLog } from '@unsilo/event-log';
import { recordEvent, topicName } from '@unsilo/schemas';
import type { StateStore } from '@unsilo/state-store';
import { emptyRecord } from '../domain/facts.js';
import { toSummary } from '../domain/rebuild.js';
import { createCore, type Core } from './core.js';
import { withPast } from './history.js';
import type { HubOptions } from './hub.js';
import { message } from './outbox.js';
import { Processor } from './processor.js';
import type { RecordRow } from './rows.js';

const PAGE = 500;

/** A store that knows nothing begins with what the hub once published of every ref; the retained topics then add the rest. */
export async function readPublished(
  log: EventLog,
  processor: Processor,
  inTurn: (work: () => Promise<void>) => Promise<void>,
  { signal, onPage }: { signal?: AbortSignal; onPage?: (messages: number) => void } = {},
): Promise<void> {
  for (const kind of ['decisions', 'records'] as const) {
    for (const end of await log.ends([topicName(kind)])) {
      let from: number | undefined = end.first;
      while (from !== undefined && from < end.next) {
        signal?.throwIfAborted();
        const page = await log.read({ topic: end.topic, partition: end.partition, from, limit: PAGE });
        // Decisions are known before the records that they are about; the subscription delivers them once more.
        const again = kind === 'decisions';
        if (page.messages.length > 0) await inTurn(() => processor.absorb(page.messages, again));
        onPage?.(page.messages.length);
        from = page.next;
      }
    }
  }
}

/**
 * Makes the hub's state anew from the compacted topics alone, in a store that knows nothing. Nothing is planned, and nothing is read from
 * the topics of events.
 */
export async function rebuildFromPublished(options: HubOptions, onPage: (messages: number) => void): Promise<void> {
  const processor = new Processor(
    createCore({ ...options, now: () => options.clock.now() }),
    options.store,
    'unsilo-rebuild',
  );
  await processor.loadSnapshots();
  await readPublished(options.log, processor, (work) => work(), { onPage });
}

/** Publishes those of the records whose facts changed since they were last published; answers how many. */
export async function publish(store: StateStore, core: Core, refs: readonly string[]): Promise<number> {
  const { tenant } = core;
  const [rows, marks] = await Promise.all([
    store.getMany(tenant, 'records', refs),
    store.getMany(tenant, 'published', refs),
  ]);
  const changed = refs.flatMap((ref, i) => {
    const row = rows[i];
    const mark = row && JSON.stringify(row.revision);
    return row && marks[i]?.value !== mark ? [{ ref, row, mark: mark ?? '' }] : [];
  });
  if (changed.length === 0) return 0;
  const whole = await withPast(
    store,
    tenant,
    changed.map(({ row }) => JSON.parse(row.value) as RecordRow),
  );
  const result = await store.commit(tenant, {
    expect: changed.map(({ ref, row }) => ({ table: 'records', key: ref, revision: row.revision })),
    put: changed.map(({ ref, mark }) => ({ table: 'published', key: ref, value: mark })),
    outbox: changed.map(({ row }, i) =>
      message(
        recordEvent(tenant, toSummary(whole[i]?.facts ?? emptyRecord('')), {
          revision: row.revision,
          at: new Date(core.now()).toISOString(),
        }),
      ),
    ),
  });
  return result.ok ? changed.length : 0;
}
