import {
  createLane,
  RetryableError,
  type ConnectorMemory,
  type MappingConfig,
  type WriteResult,
} from '@unsilo/connector-sdk';
import type { BadPiece } from './bad-input.js';
import { eraseRow, type Row } from './row.js';
import { unsaved } from './unsaved.js';

/** What is kept of the table as a whole. */
export interface TableState {
  /** In order of their appearance. */
  columns: readonly string[];
  rows: number;
  /** Number of the last batch of changes read from files. */
  batch: number;
  /** Batches up to this one are known to be on the log; their journal is gone. */
  confirmed: number;
  /** Counts changes made by commands, and how many of them were written out. */
  changes: number;
  exported: number;
  /** Of the last file read. */
  delimiter: string;
  /** Files read to their end. */
  filesRead: number;
  /** Digest of the mapping under which all rows have been told, and what of the mapping later ones may lack. */
  mapping?: string;
  told?: MappingConfig;
  /** Where another mapping is being taken up: its digest, and the next page of rows to tell anew. */
  takingUp?: { mapping: string; page: number };
}

/** How far a file has been read. */
export interface FileProgress {
  size: number;
  mtimeMs: number;
  /** Version that its rows get: the time of the file. */
  major: number;
  records: number;
  /** Pieces among them that could not be used. */
  broken: number;
  done: boolean;
}

/** What a batch has changed: given out again until it is known to be on the log. */
export interface JournalEntry {
  ids: string[];
  bad: BadPiece[];
}

export interface BatchChange {
  rows: ReadonlyMap<string, Row>;
  /** Ids among the rows that the table doesn't have yet. */
  added?: readonly string[];
  /** Missing where no file is behind the change. */
  file?: { key: string; progress: FileProgress };
  journal: JournalEntry;
  state: Partial<TableState>;
}

const EMPTY: TableState = {
  columns: [],
  rows: 0,
  batch: 0,
  confirmed: 0,
  changes: 0,
  exported: 0,
  delimiter: ',',
  filesRead: 0,
};

const PAGE_ROWS = 500;

const keys = {
  state: 'table',
  row: (id: string) => `row/${id}`,
  page: (number: number) => `page/${number}`,
  file: (key: string) => `file/${key}`,
  journal: (batch: number) => `journal/${batch}`,
  look: (key: string) => `look/${key}`,
};

const tables = new WeakMap<ConnectorMemory, Table>();

/** The table of a system: one for all readers and writers that share a memory. */
export function tableOf(memory: ConnectorMemory): Table {
  const known = tables.get(memory);
  if (known !== undefined) return known;
  const made = new Table(memory);
  tables.set(memory, made);
  return made;
}

/**
 * The system's own table: the last state of every row, kept in the connector's memory and so as durable as the checkpoints. Rows
 * are listed by pages of their ids.
 */
export class Table {
  readonly #memory: ConnectorMemory;
  readonly #lane = createLane();
  #reading = 0;

  constructor(memory: ConnectorMemory) {
    this.#memory = memory;
  }

