import { StorageError, UnderWay } from '@unsilo/event-log';
import { Journal, type LmdbEnvironment, type Round } from '@unsilo/event-log/lmdb';
import { checkKey, checkKeys, checkSize, checkText } from '../checks.js';
import type {
  Commit,
  CommitResult,
  Entry,
  Expectation,
  KeyedEntry,
  RangeOptions,
  StateStore,
  StoredOffset,
} from '../port.js';
import { ConsumedOffsets } from './consumed-offsets.js';
import { Registry } from './registry.js';
import { Revisions } from './revisions.js';
import type { Table } from './tables.js';

/** The state store of an environment. Close it before the environment. */
export function openLmdbStateStore(environment: LmdbEnvironment): StateStore {
  return environment.part('state-store', () => new LmdbStateStore(environment));
}

interface PreparedPut {
  table: string;
  key: string;
  bytes: Buffer;
}

class LmdbStateStore implements StateStore {
  readonly exclusive = true;
  private readonly environment: LmdbEnvironment;
  private readonly journal: Journal;
  private readonly registry: Registry;
  private readonly revisions: Revisions;
  private readonly consumed: ConsumedOffsets;
  private readonly underWay = new UnderWay();
  private closed = false;

  constructor(environment: LmdbEnvironment) {
    this.environment = environment;
    this.journal = Journal.of(environment);
    this.registry = new Registry(environment);
    this.revisions = new Revisions(environment);
    this.consumed = new ConsumedOffsets(environment);
  }

  async getMany(tenant: string, table: string, keys: readonly string[]): Promise<(Entry | undefined)[]> {
    this.refuseClosed();
    const found = new Array<Entry | undefined>(keys.length).fill(undefined);
    const id = this.registry.tenant(tenant);
    const entries = this.registry.table(table);
    for (const key of keys) checkKey(key);
    if (id === undefined || entries === undefined) return found;
    return this.environment.read(() => {
      for (let index = 0; index < keys.length; index++) found[index] = entries.get(id, keys[index]!);
      return found;
    });
  }

  async range(tenant: string, table: string, options: RangeOptions): Promise<KeyedEntry[]> {
    this.refuseClosed();
    const id = this.registry.tenant(tenant);
    const entries = this.registry.table(table);
    return id === undefined || entries === undefined ? [] : this.environment.read(() => entries.range(id, options));
  }

  async offsets(group: string): Promise<StoredOffset[]> {
    this.refuseClosed();
    return this.consumed.of(group);
  }

  async commit(tenant: string, commit: Commit): Promise<CommitResult> {
    this.refuseClosed();
    return this.underWay.track(this.write(tenant, commit));
  }

  async tenants(): Promise<string[]> {
    this.refuseClosed();
    const tables = this.registry.tables();
    return this.registry
      .tenants()
      .filter(({ id }) => tables.some((table) => table.has(id)))
      .map(({ name }) => name);
  }

  async usage(): Promise<{ table: string; entries: number; bytes: number }[]> {
    this.refuseClosed();
    return this.registry.tables().map((table) => ({ table: table.name, ...table.usage() }));
  }

  async close(): Promise<void> {
    this.closed = true;
    await this.underWay.ended();
  }

  private async write(tenant: string, commit: Commit): Promise<CommitResult> {
    const puts = preparePuts(commit);
    const { outbox = [] } = commit;
    const prepared = outbox.length === 0 ? undefined : this.journal.prepare(outbox);
    return this.environment.write<CommitResult>({
      area: 'STATE',
      bytes: puts.reduce((sum, put) => sum + put.bytes.length, prepared?.bytes ?? 0),
      check: (round) => {
        const conflicts = this.conflicts(round, tenant, commit.expect ?? []);
        const moves = commit.offsets;
        const offsets = moves === undefined ? [] : this.consumed.differing(round, moves.group, moves.moves);
        if (conflicts.length > 0 || offsets.length > 0) return { result: { ok: false, conflicts, offsets } };
        const put = this.accept(round, tenant, puts, commit.remove ?? []);
        if (moves !== undefined) this.consumed.move(round, moves.group, moves.moves);
        if (prepared !== undefined) this.journal.place(prepared, round);
        return { result: { ok: true }, put };
      },
    });
  }

  /** Those expectations that don't hold, with the revision that stands instead. */
  private conflicts(round: Round, tenant: string, expect: readonly Expectation[]): Expectation[] {
    const id = this.registry.tenant(tenant);
    const conflicts: Expectation[] = [];
    for (const { table, key, revision } of expect) {
      const entries = this.registry.table(table);
      const found = id === undefined || entries === undefined ? null : this.revisions.current(round, entries, id, key);
      if (found !== revision) conflicts.push({ table, key, revision: found });
    }
    return conflicts;
  }

  private accept(
    round: Round,
    tenant: string,
    puts: readonly PreparedPut[],
    removes: readonly { table: string; key: string }[],
  ): () => void {
    const tables = new Map<string, Table>();
    for (const { table } of puts) if (!tables.has(table)) tables.set(table, this.registry.tableForWriting(table));
    const id = puts.length === 0 ? this.registry.tenant(tenant) : this.registry.tenantForWriting(tenant);
    const found = id === undefined ? [] : removes.filter(({ table }) => this.registry.table(table) !== undefined);
    const revision = puts.length === 0 ? 0 : this.revisions.next();
    for (const { table, key } of puts) this.revisions.change(round, tables.get(table)!, id!, key, revision);
    for (const { table, key } of found) this.revisions.change(round, this.registry.table(table)!, id!, key, null);
    return () => {
      for (const { table, key, bytes } of puts) tables.get(table)!.put(id!, key, bytes, revision);
      for (const { table, key } of found) this.registry.table(table)!.remove(id!, key);
    };
  }

  private refuseClosed(): void {
    if (this.closed) throw new StorageError('UNSILO_STATE_CLOSED', 'The state store has been closed.');
  }
}

/** Checks a commit as far as that needs no state, and encodes its values. */
function preparePuts(commit: Commit): PreparedPut[] {
  checkKeys(commit);
  return (commit.put ?? []).map(({ table, key, value }) => {
    checkText(table, value);
    const bytes = Buffer.from(value);
    checkSize(table, bytes.length);
    return { table, key, bytes };
  });
}
