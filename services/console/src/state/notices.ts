import { signal } from '@preact/signals';

/** Short messages at the edge of the page, which screen readers say. */
export interface Notice {
  id: number;
  text: string;
  kind: 'good' | 'bad';
  action?: { label: string; run: () => void };
}

export const notices = signal<readonly Notice[]>([]);
let last = 0;

export function notify(text: string, more: { kind?: Notice['kind']; action?: Notice['action'] } = {}): void {
  const id = ++last;
  const notice: Notice = { id, text, kind: more.kind ?? 'good', ...(more.action && { action: more.action }) };
  notices.value = [...notices.value.slice(-2), notice];
  // Whoever can undo something gets longer to think about it.
  setTimeout(() => dismiss(id), more.action ? 20_000 : 6_000);
}

export function dismiss(id: number): void {
  notices.value = notices.value.filter((notice) => notice.id !== id);
}
