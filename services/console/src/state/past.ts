import { api } from '../api/client.js';
import { putBehind } from '../api/live.js';
import type { EventPage, LiveEvent } from '../api/types.js';
import { refreshSystems, systems } from './systems.js';

const KINDS = ['parties', 'objects', 'interactions', 'outcomes', 'decisions', 'customers', 'signals', 'dead-letters'];
const OF_EACH = 12;

/** Fetches what flowed just before the page was opened, so that the flow doesn't begin empty. */
export async function lookBack(): Promise<void> {
  await refreshSystems();
  putBehind(await flowedLately().catch(() => []));
}

/** The newest events of each topic. Rejects when no topic could be asked for. */
export async function flowedLately(): Promise<LiveEvent[]> {
  const topics = [...KINDS, ...systems.value.map(({ system }) => `commands.${system}`)];
  const pages = await Promise.allSettled(
    topics.map((kind) => api.get<EventPage>('/v1/events', { topic: `unsilo.${kind}.v1`, limit: OF_EACH })),
  );
  if (pages.every(({ status }) => status === 'rejected')) throw new Error('Nobody answers.');
  return pages.flatMap((page) => (page.status === 'fulfilled' ? page.value.items : []));
}
