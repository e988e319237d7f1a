import { resolve } from 'node:path';
import { counted } from '@unsilo/schemas';
import {
  CUSTOMER_COLUMNS,
  customerRow,
  RECORD_COLUMNS,
  recordRow,
  VALUE_COLUMNS,
  valueRow,
  valuesOf,
} from '../../export/columns.js';
import { csvLine, headLine } from '../../export/csv.js';
import { writeLines } from '../../export/file.js';
import { everythingAbout } from '../../export/person.js';
import { asking, ASKING, type Asking } from '../asking.js';
import { action, argument, choice, EXIT, noMoreArguments, UsageError, type Command } from '../command.js';
import { customerOf } from '../customer-of.js';
import type { Output } from '../output.js';

const FORMATS = ['jsonl', 'csv'] as const;
type Format = (typeof FORMATS)[number];
/** Progress is told every so many lines. */
const TELL_EVERY = 1000;

export const exportData: Command = {
  name: 'export',
  summary: 'Write out customers, records or values; or all that is known of one person',
  usage: ['export customers|records|values [--to FILE] [--format FORMAT]', 'export person ID|REF [--to FILE]'],
  description:
    '`customers` are the merged ones, `records` what each system holds, `values` who said each value of a customer, since when, and what it beat.\n' +
    '`person` answers somebody who asks what is known of them: the customer with the provenance of every value, its records with what each system\n' +
    'stated, whom it works for, interactions, cases and opportunities, decisions; one JSON value a line, the last one of the type `end`.\n' +
    'Dead letters are not in it (`unsilo dead-letters`), nor what the systems know besides.\n' +
    'Each line is as it was when it was read; memory stays small. With --to the file is there whole or not at all, readable by you alone.\n' +
    'In CSV, elements are separated by "; ", and a cell that a spreadsheet would take for a formula begins with an apostrophe; JSON Lines (jsonl)\n' +
    'have everything, as it is.',
  options: {
    ...ASKING,
    to: { type: 'string', value: 'FILE', description: 'Into this file instead of stdout; replaces one that is there' },
    format: {
      type: 'string',
      value: 'FORMAT',
      description: 'jsonl or csv; default: as the name of the file ends, else jsonl',
    },
  },
  examples: [
    { command: 'unsilo export customers --to customers.csv', what: 'A table of all customers' },
    { command: 'unsilo export values | grep birthDate', what: 'Who says when somebody was born' },
    { command: 'unsilo export person crm/contact/42 --to request-17.jsonl', what: 'For a request for access' },
  ],
  async run(invocation, surroundings) {
    const { output, cwd, signal } = surroundings;
    if (invocation.positionals[0] === undefined)
      throw new UsageError('What to export (customers, records, values or person) is missing.');
    const what = action(invocation, ['customers', 'records', 'values', 'person']);
    noMoreArguments(invocation, what === 'person' ? 2 : 1);
    const given = what === 'person' ? argument(invocation, 1, 'The id of the customer, or a ref') : undefined;
    const to = invocation.text('to');
    const format = choice(invocation, 'format', FORMATS) ?? (to?.endsWith('.csv') === true ? 'csv' : 'jsonl');
    if (given !== undefined && format === 'csv') throw new UsageError('A person is exported as jsonl only.');
    return asking(invocation, surroundings, async (asked) => {
      const lines =
        given === undefined ? tableLines(asked, what, format, signal) : personLines(asked, given, output, signal);
      const watched = told(lines, output, signal);
      if (to === undefined) {
        for await (const line of watched) output.data(line);
        return EXIT.ok;
      }
      const path = resolve(cwd, to);
      const written = await writeLines(path, watched);
      const count = given === undefined && format === 'csv' ? written - 1 : written;
      if (output.json) output.value({ file: path, lines: count });
      else output.message(`${counted(count, 'line')} in ${to}.`);
      return EXIT.ok;
    });
  },
};

async function* tableLines(
  { service, actor }: Asking,
  what: 'customers' | 'records' | 'values' | 'person',
  format: Format,
  signal: AbortSignal,
): AsyncGenerator<string> {
  const isTable = format === 'csv';
  const columns = what === 'records' ? RECORD_COLUMNS : what === 'values' ? VALUE_COLUMNS : CUSTOMER_COLUMNS;
  if (isTable) yield headLine(columns);
  if (what === 'records') {
    for await (const record of service.records(actor, signal))
      yield isTable ? csvLine(columns, recordRow(record)) : JSON.stringify(record);
    return;
  }
  for await (const customer of service.customers(actor, signal))
    if (what === 'customers') yield isTable ? csvLine(columns, customerRow(customer)) : JSON.stringify(customer);
    else
      for (const value of valuesOf(customer)) yield isTable ? csvLine(columns, valueRow(value)) : JSON.stringify(value);
}

async function* personLines(asked: Asking, given: string, output: Output, signal: AbortSignal): AsyncGenerator<string> {
  const { customer } = await customerOf(asked, given, output);
  for await (const piece of everythingAbout(asked, customer, new Date().toISOString(), signal))
    yield JSON.stringify(piece);
}

/** What is streamed ends early when it is stopped: that must not pass for the end. */
async function* told(lines: AsyncIterable<string>, output: Output, signal: AbortSignal): AsyncGenerator<string> {
  let count = 0;
  for await (const line of lines) {
    yield line;
    count += 1;
    if (count % TELL_EVERY === 0) output.progress(`${count} lines …`);
  }
  signal.throwIfAborted();
}
