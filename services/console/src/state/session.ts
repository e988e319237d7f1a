import { computed, signal } from '@preact/signals';
import { api, sessionEnded } from '../api/client.js';
import { startLive, stopLive } from '../api/live.js';
import type { Problem, Session } from '../api/types.js';
import { dropDrafts } from './drafts.js';
import { problemOf } from './load.js';
import { notify } from './notices.js';
import { flowedLately, lookBack } from './past.js';

export type Role = Session['roles'][number];
/** Undefined: not known yet. Null: nobody is logged in. */
export const session = signal<Session | null | undefined>(undefined);
/** Why it isn't known who is logged in. */
export const notKnown = signal<Problem | undefined>(undefined);

const ASK_AGAIN_MS = 3000;

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
  } catch (error) {
    const why = problemOf(error);
    if (why.status === 401) session.value = null;
    else {
      notKnown.value = why;
      setTimeout(() => void findSession(), ASK_AGAIN_MS);
    }
  }
}

export async function logIn(key: string): Promise<void> {
  begin(await api.post<Session>('/v1/session', { key }));
}

export async function logOut(): Promise<void> {
  try {
    await api.delete('/v1/session');
  } catch (error) {
    notify(`You are still logged in: ${problemOf(error).detail}`, { kind: 'bad' });
    return;
  }
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
  notKnown.value = undefined;
  session.value = found;
  if (!canRead.value) return;
  startLive(flowedLately);
  void lookBack();
}
