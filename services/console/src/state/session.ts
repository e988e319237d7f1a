import { computed, signal } from '@preact/signals';
import { api, sessionEnded } from '../api/client.js';
import { startLive, stopLive } from '../api/live.js';
import type { Session } from '../api/types.js';
import { dropDrafts } from './drafts.js';
import { flowedLately, lookBack } from './past.js';

export type Role = Session['roles'][number];
/** Undefined: not known yet. Null: nobody is logged in. */
export const session = signal<Session | null | undefined>(undefined);

/** Whether the key may do what this role may do. The server decides; this only hides what would be refused. */
export function can(role: Role): boolean {
  const roles = session.value?.roles ?? [];
  if (role === 'reader') return roles.some((one) => one !== 'source');
  return roles.includes(role) || roles.includes('admin');
}
export const canRead = computed(() => can('reader'));

export async function findSession(): Promise<void> {
  try {
    begin(await api.get<Session>('/v1/session'));
  } catch {
    session.value = null;
  }
}

export async function logIn(key: string): Promise<void> {
  begin(await api.post<Session>('/v1/session', { key }));
}

export async function logOut(): Promise<void> {
  await api.delete('/v1/session');
  dropDrafts();
  end();
}

export function end(): void {
  stopLive();
  session.value = null;
}

/** Who was logged in last. */
let last: string | undefined;

function begin(found: Session): void {
  const who = `${found.tenant} ${found.name}`;
  if (last !== undefined && last !== who) dropDrafts();
  last = who;
  sessionEnded.value = false;
  session.value = found;
  if (!canRead.value) return;
  startLive(flowedLately);
  void lookBack();
}
