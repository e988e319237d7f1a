import { placeOf, type UnsiloEvent } from '@unsilo/schemas';
import type { OutboxMessage } from '@unsilo/state-store';

/** What goes out of an event: its place in the log, and its text. */
export function message(event: UnsiloEvent): OutboxMessage {
  return { ...placeOf(event), value: JSON.stringify(event) };
}
