import type { Connector } from '@unsilo/connector-sdk';
import { builtInConnectors, connectorSource, UnknownConnector } from '../../connectors.js';
import { meant } from '../../configuration/suggest.js';
import { CommandError, EXIT, noMoreArguments, type Command } from '../command.js';
import { optionRows, optionTable } from '../option-table.js';
import { printable, table } from '../output.js';

export const connectors: Command = {
  name: 'connectors',
  summary: 'List the connectors, or the options of one',
  usage: ['connectors', 'connectors NAME'],
  description: 'NAME is a built-in connector or an installed package that is one.',
  options: {},
  examples: [
    { command: 'unsilo connectors', what: 'What can be connected' },
    { command: 'unsilo connectors csv', what: 'What to write under `options` for it' },
  ],
  async run(invocation, { output, cwd }) {
    noMoreArguments(invocation, 1);
    const [name] = invocation.positionals;
    if (name === undefined) {
      const rows = builtInConnectors.map(summary);
      if (output.json) output.value(rows);
      else
        for (const line of table(
          ['NAME', 'TITLE', 'READS', 'WRITES', 'WEBHOOK'],
          rows.map(({ id, title, reads, writes, webhook }) => [id, title, reads.join(', '), yes(writes), yes(webhook)]),
        ))
          output.data(line);
      return EXIT.ok;
    }
    const connector = await find(name, cwd);
    const options = optionRows(connector.options);
    if (output.json) {
      output.value({ ...summary(connector), options, schema: connector.options });
      return EXIT.ok;
    }
    output.data(`${connector.id}: ${printable(connector.title)}`);
    output.data('');
    for (const line of optionTable('OPTION', options)) output.data(line);
    return EXIT.ok;
  },
};

function yes(value: boolean): string {
  return value ? 'yes' : 'no';
}

function summary({ id, title, emits, read, write, webhook }: Connector) {
  return {
    id,
    title,
    reads: read === undefined ? [] : [...emits],
    writes: write !== undefined,
    webhook: webhook !== undefined,
  };
}

async function find(name: string, folder: string): Promise<Connector> {
  const source = connectorSource(folder);
  try {
    return await source.find(name);
  } catch (error) {
    if (!(error instanceof UnknownConnector)) throw error;
    throw new CommandError('UNSILO_CONNECTOR_UNKNOWN', error.message, meant(name, source.names()));
  }
}
