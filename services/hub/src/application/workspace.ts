import type { Commit, Expectation, OutboxMessage, StateStore } from '@unsilo/state-store';
import { NOBODY, Parts, type Use } from './parts.js';

/** Tables of the hub's state. Keys hold refs, ids and hashes; nothing of a person. */
export type Table =
  | 'records'
  | 'history'
  | 'summarised'
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

/** A row as the store has it. Its value is parsed once, when somebody asks, and never changed. */
interface StoredRow {
  /** Null: there is none. */
  readonly revision: number | null;
  readonly text: string | undefined;
  value: unknown;
  parsed: boolean;
}

interface Row extends Use {
  /** Undefined where that isn't known. */
  stored: StoredRow | undefined;
  /** What was set. */
  value: unknown;
  dirty: boolean;
}

/** What was written to rows, by table and key; undefined: they are removed. */
export type Written = ReadonlyMap<Table, ReadonlyMap<string, unknown>>;

/** Changes on their way into the store. */
export interface Uncommitted {
  written: Written;
  done: Promise<unknown>;
}

export type Changes = Required<Pick<Commit, 'expect' | 'put' | 'remove'>>;

/** A part of a workspace's changes. */
export interface Beside {
  changes: Changes;
  outbox: OutboxMessage[];
  /** Is all that is about this subject among them? */
  isSound: (subject: string) => boolean;
}

export interface WorkspaceOptions {
  /** Changes that are being committed: they are seen as if they were. Only where nobody else writes the store. */
  before?: Uncommitted | undefined;
  /** An attempt that met others' changes: what it has read besides those is not read again. */
  again?: Workspace | undefined;
  /** Note what has to do with what, so that a part of it can be committed (`beside`). */
  inParts?: boolean;
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
  private readonly again: Workspace | undefined;
  /** Only where it was asked for. */
  private readonly parts: Parts | undefined;
  /** What is being worked on. Undefined: it may be anything. */
  private about: string | undefined;
  /** What goes out with the commit. */
  readonly said: { message: OutboxMessage; readonly about: string | undefined }[] = [];

  constructor(store: StateStore, tenant: string, { before, again, inParts }: WorkspaceOptions = {}) {
    this.store = store;
    this.tenant = tenant;
    this.before = before;
    this.again = again;
    if (inParts) this.parts = new Parts();
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
    const written = this.before?.written.get(name);
    const stood = this.again?.tables.get(name);
    for (const key of new Set(keys)) {
      if (rows.has(key)) continue;
      if (written?.has(key)) {
        rows.set(key, { stored: undefined, value: written.get(key), dirty: false });
        continue;
      }
      const stored = stood?.get(key)?.stored;
      if (stored) rows.set(key, { stored, value: undefined, dirty: false });
      else missing.push(key);
    }
    if (missing.length === 0) return;
    const entries = await this.store.getMany(this.tenant, name, missing);
    for (const [i, key] of missing.entries()) {
      const entry = entries[i];
      const stored = { revision: entry?.revision ?? null, text: entry?.value, value: undefined, parsed: false };
      rows.set(key, { stored, value: undefined, dirty: false });
    }
  }

  get outbox(): OutboxMessage[] {
    return this.said.map(({ message }) => message);
  }

  /** What was read of these rows no longer stands. */
  forget(rows: readonly Pick<Expectation, 'table' | 'key'>[]): void {
    for (const { table, key } of rows) this.tables.get(table as Table)?.delete(key);
  }

  /** Resolves once the store itself has all that is seen here, for readings that go past `load`. */
  async beforeIsCommitted(): Promise<void> {
    await this.before?.done;
  }

  /** @throws when the row was not loaded: a defect of the caller. */
  get<Value>(name: Table, key: string): Value | undefined {
    const row = this.row(name, key);
    return (row.dirty || !row.stored ? row.value : valueOf(row.stored)) as Value | undefined;
  }

  has(name: Table, key: string): boolean {
    const row = this.row(name, key);
    return row.dirty || !row.stored ? row.value !== undefined : row.stored.text !== undefined;
  }

  private row(name: Table, key: string): Row {
    const row = this.loaded(name, key);
    if (this.about !== NOBODY) this.parts?.used(row, this.about);
    return row;
  }

