import { fieldMapping } from '@unsilo/connector-sdk';
import { columnNames } from './header.js';
import type { CsvMap } from './map.js';
import type { CsvOptions } from './options.js';
import { retire } from './retired.js';
import { tellAnew, type Row } from './row.js';
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
  const told = {
    fields: options.mapping.fields,
    ...(options.mapping.kind === undefined ? {} : { kind: options.mapping.kind }),
  };
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
      const before = earlier === undefined ? undefined : fieldMapping(earlier);
      const retired = ({ values, retired: known }: Row) =>
        before === undefined ? (known ?? {}) : retire(before, map.mapping, values, known);
      const standing = page.filter(([, row]) => row.deleted !== true && row.erased === undefined);
      const rows = new Map(standing.map(([id, row]) => [id, tellAnew(row, names, retired(row), now)]));
      await table.saveBatch({
        rows,
        journal: { ids: [...rows.keys()], bad: [] },
        state: { takingUp: { mapping: map.meaning, page: number + 1 } },
      });
      return false;
    });
  while (!(await isTakenUp()));
}
