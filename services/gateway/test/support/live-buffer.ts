import { ServiceError, type LiveEvent } from '@unsilo/hub';

/** Events in order, for readers who want all after a cursor and then wait for more. */
export class LiveBuffer {
  readonly #events: LiveEvent[] = [];
  readonly #waiting = new Set<() => void>();

  push(event: Omit<LiveEvent, 'cursor'>): void {
    this.#events.push({ ...event, cursor: `c${this.#events.length + 1}` });
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
  }

  all(): LiveEvent[] {
    return [...this.#events];
  }

  get readers(): number {
    return this.#waiting.size;
  }

  async *read(query: { after?: string; topics?: readonly string[] }, signal: AbortSignal): AsyncGenerator<LiveEvent> {
    let next = this.#events.length;
    if (query.after !== undefined) {
      next = this.#events.findIndex((event) => event.cursor === query.after) + 1;
      if (next === 0) throw new ServiceError('invalid', 'UNSILO_BAD_CURSOR', 'The cursor is not one of ours.');
    }
    while (!signal.aborted) {
      for (const event of this.#events.slice(next)) {
        next += 1;
        if (query.topics === undefined || query.topics.includes(event.topic)) yield event;
      }
      if (next < this.#events.length) continue;
      await new Promise<void>((resolve) => {
        this.#waiting.add(resolve);
        const leave = (): void => {
          this.#waiting.delete(resolve);
          resolve();
        };
        signal.addEventListener('abort', leave, { once: true });
      });
    }
  }
}
