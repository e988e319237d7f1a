import { setTimeout as sleep } from 'node:timers/promises';
import type { Asking } from '../cli/asking.js';
import type { Reach } from './reach.js';

/** What of an erasure can not be confirmed yet, each in words. Empty: it is done everywhere. */
export type Unconfirmed = string[];

const LOOK_EVERY_MS = 250;

/**
 * Looks until the hub knows nothing of the erased records any more and the connectors of their systems have followed, or the patience is
 * at its end.
 * @param patienceMs How long to look; once in any case.
 */
export async function confirmErased(
  asking: Asking,
  reach: Reach,
  patienceMs: number,
  signal: AbortSignal,
): Promise<Unconfirmed> {
  const until = performance.now() + patienceMs;
  for (;;) {
    const left = [...(await remembered(asking, reach)), ...(await behind(asking, reach))];
    if (left.length === 0 || performance.now() >= until) return left;
    await sleep(LOOK_EVERY_MS, undefined, { signal });
  }
}

async function remembered({ service, actor }: Asking, { customer, whole, records }: Reach): Promise<Unconfirmed> {
  const left: Unconfirmed = [];
  for (const { ref } of records) {
    const found = await service.record(actor, ref).catch((error: unknown) => {
      if ((error as { code?: unknown }).code === 'UNSILO_NO_RECORD') return undefined;
      throw error;
    });
    if (found?.state !== undefined || found?.customer !== undefined)
      left.push(`The hub knows ${ref}: the erasure is not carried out yet, or the system has stated it anew.`);
  }
  if (whole && left.length === 0 && (await service.customer(actor, customer)).status !== 'gone')
    left.push(`The customer ${customer} is still there.`);
  return left;
}

/** Connectors remember values as well, and follow erasures each in its own time. */
async function behind({ service, actor }: Asking, { records }: Reach): Promise<Unconfirmed> {
  const systems = new Set(records.map(({ system }) => system));
  return (await service.lag(actor))
    .filter(
      ({ group, system, records: waiting }) => systems.has(system ?? '') && group.endsWith('-erasures') && waiting > 0,
    )
    .map(({ system, verdict }) =>
      verdict === 'stopped'
        ? `The connector of ${String(system)} does not run: it will forget when it is started.`
        : `The connector of ${String(system)} has not followed yet.`,
    );
}
