import type { ConnectorStorage } from '@unsilo/connector-sdk';
import type { AppendMessage, EventLog } from '@unsilo/event-log';
import type { StateStore } from '@unsilo/state-store';
import { CONNECTOR_TABLE, placeOfEntry } from './connector-storage.js';
import { memoryGroup, memoryTopic } from './connector-topics.js';

/** How far the state has taken in the topic, and who writes. It stands among the entries, so that one reading shows both. */
const POSITION = '#position';
const PAGE = 500;
/** Entries that go into the state at one stroke while it is made good. */
const MOST_ENTRIES = 2000;
const MOST_ATTEMPTS = 20;

/** The value of a message; without a `value` the entry was removed. */
interface Line {
  /** Raised by each process that takes over: what an older one still writes doesn't count. */
  epoch: number;
  value?: unknown;
}
interface Position {
  next: number;
  epoch: number;
}
type Entries = Readonly<Record<string, unknown>>;

/** Another process runs this system now; this one may write nothing any more. */
export class MemoryTakenOver extends Error {
  readonly code = 'UNSILO_CONNECTOR_TAKEN_OVER';
  constructor(system: string) {
    super(`Another process has taken over ${system}; this one gives way.`);
    this.name = 'MemoryTakenOver';
  }
}

/**
 * A connector's memory on servers: durable in the log, read from the state. What is set is appended before it counts, so that a state that
 * was lost or set back is made good from the topic, unseen by the connector. Entries that don't fit into one request are appended last
 * first: of a set that was cut off, what the runner names last (what isn't confirmed yet) is there before what it is about.
 */
export class ConnectorMemory implements ConnectorStorage {
  readonly #log: EventLog;
  readonly #store: StateStore;
  readonly #tenant: string;
  readonly #system: string;
  #position: Position = { next: 0, epoch: 0 };
  #lane: Promise<unknown> = Promise.resolve();
  #waiting: { entries: Entries; settle: (outcome: Promise<void>) => void }[] = [];

  private constructor(log: EventLog, store: StateStore, tenant: string, system: string) {
    this.#log = log;
    this.#store = store;
    this.#tenant = tenant;
    this.#system = system;
  }

