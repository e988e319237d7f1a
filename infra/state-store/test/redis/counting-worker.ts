import type { StateStore } from '@unsilo/state-store';

/** How often each event stands in the list, as the worker's table shows it in the end. */
export function countsOf(events: readonly number[]): Map<string, string> {
  const counts = new Map<string, string>();
  for (const event of events) counts.set(`k${event}`, String(Number(counts.get(`k${event}`) ?? 0) + 1));
  return counts;
}

/** Counts events by key, three at a time, as the hub would: reads, computes, commits with expectations and its offset. */
export class Worker {
  readonly store: StateStore;
  private readonly tenant: string;
  private readonly topic: string;
  private readonly group: string;
  private readonly events: readonly number[];
  private position: number | undefined;

  constructor(store: StateStore, tenant: string, topic: string, group: string, events: readonly number[]) {
    this.store = store;
    this.tenant = tenant;
    this.topic = topic;
    this.group = group;
    this.events = events;
  }

  get finished(): boolean {
    return this.position === this.events.length;
  }

  async turn(): Promise<void> {
    const from = this.position ?? 0;
    const batch = this.events.slice(from, from + 3);
    const keys = [...new Set(batch.map((event) => `k${event}`))];
    const read = await this.store.getMany(this.tenant, 'counts', keys);
    const result = await this.store.commit(this.tenant, {
      expect: keys.map((key, at) => ({ table: 'counts', key, revision: read[at]?.revision ?? null })),
      put: keys.map((key, at) => ({
        table: 'counts',
        key,
        value: String(Number(read[at]?.value ?? 0) + batch.filter((event) => `k${event}` === key).length),
      })),
      offsets: {
        group: this.group,
        moves: [{ topic: this.topic, partition: 0, from: this.position, to: from + batch.length }],
      },
    });
    if (result.ok) this.position = from + batch.length;
    else this.position = (await this.store.offsets(this.group))[0]?.offset;
  }
}
