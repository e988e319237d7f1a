import { mkdtempSync, mkdirSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** When the files of tests are from, unless they say otherwise; before the test kit's clock begins. */
export const FILES_FROM = Date.UTC(2026, 1, 1);

/** A folder to drop files into and one to find files in. */
export interface Folders {
  in: string;
  out: string;
  /** Drops a file; each is a minute younger than the one before, unless `at` (epoch milliseconds) is given. */
  drop(name: string, content: string | Buffer, at?: number): number;
  written(name?: string): string;
  writtenNames(): string[];
  remove(): void;
}

export function folders(): Folders {
  const root = mkdtempSync(join(tmpdir(), 'unsilo-csv-'));
  const inside = join(root, 'in');
  const out = join(root, 'out');
  mkdirSync(inside);
  mkdirSync(out);
  let count = 0;
  return {
    in: inside,
    out,
    drop(name, content, at = FILES_FROM + (count += 1) * 60_000) {
      const path = join(inside, name);
      writeFileSync(path, content);
      utimesSync(path, at / 1000, at / 1000);
      return at;
    },
    written: (name = 'csv.csv') => readFileSync(join(out, name), 'utf8'),
    writtenNames: () => readdirSync(out).sort(),
    remove: () => rmSync(root, { recursive: true, force: true }),
  };
}

/** One cell as CSV writes it. */
export function cell(text: string): string {
  return /[",;\r\n\t|]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

export function csvText(rows: readonly (readonly string[])[]): string {
  return rows.map((row) => `${row.map(cell).join(',')}\n`).join('');
}
