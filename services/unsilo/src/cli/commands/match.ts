import { createWriteStream } from 'node:fs';
import { resolve } from 'node:path';
import { finished } from 'node:stream/promises';
import { createLinkage, type Linkage, type LinkageModel } from '@unsilo/hub/linkage';
import { counted } from '@unsilo/schemas';
import {
  allRecords,
  FILE_OPTIONS,
  givenModel,
  inputsOf,
  tellOmissions,
  trainedModel,
  type Prepared,
} from '../../matching/input.js';
import { readRecords, type FileRecord } from '../../matching/records.js';
import { CommandError, EXIT, UsageError, type Command, type Surroundings } from '../command.js';

export const match: Command = {
  name: 'match',
  summary: 'Find out who is who in files, without a running hub',
  usage: ['match FILE… --map MAP.yaml --out clusters.csv [--model FILE | --no-train]'],
  description:
    'FILE is CSV, TSV or JSON Lines; records are taken in one by one in the order given, and after each everybody is settled. The answer\n' +
    'has the columns source, id and customer: the same for the same records in any order. MAP.yaml:\n\n' +
    '  id: customer_no                  # column of the id; default: the number of the row\n' +
    '  source: crm                      # default: name of the file\n' +
    '  kind: person                     # or organization, or { column: type, organization: [company] }\n' +
    '  country: GB                      # of phone numbers without a country code\n' +
    '  columns:\n' +
    '    first_name: name.given         # name.full, .given, .middle, .surname, .suffix\n' +
    '    alias: { attribute: name.full, group: alias }\n' +
    '    street: addresses.street       # addresses.full, .number, .street, .unit, .locality, .region, .postcode, .country\n' +
    '    born: birthDate                # emails, phones, links, organizations (employer), titles\n' +
    '    joined: { attribute: birthDate, date: dd/mm/yyyy } # where the form is ambiguous\n' +
    "    mails: { attribute: emails, split: ';' }\n" +
    '    twitter: { attribute: onlineServices, service: x }\n' +
    '    vat: { attribute: identifiers, issuer: vat }\n' +
    '    sex: { attribute: extra.sex, compare: code } # code, text, place, date, number, organization, identifier, …',
  options: {
    ...FILE_OPTIONS,
    out: { type: 'string', value: 'FILE', description: 'Where the clusters are written; default: stdout' },
  },
  examples: [
    {
      command: 'unsilo match febrl1.csv --map examples/febrl.yaml --out clusters.csv',
      what: 'Trains on the file, then streams it',
    },
    {
      command: 'unsilo match a.csv b.jsonl --map a.yaml --map b.yaml --no-train',
      what: 'Two sources, the shipped model',
    },
  ],
  async run(invocation, surroundings) {
    const { output, cwd, signal } = surroundings;
    const prepared = inputsOf(invocation, cwd);
    const out = invocation.text('out');
    if (out === undefined && output.json) throw new UsageError('With --json, --out is needed.');
    const startedAt = performance.now();
    const given = givenModel(invocation, cwd);
    // Training looks at everything first; with a model at hand the files are read as they are matched.
    const records = given === undefined ? await allRecords(prepared) : undefined;
    const model = given ?? trainedModel(records ?? [], prepared, surroundings);
    const preparedAt = performance.now();
    const source = records ?? readRecords(prepared.inputs, prepared.omissions);
    const { linkage, ids, latencies } = await stream(source, model, prepared, surroundings);
    if (signal.aborted) return EXIT.failure;
    if (ids.size === 0) throw new CommandError('UNSILO_MATCH_NOTHING', 'The files have no records.');
    if (out === undefined) for (const line of lines(ids, linkage)) output.data(line);
    else await write(resolve(cwd, out), lines(ids, linkage));
    const matching = latencies.reduce((sum, latency) => sum + latency, 0) / 1000;
    const summary = {
      records: ids.size,
      ignored: prepared.omissions.count,
      customers: linkage.clusters().length,
      model: model.version,
      prepareSeconds: rounded((preparedAt - startedAt) / 1000),
      matchSeconds: rounded(matching),
      recordsPerSecond: Math.round(latencies.length / matching),
      p50Ms: rounded(quantile(latencies, 0.5)),
      p99Ms: rounded(quantile(latencies, 0.99)),
      ...linkage.report(),
    };
    if (output.json) output.value(summary);
    else {
      output.message(
        `${summary.records === 1 ? '1 record is' : `${summary.records} records are`} ${counted(summary.customers, 'customer')} (${summary.recordsPerSecond} records a second, p99 ${summary.p99Ms} ms, model ${summary.model}).`,
      );
      for (const [kind, part] of Object.entries(linkage.report())) {
        if (part.records === 0) continue;
        const { largestCluster, retiredKeys, unreachable, genericValues } = part;
        output.message(
          `${kind}: the largest customer has ${counted(largestCluster, 'record')}. ${retiredKeys === 1 ? '1 key is' : `${retiredKeys} keys are`} too common to propose candidates ` +
            `(${unreachable === 1 ? '1 record has' : `${unreachable} records have`} no other). ${genericValues === 1 ? '1 value stands with too many names and counts' : `${genericValues} values stand with too many names and count`} for nothing.`,
        );
      }
    }
    tellOmissions(prepared, surroundings);
    return EXIT.ok;
  },
};

/** What the outside calls a record, by ref. */
type Ids = Map<string, { source: string; id: string }>;

async function stream(
  records: Iterable<FileRecord> | AsyncIterable<FileRecord>,
  model: LinkageModel,
  { options }: Prepared,
  { output, signal }: Surroundings,
): Promise<{ linkage: Linkage; ids: Ids; latencies: Float64Array }> {
  const linkage = createLinkage(model, options);
  const ids: Ids = new Map();
  const latencies: number[] = [];
  let shownAt = performance.now();
  for await (const { source, id, record } of records) {
    if (signal.aborted) break;
    const before = performance.now();
    linkage.upsert(record);
    linkage.settle();
    const now = performance.now();
    latencies.push(now - before);
    ids.set(record.ref, { source, id });
    if (now - shownAt < 250) continue;
    output.progress(`${latencies.length} records …`);
    shownAt = now;
  }
  return { linkage, ids, latencies: Float64Array.from(latencies).sort() };
}

function quantile(sorted: Float64Array, share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}

function rounded(value: number): number {
  return Number(value.toFixed(3));
}

/** A customer goes by the first of its records in text order. */
function* lines(ids: Ids, linkage: Linkage): Generator<string> {
  yield 'source,id,customer';
  for (const [ref, { source, id }] of ids) yield [source, id, linkage.clusterOf(ref)[0] ?? ref].map(cell).join(',');
}

function cell(text: string): string {
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

async function write(file: string, rows: Iterable<string>): Promise<void> {
  const stream = createWriteStream(file);
  const done = finished(stream);
  // An error is told by `done`.
  done.catch(() => undefined);
  for (const row of rows) stream.write(`${row}\n`);
  stream.end();
  try {
    await done;
  } catch (error) {
    throw new CommandError('UNSILO_MATCH_OUT', `${file} can not be written: ${(error as Error).message}`);
  }
}
