import type { SystemView } from '@unsilo/hub';
import type { StateStore } from '@unsilo/state-store';

/** What the process that runs a system tells of it; one row a system, written anew while it runs. */
export interface StatusRow {
  state: SystemView['state'];
  reason?: string;
  hint?: string;
  since: string;
  counts: Record<string, number>;
  lastChangeAt?: string;
  /** Where that process takes webhooks: `http://10.0.0.7:8420`. */
  url: string;
  /** Epoch milliseconds, of that process. */
  at: number;
  /** The last order that it has carried out. */
  order?: string;
}

/** What an operator wants of a system. */
export interface OrderRow {
  id: string;
  wanted: 'pause' | 'resume';
  reason: string;
}

/** Between two signs of life of a system, milliseconds. */
export const STATUS_MS = 1000;
/** Without a sign for so long, nobody runs it. */
export const SILENCE_MS = 15_000;

const STATUS = 'connector-status';
const ORDERS = 'connector-orders';

export class SystemRows {
  readonly #store: StateStore;
  readonly #tenant: string;

  constructor(store: StateStore, tenant: string) {
    this.#store = store;
    this.#tenant = tenant;
  }

  statuses(systems: readonly string[]): Promise<(StatusRow | undefined)[]> {
    return this.#read<StatusRow>(STATUS, systems);
  }
  orders(systems: readonly string[]): Promise<(OrderRow | undefined)[]> {
    return this.#read<OrderRow>(ORDERS, systems);
  }
  async tell(rows: ReadonlyMap<string, StatusRow>): Promise<void> {
    await this.#write(STATUS, rows);
  }
  async order(system: string, row: OrderRow): Promise<void> {
    await this.#write(ORDERS, new Map([[system, row]]));
  }

  async #read<Row>(table: string, keys: readonly string[]): Promise<(Row | undefined)[]> {
    if (keys.length === 0) return [];
    const rows = await this.#store.getMany(this.#tenant, table, keys);
    return rows.map((row) => (row === undefined ? undefined : (JSON.parse(row.value) as Row)));
  }
  async #write(table: string, rows: ReadonlyMap<string, unknown>): Promise<void> {
    if (rows.size === 0) return;
    const put = [...rows].map(([key, row]) => ({ table, key, value: JSON.stringify(row) }));
    await this.#store.commit(this.#tenant, { put });
  }
}
