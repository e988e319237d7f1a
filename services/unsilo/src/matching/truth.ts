import { CommandError } from '../cli/command.js';
import { readRows } from './rows.js';
import type { FileRecord } from './records.js';

/** Columns that may name the party, in order of preference. */
const PARTY_COLUMNS = ['customer', 'cluster', 'party', 'entity'] as const;

/**
 * A file with the columns `source` (may be absent where ids are unique), `id` and `customer`: rows by ref, or by id alone.
 * @throws CommandError
 */
export async function readGrouping(file: string): Promise<{ bySource: boolean; parties: Map<string, string> }> {
  const parties = new Map<string, string>();
  let columns: { party: string; bySource: boolean } | undefined;
  for await (const { cells } of readRows(file, undefined, () => undefined)) {
    if (columns === undefined) {
      const party = PARTY_COLUMNS.find((name) => name in cells);
      if (party === undefined || !('id' in cells))
        throw new CommandError(
          'UNSILO_TRUTH_COLUMNS',
          `${file} needs the columns id and customer; it has ${Object.keys(cells).join(', ')}`,
        );
      columns = { party, bySource: 'source' in cells };
    }
    const { party, bySource } = columns;
    const [source, id, customer] = [cells['source'], cells['id'], cells[party]].map((value) => String(value as string));
    if (id !== undefined && customer !== undefined) parties.set(bySource ? `${source}/${id}` : id, customer);
  }
  return { bySource: columns?.bySource ?? false, parties };
}

/** Party by ref: from the file where there is one, else from what the mapping says. @throws CommandError */
export async function truthOf(records: readonly FileRecord[], file: string | undefined): Promise<Map<string, string>> {
  const truth = new Map<string, string>();
  if (file === undefined) {
    for (const { record, party } of records) if (party !== undefined) truth.set(record.ref, party);
  } else {
    const { bySource, parties } = await readGrouping(file);
    for (const { id, record } of records) {
      const party = parties.get(bySource ? record.ref : id);
      if (party !== undefined) truth.set(record.ref, party);
    }
  }
  if (truth.size === 0)
    throw new CommandError(
      'UNSILO_TRUTH_MISSING',
      file === undefined ? 'Neither --truth nor the mapping says who is who' : `${file} names none of the records`,
      'Give --truth FILE with the columns source, id and customer, or "truth: { column: … }" in the mapping.',
    );
  return truth;
}