  /**
   * Begins a reading and ends the one before, should it still be at work: what it kept after the new one has looked at the journal
   * would never be given out. Answers a check that throws once the reading has been superseded.
   */
  beginReading(): () => void {
    const mine = (this.#reading += 1);
    return () => {
      if (mine !== this.#reading)
        throw new RetryableError('UNSILO_CSV_SUPERSEDED', 'Another reading of the folder has begun');
    };
  }

  /** Changes are made one after the other: reading and writing meet in the same rows. */
  exclusive<T>(work: () => Promise<T>): Promise<T> {
    return this.#lane.run(work);
  }

  /**
   * The change of one command, made durable together with those of the commands that wait beside it.
   * @param change Given the table as the changes before it leave it; keeps all that it changes, or nothing, as its last step.
   */
  readonly write = this.#lane.shared(async (changes: readonly ((table: Table) => Promise<WriteResult>)[]) => {
    const memory = unsaved(this.#memory);
    const table = new Table(memory);
    const results: PromiseSettledResult<WriteResult>[] = [];
    for (const change of changes) results.push(...(await Promise.allSettled([change(table)])));
    await memory.save();
    return results;
  });

  async state(): Promise<TableState> {
    return { ...EMPTY, ...((await this.#memory.get(keys.state)) as Partial<TableState> | undefined) };
  }

  async rows(ids: readonly string[]): Promise<(Row | undefined)[]> {
    return (await this.#memory.getMany(ids.map(keys.row))) as (Row | undefined)[];
  }

  async progress(key: string): Promise<FileProgress | undefined> {
    return (await this.#memory.get(keys.file(key))) as FileProgress | undefined;
  }

  async begin(key: string, progress: FileProgress): Promise<void> {
    await this.#memory.set({ [keys.file(key)]: progress, [keys.look(key)]: undefined });
  }

  /** A file has been read to its end. */
  async finish(key: string, progress: FileProgress): Promise<void> {
    await this.exclusive(async () => {
      const state = await this.state();
      await this.#memory.set({
        [keys.file(key)]: progress,
        [keys.state]: { ...state, filesRead: state.filesRead + 1 },
      });
    });
  }

  /** One batch of changes: rows, progress and journal together or not at all. Answers the number of the batch. */
  async saveBatch(change: BatchChange): Promise<number> {
    const state = await this.state();
    const batch = state.batch + 1;
    const { added = [] } = change;
    await this.#memory.set({
      ...rowEntries(change.rows),
      ...(await this.#pagesWith(added, state.rows)),
      ...(change.file === undefined ? {} : { [keys.file(change.file.key)]: change.file.progress }),
      [keys.journal(batch)]: change.journal,
      [keys.state]: { ...state, ...change.state, rows: state.rows + added.length, batch },
    });
    return batch;
  }

  /** One row that a command has changed: of the table that `write` gives. */
  async saveWrite(id: string, row: Row, isNew: boolean, columns: readonly string[]): Promise<void> {
    const state = await this.state();
    await this.#memory.set({
      [keys.row(id)]: row,
      ...(isNew ? await this.#pagesWith([id], state.rows) : {}),
      [keys.state]: {
        ...state,
        columns: [...new Set([...state.columns, ...columns])],
        rows: state.rows + (isNew ? 1 : 0),
        changes: state.changes + 1,
      },
    });
  }

  /** Takes the values of rows away; what was written out is due to be written without them. Answers whether there were any. */
  async erase(ids: readonly string[]): Promise<boolean> {
    return this.exclusive(async () => {
      const found = await this.rows(ids);
      const rows = new Map(
        ids.flatMap((id, index) => {
          const row = found[index];
          return row === undefined || isErased(row) ? [] : [[id, eraseRow(row)] as const];
        }),
      );
      if (rows.size === 0) return false;
      const state = await this.state();
      await this.#memory.set({ ...rowEntries(rows), [keys.state]: { ...state, changes: state.changes + 1 } });
      return true;
    });
  }

  /** All rows have been given their versions under this mapping, with its names of the columns. */
  async tookUp(mapping: string, told: MappingConfig, columns: readonly string[]): Promise<void> {
    const { takingUp: _, ...state } = await this.state();
    await this.#memory.set({ [keys.state]: { ...state, columns, mapping, told } });
  }

  async exported(changes: number): Promise<void> {
    await this.exclusive(async () =>
      this.#memory.set({ [keys.state]: { ...(await this.state()), exported: changes } }),
    );
  }

  /** All rows, a page at a time, in order of their appearance. */
  async *pages(): AsyncGenerator<[id: string, row: Row][]> {
    for (let number = 0; ; number += 1) {
      const page = await this.page(number);
      if (page === undefined) return;
      yield page;
    }
  }

  /** One page of rows; undefined behind the last one. */
  async page(number: number): Promise<[id: string, row: Row][] | undefined> {
    const { rows } = await this.state();
    if (number * PAGE_ROWS >= rows) return undefined;
    const ids = ((await this.#memory.get(keys.page(number))) as string[] | undefined) ?? [];
    const found = await this.rows(ids);
    return ids.flatMap((id, index) => (found[index] === undefined ? [] : [[id, found[index]] as [string, Row]]));
  }

  /** Batches after the confirmed one, to be given out again; what came before is forgotten. */
  async *unconfirmed(confirmed: number): AsyncGenerator<{ batch: number; entry: JournalEntry }> {
    await this.exclusive(async () => {
      const state = await this.state();
      if (confirmed <= state.confirmed) return;
      const gone = Array.from({ length: confirmed - state.confirmed }, (_, i) => keys.journal(state.confirmed + 1 + i));
      await this.#memory.set({
        ...Object.fromEntries(gone.map((key) => [key, undefined])),
        [keys.state]: { ...state, confirmed },
      });
    });
    const { batch } = await this.state();
    for (let number = confirmed + 1; number <= batch; number += 1) {
      const entry = (await this.#memory.get(keys.journal(number))) as JournalEntry | undefined;
      if (entry !== undefined) yield { batch: number, entry };
    }
  }

  /** Since when a file has looked like this, epoch milliseconds. */
  async unchangedSince(key: string, size: number, mtimeMs: number, now: number): Promise<number> {
    const known = (await this.#memory.get(keys.look(key))) as [number, number, number] | undefined;
    if (known !== undefined && known[0] === size && known[1] === mtimeMs) return known[2];
    await this.#memory.set({ [keys.look(key)]: [size, mtimeMs, now] });
    return now;
  }

  async #pagesWith(added: readonly string[], rows: number): Promise<Record<string, string[]>> {
    const pages: Record<string, string[]> = {};
    let at = rows;
    for (let from = 0; from < added.length;) {
      const number = Math.floor(at / PAGE_ROWS);
      const used = at % PAGE_ROWS;
      const before = used === 0 ? [] : (((await this.#memory.get(keys.page(number))) as string[] | undefined) ?? []);
      const more = added.slice(from, from + PAGE_ROWS - used);
      pages[keys.page(number)] = [...before.slice(0, used), ...more];
      from += more.length;
      at += more.length;
    }
    return pages;
  }
}

/** Nothing of it has been said or written since. */
function isErased({ erased, values }: Row): boolean {
  return erased !== undefined && Object.keys(values).length === 0;
}

function rowEntries(rows: ReadonlyMap<string, Row>): Record<string, Row> {
  return Object.fromEntries([...rows].map(([id, row]) => [keys.row(id), row]));
}