  private loaded(name: Table, key: string): Row {
    const row = this.table(name).get(key);
    if (!row) throw new Error(`row ${name} was used before it was loaded`);
    return row;
  }

  set(name: Table, key: string, value: unknown): void {
    const row = this.loaded(name, key);
    this.parts?.wrote(row, this.about);
    row.value = value;
    row.dirty = true;
  }

  remove(name: Table, key: string): void {
    this.set(name, key, undefined);
  }

  /** Writes without having read: for rows whose content doesn't depend on what stood there. */
  overwrite(name: Table, key: string, value: unknown): void {
    const row: Row = { stored: undefined, value, dirty: false };
    const { users } = this.table(name).get(key) ?? {};
    if (users) row.users = users;
    this.parts?.wrote(row, this.about);
    row.dirty = true;
    this.table(name).set(key, row);
  }

  /** Goes through items. What is used and written meanwhile is noted as being about each; what one leaves for another besides rows, `tie` must tell. */
  *each<Item>(items: Iterable<Item>, subjectOf: (item: Item) => string): Generator<Item, void> {
    const before = this.about;
    try {
      for (const item of items) {
        this.about = subjectOf(item);
        yield item;
      }
    } finally {
      this.about = before;
    }
  }

  /** What is being worked on has to do with another subject, too, in a way that rows don't tell. */
  tie(other: string): void {
    if (this.about !== undefined && this.about !== NOBODY) this.parts?.tie(this.about, other);
  }

  /** Looks at rows only to see which others will be needed. */
  glance<Value>(look: () => Value): Value {
    const before = this.about;
    this.about = NOBODY;
    try {
      return look();
    } finally {
      this.about = before;
    }
  }

  /** A message goes out with the commit. */
  say(message: OutboxMessage): void {
    this.said.push({ message, about: this.about });
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

  /** For whoever goes on before this is committed. What was only read is not kept: it would outlive its use by far. */
  written(): Written {
    const written = new Map<Table, ReadonlyMap<string, unknown>>();
    for (const [table, rows] of this.tables) {
      const values = new Map<string, unknown>();
      for (const [key, row] of rows) if (row.dirty) values.set(key, row.value);
      if (values.size > 0) written.set(table, values);
    }
    return written;
  }

  /** Everything that changed, and the revisions on which the changes rest: none where what was read stays as it is until we write. */
  changes(): Changes {
    return this.changesOf(() => true);
  }

  /**
   * What can be committed although these rows are not what they were: all that has nothing to do with them.
   * @returns undefined when that is nothing
   */
  beside(conflicts: readonly Expectation[]): Beside | undefined {
    const { parts } = this;
    if (!parts || parts.isOne) return undefined;
    const broken = new Set<string>();
    for (const { table, key } of conflicts)
      for (const user of this.tables.get(table as Table)?.get(key)?.users ?? []) broken.add(parts.partOf(user));
    const isSound = (subject: string): boolean => !broken.has(parts.partOf(subject));
    const changes = this.changesOf(({ users = [] }) => users.some(isSound));
    const outbox = this.said.flatMap(({ message, about }) => (about !== undefined && isSound(about) ? message : []));
    if (changes.put.length + changes.remove.length + outbox.length === 0) return undefined;
    return { changes, outbox, isSound };
  }

  /** Of the rows that are chosen. */
  private changesOf(isChosen: (row: Row) => boolean): Changes {
    const expect: Expectation[] = [];
    const put: { table: string; key: string; value: string }[] = [];
    const remove: { table: string; key: string }[] = [];
    for (const [table, rows] of this.tables) {
      for (const [key, row] of rows) {
        if (!isChosen(row)) continue;
        if (row.stored && !this.store.exclusive) expect.push({ table, key, revision: row.stored.revision });
        if (!row.dirty) continue;
        if (row.value === undefined) {
          if (row.stored?.revision !== null) remove.push({ table, key });
          continue;
        }
        const value = JSON.stringify(row.value);
        if (value !== row.stored?.text) put.push({ table, key, value });
      }
    }
    return { expect, put, remove };
  }
}

function valueOf(stored: StoredRow): unknown {
  if (!stored.parsed) {
    stored.value = stored.text === undefined ? undefined : JSON.parse(stored.text);
    stored.parsed = true;
  }
  return stored.value;
}
