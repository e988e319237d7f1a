import type { Commit, Expectation, StateStore } from '@unsilo/state-store';

/** Tables of the hub's state. Keys hold refs, ids and hashes; nothing of a person. */
export type Table =
  | 'records'
  | 'history'
  | 'matching'
  | 'postings'
  | 'shared'
  | 'components'
  | 'review'
  | 'overflow'
  | 'customers'
  | 'retired'
  | 'aliases'
  | 'commands'
  | 'external-keys'
  | 'interactions'
  | 'objects'
  | 'timeline'
  | 'erasures'
  | 'search'
  | 'systems'
  | 'unplanned'
  | 'decisions'
  | 'published'
  | 'progress';

interface Row {
  revision: number | null;
  text: string | undefined;
  value: unknown;
  parsed: boolean;
  dirty: boolean;
}

/** Changes on their way into the store. */
export interface Uncommitted {
  workspace: Workspace;
  done: Promise<unknown>;
}

/**
 * What one batch reads and writes: an overlay over the store that sees its own writes and ends in one commit.
 * Rows are read in rounds (`load`), then used synchronously.
 */
export class Workspace {
  private readonly tables = new Map<Table, Map<string, Row>>();
  private readonly store: StateStore;
  readonly tenant: string;
  private before: Uncommitted | undefined;

  /** @param before Changes that are being committed: they are seen as if they were. Only where nobody else writes the store. */
  constructor(store: StateStore, tenant: string, before?: Uncommitted) {
    this.store = store;
    this.tenant = tenant;
    this.before = before;
    before?.done.then(
      () => (this.before = undefined),
      () => undefined,
    );
  }

  private table(name: Table): Map<string, Row> {
    let rows = this.tables.get(name);
    if (!rows) this.tables.set(name, (rows = new Map()));
    return rows;
  }

  /** Reads the rows that aren't here yet, in one round trip. */
  async load(name: Table, keys: Iterable<string>): Promise<void> {
    const rows = this.table(name);
    const missing: string[] = [];
    const changed = this.before?.workspace.tables.get(name);
    for (const key of new Set(keys)) {
      if (rows.has(key)) continue;
      const row = changed?.get(key);
      // Without its text: that is what stood before the change.
      if (row?.dirty) rows.set(key, { revision: -1, text: undefined, value: row.value, parsed: true, dirty: false });
      else missing.push(key);
    }
    if (missing.length === 0) return;
    const entries = await this.store.getMany(this.tenant, name, missing);
    for (const [i, key] of missing.entries()) {
      const entry = entries[i];
      rows.set(key, {
        revision: entry?.revision ?? null,
        text: entry?.value,
        value: undefined,
        parsed: false,
        dirty: false,
      });
    }
  }

  /** Resolves once the store itself has all that is seen here, for readings that go past `load`. */
  async beforeIsCommitted(): Promise<void> {
    await this.before?.done;
  }

  /** @throws when the row was not loaded: a defect of the caller. */
  get<Value>(name: Table, key: string): Value | undefined {
    const row = this.row(name, key);
    if (!row.parsed) {
      row.value = row.text === undefined ? undefined : JSON.parse(row.text);
      row.parsed = true;
    }
    return row.value as Value | undefined;
  }

  has(name: Table, key: string): boolean {
    const row = this.row(name, key);
    return row.parsed ? row.value !== undefined : row.text !== undefined;
  }

  private row(name: Table, key: string): Row {
    const row = this.table(name).get(key);
    if (!row) throw new Error(`row ${name} was used before it was loaded`);
    return row;
  }

  set(name: Table, key: string, value: unknown): void {
    const row = this.row(name, key);
    row.value = value;
    row.parsed = true;
    row.dirty = true;
  }

  remove(name: Table, key: string): void {
    this.set(name, key, undefined);
  }

  /** Writes without having read: for rows whose content doesn't depend on what stood there. */
  overwrite(name: Table, key: string, value: unknown): void {
    this.table(name).set(key, { revision: -1, text: undefined, value, parsed: true, dirty: true });
  }

  /** Rows here whose key begins so, and that stand. */
  withPrefix<Value>(name: Table, prefix: string): [key: string, value: Value][] {
    const found: [string, Value][] = [];
    for (const key of this.table(name).keys()) {
      const value = key.startsWith(prefix) ? this.get<Value>(name, key) : undefined;
      if (value !== undefined) found.push([key, value]);
    }
    return found;
  }

  /** Everything that changed, and the revisions on which the changes rest: none where what was read stays as it is until we write. */
  changes(): Required<Pick<Commit, 'expect' | 'put' | 'remove'>> {
    const expect: Expectation[] = [];
    const put: { table: string; key: string; value: string }[] = [];
    const remove: { table: string; key: string }[] = [];
    for (const [table, rows] of this.tables) {
      for (const [key, row] of rows) {
        if (row.revision !== -1 && !this.store.exclusive) expect.push({ table, key, revision: row.revision });
        if (!row.dirty) continue;
        if (row.value === undefined) {
          if (row.revision !== null) remove.push({ table, key });
          continue;
        }
        const value = JSON.stringify(row.value);
        if (value !== row.text) put.push({ table, key, value });
      }
    }
    return { expect, put, remove };
  }
}
