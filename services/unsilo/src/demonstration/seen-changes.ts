/** Table, row, column: the value that was seen last, and when it was first seen to differ from the one before. */
export type SeenTables = ReadonlyMap<string, ReadonlyMap<string, ReadonlyMap<string, SeenCell>>>;
interface SeenCell {
  value: string;
  /** Epoch milliseconds; undefined while the value is the first one. */
  changedAt: number | undefined;
}
interface Table {
  name: string;
  key: string;
  columns: readonly string[];
  rows: readonly Readonly<Record<string, string>>[];
}

/** What is seen now, with the times of changes carried on from what was seen `before`. A row that is new changed as a whole. */
export function changesSince(before: SeenTables | undefined, tables: readonly Table[], now: number): SeenTables {
  return new Map(
    tables.map(({ name, key, columns, rows }) => {
      const known = before?.get(name);
      const seen = rows.map((row) => {
        const id = row[key] ?? '';
        const old = known?.get(id);
        const cells = columns.map((column): [string, SeenCell] => {
          const value = row[column] ?? '';
          const last = old?.get(column);
          if (last?.value === value) return [column, last];
          return [column, { value, changedAt: before === undefined ? undefined : now }];
        });
        return [id, new Map(cells)] as const;
      });
      return [name, new Map(seen)];
    }),
  );
}
