import type { Database } from 'lmdb';
import type { LmdbEnvironment, Round } from '@unsilo/event-log/lmdb';
import type { Table } from './tables.js';

/**
 * Revisions come from one counter of the whole store, so that none is ever used twice, for a key that was removed and put
 * again neither. What a round has put already is seen by the checks after it.
 */
export class Revisions {
  private readonly record: Database<number, string>;
  private last: number;

  constructor(environment: LmdbEnvironment) {
    this.record = environment.database('revisions', { encoding: 'json' });
    this.last = this.record.get('last') ?? 0;
  }

  current(round: Round, table: Table, tenant: number, key: string): number | null {
    const changed = this.changedIn(round).get(table)?.get(tenantKey(tenant, key));
    return changed === undefined ? table.revision(tenant, key) : changed;
  }

  next(): number {
    return ++this.last;
  }

  /** Notes for the checks after it what a commit puts (a revision) or removes (null). */
  change(round: Round, table: Table, tenant: number, key: string, revision: number | null): void {
    const changes = this.changedIn(round);
    let keys = changes.get(table);
    if (keys === undefined) {
      keys = new Map();
      changes.set(table, keys);
    }
    keys.set(tenantKey(tenant, key), revision);
  }

  private changedIn(round: Round): Map<Table, Map<string, number | null>> {
    return round.note(this, () => {
      round.finally.push(() => void this.record.put('last', this.last));
      return new Map();
    });
  }
}

function tenantKey(tenant: number, key: string): string {
  return `${tenant}/${key}`;
}
