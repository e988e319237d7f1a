import type { Database } from 'lmdb';
import type { LmdbEnvironment } from '@unsilo/event-log/lmdb';
import { Table } from './tables.js';

/** The tenants and tables that there are. A new one is entered at once, in a transaction of its own: that is rare. */
export class Registry {
  private readonly environment: LmdbEnvironment;
  private readonly records: Database<number, string[]>;
  private readonly tenantIds = new Map<string, number>();
  private readonly openTables = new Map<string, Table>();

  constructor(environment: LmdbEnvironment) {
    this.environment = environment;
    this.records = environment.database('names', { encoding: 'json' });
    for (const { key, value } of this.records.getRange({})) {
      const [kind, name] = key as [string, string];
      if (kind === 'tenant') this.tenantIds.set(name, value);
      else this.openTables.set(name, new Table(environment, name));
    }
  }

  tenant(name: string): number | undefined {
    return this.tenantIds.get(name);
  }

  table(name: string): Table | undefined {
    return this.openTables.get(name);
  }

  /** Only in a write's `check`. */
  tenantForWriting(name: string): number {
    let id = this.tenantIds.get(name);
    if (id === undefined) {
      const added = this.tenantIds.size + 1;
      this.environment.writeNow(() => void this.records.put(['tenant', name], added));
      this.tenantIds.set(name, (id = added));
    }
    return id;
  }

  /** Only in a write's `check`. */
  tableForWriting(name: string): Table {
    let table = this.openTables.get(name);
    if (table === undefined) {
      table = new Table(this.environment, name);
      this.environment.writeNow(() => void this.records.put(['table', name], 0));
      this.openTables.set(name, table);
    }
    return table;
  }

  tables(): readonly Table[] {
    return [...this.openTables.values()];
  }

  tenants(): readonly { name: string; id: number }[] {
    return [...this.tenantIds].map(([name, id]) => ({ name, id }));
  }
}
