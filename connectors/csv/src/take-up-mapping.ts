import { retirement, type MappingConfig } from '@unsilo/connector-sdk';
import { columnNames, plainName } from './header.js';
import type { CsvMap } from './map.js';
import type { CsvOptions } from './options.js';
import { tellAnew } from './row.js';
import type { Table } from './table.js';

/**
 * Under another mapping the rows say something else, though no file has changed: each gets a new version and joins the journal, page by
 * page. Commands that were planned on what the rows said before then meet a record that has moved on.
 * @param stillMine Throws once another reading has begun.
 */
export async function takeUpMapping(
  table: Table,
  options: CsvOptions,
  map: CsvMap,
  now: number,
  stillMine: () => void,
): Promise<void> {
  const { kind, fields, constants } = options.mapping;
  const told = { fields, ...(kind === undefined ? {} : { kind }), ...(constants === undefined ? {} : { constants }) };
  const isTakenUp = () =>
    table.exclusive(async () => {
      stillMine();
      const { mapping, told: earlier, takingUp, columns } = await table.state();
      if (mapping === map.meaning) return true;
      const number = takingUp?.mapping === map.meaning ? takingUp.page : 0;
      const page = await table.page(number);
      if (page === undefined) {
        await table.tookUp(map.meaning, told, columnNames(columns, options, map));
        return true;
      }
      // Files are matched to the mapping's spelling of a column from now on.
      const renamed = columnNames(columns, options, map);
      const names = new Map(columns.map((column, index) => [column, renamed[index]!]));
      const retire = earlier === undefined ? undefined : retirement(respelled(earlier, fields), told);
      const standing = page.filter(([, row]) => row.deleted !== true && row.erased === undefined);
      const rows = new Map(standing.map(([id, row]) => [id, tellAnew(row, names, retire ?? asBefore, now)]));
      await table.saveBatch({
        rows,
        journal: { ids: [...rows.keys()], bad: [] },
        state: { takingUp: { mapping: map.meaning, page: number + 1 } },
      });
      return false;
    });
  while (!(await isTakenUp()));
}

/** What is retired of a row of which nobody knows what it was told under. */
const asBefore = <Known>(_: unknown, known: Known): Known => known;

/** A mapping with its columns spelled as in another one: that alone takes none of them out. */
function respelled(mapping: MappingConfig, as: MappingConfig['fields']): MappingConfig {
  const spelling = new Map(Object.keys(as).map((column) => [plainName(column), column]));
  const nameOf = (column: string) => spelling.get(plainName(column)) ?? column;
  const { kind, fields } = mapping;
  return {
    ...mapping,
    fields: Object.fromEntries(Object.entries(fields).map(([column, rule]) => [nameOf(column), rule])),
    ...(typeof kind === 'object' ? { kind: { ...kind, field: nameOf(kind.field) } } : {}),
  };
}