  /** Takes the memory over: makes good what the state lacks, and shuts out whoever wrote before. Its topic must be declared. */
  static async open(log: EventLog, store: StateStore, tenant: string, system: string): Promise<ConnectorMemory> {
    const memory = new ConnectorMemory(log, store, tenant, system);
    await memory.#inTurn(async () => {
      await memory.#catchUp(Infinity);
      memory.#position.epoch += 1;
      await memory.#write({ [POSITION]: undefined });
    });
    return memory;
  }

  async getMany(keys: readonly string[]): Promise<unknown[]> {
    if (keys.length === 0) return [];
    for (let attempt = 1; attempt <= MOST_ATTEMPTS; attempt += 1) {
      const { next, epoch } = this.#position;
      const [row, ...rows] = await this.#rows([POSITION, ...keys]);
      const found = row as Position | undefined;
      if (found !== undefined && found.epoch > epoch) throw new MemoryTakenOver(this.#system);
      if (found !== undefined && found.epoch === epoch && found.next >= next) return rows;
      await this.#inTurn(() => this.#catchUp(this.#position.epoch));
    }
    throw this.#unstable();
  }

  /** Sets that wait for the same turn share it: one append, one commit. */
  set(entries: Entries): Promise<void> {
    return new Promise((settle) => {
      this.#waiting.push({ entries, settle });
      if (this.#waiting.length > 1) return;
      void this.#inTurn(async () => {
        const waiting = this.#waiting.splice(0);
        const written = this.#write(Object.assign({}, ...waiting.map((one) => one.entries)) as Entries);
        for (const one of waiting) one.settle(written);
        await written;
      }).catch(() => undefined);
    });
  }

  async #write(entries: Entries): Promise<void> {
    const lines = this.#lines(entries);
    if (lines.length === 0) return;
    const positions = await this.#log.append(lines);
    const next = (positions.at(-1)?.offset ?? 0) + 1;
    // Nobody has written in between, nor has anything of an append that failed come late.
    const joined = positions[0]?.offset === this.#position.next && next - this.#position.next === lines.length;
    if (joined && (await this.#commit(entries, this.#position.next, { ...this.#position, next }))) return;
    await this.#catchUp(this.#position.epoch);
  }

  #lines(entries: Entries): AppendMessage[] {
    const { epoch } = this.#position;
    return Object.entries(entries)
      .reverse()
      .map(([key, value]) => ({
        topic: memoryTopic(this.#system),
        key: `${this.#tenant}/${key}`,
        value: JSON.stringify({ epoch, ...(value === undefined ? {} : { value }) } satisfies Line),
      }));
  }

  /** Answers whether the state was at `from`; only then is it changed. */
  async #commit(entries: Entries, from: number | undefined, position: Position): Promise<boolean> {
    const table = CONNECTOR_TABLE;
    const put = [{ table, key: this.#place(POSITION), value: JSON.stringify(position) }];
    const remove: { table: string; key: string }[] = [];
    for (const [key, value] of Object.entries(entries))
      if (key === POSITION) continue;
      else if (value === undefined) remove.push({ table, key: this.#place(key) });
      else put.push({ table, key: this.#place(key), value: JSON.stringify(value) });
    const move = { topic: memoryTopic(this.#system), partition: 0, from, to: position.next };
    const { ok } = await this.#store.commit(this.#tenant, {
      put,
      remove,
      offsets: { group: memoryGroup(this.#system), moves: [move] },
    });
    if (ok) this.#position = position;
    return ok;
  }

  /**
   * Brings the state to the end of the topic.
   * @throws MemoryTakenOver where somebody has written with an epoch above `most`
   */
  async #catchUp(most: number): Promise<void> {
    for (let attempt = 1; attempt <= MOST_ATTEMPTS; attempt += 1) if (await this.#replay(most)) return;
    throw this.#unstable();
  }

  /** Answers whether the state stood still meanwhile. */
  async #replay(most: number): Promise<boolean> {
    const topic = memoryTopic(this.#system);
    const [end] = await this.#log.ends([topic]);
    if (end === undefined) throw new Error(`the topic ${topic} has no partition`);
    const [row] = await this.#rows([POSITION]);
    let { next: stored, epoch } = (row as Position | undefined) ?? { next: undefined, epoch: 0 };
    // A position beyond the end belongs to another log.
    let from: number | undefined = stored === undefined || stored > end.next ? end.first : stored;
    let entries: Record<string, unknown> = {};
    const outdated = new Set<string>();
    while (from !== undefined && from < end.next) {
      const page = await this.#log.read({ topic, partition: 0, from, limit: PAGE, until: end.next });
      for (const { key: whole, value } of page.messages) {
        const line = readLine(value);
        const key = whole.slice(this.#tenant.length + 1);
        if (line === undefined) continue;
        if (line.epoch < epoch) outdated.add(key);
        else {
          epoch = line.epoch;
          entries[key] = line.value;
          outdated.delete(key);
        }
      }
      if (epoch > most) throw new MemoryTakenOver(this.#system);
      from = page.next;
      if (from === undefined || Object.keys(entries).length < MOST_ENTRIES) continue;
      if (!(await this.#commit(entries, stored, { next: from, epoch }))) return false;
      stored = from;
      entries = {};
    }
    if (epoch > most) throw new MemoryTakenOver(this.#system);
    const position = { next: end.next, epoch };
    if (stored === end.next) this.#position = position;
    else if (!(await this.#commit(entries, stored, position))) return false;
    // Compaction would keep the lines that don't count in place of those that do.
    outdated.delete(POSITION);
    if (outdated.size > 0 && most !== Infinity) await this.#write(await this.#present([...outdated]));
    return true;
  }

  async #present(keys: readonly string[]): Promise<Entries> {
    const values = await this.#rows(keys);
    return Object.fromEntries(keys.map((key, index) => [key, values[index]]));
  }

  async #rows(keys: readonly string[]): Promise<unknown[]> {
    const rows = await this.#store.getMany(this.#tenant, CONNECTOR_TABLE, keys.map(this.#place));
    return rows.map((row) => (row === undefined ? undefined : (JSON.parse(row.value) as unknown)));
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.#lane.then(work, work);
    this.#lane = mine.catch(() => undefined);
    return mine;
  }

  readonly #place = (key: string): string => placeOfEntry(this.#system, key);

  #unstable(): Error {
    return new Error(`The memory of ${this.#system} keeps being changed by somebody else.`);
  }
}

/** Undefined for what this software didn't write. */
function readLine(value: Buffer | null): Line | undefined {
  if (value === null) return undefined;
  try {
    const line = JSON.parse(value.toString('utf8')) as Partial<Line> | null;
    return typeof line?.epoch === 'number' ? { epoch: line.epoch, value: line.value } : undefined;
  } catch {
    return undefined;
  }
}
