import { api } from '../api/client.js';
import { putBehind } from '../api/live.js';
import type { EventPage } from '../api/types.js';
import { refreshSystems, systems } from './systems.js';

const KINDS = ['parties', 'objects', 'interactions', 'outcomes', 'decisions', 'customers', 'dead-letters'];
const OF_EACH = 12;

/** Fetches what flowed just before the page was opened, so that the flow doesn't begin empty. */
export async function lookBack(): Promise<void> {
  await refreshSystems();
  const topics = [...KINDS, ...systems.value.map(({ system }) => `commands.${system}`)];
  const pages = await Promise.allSettled(
    topics.map((kind) => api.get<EventPage>('/v1/events', { topic: `unsilo.${kind}.v1`, limit: OF_EACH })),
  );
  putBehind(pages.flatMap((page) => (page.status === 'fulfilled' ? page.value.items : [])));
}
