/** Where a command's words go: data to stdout, everything else to stderr. */
export interface Output {
  /** `--json` was given. */
  readonly json: boolean;
  /** One line of data. */
  data(line: string): void;
  /** One JSON value: on one line when several follow each other. */
  value(value: unknown, form?: 'whole' | 'line'): void;
  message(line: string): void;
  /** Replaced by the next one and never kept; on a terminal only. */
  progress(line: string): void;
}

export interface Streams {
  stdout: { write(text: string): unknown };
  stderr: { write(text: string): unknown; isTTY?: boolean };
}

/** From the cursor's line's beginning, which is emptied. */
const AFRESH = '\r\u001b[2K';

export function createOutput({ stdout, stderr }: Streams, json: boolean): Output {
  let progressing = false;
  const clear = (): void => {
    if (progressing) stderr.write(AFRESH);
    progressing = false;
  };
  return {
    json,
    data(line) {
      clear();
      stdout.write(`${line}\n`);
    },
    value(value, form = 'whole') {
      clear();
      stdout.write(`${form === 'line' ? JSON.stringify(value) : JSON.stringify(value, undefined, 2)}\n`);
    },
    message(line) {
      clear();
      stderr.write(`${line}\n`);
    },
    progress(line) {
      if (stderr.isTTY !== true) return;
      stderr.write(`${AFRESH}${line}`);
      progressing = true;
    },
  };
}

/** Columns as wide as their widest cell; the last one isn't padded. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const all = [head, ...rows].map((row) => row.map(printable));
  const widths = head.map((_, column) => Math.max(...all.map((row) => [...(row[column] ?? '')].length)));
  return all.map((row) =>
    row
      .map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd((widths[column] ?? 0) + 2)))
      .join('')
      .trimEnd(),
  );
}

/** A value from somebody else's system must not steer the terminal. */
export function printable(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g, ' ');
}

/** An attribute's value in one line. */
export function inWords(value: unknown): string {
  if (value === null || value === undefined) return '(nothing)';
  if (typeof value !== 'object') return printable(String(value));
  if (Array.isArray(value)) return value.length === 1 ? inWords(value[0]) : value.map(inWords).join('; ');
  const parts = Object.entries(value).map(([name, part]) => `${name}: ${inWords(part)}`);
  return parts.join(', ');
}
