import { mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { SHOP_COLUMNS, type ShopColumn, type ShopRow } from './company.js';
import type { SimulatedTable } from './records-window.js';

/**
 * The simulated shop. Like many small shops it speaks no protocol: it drops its table of customers as a CSV file into one folder, and
 * takes in the file that it finds in another. Its people edit the table directly.
 */
export interface SimulatedShop {
  /** The folder that it exports to. */
  readonly exports: string;
  /** The folder that it imports from. */
  readonly imports: string;
  /** In the order of the table. */
  rows(): readonly ShopRow[];
  row(customerNo: string): ShopRow | undefined;
  /** Somebody in the shop changes values of a row, or adds one; the next export has it. */
  edit(customerNo: string, values: Partial<Record<ShopColumn, string>>): Promise<void>;
  /** The customer orders again: the row is stamped, nothing else of it changes, and the table is dropped once more. */
  order(customerNo: string): Promise<void>;
  /**
   * Drops the last export in which a row still said something else than it does now once more, as happens when somebody finds it in a
   * mailbox. False: there was none that said so.
   */
  dropStale(customerNo: string, said: Partial<Record<ShopColumn, string>>): Promise<boolean>;
  /** How many files it has exported and taken in. */
  counts(): { exported: number; imported: number };
  close(): Promise<void>;
}

const EXPORT_FILE = 'customers.csv';
/** The shop stamps a row whenever it changes, imports included: to who reads its export, they look like edits. */
const STAMP: ShopColumn = 'updated';
const OWN: ReadonlySet<ShopColumn> = new Set<ShopColumn>(['customer_no', 'created', STAMP]);

export interface ShopOptions {
  folder: string;
  rows: readonly ShopRow[];
  /** Name of the file in the folder of imports. */
  importFile: string;
  /** How often it looks for something to import, milliseconds. */
  lookEveryMs: number;
  clock: { now(): number };
}

export async function startShop({ folder, rows, importFile, lookEveryMs, clock }: ShopOptions): Promise<SimulatedShop> {
  const exports = join(folder, 'export');
  const imports = join(folder, 'import');
  const table = new Map(rows.map((row) => [row.customer_no, { ...row }]));
  const counts = { exported: 0, imported: 0 };
  /** What was exported so far, oldest first: the rows as they were then. */
  const exported: (readonly ShopRow[])[] = [];
  let importedAt: number | undefined;
  let lane: Promise<unknown> = Promise.resolve();

  /** One after the other: people and imports meet in one table. */
  function inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const mine = lane.then(work, work);
    lane = mine.catch(() => undefined);
    return mine;
  }

  /** Beside its place first, then renamed: nobody reads half of it. */
  async function drop(text: string): Promise<void> {
    const path = join(exports, EXPORT_FILE);
    await writeFile(`${path}.part`, text);
    await rename(`${path}.part`, path);
    counts.exported += 1;
  }

  async function exportTable(): Promise<void> {
    const now = [...table.values()];
    exported.push(now);
    await drop(toCsv(now));
  }

  function change(customerNo: string, values: Readonly<Record<string, string | undefined>>): boolean {
    const now = new Date(clock.now()).toISOString();
    const row: Record<string, string> = { ...(table.get(customerNo) ?? { customer_no: customerNo, created: now }) };
    let isChanged = !table.has(customerNo);
    for (const column of SHOP_COLUMNS) {
      const value = values[column];
      if (value === undefined || OWN.has(column) || value === (row[column] ?? '')) continue;
      row[column] = value;
      isChanged = true;
    }
    if (isChanged) table.set(customerNo, { ...row, customer_no: customerNo, [STAMP]: now });
    return isChanged;
  }

  async function importWhatIsThere(): Promise<void> {
    const path = join(imports, importFile);
    const found = await stat(path).catch(() => undefined);
    if (found === undefined || found.mtimeMs === importedAt) return;
    const incoming = parse(await readFile(path, 'utf8'), { columns: true }) as Record<string, string>[];
    importedAt = found.mtimeMs;
    counts.imported += 1;
    const known = incoming.filter((row) => table.has(row['customer_no'] ?? ''));
    const changed = known.filter((row) => change(row['customer_no']!, row));
    if (changed.length > 0) await exportTable();
  }

  await mkdir(exports, { recursive: true });
  await mkdir(imports, { recursive: true });
  await exportTable();
  const looking = setInterval(() => {
    // A file that can't be read is read at the next look.
    inTurn(importWhatIsThere).catch(() => undefined);
  }, lookEveryMs);

  return {
    exports,
    imports,
    rows: () => [...table.values()],
    row: (customerNo) => table.get(customerNo),
    edit: (customerNo, values) =>
      inTurn(async () => {
        if (change(customerNo, values)) await exportTable();
      }),
    order: (customerNo) =>
      inTurn(async () => {
        const row = table.get(customerNo);
        if (row === undefined) return;
        table.set(customerNo, { ...row, [STAMP]: new Date(clock.now()).toISOString() });
        await exportTable();
      }),
    dropStale: (customerNo, said) =>
      inTurn(async () => {
        const stale = exported.findLast((rows) => {
          const row = rows.find(({ customer_no }) => customer_no === customerNo);
          return row !== undefined && SHOP_COLUMNS.every((column) => row[column] === (said[column] ?? row[column]));
        });
        const now = table.get(customerNo);
        const isOld = SHOP_COLUMNS.some((column) => said[column] !== undefined && said[column] !== now?.[column]);
        if (stale === undefined || !isOld) return false;
        await drop(toCsv(stale));
        return true;
      }),
    counts: () => ({ ...counts }),
    async close() {
      clearInterval(looking);
      await lane;
    },
  };
}

function toCsv(rows: readonly ShopRow[]): string {
  const quoted = (value: string): string => (/[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value);
  const lines = rows.map((row) => SHOP_COLUMNS.map((column) => quoted(row[column] ?? '')).join(','));
  return `${[SHOP_COLUMNS.join(','), ...lines].join('\n')}\n`;
}

export function shopTables(shop: Pick<SimulatedShop, 'rows'>): SimulatedTable[] {
  const rows = shop.rows().map((row) => Object.fromEntries(SHOP_COLUMNS.map((column) => [column, row[column] ?? ''])));
  return [{ name: 'Customers', key: 'customer_no', columns: SHOP_COLUMNS, rows }];
}
