import { createHash } from 'node:crypto';
import type { AppendMessage, EventLog } from '@unsilo/event-log';
import type { StateStore } from '@unsilo/state-store';

/** In the target's state: how far each topic was copied. */
export const COPY_TABLE = 'copy';
const PAGE = 500;

/** How far a topic was copied. */
interface TopicRow {
  /** By partition of the source: the next message to copy. */
  done: Record<string, number>;
  /** By partition of the target: where it ended after that. */
  ends: Record<string, number>;
  /** The groups whose positions were set. */
  groups: string[];
}

export interface CopyPlace {
  source: EventLog;
  target: EventLog;
  /** Of the target. */
  store: StateStore;
  tenant: string;
  signal: AbortSignal;
  progress: (messages: number) => void;
}

/** Where copying a topic stands; kept in the target, so that a copy that was stopped goes on there. */
export class TopicCopy {
  readonly #place: CopyPlace;
  readonly #topic: string;
  #row: TopicRow = { done: {}, ends: {}, groups: [] };
  /** Messages that were appended, but not noted: by digest, how many. */
  #unnoted = new Map<string, number>();

  private constructor(place: CopyPlace, topic: string) {
    this.#place = place;
    this.#topic = topic;
  }

  static async open(place: CopyPlace, topic: string): Promise<TopicCopy> {
    const copy = new TopicCopy(place, topic);
    const [row] = await place.store.getMany(place.tenant, COPY_TABLE, [topic]);
    if (row !== undefined) copy.#row = JSON.parse(row.value) as TopicRow;
    for (const { partition, first, next } of await place.target.ends([topic])) {
      let from: number | undefined = Math.max(first, copy.#row.ends[partition] ?? 0);
      while (from !== undefined && from < next) {
        const page = await place.target.read({ topic, partition, from, limit: PAGE, until: next });
        for (const message of page.messages)
          copy.#unnoted.set(digest(message), (copy.#unnoted.get(digest(message)) ?? 0) + 1);
        from = page.next;
      }
      copy.#row.ends[partition] = next;
    }
    return copy;
  }

  /** Copies what isn't there yet, in the order of each partition, up to (not including) `until` where that names the partition. */
  async upTo(until?: ReadonlyMap<number, number>): Promise<void> {
    const { source, signal, progress } = this.#place;
    const topic = this.#topic;
    for (const { partition, first, next } of await source.ends([topic])) {
      const end = Math.min(next, until?.get(partition) ?? next);
      let from: number | undefined = Math.max(first, this.#row.done[partition] ?? 0);
      while (from !== undefined && from < end) {
        signal.throwIfAborted();
        const page = await source.read({ topic, partition, from, limit: PAGE, until: end });
        await this.#append(page.messages);
        this.#row.done[partition] = page.next ?? end;
        await this.#note();
        progress(page.messages.length);
        from = page.next;
      }
    }
  }

  /** From now on the group has read everything that is in the topic. */
  async setGroup(group: string): Promise<void> {
    if (this.#row.groups.includes(group)) return;
    const member = await this.#place.target.subscribe({
      group,
      topics: [this.#topic],
      start: 'latest',
      onBatch: () => Promise.resolve(),
    });
    await member.close();
    this.#row.groups.push(group);
    await this.#note();
  }

  async #append(messages: readonly AppendMessage[]): Promise<void> {
    const missing = messages.filter((message) => {
      const known = this.#unnoted.get(digest(message)) ?? 0;
      if (known > 0) this.#unnoted.set(digest(message), known - 1);
      return known === 0;
    });
    const positions = await this.#place.target.append(
      missing.map(({ key, value, headers }) => ({
        topic: this.#topic,
        key,
        value,
        ...(headers === undefined ? {} : { headers }),
      })),
    );
    for (const { partition, offset } of positions)
      this.#row.ends[partition] = Math.max(this.#row.ends[partition] ?? 0, offset + 1);
  }

  async #note(): Promise<void> {
    const { store, tenant } = this.#place;
    await store.commit(tenant, { put: [{ table: COPY_TABLE, key: this.#topic, value: JSON.stringify(this.#row) }] });
  }
}

function digest({ key, value }: Pick<AppendMessage, 'key' | 'value'>): string {
  return createHash('sha256')
    .update(`${key}\n`)
    .update(value ?? '')
    .update(value === null ? 'removed' : '')
    .digest('base64url');
}
