import type { Customer } from '@unsilo/schemas';
import type { Actor, HubService } from '@unsilo/hub';

/** When something was first seen on the live stream, the one that the console shows: milliseconds since the process began. */
export interface Firsts {
  eventMs: number | undefined;
  /** The first customer of more than one record. */
  mergedMs: number | undefined;
}

/** Watches the live stream until both have come. */
export function watchFirsts(service: Pick<HubService, 'live'>, actor: Actor, signal: AbortSignal): Firsts {
  const firsts: Firsts = { eventMs: undefined, mergedMs: undefined };
  const watch = async (): Promise<void> => {
    for await (const { type, data } of service.live(actor, {}, signal)) {
      // Of Node's own beginning, which precedes that of any module.
      const now = performance.now();
      if (type !== 'unsilo.signal.raised') firsts.eventMs ??= now;
      if (type === 'unsilo.customer.changed' && (data as Customer).members.length > 1) firsts.mergedMs ??= now;
      if (firsts.eventMs !== undefined && firsts.mergedMs !== undefined) return;
    }
  };
  // Only figures hang on it.
  watch().catch(() => undefined);
  return firsts;
}
