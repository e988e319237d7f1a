import type { RecordRow } from '../rows.js';
import type { RecordInSystem } from '../service.js';
import { systemOf } from '../../domain/ref.js';
import { withPast } from '../history.js';
import { evaluateFacts } from '../evaluations.js';
import type { ServiceContext } from './context.js';
import { lastState } from './customers.js';

/** Records read at once. */
const SLICE = 500;

/** Every record that the hub knows something of, in order of refs. Erased ones, of which nothing is known, are left out. */
export async function* allRecords(context: ServiceContext, signal?: AbortSignal): AsyncGenerator<RecordInSystem> {
  const { store, core } = context;
  for (let from: string | undefined; ;) {
    const entries = await store.range(core.tenant, 'records', {
      ...(from === undefined ? {} : { from }),
      limit: SLICE,
    });
    const rows = entries.map(({ value }) => JSON.parse(value) as RecordRow);
    for (const { facts, customer } of await withPast(store, core.tenant, rows)) {
      if (signal?.aborted) return;
      const state = lastState(facts);
      const { deleted, version } = evaluateFacts(context.core, facts);
      if (state === undefined && !deleted) continue;
      yield {
        ref: facts.ref,
        system: systemOf(facts.ref),
        ...(customer === undefined ? {} : { customer }),
        deleted,
        ...(version === undefined ? {} : { version }),
        ...(state === undefined ? {} : { state }),
      };
    }
    const last = entries.at(-1);
    if (last === undefined) return;
    from = `${last.key}\u0000`;
  }
}
